"""Questions about a whole selection: its summary and its trend; and what the facts hold as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Bucket, Calendar, Granularity
from lib.analytics.cluster_spreads import Spreads, day_spreads, day_spreads_over_time
from lib.analytics.grants import Grant
from lib.analytics.members import with_members
from lib.analytics.planner import ResolvedPeriod, criterion_keys_in_use, keys_in_use, resolve_period
from lib.analytics.planner import source as source_of
from lib.analytics.query import Filters, first_instant, last_instant, local_date
from lib.analytics.sources import FactRows, non_empty_days
from lib.analytics.sql_time import bucket_start
from lib.analytics.unsummed_values import EPOCH, rows_of, unsummed_values
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, Dimension, FailedCriterionDimension, Member
from lib.catalog.measures import HISTOGRAM_MEASURES, PLAIN_MEASURES, MeasureTotals, sums
from lib.catalog.metrics import AVERAGE_SCORE
from lib.catalog.rollups import DAILY_TOTAL
from lib.catalog.unsummed import Unsummed
from lib.errors import InvalidParameterError
from lib.errors.parameter_codes import ParameterCode
from lib.settings import WeekStart
from lib.store import schema

MAX_TREND_POINTS = 5_000
"""Thirteen years of days. The time zone's years, 1970 to 2099, have fewer months."""


