"""The jobs table: what is to be done, by whom it was asked, how far it is.

A worker claims a job for a lease and renews it while it works. A job whose lease ran out is claimed again, with a
higher attempt; what a worker with an older attempt then writes is refused.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.errors import BusyError, CancelledError, ConflictError, RefusedError
from lib.errors.codes import FailureCode
from lib.store.messages import Message
from lib.store.schema import idempotency, jobs
from lib.store.state import StateStore, insert_if_absent


class JobStatus(StrEnum):
    """The states of a job, by the codes that the table holds."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


_OPEN, _ENDED = (JobStatus.QUEUED, JobStatus.PROCESSING), (JobStatus.COMPLETED, JobStatus.FAILED)


class JobKind(StrEnum):
    """What there is to be done; `lib.jobs.tasks` does it, but for EXPORT, which writes a file to be taken away."""

    IMPORT = "import"
    IMPORTS = "imports"
    UNDO = "undo"
    DELETE_ALL = "delete_all"
    SAMPLE = "sample"
    CHECK = "check"
    BACKUP = "backup"
    STORED_ZONE = "stored_zone"
    TIMEZONE = "timezone"
    OWN_FIELDS = "own_fields"
    OWN_METRICS = "own_metrics"
    METRIC_ROLLUPS = "metric_rollups"
    REPORTS = "reports"
    ARCHIVES = "archives"
    EXPORT = "export"
    MAILED_FILE = "mailed_file"  # too large for a mail, which has a link to it; nobody does it, it is made done


MAX_WAITING = 100
"""Jobs of one kind that one actor may have waiting or under way: nobody is to wait for hours behind another."""

MAX_PAYLOAD = 4 * 2**20
MAX_PAYLOADS: dict[str, int] = {JobKind.EXPORT: 256 * 1024}
"""Bytes that a job's payload may have, as JSON: of any kind, and of some kinds by name."""

LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class JobSummary:
    """How far a job is, without what may be long. `progress` is from 0 to 100."""

    id: str
    kind: str
    status: JobStatus
    actor: str
    progress: float
    message: Message | None  # what it is doing, or why it failed
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int
    cancel_requested: bool

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in _ENDED

    @property
    def percent(self) -> int:
        """How far it is, in whole percent: 100 once it is done, and never before."""
        return 100 if self.status is JobStatus.COMPLETED else min(int(self.progress), 99)


@dataclass(frozen=True, slots=True)
class Job(JobSummary):
    """A job as the table holds it: what is to be done, and what came of it."""

    payload: dict[str, Any]
    result: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """An idempotency key: whose it is, the key itself, and the digest of what was asked for with it."""

    api_key: str
    idempotency_key: str
    request: str


Completed = Callable[[Connection, "Job", dict[str, Any]], None]
"""Told of a job that completes, and its result, within the transaction that writes this."""

Done = Callable[[Job], dict[str, Any] | None]
"""Returns the result of a job whose worker died after the work was done; None where it was not."""


