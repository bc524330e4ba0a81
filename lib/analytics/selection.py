"""Which rows a question is about: the period in force, and the rollup or the facts under its conditions.

The daily rollup answers, unless the question is about instants or about a zone other than the workspace's, which
days can't answer; then the same measures are computed from the facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib import codes, schema
from lib.analytics.calendar import Calendar
from lib.analytics.dimensions import CALL_CENTER, CAMPAIGN, DIMENSIONS, Dimension, Named
from lib.analytics.filters import Filters, Grant, Moment, first_instant, last_instant
from lib.analytics.local_time import local_day
from lib.analytics.measures import expressions
from lib.schema import MEASURES


@dataclass(frozen=True, slots=True)
class Period:
    """The dates in force: those asked for, or the first and last day that there is. None where there is no data."""

    date_from: Moment | None
    date_to: Moment | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a question's numbers come from: a row set with a day, keys and measures, and which rows."""

    rows: sa.FromClause
    where: tuple[sa.ColumnElement[bool], ...]

    def sums(self, names: Sequence[str] = MEASURES) -> list[sa.ColumnElement[Any]]:
        """Return the sums of some measures, each under its name."""
        return [sa.func.sum(self.rows.c[name]).label(name) for name in names]


def period_in_force(connection: Connection, filters: Filters, calendar: Calendar) -> Period:
    """Fill the ends that were left open with the first and last day of all data, in the zone asked for."""
    if filters.date_from is not None and filters.date_to is not None:
        return Period(filters.date_from, filters.date_to)
    if filters.timezone is None:
        column = schema.daily.c.day
        visible = granted(schema.daily, filters.grant)
        first, last = connection.execute(sa.select(sa.func.min(column), sa.func.max(column)).where(*visible)).one()
    else:
        first, last = (
            instant.astimezone(filters.zone(calendar.zone)).date() if instant else None
            for instant in _first_and_last(connection, filters.grant)
        )
    return Period(
        first if filters.date_from is None else filters.date_from, last if filters.date_to is None else filters.date_to
    )


def _first_and_last(connection: Connection, grant: Grant) -> tuple[datetime | None, datetime | None]:
    column = schema.evaluations.c.audio_at
    visible = granted(schema.evaluations, grant)
    first, last = connection.execute(sa.select(sa.func.min(column), sa.func.max(column)).where(*visible)).one()
    return first, last


def source(connection: Connection, filters: Filters, calendar: Calendar, period: Period) -> Source:
    """Choose the rollup where days can answer the question, and the facts where they can't."""
    ends = (filters.date_from, filters.date_to)
    if filters.timezone is None and not any(isinstance(end, datetime) for end in ends):
        daily = schema.daily
        return Source(daily, (*_day_range(daily, filters), *_choices(daily, filters)))
    facts = schema.evaluations
    zone = filters.zone(calendar.zone)
    first, last = _first_and_last(connection, filters.grant)
    first, last = first or datetime.now(UTC), last or datetime.now(UTC)
    rows = (
        sa.select(
            local_day(facts.c.audio_at, zone, first, last).label("day"),
            *(facts.c[dimension.column] for dimension in DIMENSIONS),
            *(expression.label(name) for name, expression in expressions(facts).items()),
        )
        .where(*fact_conditions(filters, calendar, period))
        .subquery()
    )
    return Source(rows, ())


def _day_range(rows: sa.FromClause, filters: Filters) -> list[sa.ColumnElement[bool]]:
    conditions = []
    if filters.date_from is not None:
        conditions.append(rows.c.day >= filters.date_from)
    if filters.date_to is not None:
        conditions.append(rows.c.day <= filters.date_to)
    return conditions


def fact_conditions(filters: Filters, calendar: Calendar, period: Period) -> list[sa.ColumnElement[bool]]:
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
            names = dimension.table
            asked: sa.ColumnElement[bool] = names.c.id.in_(ids)
            if codes.NONE_NAME in ids:
                asked = sa.or_(asked, names.c.key == codes.NO_KEY)
            conditions.append(rows.c[dimension.column].in_(sa.select(names.c.key).where(asked)))
    if filters.is_ai is not None:
        conditions.append(rows.c.is_ai == filters.is_ai)
    return conditions + granted(rows, filters.grant)


def granted(rows: sa.FromClause, grant: Grant) -> list[sa.ColumnElement[bool]]:
    """Return what rows must meet to be seen with a grant."""
    return [
        rows.c[dimension.column].in_(sa.select(dimension.table.c.key).where(dimension.table.c.id.in_(ids)))
        for dimension, ids in ((CALL_CENTER, grant.call_centers), (CAMPAIGN, grant.campaigns))
        if ids is not None
    ]


def names_of(connection: Connection, dimension: Dimension, keys: set[int]) -> dict[int, Named]:
    """Return what the keys of a dimension stand for."""
    names = dimension.table
    rows = connection.execute(sa.select(names).where(names.c.key.in_(keys)))
    return {row.key: Named(row.id, row.name) for row in rows}
