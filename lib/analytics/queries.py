"""The questions: summary, breakdown, trend. Filters in, a frozen result out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Bucket, Calendar, Granularity
from lib.analytics.cluster_spreads import Spreads, day_spreads, day_spreads_by, day_spreads_over_time
from lib.analytics.grants import Grant
from lib.analytics.planner import (
    ResolvedPeriod,
    keys_in_use,
    keys_of,
    resolve_period,
)
from lib.analytics.planner import source as source_of
from lib.analytics.query import Filters, first_instant, last_instant, local_date
from lib.analytics.sources import non_empty_days
from lib.analytics.sql_time import bucket_start
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE, Dimension, Member
from lib.catalog.measures import HISTOGRAM_MEASURES, PLAIN_MEASURES, MeasureTotals, sums
from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.catalog.rollups import DAILY_TOTAL
from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode
from lib.settings import WeekStart
from lib.store import schema

MAX_TREND_POINTS = 5_000
"""Thirteen years of days. The time zone's years, 1970 to 2099, have fewer months."""

ALL_GROUPS = 10_000_000
"""The length of a page that holds all groups of any dimension."""


MOST_WITH_DAYS = 1_000
"""Of so many groups of a breakdown it is read how their days spread, as pages draw, and the API returns, no more."""

_RANKED_BY = (AVERAGE_SCORE.name,)
"""The metrics of groups whose days are read: what ranks, changes and files need. Pages ask for others themselves."""


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
class Group:
    """One row of a breakdown. `call_center` is an executive's, where there is one alone."""

    named: Member
    sums: MeasureTotals
    call_center: Member | None = None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Groups of a dimension in the order asked for, one page of them; totals are of the whole selection."""

    period: ResolvedPeriod
    groups: tuple[Group, ...]
    total: MeasureTotals
    total_count: int
    page: int
    page_size: int


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


def options(connection: Connection, dimension: Dimension, grant: Grant, catalog: Catalog) -> tuple[Member, ...]:
    """Return what a filter of the dimension offers, by name: every group that an evaluation in sight belongs to."""
    names = dimension.members
    used = keys_in_use(dimension, grant, catalog).subquery()
    found = connection.execute(sa.select(names.c.id, names.c.name).join(used, used.c[dimension.column] == names.c.key))
    return tuple(sorted((Member(row.id, row.name) for row in found), key=lambda named: (named.name, named.id or "")))


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


def distribution(connection: Connection, filters: Filters, calendar: Calendar) -> tuple[int, ...]:
    """Return the number of scores in each of the HISTOGRAM_BINS bins from 0 to 10."""
    source = source_of(connection, filters, calendar, (), HISTOGRAM_MEASURES)
    asked = sa.select(*sums(source.rows, source.measures))
    return tuple(int(count or 0) for count in connection.execute(asked, source.values).one())


def breakdown(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    sort: str = "-totalEvaluations",
    page: int = 1,
    page_size: int = 100,
) -> Breakdown:
    """Return the selection by the groups of a dimension, sorted by a field (`-` before it: descending).

    Ties, in figures as they are rounded, go by id; groups without a value, and the group of those that belong to none,
    come last among equals. How the days of scores spread is said of the first MOST_WITH_DAYS groups of the page.
    Raises InvalidParameterError for a field that can't be sorted by.
    """
    ordered = _ordered(totals_by(connection, filters, calendar, dimension), sort, dimension, filters.catalog.metrics)
    period = resolve_period(connection, filters, calendar)
    total = MeasureTotals.total(group.sums for group in ordered)
    shown = ordered[(page - 1) * page_size : page * page_size]
    are_all = len(shown[:MOST_WITH_DAYS]) == len(ordered)
    first = with_days(connection, filters, calendar, dimension, shown[:MOST_WITH_DAYS], are_all=are_all)
    return Breakdown(period, (*first, *shown[MOST_WITH_DAYS:]), total, len(ordered), page, page_size)


def page_of(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    whole: Breakdown,
    paging: tuple[str, int, int],
) -> Breakdown:
    """Return what `breakdown` would, for a sort, a page and its size, out of the breakdown of all groups."""
    sort, page, size = paging
    ordered = _ordered(whole.groups, sort, dimension, filters.catalog.metrics)
    shown = ordered[(page - 1) * size : page * size]
    if len(ordered) > MOST_WITH_DAYS:
        shown = with_days(connection, filters, calendar, dimension, shown)
    return replace(whole, groups=tuple(shown), page=page, page_size=size)


def _ordered(groups: Sequence[Group], sort: str, dimension: Dimension, metrics: Mapping[str, Metric]) -> list[Group]:
    key = _sort_key(sort, dimension, metrics)
    keyed = [(key(group), group) for group in sorted(groups, key=lambda group: id_order(group.named))]
    present = [(value, group) for value, group in keyed if value is not None]
    present.sort(key=lambda pair: pair[0], reverse=sort.startswith("-"))
    return [group for _, group in present] + [group for value, group in keyed if value is None]


def with_days(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    groups: Sequence[Group],
    *,
    are_all: bool = False,
) -> list[Group]:
    """Return groups with how the days of their scores spread; all that there are are read sooner than some by name."""
    members = None if are_all else tuple(group.named for group in groups)
    days = day_spreads_by(connection, filters, calendar, _RANKED_BY, dimension, members).groups
    return [replace(group, sums=group.sums.with_days(days.get(group.named, {}))) for group in groups]


def trend(
    connection: Connection, filters: Filters, calendar: Calendar, granularity: Granularity = Granularity.DAILY
) -> Trend:
    """Return a point for every day, week or month of the period.

    Raises InvalidParameterError where that would be more than MAX_TREND_POINTS, naming the granularity that would do.
    """
    period = resolve_period(connection, filters, calendar)
    if period.date_from is None or period.date_to is None:
        return Trend(period, granularity, ())
    zone = filters.zone(calendar.zone)
    first, last = local_date(period.date_from, zone), local_date(period.date_to, zone)
    _check_points(calendar, first, last, granularity)
    by_day = granularity is not Granularity.MONTHLY
    source = source_of(connection, filters, calendar, (), PLAIN_MEASURES, by_day=by_day)
    rows = connection.execute(_by_bucket(source.rows, granularity, calendar.week_start), source.values)
    found = {begins: MeasureTotals.from_values(values) for begins, *values in rows}
    begins, ends = first_instant(period.date_from, zone), last_instant(period.date_to, zone)
    days: Mapping[date, Spreads] = {}
    if granularity is not Granularity.DAILY:
        names = filters.catalog.uncertain_metrics
        days = day_spreads_over_time(connection, filters, calendar, names, granularity).buckets
    buckets = calendar.buckets(
        first, last, granularity, begins > first_instant(first, zone), ends < last_instant(last, zone)
    )
    totals = {start: sums.with_days(days.get(start, {})) for start, sums in found.items()}
    return Trend(
        period, granularity, tuple(TrendPoint(bucket, totals.get(bucket.first, MeasureTotals())) for bucket in buckets)
    )


def _check_points(calendar: Calendar, first: date, last: date, granularity: Granularity) -> None:
    """Raise InvalidParameterError where a trend would have more than MAX_TREND_POINTS."""
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


def totals_by(connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension) -> tuple[Group, ...]:
    """Return the groups of a dimension that have evaluations, in no order, each one once."""
    centered = dimension is EXECUTIVE
    told = (dimension, CALL_CENTER) if centered else (dimension,)
    source = source_of(connection, filters, calendar, [each.column for each in told], PLAIN_MEASURES)
    groups: dict[int, Group] = {}
    centers: dict[tuple[str, ...], Member] = {}  # few, of which many groups are
    for key, *values in connection.execute(_by_key(source.rows, told), source.values).fetchall():
        names = values[-2 * len(told) :]
        found = MeasureTotals.from_values(values[len(told) - 1 : -2 * len(told)])
        center = centers.setdefault(tuple(names[2:]), Member(*names[2:])) if centered else None
        if key in groups:
            groups[key] = Group(groups[key].named, groups[key].sums + found, None)
        else:
            groups[key] = Group(Member(*names[:2]), found, center)
    return tuple(groups.values())


@dataclass(frozen=True, slots=True)
class GroupTotals:
    """The measures of some groups of a dimension; without those that have no evaluations."""

    groups: Mapping[Member, MeasureTotals]


def totals_of(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension, names: tuple[Member, ...]
) -> GroupTotals:
    """Return the measures of the groups of these names, and how the days of their scores spread.

    It is much faster than `breakdown` where there are many others.
    """
    keys = keys_of(connection, dimension, names)
    source = source_of(connection, filters, calendar, [dimension.column], PLAIN_MEASURES)
    key = source.rows.c[dimension.column]
    asked = sa.select(key, *sums(source.rows, PLAIN_MEASURES)).where(key.in_(keys)).group_by(key)
    found = (
        (keys[key], MeasureTotals.from_values(values)) for key, *values in connection.execute(asked, source.values)
    )
    days = day_spreads_by(connection, filters, calendar, _RANKED_BY, dimension, names).groups
    return GroupTotals({named: sums.with_days(days.get(named, {})) for named, sums in found if sums["evaluations"]})


# What is asked of the rows of a source. It is kept as long as the rows are, and by it the text that is sent.


@lru_cache(maxsize=512)
def _by_set(rows: sa.FromClause, tops: tuple[Dimension, ...]) -> sa.Select[Any]:
    """Return the sums of all of it, of each campaign and of each center, in one pass over the rows."""
    keys = [rows.c[each.column] for each in tops]
    sets = sa.func.grouping_sets(sa.text("()"), *keys)
    return _named(sa.select(*keys, *sums(rows, PLAIN_MEASURES)).group_by(sets).subquery(), tops)


@lru_cache(maxsize=512)
def _by_key(rows: sa.FromClause, told: tuple[Dimension, ...]) -> sa.Select[Any]:
    """Return the sums by the keys of dimensions, where there are evaluations."""
    keys = [rows.c[each.column] for each in told]
    some = sa.func.sum(rows.c.evaluations) != 0
    return _named(sa.select(*keys, *sums(rows, PLAIN_MEASURES)).group_by(*keys).having(some).subquery(), told)


@lru_cache(maxsize=512)
def _by_bucket(rows: sa.FromClause, granularity: Granularity, week_start: WeekStart) -> sa.Select[Any]:
    """Return the sums by the first days of buckets."""
    start = bucket_start(rows.c.day, granularity, week_start).label("start")
    return sa.select(start, *sums(rows, PLAIN_MEASURES)).group_by(sa.literal_column("1"))


def _named(keyed: sa.Subquery, dimensions: Sequence[Dimension]) -> sa.Select[Any]:
    """Return the rows of grouped sums with the id and name of each dimension's key after them, null without a key."""
    joined: sa.FromClause = keyed
    names: list[sa.ColumnElement[Any]] = []
    for dimension in dimensions:
        joined = joined.outerjoin(dimension.members, dimension.members.c.key == keyed.c[dimension.column])
        names += [dimension.members.c.id, dimension.members.c.name]
    return sa.select(keyed, *names).select_from(joined)


