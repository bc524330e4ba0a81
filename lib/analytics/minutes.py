"""The day so far: by hour beside yesterday and a week ago, the last hour by minute; what waits; the newest.

All of it is read from the evaluations of these days alone, by instants: no rollup has minutes. Hours and minutes are
those of `audioDate`. An hour is counted from midnight on, so that a day on which clocks change has 23 or 25 of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import asks_answers, catalog_between
from lib.analytics.calendar import ONE_DAY, Calendar, day_start, offsets
from lib.analytics.conditions import fact_conditions
from lib.analytics.planner import source as source_of
from lib.analytics.query import Filters
from lib.analytics.records import Record, newest_records
from lib.catalog.catalog import Catalog
from lib.catalog.measures import NOTHING, PLAIN_MEASURES, MeasureTotals, aggregates
from lib.store.enums import State

MINUTES = 60
"""Minutes that the last hour has."""

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_WAITING = ("pending", "processing")


@dataclass(frozen=True, slots=True)
class TimeBucket:
    """The measures of a minute or an hour, by its first instant."""

    start: datetime
    sums: MeasureTotals


@dataclass(frozen=True, slots=True)
class DaySoFar:
    """A day by hour, and its sums from midnight to a time of day."""

    day: date
    hours: tuple[TimeBucket, ...]
    so_far: MeasureTotals


@dataclass(frozen=True, slots=True)
class LiveCounts:
    """Today beside yesterday and the same weekday of last week, and the last hour by minute, the oldest first.

    The sums of each day end with the minute that runs, by the clock: what is said to come later today is not among
    them, but among today's hours.
    """

    today: DaySoFar
    yesterday: DaySoFar
    week_ago: DaySoFar
    minutes: tuple[TimeBucket, ...]


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many evaluations wait, of whatever day, and since when the oldest of them does; None where none waits."""

    pending: int
    processing: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """What the page Live is about: the day so far, what waits, and the newest evaluations."""

    counts: LiveCounts
    backlog: Backlog
    records: tuple[Record, ...]


def live_figures(
    connection: Connection, filters: Filters, calendar: Calendar, now: datetime, records: int
) -> LiveFigures:
    """Return all of it as it is at one moment, with so many of the newest evaluations, as `live_counts` does."""
    return LiveFigures(
        live_counts(connection, filters, calendar, now),
        backlog(connection, filters, calendar),
        _newest(connection, undated(filters), calendar, now, records),
    )


def _newest(
    connection: Connection, filters: Filters, calendar: Calendar, now: datetime, count: int
) -> tuple[Record, ...]:
    """Return the newest evaluations up to the end of the minute that runs.

    They are looked for since yesterday, which is quick, and in all where these are too few.
    """
    recent, before = replace(filters, date_from=now.astimezone(calendar.zone).date() - ONE_DAY), now + _MINUTE
    found = newest_records(connection, recent, calendar, before, count)
    return found if len(found) == count else newest_records(connection, filters, calendar, before, count)


def undated(filters: Filters) -> Filters:
    """Return the same question without a period, in the workspace's zone."""
    return replace(filters, date_from=None, date_to=None, timezone=None)


def live_counts(connection: Connection, filters: Filters, calendar: Calendar, now: datetime) -> LiveCounts:
    """Return the day so far and the last hour; `now` is a whole minute, the one that runs.

    The filters' own period and zone are passed over: days are the workspace's.
    """
    zone = calendar.zone
    clock = now.astimezone(zone).replace(tzinfo=None)
    today = clock.date()
    ends = {
        today: now + _MINUTE,
        **{day: _end_of_minute(day, clock.time(), zone) for day in (today - ONE_DAY, today - 7 * ONE_DAY)},
    }
    first_minute = now.astimezone(UTC) - (MINUTES - 1) * _MINUTE
    first, last = day_start(min(ends), zone), day_start(today + ONE_DAY, zone)
    filters = replace(undated(filters), catalog=_catalog_between(connection, filters, first, last))
    conditions = fact_conditions(filters, calendar)
    facts = filters.catalog.evaluations
    parts = [
        _counted(facts, conditions, place, day_start(day, zone), day_start(day + ONE_DAY, zone), _HOUR, cut=end)
        for place, (day, end) in enumerate(ends.items())
    ]
    after = first_minute + MINUTES * _MINUTE
    parts.append(_counted(facts, conditions, len(parts), first_minute, after, _MINUTE, cut=after))
    found: dict[int, list[tuple[int, bool, MeasureTotals]]] = defaultdict(list)
    for part, bucket, is_before, *values in connection.execute(sa.union_all(*parts)):
        found[int(part)].append((int(bucket), bool(is_before), MeasureTotals.from_values(values)))
    today_so_far, yesterday, week_ago = (
        _day(day, day_start(day, zone), day_start(day + ONE_DAY, zone), found[place]) for place, day in enumerate(ends)
    )
    minutes = _filled(first_minute, MINUTES, _MINUTE, _by_bucket(found[len(ends)]))
    return LiveCounts(today_so_far, yesterday, week_ago, minutes)


