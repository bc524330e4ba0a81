"""Old evaluations as commands archive them, list what is archived, and bring it back; changes are in the audit."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from lib.access.audit_log import Action
from lib.analytics import archiving, workspace_zone
from lib.analytics.archived_months import ArchivedMonth, archived_months, names_of
from lib.analytics.metric_rollups import stored_catalog_for_writing
from lib.errors import ConflictError
from lib.errors.archive_codes import ArchiveCode
from lib.store.facts import FactStore, checkpoint
from lib.store.messages import JobStep, Message, Tell


class ArchiveContext(Protocol):
    """What these tasks work on: the workspace, as far as they know it."""

    facts: FactStore

    def note(self, actor: str, action: Action, subject: str = "", **details: Any) -> None:
        """Write a line of the audit."""


def work_on_archives(workspace: ArchiveContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Do what `do` says, and return the months that it was done to as plain JSON.

    `list`; `archive` (`before`, an ISO date, and `to`, a place or None); `restore` (`month`, such as 2025-01). Each
    month is a transaction of its own.
    """
    if payload["do"] == "archive":
        job = payload.get("job") or secrets.token_hex(8)
        before = date.fromisoformat(payload["before"])
        months = _archive(workspace, before, payload.get("to") or "", payload["actor"], job, tell)
    elif payload["do"] == "restore":
        months = [_restore(workspace, payload["month"], payload["actor"], tell)]
    else:
        with workspace.facts.read() as connection:
            months = list(archived_months(connection))
    return {"months": [_describe(each) for each in months]}


def remove_ended(facts: FactStore, *, at_once: bool = False) -> None:
    """Delete the files of archives that ended, once nobody can be reading them, or at once."""
    with facts.read() as connection:
        ended = archiving.ended_archives(connection, at_once=at_once)
        gone = [each for each in ended if archiving.remove_files(connection, each)]
    if gone:
        with facts.write() as connection:
            for each in gone:
                archiving.forget(connection, each)


def _archive(
    workspace: ArchiveContext, before: date, location: str, actor: str, job: str, tell: Tell
) -> list[ArchivedMonth]:
    with workspace.facts.read() as connection:
        zone = ZoneInfo(workspace_zone.stored_zone(connection))
        whole = min(before, datetime.now(zone).date())
        months = archiving.months_before(connection, whole)
    if not months:
        raise ConflictError(ArchiveCode.ARCHIVE_NOTHING, before=before.isoformat())
    done: list[ArchivedMonth] = []
    try:
        for place, month in enumerate(months):
            step = Message(JobStep.ARCHIVING, {"month": f"{month:%Y-%m}", "done": place, "total": len(months)})
            tell(place / len(months) * 100, step)
            with workspace.facts.write() as connection:
                catalog = stored_catalog_for_writing(connection)
                done.append(archiving.archive_month(connection, catalog, month, location, actor, job))
    finally:
        if done:
            count = sum(each.evaluations for each in done)
            workspace.note(actor, Action.ARCHIVED, names_of(done), evaluations=count)
    with workspace.facts.session() as connection:
        checkpoint(connection)  # so that DuckDB's file can become shorter
    return done


def _restore(workspace: ArchiveContext, name: str, actor: str, tell: Tell) -> ArchivedMonth:
    tell(0, Message(JobStep.RESTORING_MONTH, {"month": name}))
    with workspace.facts.write() as connection:
        months = archived_months(connection)
        month = next((each for each in months if each.name == name), None)
        if month is None:
            code = ArchiveCode.NOT_ARCHIVED if months else ArchiveCode.NONE_ARCHIVED
            raise ConflictError(code, month=name, **({"months": names_of(months)} if months else {}))
        archiving.restore_month(connection, stored_catalog_for_writing(connection), month)
    workspace.note(actor, Action.ARCHIVE_RESTORED, name, evaluations=month.evaluations)
    return month


def _describe(month: ArchivedMonth) -> dict[str, Any]:
    return {
        "month": month.name,
        "evaluations": month.evaluations,
        "answers": month.files["answers"].rows if "answers" in month.files else 0,
        "bytes": sum(file.bytes for file in month.files.values()),
        "location": month.location.partition("?")[0],
        "archived_at": month.archived_at.astimezone(UTC).isoformat(),
        "archived_by": month.archived_by,
    }
