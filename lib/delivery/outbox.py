"""The outbox: what is to go out, kept in the transaction that decides it, and sent once for each cause and address.

Whoever delivers claims an entry for a lease, and writes down how it ended. An entry whose lease ran out is claimed
again: its deliverer died, and nobody knows how far it came. A mail then goes out with the same `Message-ID`, a webhook
with the same id, so that who gets it twice can tell.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.store.outgoing_schema import deliveries, delivery_contents
from lib.store.state import StateStore, insert_if_absent


class Channel(StrEnum):
    """How something goes out."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class DeliveryStatus(StrEnum):
    """The states of a delivery, by the codes that the table holds."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


OPEN = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING)

LEASE = timedelta(minutes=2)
"""Longer than a server may take to answer."""

KEPT = timedelta(days=90)
"""How long it is known what went out, and to whom; what it said is kept as long."""

MAX_ANSWER = 500
"""Characters of a server's answer that are kept."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing on its way to one address."""

    id: str
    channel: Channel
    cause: str
    subject: str
    address: str
    content: str | None
    status: DeliveryStatus
    answer: str | None
    bytes: int | None
    attempt: int
    failures: int
    created_at: datetime
    finished_at: datetime | None
    try_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status not in OPEN


class Outbox:
    """What goes out of one workspace."""

    def __init__(self, state: StateStore) -> None:
        """Use the state's store."""
        self._state = state
        self._news = threading.Condition()

    def wait(self, seconds: float) -> None:
        """Wait until this process adds something, or `wake` is called, at most that long."""
        with self._news:
            self._news.wait(seconds)

    def wake(self) -> None:
        """End every `wait`."""
        with self._news:
            self._news.notify_all()

    def claim(self, channel: Channel, limit: int = 1, without: Collection[str] = ()) -> list[Delivery]:
        """Take what waits the longest of a channel, or what its deliverer left, for a lease; of some subjects none."""
        now = datetime.now(UTC)
        free = sa.and_(
            deliveries.c.channel == channel,
            deliveries.c.try_at <= now,
            sa.or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until < now),
            deliveries.c.subject.not_in(without),
        )
        with self._state.read() as connection:
            if connection.execute(sa.select(deliveries.c.id).where(free).limit(1)).first() is None:
                return []  # most often; asked without keeping writers waiting
        oldest = sa.select(deliveries.c.id).where(free).order_by(deliveries.c.try_at, deliveries.c.id).limit(limit)
        with self._state.transaction() as connection:
            ids = list(connection.execute(oldest.with_for_update(skip_locked=True)).scalars())
            claimed = {
                "status": DeliveryStatus.SENDING,
                "attempt": deliveries.c.attempt + 1,
                "lease_until": now + LEASE,
            }
            connection.execute(sa.update(deliveries).where(deliveries.c.id.in_(ids)).values(claimed))
            return _read(connection, deliveries.c.id.in_(ids))

    def expire_leases(self) -> None:
        """End every lease: for the one who knows that nobody else delivers."""
        with self._state.transaction() as connection:
            held = deliveries.c.lease_until.is_not(None)
            connection.execute(sa.update(deliveries).where(held).values(lease_until=None))

    def succeed(self, delivery: Delivery, answer: str, size: int) -> bool:
        """Write down that it arrived; return False where somebody else has claimed it since."""
        return self._end(delivery, DeliveryStatus.SENT, answer, size)

    def fail(self, delivery: Delivery, answer: str, size: int | None = None) -> bool:
        """Write down that it will not arrive; return False as `succeed` does."""
        return self._end(delivery, DeliveryStatus.FAILED, answer, size)

    def skip(self, delivery: Delivery, why_not: str) -> bool:
        """Write down that it is not sent, and a code of why; return False as `succeed` does."""
        return self._end(delivery, DeliveryStatus.SKIPPED, why_not, None)

    def postpone(self, delivery: Delivery, until: datetime, answer: str, size: int | None = None) -> bool:
        """Write down that it is to be tried again at a time, and why; return False as `succeed` does."""
        values = {"status": DeliveryStatus.QUEUED, "try_at": until, "failures": delivery.failures + 1}
        return self._write(delivery, {**values, "answer": answer[:MAX_ANSWER], "bytes": size})

    def content(self, number: str) -> bytes | None:
        """Return what a delivery carries, by its id; None where it is no longer kept."""
        with self._state.read() as connection:
            kept = sa.select(delivery_contents.c.content).where(delivery_contents.c.id == number)
            return connection.execute(kept).scalar_one_or_none()

    def get(self, number: str) -> Delivery | None:
        """Return the delivery of an id, None where there is none."""
        with self._state.read() as connection:
            return next(iter(_read(connection, deliveries.c.id == number)), None)

    def of_causes(self, causes: Sequence[str]) -> dict[str, list[Delivery]]:
        """Return what went out, or is about to, for each of some causes, the first first."""
        with self._state.read() as connection:
            listed = _read(connection, deliveries.c.cause.in_(causes))
        by_cause: dict[str, list[Delivery]] = {cause: [] for cause in causes}
        for each in listed:
            by_cause[each.cause].append(each)
        return by_cause

    def of_subject(self, subject: str, offset: int, limit: int) -> tuple[list[Delivery], int]:
        """Return the deliveries of a report, an alert or a webhook, the newest first, and how many there are."""
        mine = deliveries.c.subject == subject
        newest = sa.select(deliveries).where(mine).order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc())
        with self._state.read() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(deliveries).where(mine)).scalar_one()
            rows = connection.execute(newest.offset(offset).limit(limit)).all()
        return [_delivery(row) for row in rows], int(count)

    def forget_old(self) -> None:
        """Forget what ended long ago, and what it carried."""
        limit = datetime.now(UTC) - KEPT
        with self._state.transaction() as connection:
            connection.execute(sa.delete(deliveries).where(deliveries.c.finished_at < limit))
            used = sa.select(deliveries.c.content).where(deliveries.c.content == delivery_contents.c.id).exists()
            old = sa.and_(delivery_contents.c.created_at < limit, ~used)
            connection.execute(sa.delete(delivery_contents).where(old))

    def _end(self, delivery: Delivery, status: DeliveryStatus, answer: str, size: int | None) -> bool:
        values = {"status": status, "answer": answer[:MAX_ANSWER], "bytes": size}
        return self._write(delivery, {**values, "try_at": None, "finished_at": datetime.now(UTC)})

    def _write(self, delivery: Delivery, values: dict[str, Any]) -> bool:
        mine = sa.and_(
            deliveries.c.id == delivery.id,
            deliveries.c.attempt == delivery.attempt,
            deliveries.c.status == DeliveryStatus.SENDING,
        )
        with self._state.transaction() as connection:
            written = connection.execute(sa.update(deliveries).where(mine).values({**values, "lease_until": None}))
        return bool(written.rowcount == 1)


