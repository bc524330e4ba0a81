"""Which rows a question is about: the period in force, and a rollup or the facts under its conditions.

The shortest rollup that has the keys answers, its whole months by month where days are not asked for, with the facts
for the days that it does not hold. Questions about instants or about a zone other than the workspace's, which days
can't answer, are computed from the facts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import ONE_DAY, Calendar, Granularity, day_start, next_bucket
from lib.analytics.grants import Grant
from lib.analytics.query import Filters, Moment, first_instant, last_instant
from lib.analytics.sql_time import local_day
from lib.catalog.dimensions import DIMENSIONS, GRANT_DIMENSIONS, Dimension, Member
from lib.catalog.measures import of_each
from lib.catalog.rollups import ROLLUPS, Rollup
from lib.store import enums, schema

_FEW_KEYS = 2_000
"""Of more keys, all names are read: an engine takes longer to look so many up one by one."""


@dataclass(frozen=True, slots=True)
class ResolvedPeriod:
    """The dates in force: those asked for, or the first and last day that there is. None where there is no data."""

    date_from: Moment | None
    date_to: Moment | None


@dataclass(frozen=True, slots=True)
class QuerySource:
    """Where a question's numbers come from: rows with a day, keys and measures.

    The rollups' rows are the same object whenever a question has the same form, so that what is made of them can be
    kept; what was asked for comes by their parameters' `values`.
    """

    rows: sa.FromClause
    measures: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)


def sums(rows: sa.FromClause, measures: Sequence[str]) -> list[sa.ColumnElement[Any]]:
    """Return the sums of measures of a source's rows, each under its name."""
    # Drivers hand over wider numbers than these many times as slowly.
    return [sa.cast(sa.func.sum(rows.c[name]), sa.BigInteger).label(name) for name in measures]


def resolve_period(connection: Connection, filters: Filters, calendar: Calendar) -> ResolvedPeriod:
    """Fill the ends that were left open with the first and last day of all data, in the zone asked for."""
    if filters.date_from is not None and filters.date_to is not None:
        return ResolvedPeriod(filters.date_from, filters.date_to)
    if filters.timezone is None:
        first, last = connection.execute(_first_and_last_day(filters.grant)).one()
    else:
        first, last = (
            instant.astimezone(filters.zone(calendar.zone)).date() if instant else None
            for instant in first_and_last(connection, filters.grant)
        )
    return ResolvedPeriod(
        first if filters.date_from is None else filters.date_from, last if filters.date_to is None else filters.date_to
    )


@lru_cache(maxsize=512)
def _first_and_last_day(grant: Grant) -> sa.Select[Any]:
    """Return the first and last day of all that may be seen with a grant."""
    rows = _shortest(_grant_keys(grant)).tables[0]
    days = non_empty_days(rows, grant_conditions(rows, grant)).c
    return sa.select(sa.func.min(days.day), sa.func.max(days.day))


def non_empty_days(rollup: sa.Table, where: Sequence[sa.ColumnElement[bool]] = ()) -> sa.Subquery:
    """Return the days on which there are evaluations, with how many."""
    total = sa.func.sum(rollup.c.evaluations)
    days = sa.select(rollup.c.day, total.label("evaluations")).where(*where)
    return days.group_by(rollup.c.day).having(total != 0).subquery()


