"""The questions: summary, breakdown, trend, records. Filters in, a frozen result out.

Every number comes from the daily rollup, unless the question is about instants or about a zone other than the
workspace's, which days can't answer; then the same measures are computed from the facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib import schema
from lib.analytics.calendar import Bucket, Calendar, Granularity, local_day
from lib.analytics.dimensions import CALL_CENTER, CAMPAIGN, DIMENSIONS, EXECUTIVE, Dimension, Named
from lib.analytics.filters import Filters, Moment, first_instant, last_instant, local_date
from lib.analytics.measures import METRICS, Sums, expressions
from lib.errors import InvalidParameterError, nearest
from lib.schema import MEASURES, Sentiment, State

MAX_TREND_POINTS = 20_000


@dataclass(frozen=True, slots=True)
class Status:
    """What the facts hold as a whole."""

    data_version: int
    is_sample: bool
    changed_at: datetime
    evaluations: int
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Period:
    """The dates in force: those asked for, or the first and last day that there is. None where there is no data."""

    date_from: Moment | None
    date_to: Moment | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The measures of a selection, and its best campaign and call center."""

    period: Period
    sums: Sums
    top_campaign: str | None
    top_call_center: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """One row of a breakdown. `call_center` is an executive's, where there is one alone."""

    named: Named
    sums: Sums
    call_center: Named | None = None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Groups of a dimension in the order asked for, one page of them; totals are of the whole selection."""

    period: Period
    groups: tuple[Group, ...]
    total: Sums
    total_count: int
    page: int
    page_size: int


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of a trend."""

    bucket: Bucket
    sums: Sums


@dataclass(frozen=True, slots=True)
class Trend:
    """A point for every bucket of the period, in order, none left out."""

    period: Period
    granularity: Granularity
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One evaluation as it is kept. The score is exact, in points."""

    id: str
    audio_at: datetime
    state: State
    sentiment: Sentiment | None
    score: float | None
    duration_seconds: int | None
    is_ai: bool
    campaign: Named
    call_center: Named
    engagement: Named
    executive: Named
    audio_file_name: str | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Records:
    """One page of evaluations, newest first; ties by id."""

    period: Period
    records: tuple[Record, ...]
    total_count: int
    page: int
    page_size: int


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a question's numbers come from: a row set with a day, keys and measures, and which rows."""

    rows: sa.FromClause
    where: tuple[sa.ColumnElement[bool], ...]

    def sums(self, names: Sequence[str] = MEASURES) -> list[sa.ColumnElement[Any]]:
        return [sa.func.sum(self.rows.c[name]).label(name) for name in names]


def status(connection: Connection) -> Status:
    """Return what the facts hold as a whole: version, first and last day, number of evaluations."""
    head = connection.execute(sa.select(schema.workspace)).one()
    days = connection.execute(
        sa.select(
            sa.func.min(schema.daily.c.day), sa.func.max(schema.daily.c.day), sa.func.sum(schema.daily.c.evaluations)
        )
    ).one()
    return Status(head.data_version, head.is_sample, head.changed_at, int(days[2] or 0), days[0], days[1])


def options(connection: Connection, dimension: Dimension) -> tuple[Named, ...]:
    """Return what a filter of the dimension offers, by name: every group that any evaluation belongs to."""
    names = dimension.table
    used = sa.select(schema.daily.c[dimension.column]).distinct().subquery()
    rows = connection.execute(sa.select(names.c.id, names.c.name).join(used, used.c[dimension.column] == names.c.key))
    return tuple(sorted((Named(row.id, row.name) for row in rows), key=lambda named: (named.name, named.id or "")))


