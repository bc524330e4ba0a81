"""`callboard migrate`: both databases are brought up to date, as a step of its own."""

from __future__ import annotations

import click

from lib import settings, workspace
from lib.cli.terminal import echo


@click.command("migrate")
def migrate_command() -> None:
    """Bring both databases up to date, before the processes of this version start.

    Those of the version before may go on meanwhile, and afterwards. Run again, it goes on where it was stopped.
    """
    for name, (before, after) in workspace.bring_up_to_date(settings.load()).items():
        if after == before:
            echo(f"{name}: at migration {after}; nothing was to be done")
        else:
            echo(f"{name}: from {'nothing' if before is None else f'migration {before}'} to migration {after}")