def first_and_last(connection: Connection, grant: Grant) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last instant of all that may be seen with a grant; None where there is nothing."""
    column = schema.evaluations.c.audio_at
    visible = grant_conditions(schema.evaluations, grant)
    first, last = connection.execute(sa.select(sa.func.min(column), sa.func.max(column)).where(*visible)).one()
    return first, last


def source(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    period: ResolvedPeriod,
    keys: Sequence[str],
    measures: Sequence[str],
    *,
    by_day: bool = False,
) -> QuerySource:
    """Choose where the numbers of some measures by some keys come from; with `by_day`, their days are kept."""
    if not filters.needs_facts:
        needed = {*keys, *measures, *_grant_keys(filters.grant)}
        needed.update(dimension.column for dimension in DIMENSIONS if filters.ids(dimension))
        rollup = _shortest(needed)
        chosen = _choices_by_key(connection, filters)
        parts = _parts(rollup, filters, calendar, by_day=by_day)
        values: dict[str, Any] = {_chosen(column): found for column, found in chosen.items()}
        for number, part in enumerate(parts):
            values |= {f"from_{number}": part.first} if part.first is not None else {}
            values |= {f"until_{number}": part.end} if part.end is not None else {}
        shape = tuple((part.table, part.first is not None, part.end is not None) for part in parts)
        rows = _united(shape, tuple(keys), tuple(measures), tuple(chosen))
        return QuerySource(rows, tuple(measures), values)
    facts = schema.evaluations
    zone = filters.zone(calendar.zone)
    first, last = first_and_last(connection, filters.grant)
    first, last = first or datetime.now(UTC), last or datetime.now(UTC)
    day = local_day(facts.c.audio_at, zone, first, last).label("day")
    rows = _rows(facts, day, keys, measures).where(*fact_conditions(filters, calendar, period)).subquery()
    return QuerySource(rows, tuple(measures))


@lru_cache(maxsize=512)
def _united(
    parts: tuple[tuple[sa.Table, bool, bool], ...],
    keys: tuple[str, ...],
    measures: tuple[str, ...],
    chosen: tuple[str, ...],
) -> sa.Subquery:
    """Return the rows of tables' days, each with whether it has a first and an end, where columns have chosen values.

    Kept, as making it and finding its text again took as long as the engine takes to answer.
    """
    arms = []
    for number, (table, begins, ends) in enumerate(parts):
        day = _day(table)
        where = [day >= sa.bindparam(f"from_{number}", type_=day.type)] if begins else []
        where += [day < sa.bindparam(f"until_{number}", type_=day.type)] if ends else []
        where += [table.c[name].in_(sa.bindparam(_chosen(name), expanding=True)) for name in chosen]
        arms.append(_rows(table, table.c.day, keys, measures).where(*where))
    return arms[0].subquery() if len(arms) == 1 else sa.union_all(*arms).subquery()


def _chosen(column: str) -> str:
    """Return the parameter that holds the values that a column may have."""
    return f"chosen_{column}"


def _day(table: sa.Table) -> sa.Column[Any]:
    """Return the column that says what day a table's row is of."""
    return table.c.audio_at if table is schema.evaluations else table.c.day


def _rows(table: sa.Table, day: sa.ColumnElement[Any], keys: Sequence[str], measures: Sequence[str]) -> sa.Select[Any]:
    """Return the rows of a rollup, or of the facts with the measures of each."""
    amounts = of_each(table, measures) if table is schema.evaluations else [table.c[name] for name in measures]
    return sa.select(day, *(table.c[key] for key in keys), *amounts)


def shortest_for(dimension: Dimension, grant: Grant) -> sa.Table:
    """Return the shortest table that has the keys of a dimension and those that a grant limits."""
    return _shortest({dimension.column, *_grant_keys(grant)}).tables[-1]


def _shortest(needed: Collection[str]) -> Rollup:
    return next(rollup for rollup in ROLLUPS if set(needed) <= set(rollup.tables[0].columns.keys()))


def _grant_keys(grant: Grant) -> list[str]:
    return [dimension.column for dimension, _ in _limits(grant)]


def _limits(grant: Grant) -> list[tuple[Dimension, tuple[str, ...]]]:
    """Return what a grant is limited to. Raises KeyError for what no grant may limit, so that it shows nothing."""
    known = {dimension.name: dimension for dimension in GRANT_DIMENSIONS}
    return [(known[name], ids) for name, ids in grant.limits]


@dataclass(frozen=True, slots=True)
class _TableRange:
    """A table, and its days or instants from `first` until before `end`; None where it is open."""

    table: sa.Table
    first: Moment | None
    end: Moment | None


