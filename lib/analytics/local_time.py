"""The wall clock of an instant in any zone, as SQL that every engine computes alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lib.analytics.calendar import offsets

Instant = sa.ColumnElement[datetime]


def local_time(instant: Instant, zone: ZoneInfo, first: datetime, last: datetime) -> sa.ColumnElement[datetime]:
    """Return the wall clock of an instant in a zone, as SQL; right for instants from `first` to `last`."""
    return _by_offset(instant, zone, first, last, lambda offset: instant + sa.literal(offset, sa.Interval()))


def local_day(instant: Instant, zone: ZoneInfo, first: datetime, last: datetime) -> sa.ColumnElement[date]:
    """Return the calendar day of an instant in a zone, as SQL; right for instants from `first` to `last`."""
    return sa.cast(local_time(instant, zone, first, last), sa.Date)


def local_iso(instant: Instant, zone: ZoneInfo, first: datetime, last: datetime) -> sa.ColumnElement[str]:
    """Return an instant in ISO 8601 with the zone's offset, as SQL; right for instants from `first` to `last`."""
    wall = local_time(instant, zone, first, last)
    day, time = (sa.cast(sa.cast(wall, half), sa.Text) for half in (sa.Date, sa.Time))
    offset = _by_offset(instant, zone, first, last, lambda offset: sa.literal(_written(offset)))
    return day.concat("T").concat(time).concat(offset)


def _by_offset(
    instant: Instant, zone: ZoneInfo, first: datetime, last: datetime, value: Callable[[timedelta], Any]
) -> sa.ColumnElement[Any]:
    changes = offsets(zone, first, last)
    values = [value(offset) for _, offset in changes]
    if len(values) == 1:
        return values[0]  # type: ignore[no-any-return]
    branches = [(instant < since, before) for (since, _), before in zip(changes[1:], values[:-1], strict=True)]
    return sa.case(*branches, else_=values[-1])


def _written(offset: timedelta) -> str:
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"
