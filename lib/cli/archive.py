"""The command that archives old evaluations, lists what is archived, and brings it back."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from lib.access.actors import actor_in_words
from lib.cli.task_runner import perform
from lib.cli.terminal import echo
from lib.jobs.queue import JobKind

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


@click.command("archive")
@click.option("--before", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Archive the whole months before.")
@click.option("--to", metavar="PLACE", help="A folder, or s3://bucket/prefix?endpoint=…; in the data dir when absent.")
@click.option("--restore", metavar="MONTH", help="Bring an archived month back, such as 2025-01.")
@click.option("--list", "is_list", is_flag=True, help="List what is archived.")
def archive_command(before: datetime | None, to: str | None, restore: str | None, is_list: bool) -> None:
    """Move old evaluations and their answers to Parquet files, a month each, and bring them back.

    Every number stays as it is: rollups are kept, and what needs the evaluations themselves reads the files, which
    takes longer. Only whole months are taken. Each month is archived, or brought back, all or nothing.
    """
    if [before is not None, restore is not None, is_list].count(True) != 1:
        raise click.UsageError("Right would be one of --before DATE, --restore MONTH and --list.")
    if to is not None and before is None:
        raise click.UsageError("--to goes with --before alone.")
    if restore is not None and not _MONTH.fullmatch(restore):
        raise click.BadParameter(f"'{restore}' is not a month, such as 2025-01", param_hint="--restore")
    if before is not None:
        place = to if to is None or "://" in to else str(Path(to).resolve())
        archived = _perform("archive", before=before.date().isoformat(), to=place)
        echo("\n".join(f"archived: {_counts(each)}" for each in archived))
    elif restore is not None:
        echo(f"back: {_counts(_perform('restore', month=restore)[0])}")
    else:
        listed = _perform("list")
        for each in listed:
            at = datetime.fromisoformat(each["archived_at"])
            said = f"{at:%Y-%m-%d %H:%M} UTC  {actor_in_words(each['archived_by'])}"
            echo("  ".join([_counts(each), said, *([each["location"]] if each["location"] else [])]))
        if not listed:
            echo("Nothing is archived. To archive: callboard archive --before DATE", err=True)


def _perform(what: str, **values: Any) -> list[dict[str, Any]]:
    months: list[dict[str, Any]] = perform(JobKind.ARCHIVES, {"do": what, **values})["months"]
    return months


def _counts(month: dict[str, Any]) -> str:
    return f"{month['month']}  evaluations={month['evaluations']}  answers={month['answers']}  bytes={month['bytes']}"