def _parts(rollup: Rollup, filters: Filters, calendar: Calendar, *, by_day: bool) -> list[_TableRange]:
    """Return the tables that together hold the days asked for, each with which of its days."""
    first, last = _asked_days(filters)
    end = None if last is None else last + ONE_DAY
    whole_from, whole_until = first, end  # the whole months between
    if first is not None and first.day > 1:
        whole_from = next_bucket(first.replace(day=1), Granularity.MONTHLY)
    if end is not None:
        whole_until = end.replace(day=1)
    no_month = whole_from is not None and whole_until is not None and whole_from >= whole_until

    def days(first: date | None, end: date | None) -> _TableRange:
        if rollup.daily is not None:
            return _TableRange(rollup.daily, first, end)
        begins, ends = (None if day is None else day_start(day, calendar.zone) for day in (first, end))
        return _TableRange(schema.evaluations, begins, ends)

    if by_day or rollup.monthly is None or no_month:
        return [days(first, end)]
    parts = [_TableRange(rollup.monthly, whole_from, whole_until)]
    if first != whole_from:
        parts.append(days(first, whole_from))
    if end != whole_until:
        parts.append(days(whole_until, end))
    return parts


def _asked_days(filters: Filters) -> tuple[date | None, date | None]:
    """Return the days asked for, where both ends are days or open."""
    assert not isinstance(filters.date_from, datetime) and not isinstance(filters.date_to, datetime)  # noqa: S101
    return filters.date_from, filters.date_to


def _choices_by_key(connection: Connection, filters: Filters) -> dict[str, list[Any]]:
    """Return the values that a rollup's columns may have: keys, looked up here, so that planners see values."""
    chosen: dict[str, list[Any]] = {}
    limits = dict(_limits(filters.grant))
    for dimension in DIMENSIONS:
        names = dimension.table.c
        asked, limit = filters.ids(dimension), limits.get(dimension)
        conditions = [_asked(dimension, asked)] if asked else []
        if limit is not None:
            conditions.append(names.id.in_(limit))
        if conditions:
            chosen[dimension.column] = list(connection.scalars(sa.select(names.key).where(*conditions)))
    if filters.is_ai is not None:
        chosen["is_ai"] = [filters.is_ai]
    return chosen


def _asked(dimension: Dimension, ids: Sequence[str]) -> sa.ColumnElement[bool]:
    names = dimension.table.c
    asked: sa.ColumnElement[bool] = names.id.in_(ids)
    return sa.or_(asked, names.key == enums.NO_KEY) if enums.NONE_NAME in ids else asked


def fact_conditions(filters: Filters, calendar: Calendar, period: ResolvedPeriod) -> list[sa.ColumnElement[bool]]:
    """Return what the facts' rows must meet."""
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
            keys = sa.select(dimension.table.c.key).where(_asked(dimension, ids))
            conditions.append(rows.c[dimension.column].in_(keys))
    if filters.is_ai is not None:
        conditions.append(rows.c.is_ai == filters.is_ai)
    return conditions + grant_conditions(rows, filters.grant)


def grant_conditions(rows: sa.FromClause, grant: Grant) -> list[sa.ColumnElement[bool]]:
    """Return what rows must meet to be seen with a grant."""
    return [
        rows.c[dimension.column].in_(sa.select(dimension.table.c.key).where(dimension.table.c.id.in_(ids)))
        for dimension, ids in _limits(grant)
    ]


def keys_of(connection: Connection, dimension: Dimension, names: Sequence[Member]) -> dict[int, Member]:
    """Return the keys of a dimension's groups, each with what it stands for."""
    table = dimension.table.c
    chosen: sa.ColumnElement[bool] = table.id.in_([named.id for named in names if named.id is not None])
    if any(named.id is None for named in names):
        chosen = sa.or_(chosen, table.id.is_(None))
    rows = connection.execute(sa.select(table.key, table.id, table.name).where(chosen))
    return {row.key: Member(row.id, row.name) for row in rows}


def member_names(connection: Connection, dimension: Dimension, keys: set[int]) -> dict[int, Member]:
    """Return what the keys of a dimension stand for."""
    names = dimension.table
    asked = sa.select(names.c.key, names.c.id, names.c.name)
    if len(keys) <= _FEW_KEYS:
        asked = asked.where(names.c.key.in_(keys))
    rows = connection.execute(asked).fetchall()
    return {row.key: Member(row.id, row.name) for row in rows if row.key in keys}
