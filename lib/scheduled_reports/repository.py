"""The reports of a workspace: kept, changed, paused, handed over, forgotten; their runs are in `runs.py`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.access import audit_log
from lib.access.audit_log import Action
from lib.access.owners import Owner
from lib.delivery import outbox
from lib.errors import ReportError
from lib.errors.report_codes import ReportCode
from lib.scheduled_reports.definition import ReportDefinition
from lib.sharing import validation
from lib.store.outgoing_schema import report_runs, reports, unsubscribed
from lib.store.state import StateStore, insert_if_absent

MAX_OF_ONE, MAX_IN_ALL = 200, 2_000
"""Reports that one owner may have, and that there may be."""

NEXT_TIMES = 3
"""Times of a schedule that are told ahead."""


class ReportStatus(StrEnum):
    """What a report does by itself."""

    ACTIVE = "active"
    PAUSED = "paused"


class PauseReason(StrEnum):
    """Why a report is paused, where Callboard did it."""

    OWNER_GONE = "owner_gone"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class ScheduledReport:
    """A report as it is kept."""

    id: str
    definition: ReportDefinition
    owner: Owner
    status: ReportStatus
    pause_reason: PauseReason | None
    next_at: datetime | None
    data_version: int
    last_period: str | None
    version: int
    created_at: datetime
    changed_at: datetime

    @property
    def name(self) -> str:
        """What it is called."""
        return self.definition.name

    def next_times(self, now: datetime) -> tuple[datetime, ...]:
        """Return when it is due next, in the zone of its schedule; none where it is paused."""
        schedule = self.definition.schedule
        if schedule is None or self.status is ReportStatus.PAUSED:
            return ()
        return schedule.times_after(now, NEXT_TIMES)


class ReportRepository:
    """The reports of one workspace."""

    def __init__(self, state: StateStore) -> None:
        """Use the state's store."""
        self._state = state

    def all(self, owner: Owner | None = None) -> list[ScheduledReport]:
        """Return the reports of an owner, or everybody's: by name."""
        which = sa.true() if owner is None else reports.c.owner_id == owner.id
        with self._state.read() as connection:
            kept = [_report(row) for row in connection.execute(sa.select(reports).where(which))]
        return sorted(kept, key=lambda each: (each.name.casefold(), each.id))

    def get(self, number: str, owner: Owner | None = None) -> ScheduledReport | None:
        """Return a report, of an owner or of anybody; None where there is none."""
        which = reports.c.id == number if owner is None else sa.and_(reports.c.id == number, _of(owner))
        with self._state.read() as connection:
            row = connection.execute(sa.select(reports).where(which)).one_or_none()
        return None if row is None else _report(row)

    def count_using(self, parameter: str, metric: str) -> int:
        """Return how many reports ask for a metric: their page by a parameter, or the export that they send."""
        return sum(metric in each.definition.metrics(parameter) for each in self.all())

    def add(self, definition: ReportDefinition, owner: Owner, data_version: int) -> ScheduledReport:
        """Keep a new report; return it. Raises ConflictError where there are as many as there may be."""
        number, now = f"rep_{secrets.token_hex(8)}", datetime.now(UTC)
        with self._state.transaction() as connection:
            validation.check_count(connection, reports, "reports", _of(owner), MAX_OF_ONE, MAX_IN_ALL)
            row = {
                "id": number,
                **_columns(definition, now),
                "owner": owner.actor,
                "owner_id": owner.id,
                "status": ReportStatus.ACTIVE,
                "data_version": data_version,
                "version": 1,
                "created_at": now,
                "changed_at": now,
            }
            connection.execute(sa.insert(reports).values(row))
            audit_log.record(connection, owner.actor, Action.REPORT_CREATED, definition.name, id=number)
            return _locked(connection, number)

    def change(
        self, number: str, definition: ReportDefinition, actor: str, version: int | None = None
    ) -> ScheduledReport:
        """Give a report another definition; return it.

        Raises ReportError where there is none, or where it is not of the `version` that the change was made for.
        """

        def values(_: ScheduledReport, now: datetime) -> dict[str, Any]:
            return _columns(definition, now)

        return self._update(number, values, actor, Action.REPORT_CHANGED, version)

    def pause(self, number: str, actor: str, reason: PauseReason | None = None) -> ScheduledReport:
        """Let a report go out by hand alone until it is resumed."""

        def values(_: ScheduledReport, __: datetime) -> dict[str, Any]:
            return {"status": ReportStatus.PAUSED, "pause_reason": reason, "next_at": None}

        return self._update(number, values, actor, Action.REPORT_PAUSED)

    def resume(self, number: str, actor: str) -> ScheduledReport:
        """Let a paused report go out by itself again, from now on."""

        def values(report: ScheduledReport, now: datetime) -> dict[str, Any]:
            return {"status": ReportStatus.ACTIVE, "pause_reason": None, **_due(report.definition, now)}

        return self._update(number, values, actor, Action.REPORT_RESUMED)

    def hand_over(self, number: str, to: Owner, actor: str) -> ScheduledReport:
        """Give a report another owner, by whose access it then goes."""

        def values(_: ScheduledReport, __: datetime) -> dict[str, Any]:
            return {"owner": to.actor, "owner_id": to.id}

        return self._update(number, values, actor, Action.REPORT_HANDED_OVER)

    def delete(self, number: str, actor: str) -> None:
        """Forget a report with its runs; what is on its way goes no further."""
        with self._state.transaction() as connection:
            report = _locked(connection, number)
            outbox.forget_subject(connection, number)
            connection.execute(sa.delete(report_runs).where(report_runs.c.report == number))
            connection.execute(sa.delete(unsubscribed).where(unsubscribed.c.subject == number))
            connection.execute(sa.delete(reports).where(reports.c.id == number))
            audit_log.record(connection, actor, Action.REPORT_DELETED, report.name, id=number)

    def due(self, now: datetime) -> list[ScheduledReport]:
        """Return the active reports whose time has come."""
        which = sa.and_(reports.c.status == ReportStatus.ACTIVE, reports.c.next_at <= now)
        with self._state.read() as connection:
            return [_report(row) for row in connection.execute(sa.select(reports).where(which))]

    def after_import(self) -> list[ScheduledReport]:
        """Return the active reports that an import makes due."""
        no_time = sa.and_(reports.c.status == ReportStatus.ACTIVE, reports.c.next_at.is_(None))
        with self._state.read() as connection:
            kept = [_report(row) for row in connection.execute(sa.select(reports).where(no_time))]
        return [each for each in kept if each.definition.schedule and each.definition.schedule.is_after_import]

    def _update(
        self,
        number: str,
        values: Callable[[ScheduledReport, datetime], dict[str, Any]],
        actor: str,
        action: Action,
        version: int | None = None,
    ) -> ScheduledReport:
        now = datetime.now(UTC)
        with self._state.transaction() as connection:
            before = _locked(connection, number)
            if version is not None and version != before.version:
                raise ReportError(ReportCode.REPORT_CHANGED, version=version, current=before.version)
            changed = {**values(before, now), "version": before.version + 1, "changed_at": now}
            connection.execute(sa.update(reports).where(reports.c.id == number).values(changed))
            after = _locked(connection, number)
            audit_log.record(connection, actor, action, after.name, id=number, version=after.version)
        return after


