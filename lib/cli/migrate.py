"""`callboard migrate`: both databases are brought up to date, as a step of its own."""

from __future__ import annotations

import click

from lib import settings
from lib.store.facts import FactStore
from lib.store.state import StateStore


@click.command("migrate")
def migrate_command() -> None:
    """Bring both databases up to date, before the processes of this version start.

    Those of the version before may go on meanwhile, and afterwards. Run again, it goes on where it was stopped.
    """
    chosen = settings.load()
    state = StateStore(chosen, to=None)
    try:
        facts = FactStore(chosen, to=None)  # neither store is brought up where the other one is a newer program's
        try:
            _bring_up("facts", facts)
            _bring_up("state", state)
        finally:
            facts.close()
    finally:
        state.close()


def _bring_up(name: str, store: FactStore | StateStore) -> None:
    before = store.revision()
    store.migrate()
    after = store.revision()
    if after == before:
        click.echo(f"{name}: at migration {after}; nothing was to be done")
    else:
        click.echo(f"{name}: from {'nothing' if before is None else f'migration {before}'} to migration {after}")