def summary(connection: Connection, filters: Filters, calendar: Calendar) -> Summary:
    """Return the measures of the selection, and the names of its best campaign and call center."""
    period = _period(connection, filters, calendar)
    source = _source(connection, filters, calendar, period)
    row = connection.execute(sa.select(*source.sums()).where(*source.where)).one()
    return Summary(
        period,
        Sums.from_row(row._mapping),
        _top(_grouped(connection, source, CAMPAIGN, ("scored", "score_sum"))),
        _top(_grouped(connection, source, CALL_CENTER, ("scored", "score_sum"))),
    )


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

    Ties go by id; groups without a value, and the group of those that belong to none, come last among equals.
    Raises InvalidParameterError for a field that can't be sorted by.
    """
    key = _sort_key(sort, dimension)
    period = _period(connection, filters, calendar)
    source = _source(connection, filters, calendar, period)
    groups = sorted(_grouped(connection, source, dimension, MEASURES), key=lambda group: _id_order(group.named))
    present = [group for group in groups if key(group) is not None]
    absent = [group for group in groups if key(group) is None]
    present.sort(key=lambda group: key(group), reverse=sort.startswith("-"))  # type: ignore[arg-type,return-value]
    ordered = present + absent
    total = sum((group.sums for group in groups), Sums())
    shown = ordered[(page - 1) * page_size : page * page_size]
    return Breakdown(period, tuple(shown), total, len(ordered), page, page_size)


def trend(
    connection: Connection, filters: Filters, calendar: Calendar, granularity: Granularity = Granularity.DAILY
) -> Trend:
    """Return a point for every day, week or month of the period.

    Raises InvalidParameterError where that would be more than MAX_TREND_POINTS.
    """
    period = _period(connection, filters, calendar)
    if period.date_from is None or period.date_to is None:
        return Trend(period, granularity, ())
    zone = filters.zone(calendar.zone)
    first, last = local_date(period.date_from, zone), local_date(period.date_to, zone)
    days = {Granularity.DAILY: 1, Granularity.WEEKLY: 7, Granularity.MONTHLY: 28}[granularity]
    if (last - first).days // days > MAX_TREND_POINTS:
        raise InvalidParameterError(
            "granularity",
            f"The period has more than {MAX_TREND_POINTS} points; ask for a wider granularity or a shorter period.",
        )
    source = _source(connection, filters, calendar, period)
    rows = connection.execute(
        sa.select(source.rows.c.day, *source.sums()).where(*source.where).group_by(source.rows.c.day)
    )
    found: dict[date, Sums] = {}
    for row in rows:
        start = calendar.bucket_start(row.day, granularity)
        sums = Sums.from_row(row._mapping)
        found[start] = found[start] + sums if start in found else sums
    buckets = calendar.buckets(first, last, granularity)
    return Trend(period, granularity, tuple(Point(bucket, found.get(bucket.first, Sums())) for bucket in buckets))


def records(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    states: Sequence[State] = (),
    sentiments: Sequence[Sentiment] = (),
    page: int = 1,
    page_size: int = 100,
) -> Records:
    """Return one page of the selection's evaluations, newest first, ties by id; how many there are in all."""
    period = _period(connection, filters, calendar)
    facts = schema.evaluations
    where = list(_fact_conditions(filters, calendar, period))
    if states:
        where.append(facts.c.state.in_([state.value for state in states]))
    if sentiments:
        where.append(facts.c.sentiment.in_([sentiment.value for sentiment in sentiments]))
    total = connection.execute(sa.select(sa.func.count()).select_from(facts).where(*where)).scalar_one()
    chosen = (
        sa.select(facts)
        .where(*where)
        .order_by(facts.c.audio_at.desc(), facts.c.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    rows = connection.execute(chosen).all()
    names = {
        dimension.name: _names_of(connection, dimension, {row._mapping[dimension.column] for row in rows})
        for dimension in DIMENSIONS
    }
    return Records(period, tuple(_record(row._mapping, names) for row in rows), total, page, page_size)


def _record(row: Mapping[str, Any], names: Mapping[str, Mapping[int, Named]]) -> Record:
    named = {dimension.name: names[dimension.name][row[dimension.column]] for dimension in DIMENSIONS}
    return Record(
        id=row["id"],
        audio_at=row["audio_at"],
        state=State(row["state"]),
        sentiment=None if row["sentiment"] is None else Sentiment(row["sentiment"]),
        score=None if row["score"] is None else row["score"] / schema.SCORE_SCALE,
        duration_seconds=row["duration_seconds"],
        is_ai=row["is_ai"],
        campaign=named["campaign"],
        call_center=named["callCenter"],
        engagement=named["engagement"],
        executive=named["executive"],
        audio_file_name=row["audio_file_name"],
        created_at=row["created_at"],
    )


def _period(connection: Connection, filters: Filters, calendar: Calendar) -> Period:
    """Fill the ends that were left open with the first and last day of all data, in the zone asked for."""
    if filters.date_from is not None and filters.date_to is not None:
        return Period(filters.date_from, filters.date_to)
    if filters.timezone is None:
        column = schema.daily.c.day
        first, last = connection.execute(sa.select(sa.func.min(column), sa.func.max(column))).one()
    else:
        first, last = (
            instant.astimezone(filters.zone(calendar.zone)).date() if instant else None
            for instant in _first_and_last(connection)
        )
    return Period(
        first if filters.date_from is None else filters.date_from, last if filters.date_to is None else filters.date_to
    )


def _first_and_last(connection: Connection) -> tuple[datetime | None, datetime | None]:
    column = schema.evaluations.c.audio_at
    first, last = connection.execute(sa.select(sa.func.min(column), sa.func.max(column))).one()
    return first, last


def _source(connection: Connection, filters: Filters, calendar: Calendar, period: Period) -> _Source:
    """Choose the rollup where days can answer the question, and the facts where they can't."""
    ends = (filters.date_from, filters.date_to)
    if filters.timezone is None and not any(isinstance(end, datetime) for end in ends):
        daily = schema.daily
        return _Source(daily, (*_day_range(daily, filters), *_choices(daily, filters)))
    facts = schema.evaluations
    zone = filters.zone(calendar.zone)
    first, last = _first_and_last(connection)
    first, last = first or datetime.now(UTC), last or datetime.now(UTC)
    rows = (
        sa.select(
            local_day(facts.c.audio_at, zone, first, last).label("day"),
            *(facts.c[dimension.column] for dimension in DIMENSIONS),
            *(expression.label(name) for name, expression in expressions(facts).items()),
        )
        .where(*_fact_conditions(filters, calendar, period))
        .subquery()
    )
    return _Source(rows, ())


def _day_range(rows: sa.FromClause, filters: Filters) -> list[sa.ColumnElement[bool]]:
    conditions = []
    if filters.date_from is not None:
        conditions.append(rows.c.day >= filters.date_from)
    if filters.date_to is not None:
        conditions.append(rows.c.day <= filters.date_to)
    return conditions


def _fact_conditions(filters: Filters, calendar: Calendar, period: Period) -> list[sa.ColumnElement[bool]]:
    facts = schema.evaluations
    zone = filters.zone(calendar.zone)
    conditions = []
    if period.date_from is not None and filters.date_from is not None:
        conditions.append(facts.c.audio_at >= first_instant(period.date_from, zone))
    if period.date_to is not None and filters.date_to is not None:
        conditions.append(facts.c.audio_at <= last_instant(period.date_to, zone))
    return conditions + _choices(facts, filters)


def _choices(rows: sa.FromClause, filters: Filters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    for dimension in DIMENSIONS:
        ids = filters.ids(dimension)
        if ids:
            names = dimension.table
            asked = names.c.id.in_(ids)
            if schema.NONE_NAME in ids:
                asked = sa.or_(asked, names.c.key == schema.NO_KEY)
            conditions.append(rows.c[dimension.column].in_(sa.select(names.c.key).where(asked)))
    if filters.is_ai is not None:
        conditions.append(rows.c.is_ai == filters.is_ai)
    return conditions


def _grouped(
    connection: Connection, source: _Source, dimension: Dimension, measures: Sequence[str]
) -> tuple[Group, ...]:
    key = source.rows.c[dimension.column]
    center = source.rows.c[CALL_CENTER.column]
    found = connection.execute(
        sa.select(
            key.label("group_key"),
            sa.func.min(center).label("center"),
            sa.func.max(center).label("last_center"),
            *source.sums(measures),
        )
        .where(*source.where)
        .group_by(key)
    ).all()
    names = _names_of(connection, dimension, {row.group_key for row in found})
    centers: Mapping[int, Named] = {}
    if dimension is EXECUTIVE:
        centers = _names_of(connection, CALL_CENTER, {row.center for row in found})
    return tuple(
        Group(
            names[row.group_key],
            Sums.from_row(row._mapping),
            centers.get(row.center) if row.center == row.last_center else None,
        )
        for row in found
    )


def _names_of(connection: Connection, dimension: Dimension, keys: set[int]) -> dict[int, Named]:
    names = dimension.table
    rows = connection.execute(sa.select(names).where(names.c.key.in_(keys)))
    return {row.key: Named(row.id, row.name) for row in rows}


def _top(groups: Sequence[Group]) -> str | None:
    """Return the name with the highest average score among those with enough evaluations, else among all."""
    scored = [group for group in groups if group.sums.scored and group.named.id is not None]
    ranked = [group for group in scored if not group.sums.few] or scored
    if not ranked:
        return None
    score = METRICS["averageScore"]
    best = min(ranked, key=lambda group: (-(score.value(group.sums) or 0), -group.sums.scored, group.named.name))
    return best.named.name


def _id_order(named: Named) -> tuple[bool, str]:
    return named.id is None, named.id or ""


def sort_fields(dimension: Dimension) -> tuple[str, ...]:
    """Return the fields that a breakdown of the dimension can be sorted by."""
    return (dimension.parameter, dimension.name_field, *METRICS)


def _sort_key(sort: str, dimension: Dimension) -> Any:
    field = sort.removeprefix("-")
    if field == dimension.parameter:
        return lambda group: group.named.id
    if field == dimension.name_field:
        return lambda group: group.named.name
    if field in METRICS:
        return lambda group: METRICS[field].value(group.sums)
    fields = sort_fields(dimension)
    raise InvalidParameterError(
        "sort", f"sort '{field[:60]}' is not a field{nearest(field, fields)}; right would be one of {', '.join(fields)}."
    )
