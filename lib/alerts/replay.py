"""What an alert would have done: its condition looked at as of the end of each of the last days.

The same looks and the same states as those of checks, once a day. Evaluations that came later than their day are there
already, and the grant, the metrics and the targets are those of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic

from lib.alerts.definition import AlertDefinition
from lib.alerts.engine import AlertSources
from lib.alerts.measurement import AlertLook, take_look
from lib.alerts.notices import MOST_NAMED
from lib.alerts.states import AlertState, MemberState, advance_all
from lib.analytics.calendar import Calendar, day_start
from lib.analytics.grants import Grant
from lib.errors import AlertError
from lib.errors.alert_codes import AlertCode

MOST_DAYS = 90
"""Days that are looked at."""

MOST_SECONDS = 30.0
"""Seconds that it may take; the days that there was no time for are left out."""


@dataclass(frozen=True, slots=True)
class ReplayDay:
    """What it would have seen at the end of a day.

    `counts` is how many members were in each state; `firing` names the worst of those that fired, `began` and `ended`
    are how many began to fire and recovered. `whole` is the state of the whole, with its value, where the alert looks
    at no dimension.
    """

    day: date
    counts: Mapping[AlertState, int]
    firing: tuple[str, ...]
    began: int
    ended: int
    whole: MemberState | None


@dataclass(frozen=True, slots=True)
class Replay:
    """The days, the first first. It is not complete where there was too little time for all of them."""

    days: tuple[ReplayDay, ...]
    is_complete: bool


def replay(
    sources: AlertSources,
    definition: AlertDefinition,
    grant: Grant,
    now: datetime,
    days: int = MOST_DAYS,
    seconds: float = MOST_SECONDS,
) -> Replay:
    """Return what an alert would have done on each of the last days before today.

    A day that has nothing before it to compare with is seen as one without data. Raises what looks raise.
    """
    settings, catalog = sources.settings(), sources.catalog()
    zone = definition.filters(settings.zone, grant, catalog, settings.week_start, now).zone(settings.zone)
    today = now.astimezone(zone).date()
    states: dict[str, MemberState] = {}
    seen: list[ReplayDay] = []
    ends_at = monotonic() + seconds
    for back in range(min(days, MOST_DAYS), 0, -1):
        if monotonic() > ends_at:
            return Replay(tuple(seen), is_complete=False)
        day = today - timedelta(days=back)
        as_of = day_start(day + timedelta(days=1), zone) - timedelta(minutes=1)
        filters = definition.filters(settings.zone, grant, catalog, settings.week_start, as_of)
        look = AlertLook(sources.answers, definition, filters, Calendar(zone, settings.week_start, day), as_of, 1)
        try:
            readings = take_look(look)
        except AlertError as error:
            if error.reason.code is not AlertCode.ALERT_NO_COMPARISON:
                raise
            readings = ()
        after = advance_all(states, readings, definition.checks, as_of)
        seen.append(_seen(day, states, after))
        states = after
    return Replay(tuple(seen), is_complete=True)


def _seen(day: date, before: Mapping[str, MemberState], after: Mapping[str, MemberState]) -> ReplayDay:
    counts: dict[AlertState, int] = {}
    for each in after.values():
        counts[each.state] = counts.get(each.state, 0) + 1
    firing = sorted((each for each in after.values() if each.is_firing), key=lambda each: (-each.severity, each.name))
    fired_before = {number for number, each in before.items() if each.is_firing}
    fires_now = {each.member for each in firing}
    whole = next(iter(after.values())) if set(after) == {""} else None
    return ReplayDay(
        day,
        counts,
        tuple(each.name for each in firing[:MOST_NAMED]),
        len(fires_now - fired_before),
        len(fired_before - fires_now),
        whole,
    )