class Queue:
    """The jobs of one workspace."""

    def __init__(self, state: StateStore) -> None:
        """Use the state's store."""
        self._state = state
        self._news = threading.Condition()

    def wait(self, seconds: float) -> None:
        """Wait until this process adds a job, or `wake` is called, at most that long."""
        with self._news:
            self._news.wait(seconds)

    def wake(self) -> None:
        """End every `wait`."""
        with self._news:
            self._news.notify_all()

    def add(self, kind: str, payload: dict[str, Any], actor: str, once: IdempotencyKey | None = None) -> Job:
        """Put a job at the end of the queue; with `once`, the same order again gives the job that it gave before.

        Raises RefusedError for a payload that is too large, ConflictError where the same idempotency key came with
        another order, BusyError where the actor has MAX_WAITING of the kind.
        """
        text = _payload(kind, payload)
        number = _new_id()
        with self._state.transaction() as connection:
            before = None if once is None else _claimed_by(connection, once, number)
            if before is not None:
                return before
            theirs = sa.and_(jobs.c.kind == kind, jobs.c.actor == actor, jobs.c.status.in_(_OPEN))
            waiting = connection.execute(sa.select(sa.func.count()).select_from(jobs).where(theirs)).scalar_one()
            if waiting >= MAX_WAITING:
                raise BusyError(
                    f"{waiting} of these are waiting for you already. Right would be to let some end first."
                )
            connection.execute(
                sa.insert(jobs).values(
                    id=number,
                    kind=kind,
                    status=JobStatus.QUEUED,
                    actor=actor,
                    payload=text,
                    progress=0.0,
                    created_at=datetime.now(UTC),
                    attempt=0,
                    cancel_requested=False,
                )
            )
            added = connection.execute(sa.select(jobs).where(jobs.c.id == number)).one()
        self.wake()
        return _job(added._mapping)

    def add_completed(self, kind: str, payload: dict[str, Any], actor: str, result: dict[str, Any]) -> Job:
        """Keep a job that was done otherwise, with what came of it."""
        number, now = _new_id(), datetime.now(UTC)
        with self._state.transaction() as connection:
            connection.execute(
                sa.insert(jobs).values(
                    id=number,
                    kind=kind,
                    status=JobStatus.COMPLETED,
                    actor=actor,
                    payload=_payload(kind, payload),
                    progress=100.0,
                    result=json.dumps(result),
                    created_at=now,
                    started_at=now,
                    finished_at=now,
                    attempt=1,
                    cancel_requested=False,
                )
            )
            return _job(connection.execute(sa.select(jobs).where(jobs.c.id == number)).one()._mapping)

    def get(self, number: str) -> Job | None:
        """Return a job, or None where there is none of that id."""
        with self._state.read() as connection:
            row = connection.execute(sa.select(jobs).where(jobs.c.id == number)).one_or_none()
        return None if row is None else _job(row._mapping)

    def newest(self, kinds: Sequence[str], limit: int = 50, actor: str | None = None) -> list[JobSummary]:
        """Return jobs of some kinds, the newest first: those that an actor asked for, or everybody's.

        Payloads and results are left out: a list would hold them all at once.
        """
        which = jobs.c.kind.in_(kinds) if actor is None else sa.and_(jobs.c.kind.in_(kinds), jobs.c.actor == actor)
        columns = [jobs.c[name] for name in JobSummary.__dataclass_fields__]
        query = sa.select(*columns).where(which).order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
        with self._state.read() as connection:
            rows = connection.execute(query.limit(limit)).all()
        return [JobSummary(**_restored(dict(row._mapping))) for row in rows]

    def claim(self, kinds: Sequence[str], done: Done = lambda _: None) -> Job | None:
        """Take the oldest job that waits, or that its worker left; None where there is none.

        One that is not to be tried again ends: as failed, or with the result that `done` says it has come to.
        """
        now = datetime.now(UTC)
        free = sa.or_(
            jobs.c.status == JobStatus.QUEUED, sa.and_(jobs.c.status == JobStatus.PROCESSING, jobs.c.lease_until < now)
        )
        with self._state.read() as connection:
            if connection.execute(sa.select(jobs.c.id).where(free, jobs.c.kind.in_(kinds)).limit(1)).first() is None:
                return None  # most often; asked without keeping writers waiting
        oldest = sa.select(jobs).where(free, jobs.c.kind.in_(kinds)).order_by(jobs.c.created_at, jobs.c.id).limit(1)
        with self._state.transaction() as connection:
            row = connection.execute(oldest.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            left = row.attempt >= MAX_ATTEMPTS or row.cancel_requested
            claimed: dict[str, Any] = {"lease_until": now + LEASE}  # nobody else is to end it, either
            if not left:
                claimed |= {
                    "status": JobStatus.PROCESSING,
                    "attempt": row.attempt + 1,
                    "started_at": now,
                    "progress": 0.0,
                }
            connection.execute(sa.update(jobs).where(jobs.c.id == row.id).values(claimed))
            row = connection.execute(sa.select(jobs).where(jobs.c.id == row.id)).one()
        job = _job(row._mapping)
        if not left:
            return job
        if (result := done(job)) is not None:
            self.complete(job, result)
        else:
            given_up = Message(FailureCode.GIVEN_UP, {"attempts": job.attempt})
            self.fail(job, Message(FailureCode.CANCELLED) if job.cancel_requested else given_up)
        return None

    def expire_leases(self) -> None:
        """End every lease: for the one who knows that no other worker is alive, as it holds what they all need."""
        with self._state.transaction() as connection:
            connection.execute(
                sa.update(jobs).where(jobs.c.status == JobStatus.PROCESSING).values(lease_until=datetime.now(UTC))
            )

    def renew(self, job: Job, progress: float, message: Message | None) -> None:
        """Tell how far a claimed job is, and keep it for another lease.

        Raises CancelledError where it was cancelled, or where another worker has it by now.
        """
        with self._state.transaction() as connection:
            held = connection.execute(
                sa.update(jobs)
                .where(_held(job))
                .values(
                    progress=progress,
                    message=None if message is None else message.to_json(),
                    lease_until=datetime.now(UTC) + LEASE,
                )
            )
            cancelled = connection.execute(
                sa.select(jobs.c.cancel_requested).where(jobs.c.id == job.id)
            ).scalar_one_or_none()
        if held.rowcount != 1 or cancelled:
            raise CancelledError(FailureCode.STOPPED)

    def complete(self, job: Job, result: dict[str, Any], completed: Completed = lambda *_: None) -> bool:
        """End a claimed job with its result; return False where another worker has it by now."""
        values = {"status": JobStatus.COMPLETED, "progress": 100.0, "message": None, "result": json.dumps(result)}
        return self._end(job, values, lambda connection: completed(connection, job, result))

    def fail(self, job: Job, reason: Message) -> bool:
        """End a claimed job with the reason why it failed; return False where another worker has it by now."""
        return self._end(job, {"status": JobStatus.FAILED, "message": reason.to_json()})

    def cancel(self, number: str) -> None:
        """Ask for a job to be stopped: at once where it still waits, else at its next step."""
        now = datetime.now(UTC)
        reason = Message(FailureCode.CANCELLED).to_json()
        waiting = {"status": JobStatus.FAILED, "message": reason, "finished_at": now, "cancel_requested": True}
        with self._state.transaction() as connection:
            connection.execute(
                sa.update(jobs).where(jobs.c.id == number, jobs.c.status == JobStatus.QUEUED).values(waiting)
            )
            connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == number, jobs.c.status == JobStatus.PROCESSING)
                .values(cancel_requested=True)
            )

    def delete(self, number: str) -> None:
        """Forget a job that has ended."""
        with self._state.transaction() as connection:
            ended = jobs.c.status.in_(_ENDED)
            if connection.execute(sa.delete(jobs).where(jobs.c.id == number, ended)).rowcount:
                connection.execute(sa.delete(idempotency).where(idempotency.c.job == number))

    def delete_older(self, kind: str, age: timedelta) -> list[str]:
        """Forget jobs of a kind that ended longer ago; return their ids."""
        old = sa.and_(
            jobs.c.kind == kind,
            jobs.c.status.in_(_ENDED),
            jobs.c.finished_at < datetime.now(UTC) - age,
        )
        with self._state.transaction() as connection:
            found = list(connection.execute(sa.select(jobs.c.id).where(old)).scalars())
            connection.execute(sa.delete(jobs).where(jobs.c.id.in_(found)))
            connection.execute(sa.delete(idempotency).where(idempotency.c.job.in_(found)))
        return found

    def _end(self, job: Job, values: dict[str, Any], within: Callable[[Connection], None] = lambda _: None) -> bool:
        with self._state.transaction() as connection:
            ended = connection.execute(
                sa.update(jobs)
                .where(_held(job))
                .values({**values, "finished_at": datetime.now(UTC), "lease_until": None})
            )
            if ended.rowcount == 1:
                within(connection)
        return bool(ended.rowcount == 1)


