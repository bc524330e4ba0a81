"""The week by the hour: measures for each weekday and hour of the day, on the wall clock of the zone asked for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import with_archived_rows
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.planner import ResolvedPeriod, resolve_period
from lib.analytics.queries import Trend
from lib.analytics.query import Filters, first_instant, last_instant
from lib.analytics.sources import FactRows, fact_rows, first_and_last
from lib.analytics.sql_time import local_time
from lib.analytics.unsummed_values import unsummed_values
from lib.catalog.formulas.row_sql import HOUR, WEEKDAY
from lib.catalog.measures import ExtraColumn, MeasureTotals, aggregates, find_measure
from lib.catalog.metrics import Metric
from lib.statistics.intervals import t_quantile
from lib.statistics.shrinkage import Cell, excess_variance, shrink_cells, stand_out


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


def by_hour(connection: Connection, filters: Filters, calendar: Calendar, metrics: tuple[str, ...] = ()) -> Heatmap:
    """Return the measures of the selection by weekday and hour, with those of own metrics.

    It reads the facts, as no rollup has hours.
    """
    measures = filters.catalog.measure_names(metrics)
    period = resolve_period(connection, filters, calendar)
    rows, keys = _rows(connection, filters, calendar, period, measures)
    asked = (
        sa.select(*keys, *aggregates(rows.facts, measures))
        .where(*rows.conditions)
        .group_by(sa.literal_column("1"), sa.literal_column("2"))
    )

    def by_clock(extras: Sequence[ExtraColumn]) -> FactRows:
        return fact_rows(connection, filters, calendar, tuple(dict.fromkeys((*_WALL_CLOCK, *extras))))

    unsummed = unsummed_values(connection, filters, metrics, by_clock, _wall_clock)
    found = {}
    for day_of_week, hour, *values in connection.execute(asked):
        place = int(day_of_week), int(hour)
        found[place] = MeasureTotals.from_values(values, measures).with_unsummed(unsummed.get(place, {}))
    first = calendar.bucket_start(calendar.today, Granularity.WEEKLY).isoweekday()
    weekdays = [(first - 1 + place) % 7 + 1 for place in range(7)]
    nothing = MeasureTotals.nothing(measures).with_unsummed({})
    cells = (HeatmapCell(day, hour, found.get((day, hour), nothing)) for day in weekdays for hour in range(24))
    return Heatmap(period, tuple(cells))


def _rows(
    connection: Connection, filters: Filters, calendar: Calendar, period: ResolvedPeriod, measures: tuple[str, ...]
) -> tuple[FactRows, Sequence[sa.ColumnElement[Any]]]:
    """Return the evaluations of a selection, and the weekday and the hour of each."""
    filters = with_archived_rows(connection, filters, calendar)
    extras = dict.fromkeys(extra for name in measures for extra in find_measure(name).extras)
    if not extras:
        rows = fact_rows(connection, filters, calendar)
        return rows, weekday_and_hour(connection, filters, calendar, period)
    rows = fact_rows(connection, filters, calendar, tuple(dict.fromkeys((*_WALL_CLOCK, *extras))))
    return rows, _wall_clock(rows)


_WALL_CLOCK = (ExtraColumn(WEEKDAY), ExtraColumn(HOUR))


def _wall_clock(rows: FactRows) -> list[sa.ColumnElement[Any]]:
    return [rows.facts.c[each.name] for each in _WALL_CLOCK]


def weekday_and_hour(
    connection: Connection, filters: Filters, calendar: Calendar, period: ResolvedPeriod
) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """Return the weekday (1 for Monday) and the hour of evaluations on the wall clock of the zone asked for, as SQL."""
    zone, instant = filters.zone(calendar.zone), filters.catalog.evaluations.c.audio_at
    wall = local_time(instant, zone, *_ends(connection, filters, calendar, period))
    return sa.extract("isodow", wall), sa.extract("hour", wall)


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


@dataclass(frozen=True, slots=True)
class CellEstimate:
    """A metric in one hour of one weekday: `value` is drawn to what the other hours say, as far as it may be chance.

    `stands_out`: 1 above the average beyond chance, -1 below, else 0.
    """

    cell: HeatmapCell
    value: float
    stands_out: int = 0


def estimate_cells(found: Heatmap, metric: Metric, days: Trend) -> tuple[CellEstimate, ...]:
    """Return a metric's estimates, without hours that have no value; `days` is the same selection by day or week.

    Where the metric has an interval, the variance of an hour's value is that of single values over n, and that of days
    over the number of its days, as calls of one day are alike. The test takes the hour's own variance where it is
    larger, and leaves out hours of few evaluations. Counts stay as they are.
    """
    cells = [cell for cell in found.cells if cell.sums["evaluations"] and metric.value(cell.sums) is not None]
    values = [float(metric.value(cell.sums) or 0) for cell in cells]
    common = _deviation(metric, MeasureTotals.total(cell.sums for cell in cells))
    if not common:
        return tuple(CellEstimate(cell, value) for cell, value in zip(cells, values, strict=True))
    of_days = [(point.bucket.first.isoweekday(), point.sums) for point in days.points if metric.n(point.sums)]
    between = excess_variance(
        (float(metric.value(sums) or 0), common**2 / (metric.n(sums) or 1)) for _, sums in of_days
    )
    weeks = Counter(weekday for weekday, _ in of_days)
    if days.granularity is not Granularity.DAILY:  # each bucket holds every weekday
        weeks = Counter(dict.fromkeys(range(1, 8), len(of_days)))

    def with_variance(cell: HeatmapCell, value: float, deviation: float) -> Cell:
        variance = deviation**2 / (metric.n(cell.sums) or 1) + between / max(1, weeks[cell.weekday])
        return Cell(cell.weekday, cell.hour, value, variance)

    shrunk = shrink_cells([with_variance(cell, value, common) for cell, value in zip(cells, values, strict=True)])
    enough = [place for place, cell in enumerate(cells) if not metric.is_small_sample(cell.sums)]
    tested = [
        with_variance(cells[place], values[place], max(common, _deviation(metric, cells[place].sums) or 0.0))
        for place in enough
    ]
    outside = dict(zip(enough, stand_out(tested), strict=True))
    return tuple(
        CellEstimate(cell, value, outside.get(place, 0))
        for place, (cell, value) in enumerate(zip(cells, shrunk, strict=True))
    )


def _deviation(metric: Metric, totals: MeasureTotals) -> float | None:
    """Return the standard deviation of single values, from the interval of their mean; None without one."""
    ends, n = metric.interval(totals), metric.n(totals)
    if ends is None or n is None or n < 2:
        return None
    return (ends[1] - ends[0]) / 2 / t_quantile(0.975, n - 1) * math.sqrt(n)
