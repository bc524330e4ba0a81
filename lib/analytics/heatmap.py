"""The week by the hour: measures for each weekday and hour of the day, on the wall clock of the zone asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.conditions import fact_conditions
from lib.analytics.planner import ResolvedPeriod, resolve_period
from lib.analytics.query import Filters, first_instant, last_instant
from lib.analytics.sources import first_and_last
from lib.analytics.sql_time import local_time
from lib.catalog.measures import PLAIN_MEASURES, MeasureTotals, aggregates
from lib.store import schema


@dataclass(frozen=True, slots=True)
class HeatmapCell:
    """The measures of one hour, 0 to 23, of one weekday, 1 for Monday to 7 for Sunday (ISO 8601)."""

    weekday: int
    hour: int
    sums: MeasureTotals


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Measures by weekday and hour: 7 × 24 cells, none left out, from the first day of the workspace's week on.

    An hour is that of `audioDate` on the wall clock: the one that comes twice when clocks go back holds both, and the
    one that is skipped when they go forward gets nothing from that day.
    """

    period: ResolvedPeriod
    cells: tuple[HeatmapCell, ...]


def by_hour(connection: Connection, filters: Filters, calendar: Calendar) -> Heatmap:
    """Return the measures of the selection by weekday and hour. It reads the facts, as no rollup has hours."""
    period = resolve_period(connection, filters, calendar)
    facts = schema.evaluations
    wall = local_time(facts.c.audio_at, filters.zone(calendar.zone), *_ends(connection, filters, calendar, period))
    # Drivers hand over wider numbers than these many times as slowly.
    asked = (
        sa.select(
            sa.extract("isodow", wall),
            sa.extract("hour", wall),
            *(sa.cast(each, sa.BigInteger) for each in aggregates(facts, PLAIN_MEASURES)),
        )
        .where(*fact_conditions(filters, calendar))
        .group_by(sa.literal_column("1"), sa.literal_column("2"))
    )
    found = {
        (int(weekday), int(hour)): MeasureTotals.from_values(values)
        for weekday, hour, *values in connection.execute(asked)
    }
    first = calendar.bucket_start(calendar.today, Granularity.WEEKLY).isoweekday()
    weekdays = [(first - 1 + place) % 7 + 1 for place in range(7)]
    cells = (HeatmapCell(day, hour, found.get((day, hour), MeasureTotals())) for day in weekdays for hour in range(24))
    return Heatmap(period, tuple(cells))


def _ends(
    connection: Connection, filters: Filters, calendar: Calendar, period: ResolvedPeriod
) -> tuple[datetime, datetime]:
    """Return the first and last instant that there may be in the period: the fewer time changes, the quicker."""
    zone = filters.zone(calendar.zone)
    now = datetime.now(UTC)
    first, last = (instant or now for instant in first_and_last(connection, filters))
    if period.date_from is not None and filters.date_from is not None:
        first = max(first, first_instant(period.date_from, zone))
    if period.date_to is not None and filters.date_to is not None:
        last = min(last, last_instant(period.date_to, zone))
    return min(first, last), last
