"""The commands about what was imported: list it, undo it, delete all of it."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import click

from lib import settings
from lib.access.actors import actor_in_words
from lib.cli.task_runner import perform
from lib.cli.terminal import echo
from lib.jobs.queue import JobKind
from lib.reports import import_text


@click.group("imports")
def imports_group() -> None:
    """List imports, and take one back."""


@imports_group.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at most.")
def imports_list(limit: int) -> None:
    """List imports, the newest first: id, when, who, files, result, counts, and whether it was undone."""
    listed = perform(JobKind.IMPORTS, {"limit": limit})
    for each in listed["imports"]:
        echo("  ".join(_columns(each)))
    if not listed["imports"]:
        echo("No imports yet. Load a file with: callboard import FILE", err=True)
    elif listed["count"] > len(listed["imports"]):
        echo(f"The newest {len(listed['imports'])} of {listed['count']} imports.", err=True)


@imports_group.command("undo")
@click.argument("number", metavar="ID")
def imports_undo(number: str) -> None:
    """Take an import back: what it added goes, what it replaced comes back.

    Refused where a later import changed some of its evaluations; that one is named, and has to be undone first.
    """
    for line in import_text.undo_in_words(perform(JobKind.UNDO, {"id": number}), is_plain=True):
        echo(line)


@click.command("delete-all")
@click.option("--yes-delete", "name", metavar="NAME", help="The workspace's name, in place of the question.")
def delete_all_command(name: str | None) -> None:
    """Delete every evaluation for good, and all names of campaigns, call centers, engagements and executives.

    The history of imports and the audit stay. The sample data do not come back by themselves.
    """
    if name is None:
        if not sys.stdin.isatty():
            raise click.UsageError("Nothing was deleted. Right would be --yes-delete NAME, with the workspace's name.")
        echo("This deletes all evaluations for good; no import can be undone afterwards.", err=True)
        name = click.prompt(f"To delete them, type the workspace's name ({settings.load().name})", err=True)
    result = perform(JobKind.DELETE_ALL, {"name": name})
    echo(f"evaluations deleted: {result['evaluations']}")


def _columns(entry: dict[str, Any]) -> list[str]:
    counts = ("read", "added", "changed", "unchanged", "duplicates", "blank", "bad")
    warnings = len(entry["warnings"])
    return [
        entry["id"],
        f"{datetime.fromisoformat(entry['started_at']):%Y-%m-%d %H:%M} UTC",
        actor_in_words(entry["actor"]),
        ", ".join(entry["files"]),
        import_text.result_in_words(entry["result"]),
        " ".join(f"{name}={entry[name]}" for name in counts),
        *([f"warnings={warnings}"] if warnings else []),
        *([_undone(entry)] if entry["undone_at"] else []),
    ]


def _undone(entry: dict[str, Any]) -> str:
    at = datetime.fromisoformat(entry["undone_at"])
    return f"undone {at:%Y-%m-%d %H:%M} UTC by {actor_in_words(entry['undone_by'])}"
