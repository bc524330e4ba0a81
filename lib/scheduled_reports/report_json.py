"""Reports and their runs as programs read them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from lib.delivery.answer_text import answer_in_words
from lib.delivery.mail_message import message_id
from lib.delivery.outbox import Delivery
from lib.reports import job_text
from lib.scheduled_reports.definition import ReportDefinition
from lib.scheduled_reports.repository import ScheduledReport
from lib.scheduled_reports.runs import ReportRun


def report_body(report: ScheduledReport, unsubscribed: Collection[str]) -> dict[str, Any]:
    """Return a report as it was ordered, with what has become of it, and which addresses want it no more."""
    return {
        "id": report.id,
        **report.definition.to_json(),
        "unsubscribed": [each for each in report.definition.recipients if each in unsubscribed],
        "status": report.status.value,
        "pauseReason": None if report.pause_reason is None else report.pause_reason.value,
        "nextRuns": [due.isoformat() for due in report.next_times(datetime.now(UTC))],
        "owner": report.owner.actor,
        "version": report.version,
        "createdAt": report.created_at.isoformat(),
        "changedAt": report.changed_at.isoformat(),
    }


def run_body(run: ReportRun, mails: Sequence[Delivery], sender: str) -> dict[str, Any]:
    """Return a run with what became of its mails, which `sender` sends."""
    return {
        "id": run.id,
        "dueAt": run.due_at.isoformat(),
        "startedAt": _iso(run.started_at),
        "finishedAt": _iso(run.finished_at),
        "status": run.status.value,
        "reason": run.reason.value,
        "error": None if run.error is None else job_text.in_words(run.error),
        "recipients": [
            {
                "address": each.address,
                "status": each.status.value,
                "answer": answer_in_words(each),
                "messageId": message_id(each.id, sender),
                "bytes": each.bytes,
            }
            for each in mails
        ],
    }


def completed(body: bytes, definition: ReportDefinition) -> bytes:
    """Return a body that says a report's status, and for which version, as one that says all; others as they are."""
    try:
        content = json.loads(body)
    except ValueError:
        return body
    if not isinstance(content, dict) or set(content) - {"version"} != {"status"}:
        return body
    return json.dumps({**definition.to_json(), **content}).encode()


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
