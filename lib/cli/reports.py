"""The commands about reports."""

from __future__ import annotations

from typing import Any

import click

from lib.cli.task_runner import perform
from lib.cli.terminal import echo
from lib.jobs.queue import JobKind

_ENDED_WELL = ("sent", "skipped")
"""What became of a mail that is not to be tried again, and did not fail."""


@click.group("reports")
def reports_group() -> None:
    """List the reports that go to people, send one now."""


@reports_group.command("list")
def reports_list() -> None:
    """List all reports: id, name, what, when next, how the last run ended."""
    for each in perform(JobKind.REPORTS, {"do": "list"})["reports"]:
        echo("  ".join(_columns(each)))


@reports_group.command("send")
@click.argument("id")
def reports_send(id: str) -> None:
    """Send a report now to all of its recipients, and wait until its mails have gone out."""
    run = perform(JobKind.REPORTS, {"do": "send", "id": id})["run"]
    for each in run["recipients"]:
        echo(f"{each['address']}: {each['status']}{_said(each['answer'])}")
    echo(f"{run['status']}{_said(run['error'])}")
    if (
        run["status"] == "failed"
        or run["error"]
        or any(each["status"] not in _ENDED_WELL for each in run["recipients"])
    ):
        raise SystemExit(1)


def _columns(report: dict[str, Any]) -> list[str]:
    subject = report.get("page") or report.get("view") or "export"
    upcoming = report["nextRuns"]
    when = upcoming[0] if upcoming else "after an import" if report["schedule"] else "by hand"
    last = report["lastRun"]
    ended = "never sent" if last is None else f"last: {last['status']}"
    return [report["id"], report["name"], subject, report["status"], when, ended, report["owner"]]


def _said(answer: str | None) -> str:
    return f" ({answer})" if answer else ""