def _claimed_by(connection: Connection, once: IdempotencyKey, number: str) -> Job | None:
    """Claim an idempotency key for a new job; return the job that has it already, if one does and is still there."""
    claim = insert_if_absent(
        connection,
        idempotency,
        api_key=once.api_key,
        idempotency_key=once.idempotency_key,
        request=once.request,
        job=number,
        created_at=datetime.now(UTC),
    )
    if claim:
        return None
    held = sa.and_(idempotency.c.api_key == once.api_key, idempotency.c.idempotency_key == once.idempotency_key)
    row = connection.execute(sa.select(idempotency).where(held)).one()
    if row.request != once.request:
        raise ConflictError("This Idempotency-Key came before with another body. Right would be a new key.")
    found = connection.execute(sa.select(jobs).where(jobs.c.id == row.job)).one_or_none()
    if found is None:
        connection.execute(sa.update(idempotency).where(held).values(job=number))
        return None
    return _job(found._mapping)


def _new_id() -> str:
    return f"job_{int(time.time() * 1000):011x}{secrets.token_hex(8)}"


def _payload(kind: str, payload: dict[str, Any]) -> str:
    """Return a payload as JSON. Raises RefusedError where it is too large."""
    text, most = json.dumps(payload), MAX_PAYLOADS.get(kind, MAX_PAYLOAD)
    if len(text) > most:
        raise RefusedError(
            413,
            f"The order has {len(text) / 1024:,.0f} KB; right would be at most {most // 1024:,} KB, with fewer or "
            "shorter ids, or fewer files.",
        )
    return text


def _held(job: Job) -> sa.ColumnElement[bool]:
    return sa.and_(jobs.c.id == job.id, jobs.c.attempt == job.attempt, jobs.c.status == JobStatus.PROCESSING)


def _restored(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "status": JobStatus(row["status"]), "message": Message.from_json(row["message"])}


def _job(row: Any) -> Job:
    values = _restored({name: row[name] for name in Job.__dataclass_fields__})
    values["payload"] = json.loads(row["payload"])
    values["result"] = None if row["result"] is None else json.loads(row["result"])
    return Job(**values)
