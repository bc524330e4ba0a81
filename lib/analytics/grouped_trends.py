"""Courses: how each group of a dimension went over time; the largest side by side, or one metric of all in brief."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.breakdowns import id_order, totals_by
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.cluster_spreads import CourseSpreads, Spreads, day_spreads_of_courses
from lib.analytics.conditions import fact_key
from lib.analytics.members import keys_of, member_names
from lib.analytics.planner import ResolvedPeriod, resolve_period, source
from lib.analytics.queries import Trend, TrendPoint, trend
from lib.analytics.query import Filters, local_date
from lib.analytics.sources import FactRows, QuerySource
from lib.analytics.sql_time import bucket_start
from lib.analytics.unsummed_values import EPOCH, rows_of, unsummed_values
from lib.catalog.dimensions import Dimension, Member
from lib.catalog.measures import MeasureTotals, sums
from lib.store.enums import SCORE_SCALE

LARGEST = 8
"""So many groups are told apart in a split; the rest is one course together."""

MOST_POINTS = 40
"""A course in brief has at most about so many points."""


@dataclass(frozen=True, slots=True)
class GroupedTrend:
    """The largest groups of a dimension over time, by evaluations, and all others together; None where there are none.

    The points of all courses are the buckets of the whole selection's trend, and add up to it.
    """

    period: ResolvedPeriod
    largest: tuple[tuple[Member, Trend], ...]
    rest: Trend | None
    rest_members: tuple[Member, ...]

    @property
    def points(self) -> tuple[TrendPoint, ...]:
        """The points of all courses, one course after another."""
        courses = [course for _, course in self.largest] + ([self.rest] if self.rest else [])
        return tuple(point for course in courses for point in course.points)


@dataclass(frozen=True, slots=True)
class Sparklines:
    """The average score of each group of a dimension over time, in points; None where there is none."""

    buckets: tuple[date, ...]
    groups: Mapping[Member, tuple[float | None, ...]]


@dataclass(frozen=True, slots=True)
class MemberTrends:
    """The courses of many groups of a dimension."""

    groups: Mapping[Member, Trend]

    @property
    def size(self) -> int:
        """The bytes that they take in memory, about."""
        return 500 * sum(len(course.points) for course in self.groups.values())


def trends_of_all(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension, metric: str, most: int
) -> MemberTrends:
    """Return the daily course of each group of a dimension, of the `most` largest; with what a metric is made of.

    What no sum gives is not known of them. Raises what `queries.trend` raises.
    """
    whole = trend(connection, filters, calendar)
    groups = totals_by(connection, filters, calendar, dimension)
    ordered = sorted(groups, key=lambda group: (-group.sums["evaluations"], id_order(group.named)))
    keys = keys_of(connection, dimension, [group.named for group in ordered[:most]])
    measures = filters.catalog.measure_names((metric,))
    found: dict[Member, dict[date, MeasureTotals]] = defaultdict(dict)
    facts = source(connection, filters, calendar, [dimension.column], measures, by_day=True)
    for key, begins, *values in _rows(connection, facts, calendar, dimension, Granularity.DAILY, keys):
        found[keys[key]][begins] = MeasureTotals.from_values(values, measures)
    nothing = MeasureTotals.nothing(measures).with_unsummed({})
    return MemberTrends({named: _course(whole, days, {}, nothing) for named, days in found.items()})


def split(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    granularity: Granularity,
    metrics: tuple[str, ...] = (),
) -> GroupedTrend:
    """Return the courses of the LARGEST groups, the largest first, ties by id, and the one of all others.

    They have the measures of own metrics, too; what no sum gives is not known of the others together. Raises what
    `queries.trend` raises.
    """
    whole = trend(connection, filters, calendar, granularity, metrics)
    measures = filters.catalog.measure_names(metrics)
    groups = totals_by(connection, filters, calendar, dimension)
    ordered = sorted(groups, key=lambda group: (-group.sums["evaluations"], id_order(group.named)))
    shown = [group.named for group in ordered[:LARGEST]]
    keys = keys_of(connection, dimension, shown)
    found: dict[Member, dict[date, MeasureTotals]] = defaultdict(dict)
    by_day = granularity is not Granularity.MONTHLY
    facts = source(connection, filters, calendar, [dimension.column], measures, by_day=by_day)
    for key, begins, *values in _rows(connection, facts, calendar, dimension, granularity, keys):
        found[keys[key]][begins] = MeasureTotals.from_values(values, measures)

    def group_and_start(rows: FactRows) -> list[sa.ColumnElement[Any]]:
        return [fact_key(rows.facts, dimension.column), bucket_start(rows.day, granularity, calendar.week_start)]

    unsummed = unsummed_values(connection, filters, metrics, rows_of(connection, filters, calendar), group_and_start)
    for (key, start), values in unsummed.items():
        if key in keys:
            begins = EPOCH + timedelta(days=start)
            found[keys[key]][begins] = found[keys[key]][begins].with_unsummed(values)
    days = CourseSpreads({}, {})
    if granularity is Granularity.MONTHLY and shown:  # days and weeks have too few for intervals to allow for
        names = (*filters.catalog.uncertain_metrics, *metrics)
        days = day_spreads_of_courses(connection, filters, calendar, names, dimension, tuple(shown), granularity)
    nothing = MeasureTotals.nothing(measures).with_unsummed({})
    courses = [_course(whole, found[named], days.groups.get(named, {}), nothing) for named in shown]
    rest = None
    if len(ordered) > LARGEST:
        parts = zip(whole.points, *(course.points for course in courses), strict=True)
        rest = Trend(
            whole.period,
            granularity,
            tuple(
                TrendPoint(
                    all_.bucket,
                    (all_.sums - MeasureTotals.total(one.sums for one in ones)).with_days(
                        days.rest.get(all_.bucket.first, {})
                    ),
                )
                for all_, *ones in parts
            ),
        )
    others = tuple(group.named for group in ordered[LARGEST:])
    return GroupedTrend(whole.period, tuple(zip(shown, courses, strict=True)), rest, others)


def sparklines(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    names: tuple[Member, ...] | None = None,
) -> Sparklines:
    """Return every group's average score over time in at most about MOST_POINTS points, as sparklines show it.

    With `names`, of these groups alone.
    """
    period = resolve_period(connection, filters, calendar)
    if period.date_from is None or period.date_to is None:
        return Sparklines((), {})
    zone = filters.zone(calendar.zone)
    first, last = local_date(period.date_from, zone), local_date(period.date_to, zone)
    granularity = _coarsest_width(first, last)
    buckets = [bucket.first for bucket in calendar.buckets(first, last, granularity)]
    means: dict[int, dict[date, float]] = defaultdict(dict)
    keys = None if names is None else keys_of(connection, dimension, names)
    by_day = granularity is not Granularity.MONTHLY
    scores = source(connection, filters, calendar, [dimension.column], ("scored", "score_sum"), by_day=by_day)
    for key, begins, scored, score_sum in _rows(connection, scores, calendar, dimension, granularity, keys):
        if scored:
            means[key][begins] = score_sum / (scored * SCORE_SCALE)
    named = member_names(connection, dimension, set(means)) if keys is None else keys
    return Sparklines(
        tuple(buckets),
        {named[key]: tuple(course.get(bucket) for bucket in buckets) for key, course in means.items()},
    )


def _coarsest_width(first: date, last: date) -> Granularity:
    days = (last - first).days + 1
    if days <= MOST_POINTS:
        return Granularity.DAILY
    return Granularity.WEEKLY if days <= 7 * MOST_POINTS // 2 else Granularity.MONTHLY


def _rows(
    connection: Connection,
    found: QuerySource,
    calendar: Calendar,
    dimension: Dimension,
    granularity: Granularity,
    keys: Collection[int] | None = None,
) -> Iterable[Any]:
    """Return a source's sums by group and bucket: key, first day of the bucket, measures; of some keys or all."""
    key = found.rows.c[dimension.column]
    start = bucket_start(found.rows.c.day, granularity, calendar.week_start).label("start")
    asked = sa.select(key, start, *sums(found.rows, found.measures)).group_by(
        sa.literal_column("1"), sa.literal_column("2")
    )
    return connection.execute(asked if keys is None else asked.where(key.in_(keys)), found.values).fetchall()


def _course(
    whole: Trend, found: Mapping[date, MeasureTotals], days: Mapping[date, Spreads], nothing: MeasureTotals
) -> Trend:
    firsts = [point.bucket.first for point in whole.points]
    totals = [found.get(first, nothing).with_days(days.get(first, {})) for first in firsts]
    points = (TrendPoint(point.bucket, sums) for point, sums in zip(whole.points, totals, strict=True))
    return Trend(whole.period, whole.granularity, tuple(points))
