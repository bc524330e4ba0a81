"""Deliveries as people read them: what was sent about which event, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.delivery.outbox import Delivery, DeliveryStatus
from lib.store.outgoing_schema import delivery_contents


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A delivery, and the name of its event; None where what it said is no longer kept."""

    delivery: Delivery
    event: str | None

    @property
    def is_waiting(self) -> bool:
        """Whether it is to be tried, or tried again."""
        return self.delivery.status is DeliveryStatus.QUEUED


def described(connection: Connection, listed: Sequence[Delivery]) -> list[DeliveryRecord]:
    """Return deliveries with the names of their events."""
    ids = {each.content for each in listed if each.content is not None}
    kept = sa.select(delivery_contents.c.id, delivery_contents.c.content).where(delivery_contents.c.id.in_(ids))
    events = {row.id: str(json.loads(row.content)["event"]) for row in connection.execute(kept)}
    return [DeliveryRecord(each, events.get(each.content or "")) for each in listed]