def unsubscribe(state: StateStore, subject: str, address: str) -> None:
    """Let no more mail of a report or an alert go to an address."""
    with state.transaction() as connection:
        insert_if_absent(connection, unsubscribed, subject=subject, address=address, at=datetime.now(UTC))


def unsubscribed_of(state: StateStore, subjects: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the addresses that want no more mail of each of some reports or alerts."""
    chosen = sa.select(unsubscribed.c.subject, unsubscribed.c.address).where(unsubscribed.c.subject.in_(subjects))
    addresses: dict[str, set[str]] = {subject: set() for subject in subjects}
    with state.read() as connection:
        for subject, address in connection.execute(chosen):
            addresses[subject].add(address)
    return {subject: frozenset(each) for subject, each in addresses.items()}


def unsubscribed_addresses(connection: Connection, subject: str) -> frozenset[str]:
    """Return the addresses that want no more mail of a report or an alert."""
    rows = connection.execute(sa.select(unsubscribed.c.address).where(unsubscribed.c.subject == subject))
    return frozenset(rows.scalars())


def _of(owner: Owner) -> sa.ColumnElement[bool]:
    return reports.c.owner_id == owner.id


def _locked(connection: Connection, number: str) -> ScheduledReport:
    """Return a report, which then waits for this transaction. Raises ReportError where there is none."""
    row = connection.execute(sa.select(reports).where(reports.c.id == number).with_for_update()).one_or_none()
    if row is None:
        raise ReportError(ReportCode.REPORT_GONE)
    return _report(row)


def _columns(definition: ReportDefinition, now: datetime) -> dict[str, Any]:
    row = json.dumps(definition.to_row(), ensure_ascii=False)
    return {"name": definition.name, "definition": row, **_due(definition, now)}


def _due(definition: ReportDefinition, now: datetime) -> dict[str, Any]:
    return {"next_at": None if definition.schedule is None else definition.schedule.next_after(now)}


def _report(row: Any) -> ScheduledReport:
    return ScheduledReport(
        row.id,
        ReportDefinition.from_row(json.loads(row.definition)),
        Owner(row.owner, row.owner_id),
        ReportStatus(row.status),
        None if row.pause_reason is None else PauseReason(row.pause_reason),
        row.next_at,
        row.data_version,
        row.last_period,
        row.version,
        row.created_at,
        row.changed_at,
    )
