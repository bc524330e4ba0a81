"""The runs of reports: made due once for each time, claimed by who makes them, and how they ended.

A run is queued until all that it sends is made; then its mails are in the outbox, all or none of them, and it is
sending until each of these has ended.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.delivery.outbox import KEPT, DeliveryStatus
from lib.errors.report_codes import ReportCode
from lib.scheduled_reports.repository import ReportStatus, ScheduledReport
from lib.store.messages import Message
from lib.store.outgoing_schema import deliveries, report_runs, reports
from lib.store.state import StateStore, insert_if_absent

LEASE = timedelta(minutes=5)
"""Longer than it may take to make all that a run sends."""

RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""After how long a run, or a mail, that failed is tried again."""

MAX_ATTEMPTS = 20
"""Times that a run is claimed: a report that ends its process is not to do so forever."""

LATEST = timedelta(hours=24)
"""How late what was missed goes out."""


class RunStatus(StrEnum):
    """The states of a run, by the codes that the table holds."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class RunReason(StrEnum):
    """What made a report due."""

    SCHEDULE = "schedule"
    IMPORT = "import"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class ReportRun:
    """One time that a report goes out; with a `recipient`, to that address alone."""

    id: str
    report: str
    due_at: datetime
    reason: RunReason
    status: RunStatus
    error: Message | None
    attempt: int
    failures: int
    recipient: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ReportRuns:
    """The runs of all reports of one workspace."""

    def __init__(self, state: StateStore) -> None:
        """Use the state's store."""
        self._state = state
        self._last_owner = ""  # whose run this process has made last; each owner then has a turn before this one again

    def schedule(self, report: ScheduledReport, now: datetime) -> bool:
        """Make a run of a report whose time has come, and look ahead to its next; return whether it did.

        Of several times that were missed the last goes out, and none that is LATEST past. False where another process
        was first.
        """
        schedule, first = report.definition.schedule, report.next_at
        if schedule is None or first is None or first > now:
            return False
        last = schedule.last_until(first, now)
        mine = sa.and_(reports.c.id == report.id, reports.c.next_at == first, reports.c.status == ReportStatus.ACTIVE)
        with self._state.transaction() as connection:
            taken = connection.execute(sa.update(reports).where(mine).values(next_at=schedule.next_after(now)))
            if taken.rowcount != 1:
                return False
            if last != first:
                _add(connection, report.id, first, RunReason.SCHEDULE, skipped=Message(ReportCode.LATER_ONE_WENT_OUT))
            too_late = Message(ReportCode.TOO_LATE, {"hours": int(LATEST.total_seconds() // 3600)})
            is_late = now - last > LATEST
            _add(connection, report.id, last, RunReason.SCHEDULE, skipped=too_late if is_late else None)
        return True

    def add_after_import(self, report: ScheduledReport, period: str, data_version: int, now: datetime) -> bool:
        """Make a run of a report after an import, once for a period; False where that period went out before."""
        mine = sa.and_(
            reports.c.id == report.id,
            reports.c.status == ReportStatus.ACTIVE,
            sa.or_(reports.c.last_period.is_(None), reports.c.last_period != period),
        )
        with self._state.transaction() as connection:
            values = {"last_period": period, "data_version": data_version}
            if connection.execute(sa.update(reports).where(mine).values(values)).rowcount != 1:
                return False
            return _add(connection, report.id, now, RunReason.IMPORT) is not None

    def add_by_hand(self, report: ScheduledReport, recipient: str | None = None) -> str:
        """Make a run now, with a recipient for that address alone; return its id, or that of one that waits."""
        waiting = sa.select(report_runs.c.id).where(
            report_runs.c.report == report.id,
            report_runs.c.reason == RunReason.HAND,
            report_runs.c.status == RunStatus.QUEUED,
            report_runs.c.attempt == 0,
            report_runs.c.recipient.is_not_distinct_from(recipient),
        )
        while True:
            with self._state.transaction() as connection:
                if (before := connection.execute(waiting).scalar()) is not None:
                    return str(before)
                number = _add(connection, report.id, datetime.now(UTC), RunReason.HAND, recipient=recipient)
            if number is not None:  # else another one has the very same moment
                return number

    def claim(self) -> ReportRun | None:
        """Take a run that waits, or that its maker left; None where there is none.

        Owners take turns, so that nobody waits for all that another one has due; of one owner, what is due goes first.
        """
        if not self.is_waiting():
            return None  # most often; asked without keeping writers waiting
        now = datetime.now(UTC)
        free = _free(now)
        mine = sa.select(reports.c.owner_id).where(reports.c.id == report_runs.c.report).scalar_subquery()
        owner = sa.func.coalesce(mine, "")
        had_turn = sa.case((owner > self._last_owner, 0), else_=1)
        by_hand = sa.case((report_runs.c.reason == RunReason.HAND, 1), else_=0)
        order = (had_turn, owner, by_hand, report_runs.c.try_at, report_runs.c.id)
        first = sa.select(report_runs.c.id, owner.label("owner_id")).where(free).order_by(*order).limit(1)
        with self._state.transaction() as connection:
            row = connection.execute(first.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            number, self._last_owner = row
            claimed = {"attempt": report_runs.c.attempt + 1, "lease_until": now + LEASE}
            started = sa.func.coalesce(
                report_runs.c.started_at, sa.bindparam("started", now, reports.c.changed_at.type)
            )
            update = sa.update(report_runs).where(report_runs.c.id == number)
            connection.execute(update.values({**claimed, "started_at": started}))
            return _run(connection.execute(sa.select(report_runs).where(report_runs.c.id == number)).one())

    def is_waiting(self) -> bool:
        """Return whether a run is to be made."""
        with self._state.read() as connection:
            waiting = sa.select(report_runs.c.id).where(_free(datetime.now(UTC))).limit(1)
            return connection.execute(waiting).first() is not None

    def expire_leases(self) -> None:
        """End every lease: for the one who knows that nobody else makes reports."""
        with self._state.transaction() as connection:
            held = report_runs.c.lease_until.is_not(None)
            connection.execute(sa.update(report_runs).where(held).values(lease_until=None))

    def begin_sending(self, connection: Connection, run: ReportRun) -> bool:
        """Say, in the transaction that fills the outbox, that all is made; False where another one has made it."""
        return _end(connection, run, {"status": RunStatus.SENDING, "try_at": None})

    def skip(self, run: ReportRun, reason: Message) -> None:
        """End a run that has nothing to send."""
        self._finish(run, RunStatus.SKIPPED, reason)

    def fail(self, run: ReportRun, reason: Message) -> None:
        """End a run that could not be made."""
        self._finish(run, RunStatus.FAILED, reason)

    def postpone(self, run: ReportRun, reason: Message) -> bool:
        """Try a run again later; return False where it has been tried as often as it is."""
        if run.failures >= len(RETRIES):
            return False
        again = datetime.now(UTC) + RETRIES[run.failures]
        values = {"try_at": again, "failures": run.failures + 1, "error": reason.to_json()}
        with self._state.transaction() as connection:
            return _end(connection, run, values)

    def settle(self, number: str) -> ReportRun | None:
        """End a run whose mails have all ended, and return it; None where one is on its way, or it ended before."""
        with self._state.transaction() as connection:
            sending = sa.and_(report_runs.c.id == number, report_runs.c.status == RunStatus.SENDING)
            if connection.execute(sa.select(report_runs.c.id).where(sending).with_for_update()).first() is None:
                return None
            rows = connection.execute(sa.select(deliveries.c.status).where(deliveries.c.cause == number))
            states = [DeliveryStatus(state) for state in rows.scalars()]
            if DeliveryStatus.QUEUED in states or DeliveryStatus.SENDING in states:
                return None
            failed, sent = states.count(DeliveryStatus.FAILED), states.count(DeliveryStatus.SENT)
            status = RunStatus.FAILED if failed else RunStatus.SENT if sent else RunStatus.SKIPPED
            error = Message(ReportCode.SOME_NOT_REACHED, {"count": failed, "all": failed + sent}) if failed else None
            if status is RunStatus.SKIPPED:
                error = Message(ReportCode.NOBODY_TO_SEND_TO)
            values = {"status": status, "finished_at": datetime.now(UTC), "error": error and error.to_json()}
            connection.execute(sa.update(report_runs).where(report_runs.c.id == number).values(values))
            return _run(connection.execute(sa.select(report_runs).where(report_runs.c.id == number)).one())

    def unsettled(self) -> list[str]:
        """Return the runs that are sending, as far as they are known to be."""
        with self._state.read() as connection:
            sending = sa.select(report_runs.c.id).where(report_runs.c.status == RunStatus.SENDING)
            return list(connection.execute(sending).scalars())

    def get(self, number: str) -> ReportRun | None:
        """Return the run of an id; None where there is none."""
        with self._state.read() as connection:
            row = connection.execute(sa.select(report_runs).where(report_runs.c.id == number)).one_or_none()
        return None if row is None else _run(row)

    def of_report(self, number: str, offset: int, limit: int) -> tuple[list[ReportRun], int]:
        """Return the runs of a report, the newest first, and how many there are."""
        mine = report_runs.c.report == number
        newest = sa.select(report_runs).where(mine).order_by(report_runs.c.due_at.desc(), report_runs.c.id.desc())
        with self._state.read() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(report_runs).where(mine)).scalar_one()
            rows = connection.execute(newest.offset(offset).limit(limit)).all()
        return [_run(row) for row in rows], int(count)

    def last_of(self, numbers: Sequence[str]) -> dict[str, ReportRun]:
        """Return the last run of each of some reports that has one."""
        ranked = sa.select(
            report_runs.c.id,
            sa.func.row_number()
            .over(partition_by=report_runs.c.report, order_by=(report_runs.c.due_at.desc(), report_runs.c.id.desc()))
            .label("place"),
        ).where(report_runs.c.report.in_(numbers))
        places = ranked.subquery()
        last = sa.select(report_runs).join(places, places.c.id == report_runs.c.id).where(places.c.place == 1)
        with self._state.read() as connection:
            return {row.report: _run(row) for row in connection.execute(last)}

    def forget_old(self) -> None:
        """Forget the runs that ended long ago."""
        with self._state.transaction() as connection:
            old = report_runs.c.finished_at < datetime.now(UTC) - KEPT
            connection.execute(sa.delete(report_runs).where(old))

    def _finish(self, run: ReportRun, status: RunStatus, reason: Message) -> None:
        values = {"status": status, "error": reason.to_json(), "try_at": None, "finished_at": datetime.now(UTC)}
        with self._state.transaction() as connection:
            _end(connection, run, values)


def _free(now: datetime) -> sa.ColumnElement[bool]:
    """Return what holds for a run that may be claimed."""
    left = sa.or_(report_runs.c.lease_until.is_(None), report_runs.c.lease_until < now)
    return sa.and_(report_runs.c.try_at <= now, left)


def _add(
    connection: Connection,
    report: str,
    due_at: datetime,
    reason: RunReason,
    recipient: str | None = None,
    skipped: Message | None = None,
) -> str | None:
    """Make a run, or note one that goes out no more; return its id, None where the time has one."""
    number, now = f"run_{int(time.time() * 1000):011x}{secrets.token_hex(6)}", datetime.now(UTC)
    is_new = insert_if_absent(
        connection,
        report_runs,
        id=number,
        report=report,
        due_at=due_at,
        reason=reason,
        status=RunStatus.QUEUED if skipped is None else RunStatus.SKIPPED,
        error=None if skipped is None else skipped.to_json(),
        attempt=0,
        failures=0,
        try_at=now if skipped is None else None,
        recipient=recipient,
        created_at=now,
        finished_at=None if skipped is None else now,
    )
    return number if is_new else None


def _end(connection: Connection, run: ReportRun, values: dict[str, Any]) -> bool:
    """Write what came of an attempt; False where another one has been made since."""
    mine = sa.and_(
        report_runs.c.id == run.id,
        report_runs.c.attempt == run.attempt,
        report_runs.c.status == RunStatus.QUEUED,
    )
    written = connection.execute(sa.update(report_runs).where(mine).values({**values, "lease_until": None}))
    return bool(written.rowcount == 1)


def _run(row: Any) -> ReportRun:
    values = {name: row._mapping[name] for name in ReportRun.__dataclass_fields__}
    codes = {"reason": RunReason(row.reason), "status": RunStatus(row.status)}
    return ReportRun(**{**values, **codes, "error": Message.from_json(row.error)})
