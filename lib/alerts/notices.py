"""What is to be told of an alert: which members fire anew, recovered or are due a reminder, in one notice of each kind.

What people know decides, not the single change: what fired and recovered while the alert was snoozed is never told,
and what fires still when that ends is told then.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.engine import Connection

from lib.alerts.alert import Alert
from lib.alerts.states import MemberState

MOST_NAMED = 10
"""So many members a notice names, the worst ones; the others are counted."""


class NoticeKind(StrEnum):
    """What a notice tells."""

    FIRING = "firing"
    RECOVERED = "recovered"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class AlertNotice:
    """One message about a group of members: all that changed in the same way at one check, the worst first.

    `cause` is what its deliveries are kept under, once for each; `at` is when it was decided.
    """

    alert: Alert
    kind: NoticeKind
    cause: str
    at: datetime
    members: tuple[MemberState, ...]

    @property
    def named(self) -> tuple[MemberState, ...]:
        """The members that are named."""
        return self.members[:MOST_NAMED]


Deliver = Callable[[Connection, AlertNotice], None]
"""Puts what a notice makes go out into the outbox, within the transaction that decides it."""


@dataclass(frozen=True, slots=True)
class AlertChannels:
    """How notices go out: by mail and by webhooks, None where a channel is not set up; `wake` is called after that."""

    mail: Deliver | None = None
    webhooks: Deliver | None = None
    wake: Callable[[], None] | None = None

    def deliver(self, connection: Connection, notice: AlertNotice) -> None:
        """Put a notice in the outbox for all whom the alert tells."""
        if self.mail is not None and notice.alert.definition.recipients:
            self.mail(connection, notice)
        if self.webhooks is not None:
            self.webhooks(connection, notice)


def due_notices(
    alert: Alert, states: Sequence[MemberState], now: datetime
) -> tuple[list[AlertNotice], dict[str, MemberState]]:
    """Return what is to be told now, and the states of members that this changes, by member."""
    if alert.is_snoozed(now):
        return [], {}
    hours = alert.definition.reminder_hours
    pace = None if hours is None else timedelta(hours=hours)
    kinds = {
        NoticeKind.FIRING: [each for each in states if each.is_firing and not each.announced],
        NoticeKind.RECOVERED: [each for each in states if not each.is_firing and each.announced],
        NoticeKind.REMINDER: [each for each in states if _is_reminder_due(each, pace, now)],
    }
    notices, changed = [], {}
    for kind, members in kinds.items():
        if not members:
            continue
        worst = sorted(members, key=lambda each: (-each.severity, each.name, each.member))
        notices.append(AlertNotice(alert, kind, new_cause(), now, tuple(worst)))
        for each in members:
            is_firing = kind is not NoticeKind.RECOVERED
            changed[each.member] = replace(each, announced=is_firing, reminded_at=now if is_firing else None)
    return notices, changed


def next_attention(alert: Alert, states: Iterable[MemberState], now: datetime) -> datetime | None:
    """Return when something is to be told without a check: the next reminder, or the end of a snooze."""
    hours = alert.definition.reminder_hours
    times = []
    for each in states:
        if each.is_firing != each.announced and alert.is_snoozed(now) and alert.snoozed_until is not None:
            times.append(alert.snoozed_until)
        elif each.is_firing and each.announced and hours is not None and each.acknowledged_by is None:
            due = (each.reminded_at or each.settled_since) + timedelta(hours=hours)
            times.append(max(due, alert.snoozed_until) if alert.snoozed_until is not None else due)
    return min(times, default=None)


def new_cause() -> str:
    """Return the id of a notice, which grows with time."""
    return f"alc_{int(time.time() * 1000):011x}{secrets.token_hex(8)}"


def _is_reminder_due(state: MemberState, pace: timedelta | None, now: datetime) -> bool:
    if pace is None or not (state.is_firing and state.announced) or state.acknowledged_by is not None:
        return False
    return now >= (state.reminded_at or state.settled_since) + pace