def backlog(connection: Connection, filters: Filters, calendar: Calendar) -> Backlog:
    """Return what waits of a selection, whatever its period: counted from a rollup where one can tell."""
    chosen = undated(filters)
    source = source_of(connection, chosen, calendar, (), _WAITING, by_day=True)
    rows = source.rows.c
    pending, processing = (sa.func.coalesce(sa.func.sum(rows[name]), 0) for name in _WAITING)
    by_day = sa.select(rows.day, pending, processing).group_by(rows.day).having(pending + processing != 0)
    days = connection.execute(by_day.order_by(rows.day), source.values).all()
    if not days:
        return Backlog(0, 0, None)
    begins, ends = (day_start(day, calendar.zone) for day in (days[0][0], days[0][0] + ONE_DAY))
    chosen = replace(chosen, catalog=_catalog_between(connection, chosen, begins, ends))
    facts = chosen.catalog.evaluations.c
    waits = facts.state.in_((State.Pending.value, State.Processing.value))
    first = sa.select(sa.func.min(facts.audio_at)).where(
        *fact_conditions(chosen, calendar), facts.audio_at >= begins, facts.audio_at < ends, waits
    )
    oldest = connection.execute(first).scalar()
    return Backlog(sum(int(row[1]) for row in days), sum(int(row[2]) for row in days), oldest)


def _catalog_between(connection: Connection, filters: Filters, first: datetime, last: datetime) -> Catalog:
    return catalog_between(connection, filters.catalog, first, last, answers=asks_answers(filters))


def instant_at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant at which clocks of a zone first show a time on a day, in UTC; of a skipped time the change."""
    first, second = (
        datetime.combine(day, clock.replace(fold=fold, tzinfo=None), zone).astimezone(UTC) for fold in (0, 1)
    )
    return offsets(zone, second, first)[-1][0] if second < first else first


def _end_of_minute(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant at which a minute of a day is over, as `instant_at` finds it; none passes of a skipped one."""
    begins = instant_at(day, clock, zone)
    return begins + _MINUTE if begins.astimezone(zone).time() == clock else begins


def _counted(
    facts: sa.Table,
    conditions: Iterable[sa.ColumnElement[bool]],
    part: int,
    start: datetime,
    end: datetime,
    width: timedelta,
    *,
    cut: datetime,
) -> sa.Select[Any]:
    """Return the measures from a start until before an end by buckets of a width, those before `cut` apart."""
    instant = facts.c.audio_at
    seconds = sa.extract("epoch", instant) - int(start.timestamp())
    bucket = sa.cast(sa.func.floor(seconds / int(width.total_seconds())), sa.Integer)
    is_before = sa.case((instant < cut, sa.literal_column("1")), else_=sa.literal_column("0"))
    return (
        sa.select(
            sa.literal_column(str(part)).label("part"),
            bucket.label("bucket"),
            is_before.label("is_before"),
            *aggregates(facts, PLAIN_MEASURES),
        )
        .where(instant >= start, instant < end, *conditions)
        .group_by(sa.literal_column("2"), sa.literal_column("3"))
    )


def _day(day: date, start: datetime, end: datetime, counted: list[tuple[int, bool, MeasureTotals]]) -> DaySoFar:
    hours = _filled(start, -(-(end - start) // _HOUR), _HOUR, _by_bucket(counted))
    return DaySoFar(day, hours, MeasureTotals.total(sums for _, is_before, sums in counted if is_before))


def _by_bucket(counted: Iterable[tuple[int, bool, MeasureTotals]]) -> Mapping[int, MeasureTotals]:
    found: dict[int, MeasureTotals] = {}
    for bucket, _, sums in counted:
        found[bucket] = found[bucket] + sums if bucket in found else sums
    return found


def _filled(
    start: datetime, count: int, width: timedelta, found: Mapping[int, MeasureTotals]
) -> tuple[TimeBucket, ...]:
    return tuple(TimeBucket(start + place * width, found.get(place, NOTHING)) for place in range(count))
