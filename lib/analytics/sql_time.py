"""The wall clock of an instant in any zone, and the bucket of a day, as SQL that every engine computes alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from lib.analytics.calendar import Granularity, offsets
from lib.settings import WeekStart

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


def bucket_start(
    day: sa.ColumnElement[date], granularity: Granularity, week_start: WeekStart
) -> sa.ColumnElement[date]:
    """Return the first day of the bucket that a day falls into, as SQL; the same as `Calendar.bucket_start`."""
    if granularity is Granularity.DAILY:
        return day
    if granularity is Granularity.MONTHLY:
        return _DateTruncation(sa.literal_column("'month'"), day)
    # The engines' own weeks begin on Monday.
    ahead = sa.literal_column(str({"monday": 0, "sunday": 1, "saturday": 2}[week_start]), sa.Integer)
    return _DateTruncation(sa.literal_column("'week'"), day + ahead) - ahead


class _DateTruncation(FunctionElement[date]):
    """The first day of the month or week that a day falls into."""

    inherit_cache = True
    type = sa.Date()


@compiles(_DateTruncation)
def _truncated(element: _DateTruncation, compiler: Any, **options: Any) -> str:
    return f"CAST(date_trunc({compiler.process(element.clauses, **options)}) AS DATE)"


@compiles(_DateTruncation, "postgresql")
def _truncated_on_postgresql(element: _DateTruncation, compiler: Any, **options: Any) -> str:
    # Of a date it makes an instant in the session's zone first, which takes longer than all the rest.
    unit, day = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(date_trunc({unit}, CAST({day} AS TIMESTAMP)) AS DATE)"


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