def add_content(connection: Connection, content: bytes) -> str:
    """Keep what deliveries of this transaction carry; return its id."""
    number = f"cnt_{secrets.token_hex(12)}"
    values = {"id": number, "content": content, "created_at": datetime.now(UTC)}
    connection.execute(sa.insert(delivery_contents).values(values))
    return number


def add(
    connection: Connection,
    channel: Channel,
    cause: str,
    subject: str,
    address: str,
    content: str | None,
    why_not: str | None = None,
) -> str | None:
    """Put something in the outbox, in this transaction; return its id, None where the cause and address had it before.

    With `why_not`, a code, nothing goes out, and that is written down. Wake the outbox once the transaction is over.
    """
    now = datetime.now(UTC)
    number = f"dlv_{int(time.time() * 1000):011x}{secrets.token_hex(8)}"
    is_new = insert_if_absent(
        connection,
        deliveries,
        id=number,
        channel=channel,
        cause=cause,
        subject=subject,
        address=address,
        content=content,
        status=DeliveryStatus.QUEUED if why_not is None else DeliveryStatus.SKIPPED,
        answer=why_not,
        attempt=0,
        failures=0,
        try_at=now if why_not is None else None,
        created_at=now,
        finished_at=None if why_not is None else now,
    )
    return number if is_new else None


def addresses_of(connection: Connection, causes: Sequence[str]) -> set[str]:
    """Return the addresses that something is, or was, in the outbox for, of some causes."""
    return set(connection.scalars(sa.select(deliveries.c.address).where(deliveries.c.cause.in_(causes))))


def skip_subject(connection: Connection, subject: str, why_not: str) -> None:
    """Send no more of what waits of a report, an alert or a webhook; `why_not` is a code."""
    waiting = sa.and_(deliveries.c.subject == subject, deliveries.c.status.in_(OPEN))
    ended = {"status": DeliveryStatus.SKIPPED, "answer": why_not, "try_at": None, "lease_until": None}
    connection.execute(sa.update(deliveries).where(waiting).values({**ended, "finished_at": datetime.now(UTC)}))


def forget_subject(connection: Connection, subject: str) -> None:
    """Forget all deliveries of a report, an alert or a webhook; what they carried goes with the old ones."""
    connection.execute(sa.delete(deliveries).where(deliveries.c.subject == subject))


def _read(connection: Connection, which: sa.ColumnElement[bool]) -> list[Delivery]:
    rows = connection.execute(sa.select(deliveries).where(which).order_by(deliveries.c.created_at, deliveries.c.id))
    return [_delivery(row) for row in rows]


def _delivery(row: Any) -> Delivery:
    values = {name: row._mapping[name] for name in Delivery.__dataclass_fields__}
    return Delivery(**{**values, "channel": Channel(row.channel), "status": DeliveryStatus(row.status)})
