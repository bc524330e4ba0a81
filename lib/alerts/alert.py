"""An alert as it is kept: its definition, whose it is, and what its checks have come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lib.alerts.definition import AlertDefinition
from lib.alerts.states import AlertState
from lib.store.messages import Message


class AlertStatus(StrEnum):
    """Whether an alert is checked."""

    ACTIVE = "active"
    PAUSED = "paused"


class AlertPause(StrEnum):
    """Why Callboard paused an alert: most often, the rights of its owner ended, by which it asks."""

    OWNER_GONE = "owner_gone"
    OWNER_WITHOUT_ACCESS = "owner_without_access"
    KEY_ENDED = "key_ended"
    RESTORED = "restored"

    @property
    def label(self) -> str:
        """The message id of the reason."""
        return PAUSE_LABELS[self]


PAUSE_LABELS = {
    AlertPause.OWNER_GONE: "its owner is no longer there",
    AlertPause.OWNER_WITHOUT_ACCESS: "its owner may not see the data any more",
    AlertPause.KEY_ENDED: "the key that made it was revoked or has expired",
    AlertPause.RESTORED: "it was restored from a backup",
}
"""The message ids of the reasons."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it is kept.

    `owner_id` is a person's id, a key's prefix, or `local`. `check_count` grows with each check that is written down,
    `version` with each change of the definition: a check counts only where both are as it began. `looks` are those at
    new data on the day `looked_on`, in the alert's zone.
    """

    id: str
    definition: AlertDefinition
    owner: str
    owner_id: str
    status: AlertStatus
    pause_reason: AlertPause | None
    next_at: datetime | None
    checked_at: datetime | None
    checked_version: int | None
    check_count: int
    looked_on: date | None
    looks: int
    failure: Message | None
    failed_at: datetime | None
    snoozed_until: datetime | None
    version: int
    created_at: datetime
    changed_at: datetime

    def is_snoozed(self, now: datetime) -> bool:
        """Return whether nothing of it is told at an instant."""
        return self.snoozed_until is not None and now < self.snoozed_until


@dataclass(frozen=True, slots=True)
class AlertChange:
    """A change of state as the history keeps it; `cause` is the notice that told it, None where none did."""

    id: str
    member: str
    name: str
    at: datetime
    before: AlertState
    after: AlertState
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    threshold: float | None
    cause: str | None
