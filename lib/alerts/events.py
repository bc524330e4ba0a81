"""A notice as programs get it: the event of a webhook, and what it carries."""

from __future__ import annotations

from typing import Any

from lib.alerts.notices import AlertNotice, NoticeKind
from lib.alerts.states import WHOLE
from lib.alerts.words import MessageContext, address_of, judged_day

FIRING, RECOVERED = "alert.firing", "alert.recovered"
"""The names of the events; a reminder is a firing that says so."""


def event_of(notice: AlertNotice, context: MessageContext) -> tuple[str, dict[str, Any]]:
    """Return the name of the event and its data: the alert, the worst members, and how many there are."""
    definition = notice.alert.definition
    name = RECOVERED if notice.kind is NoticeKind.RECOVERED else FIRING
    return name, {
        "alertId": notice.alert.id,
        "name": definition.name,
        "metric": definition.metric,
        "by": definition.by,
        "condition": definition.condition.to_json(),
        "day": None if (judged := judged_day(notice, context)) is None else judged.isoformat(),
        "reminder": notice.kind is NoticeKind.REMINDER,
        "count": len(notice.members),
        "members": [
            {
                "member": None if each.member == WHOLE else each.member,
                "name": each.name or None,
                "value": each.value,
                "interval": each.interval,
                "n": each.n,
                "threshold": each.threshold,
                "since": each.settled_since.isoformat(timespec="seconds"),
            }
            for each in notice.named
        ],
        "link": address_of(notice, context, "trends", {"metric": [definition.metric]}) if context.base_url else None,
    }