def _top(groups: Mapping[Member, MeasureTotals]) -> str | None:
    """Return the name with the highest average score among those with enough evaluations, else among all."""
    scored = [(named, sums) for named, sums in groups.items() if sums["scored"] and named.id is not None]
    ranked = [(named, sums) for named, sums in scored if not AVERAGE_SCORE.is_small_sample(sums)] or scored
    if not ranked:
        return None
    score = AVERAGE_SCORE
    return min(ranked, key=lambda pair: (-(score.value(pair[1]) or 0), -pair[1]["scored"], pair[0].name))[0].name


def id_order(named: Member) -> tuple[bool, str]:
    """Return what to sort by for the order of ids; what belongs to none comes last."""
    return named.id is None, named.id or ""


def _sort_key(sort: str, dimension: Dimension, metrics: Mapping[str, Metric]) -> Any:
    field = sort.removeprefix("-")
    center = (CALL_CENTER.parameter, CALL_CENTER.name_field) if dimension is EXECUTIVE else ()
    fields = (dimension.parameter, dimension.name_field, *center, *metrics)
    if field == dimension.parameter:
        return lambda group: group.named.id
    if field == dimension.name_field:
        return lambda group: group.named.name
    if field in metrics:  # as it is shown: what looks equal is in the order of ids
        return lambda group: metrics[field].rounded(group.sums)
    if field in fields:
        place = "id" if field == CALL_CENTER.parameter else "name"
        return lambda group: getattr(group.call_center, place, None)
    hint, known = nearest(field, fields), ", ".join(fields)
    raise InvalidParameterError("sort", ParameterCode.NOT_A_FIELD, value=field[:60], hint=hint, known=known)