@dataclass(frozen=True, slots=True)
class DatasetStatus:
    """What the facts hold as a whole."""

    data_version: int
    is_sample: bool
    changed_at: datetime
    evaluations: int
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class SelectionSummary:
    """The measures of a selection, and its best campaign and call center."""

    period: ResolvedPeriod
    sums: MeasureTotals
    top_campaign: str | None
    top_call_center: str | None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One bucket of a trend."""

    bucket: Bucket
    sums: MeasureTotals


@dataclass(frozen=True, slots=True)
class Trend:
    """A point for every bucket of the period, in order, none left out."""

    period: ResolvedPeriod
    granularity: Granularity
    points: tuple[TrendPoint, ...]


def status(connection: Connection) -> DatasetStatus:
    """Return what the facts hold as a whole: version, first and last day, number of evaluations."""
    head = connection.execute(sa.select(schema.workspace)).one()
    held = non_empty_days(DAILY_TOTAL).c
    days = connection.execute(
        sa.select(sa.func.min(held.day), sa.func.max(held.day), sa.func.sum(held.evaluations))
    ).one()
    return DatasetStatus(head.data_version, head.is_sample, head.changed_at, int(days[2] or 0), days[0], days[1])


def is_sample(connection: Connection) -> bool:
    """Return whether the facts are sample data."""
    return bool(connection.execute(sa.select(schema.workspace.c.is_sample)).scalar_one())


def options(connection: Connection, dimension: Dimension, grant: Grant, catalog: Catalog) -> tuple[Member, ...]:
    """Return what a filter of the dimension offers, by name: every group that an evaluation in sight belongs to."""
    names = dimension.members
    if isinstance(dimension, FailedCriterionDimension):
        known, keys = schema.criteria.c, criterion_keys_in_use(grant, catalog)
        in_use = connection.scalars(sa.select(known.name).where(known.key.in_(keys)).distinct())
        return tuple(dimension.member(name, name) for name in sorted(in_use))
    used = keys_in_use(dimension, grant, catalog).subquery()
    found = connection.execute(sa.select(names.c.id, names.c.name).join(used, used.c[dimension.column] == names.c.key))
    members = (dimension.member(row.id, row.name) for row in found)
    return tuple(sorted(members, key=lambda named: (named.name, named.id or "")))


def summary(connection: Connection, filters: Filters, calendar: Calendar) -> SelectionSummary:
    """Return the measures of the selection and how its days spread, and its best campaign and call center."""
    period = resolve_period(connection, filters, calendar)
    tops = (CAMPAIGN, CALL_CENTER)
    source = source_of(connection, filters, calendar, [each.column for each in tops], PLAIN_MEASURES)
    whole = MeasureTotals()
    best: dict[Dimension, dict[Member, MeasureTotals]] = {each: {} for each in tops}
    for *values, campaign_id, campaign, center_id, center in connection.execute(
        _by_set(source.rows, tops), source.values
    ):
        found = MeasureTotals.from_values(values[len(tops) :])
        if campaign is not None and found["evaluations"]:
            best[CAMPAIGN][Member(campaign_id, campaign)] = found
        elif center is not None and found["evaluations"]:
            best[CALL_CENTER][Member(center_id, center)] = found
        elif campaign is None and center is None:
            whole = found
    whole = whole.with_days(day_spreads(connection, filters, calendar, filters.catalog.uncertain_metrics))
    return SelectionSummary(period, whole, _top(best[CAMPAIGN]), _top(best[CALL_CENTER]))


def own_totals(connection: Connection, filters: Filters, calendar: Calendar, metrics: tuple[str, ...]) -> MeasureTotals:
    """Return the measures of a selection with those of own metrics, and how days spread around these."""
    measures = filters.catalog.measure_names(metrics)
    source = source_of(connection, filters, calendar, (), measures)
    found = MeasureTotals.from_values(
        connection.execute(sa.select(*sums(source.rows, measures)), source.values).one(), measures
    )
    unsummed = unsummed_values(connection, filters, metrics, rows_of(connection, filters, calendar)).get((), {})
    return found.with_days(day_spreads(connection, filters, calendar, metrics)).with_unsummed(unsummed)


def distribution(connection: Connection, filters: Filters, calendar: Calendar) -> tuple[int, ...]:
    """Return the number of scores in each of the HISTOGRAM_BINS bins from 0 to 10."""
    source = source_of(connection, filters, calendar, (), HISTOGRAM_MEASURES)
    asked = sa.select(*sums(source.rows, source.measures))
    return tuple(int(count or 0) for count in connection.execute(asked, source.values).one())


def trend(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    granularity: Granularity = Granularity.DAILY,
    metrics: tuple[str, ...] = (),
) -> Trend:
    """Return a point for every day, week or month of the period; with the measures of own metrics, too.

    Raises InvalidParameterError where that would be more than MAX_TREND_POINTS, naming the granularity that would do.
    """
    period = resolve_period(connection, filters, calendar)
    if period.date_from is None or period.date_to is None:
        return Trend(period, granularity, ())
    zone = filters.zone(calendar.zone)
    first, last = local_date(period.date_from, zone), local_date(period.date_to, zone)
    check_points(calendar, first, last, granularity)
    by_day = granularity is not Granularity.MONTHLY
    measures = filters.catalog.measure_names(metrics)
    source = source_of(connection, filters, calendar, (), measures, by_day=by_day)
    rows = connection.execute(_by_bucket(source.rows, granularity, calendar.week_start, measures), source.values)
    found = {begins: MeasureTotals.from_values(values, measures) for begins, *values in rows}
    begins, ends = first_instant(period.date_from, zone), last_instant(period.date_to, zone)
    days: Mapping[date, Spreads] = {}
    if granularity is not Granularity.DAILY:
        names = (*filters.catalog.uncertain_metrics, *metrics)
        days = day_spreads_over_time(connection, filters, calendar, names, granularity).buckets
    buckets = calendar.buckets(
        first, last, granularity, begins > first_instant(first, zone), ends < last_instant(last, zone)
    )
    unsummed = unsummed_by_bucket(connection, filters, calendar, granularity, metrics)
    totals = {
        start: sums.with_days(days.get(start, {})).with_unsummed(unsummed.get(start, {}))
        for start, sums in found.items()
    }
    nothing = MeasureTotals.nothing(measures).with_unsummed({})
    return Trend(
        period, granularity, tuple(TrendPoint(bucket, totals.get(bucket.first, nothing)) for bucket in buckets)
    )


def unsummed_by_bucket(
    connection: Connection, filters: Filters, calendar: Calendar, granularity: Granularity, metrics: tuple[str, ...]
) -> Mapping[date, Mapping[str, Unsummed]]:
    """Return what metrics need of each bucket that no sum gives, by its first day."""

    def start(rows: FactRows) -> list[sa.ColumnElement[Any]]:
        return [bucket_start(rows.day, granularity, calendar.week_start)]

    found = unsummed_values(connection, filters, metrics, rows_of(connection, filters, calendar), start)
    return {EPOCH + timedelta(days=key[0]): values for key, values in found.items()}


def check_points(calendar: Calendar, first: date, last: date, granularity: Granularity) -> None:
    """Raise InvalidParameterError where a trend of these days would have more than MAX_TREND_POINTS."""
    points = calendar.bucket_count(first, last, granularity)
    if points <= MAX_TREND_POINTS:
        return
    short = (each for each in Granularity if calendar.bucket_count(first, last, each) <= MAX_TREND_POINTS)
    raise InvalidParameterError(
        "granularity",
        ParameterCode.TOO_MANY_POINTS,
        first=str(first),
        last=str(last),
        points=f"{points:,}",
        granularity=granularity.value,
        most=f"{MAX_TREND_POINTS:,}",
        right=next(short).value,
    )


# What is asked of the rows of a source. It is kept as long as the rows are, and by it the text that is sent.


@lru_cache(maxsize=512)
def _by_set(rows: sa.FromClause, tops: tuple[Dimension, ...]) -> sa.Select[Any]:
    """Return the sums of all of it, of each campaign and of each center, in one pass over the rows."""
    keys = [rows.c[each.column] for each in tops]
    sets = sa.func.grouping_sets(sa.text("()"), *keys)
    return with_members(sa.select(*keys, *sums(rows, PLAIN_MEASURES)).group_by(sets).subquery(), tops)


@lru_cache(maxsize=512)
def _by_bucket(
    rows: sa.FromClause, granularity: Granularity, week_start: WeekStart, measures: tuple[str, ...]
) -> sa.Select[Any]:
    """Return the sums by the first days of buckets."""
    start = bucket_start(rows.c.day, granularity, week_start).label("start")
    return sa.select(start, *sums(rows, measures)).group_by(sa.literal_column("1"))


def _top(groups: Mapping[Member, MeasureTotals]) -> str | None:
    """Return the name with the highest average score among those with enough evaluations, else among all."""
    scored = [(named, sums) for named, sums in groups.items() if sums["scored"] and named.id is not None]
    ranked = [(named, sums) for named, sums in scored if not AVERAGE_SCORE.is_small_sample(sums)] or scored
    if not ranked:
        return None
    score = AVERAGE_SCORE
    return min(ranked, key=lambda pair: (-(score.value(pair[1]) or 0), -pair[1]["scored"], pair[0].name))[0].name
