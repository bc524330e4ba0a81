"""Reports as commands list and send them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

from lib.delivery.outbox import Outbox
from lib.errors import CallboardError, nearest
from lib.errors.report_codes import ReportCode
from lib.outgoing.service import OutgoingService
from lib.scheduled_reports import report_json
from lib.scheduled_reports.repository import unsubscribed_of
from lib.settings import Settings
from lib.store.messages import Tell
from lib.store.state import StateStore


class ReportTaskContext(Protocol):
    """What these tasks work on: the workspace, as far as they know it."""

    settings: Settings
    state: StateStore
    outgoing: OutgoingService
    outbox: Outbox


def work_on_reports(workspace: ReportTaskContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:  # noqa: ARG001 - a task
    """Do what `do` says: `list` all reports, or `send` one now (`id`) and wait for its end; return plain JSON."""
    if payload["do"] == "send":
        return {"run": _send(workspace, payload["id"])}
    kept = workspace.outgoing.reports.all()
    ids = [each.id for each in kept]
    last, unsubscribed = workspace.outgoing.runs.last_of(ids), unsubscribed_of(workspace.state, ids)
    listed = []
    for each in kept:
        run = last.get(each.id)
        ended = None if run is None else {"status": run.status.value, "dueAt": run.due_at.isoformat()}
        listed.append({**report_json.report_body(each, unsubscribed[each.id]), "lastRun": ended})
    return {"reports": listed, "asOf": datetime.now(UTC).isoformat()}


def _send(workspace: ReportTaskContext, number: str) -> dict[str, Any]:
    report = workspace.outgoing.reports.get(number)
    if report is None:
        ids = [each.id for each in workspace.outgoing.reports.all()]
        raise CallboardError(ReportCode.REPORT_UNKNOWN, value=number[:40], hint=nearest(number, ids))
    run = workspace.outgoing.finish(workspace.outgoing.send_now(report))
    if run is None:  # somebody deleted the report meanwhile
        raise CallboardError(ReportCode.REPORT_UNKNOWN, value=number[:40], hint="")
    mails = workspace.outbox.of_causes([run.id])[run.id]
    return report_json.run_body(run, mails, workspace.settings.mail_from)
