"""What rows must meet: the period, the predicates and the grant of a query, as SQL conditions and as keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.grants import Grant
from lib.analytics.query import Filters, first_instant, last_instant
from lib.analytics.ranges import range_conditions
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, EnumDimension, FailedCriterionDimension, NamedDimension
from lib.store import enums, schema


def fact_conditions(filters: Filters, calendar: Calendar) -> list[sa.ColumnElement[bool]]:
    """Return what the facts' rows must meet."""
    facts = filters.catalog.evaluations
    zone = filters.zone(calendar.zone)
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.date_from is not None:
        conditions.append(facts.c.audio_at >= first_instant(filters.date_from, zone))
    if filters.date_to is not None:
        conditions.append(facts.c.audio_at <= last_instant(filters.date_to, zone))
    for dimension, ids in _predicates(filters):
        if isinstance(dimension, FailedCriterionDimension):
            conditions.append(facts.c.answer_set.in_(_failed(ids, filters.catalog.answers)))
            continue
        key = fact_key(facts, dimension.column)
        if isinstance(dimension, EnumDimension):
            conditions.append(key.in_(_keys(dimension, ids)))
        else:
            conditions.append(key.in_(sa.select(dimension.members.c.key).where(_asked(dimension, ids))))
    for each in filters.ranges:
        conditions += range_conditions(facts, filters.catalog.ranged_fields_by_name[each.field], each)
    return conditions + grant_conditions(facts, filters.grant, filters.catalog)


def grant_conditions(rows: sa.FromClause, grant: Grant, catalog: Catalog) -> list[sa.ColumnElement[bool]]:
    """Return what rows must meet to be seen with a grant."""
    return [
        rows.c[dimension.column].in_(sa.select(dimension.table.c.key).where(dimension.table.c.id.in_(ids)))
        for dimension, ids in _limits(grant, catalog)
    ]


def keys_by_column(connection: Connection, filters: Filters) -> dict[str, list[Any]]:
    """Return the values that a rollup's columns may have: keys, looked up here, so that planners see values."""
    chosen: dict[str, list[Any]] = {}
    named: dict[Dimension, list[sa.ColumnElement[bool]]] = defaultdict(list)
    for dimension, ids in _predicates(filters):
        if isinstance(dimension, EnumDimension):
            chosen[dimension.column] = _keys(dimension, ids)
        else:
            named[dimension].append(_asked(dimension, ids))
    for limited, ids in _limits(filters.grant, filters.catalog):
        named[limited].append(limited.table.c.id.in_(ids))
    for dimension, conditions in named.items():
        chosen[dimension.column] = list(connection.scalars(sa.select(dimension.members.c.key).where(*conditions)))
    return chosen


def columns_of(filters: Filters) -> set[str]:
    """Return the columns that the filters' predicates and grant are about."""
    ranged = {filters.catalog.ranged_fields_by_name[each.field].column for each in filters.ranges}
    return (
        ranged
        | {dimension.column for dimension, _ in _predicates(filters)}
        | grant_columns(filters.grant, filters.catalog)
    )


def grant_columns(grant: Grant, catalog: Catalog) -> set[str]:
    """Return the columns that a grant limits."""
    return {dimension.column for dimension, _ in _limits(grant, catalog)}


def _predicates(filters: Filters) -> list[tuple[Dimension, tuple[str, ...]]]:
    return [(filters.catalog.filters_by_name[each.dimension], each.ids) for each in filters.predicates]


def _limits(grant: Grant, catalog: Catalog) -> list[tuple[NamedDimension, tuple[str, ...]]]:
    """Return what a grant is limited to. Raises KeyError for what no grant may limit, so that it shows nothing."""
    known = {dimension.name: dimension for dimension in catalog.grant_dimensions}
    return [(known[name], ids) for name, ids in grant.limits]


def fact_key(facts: sa.FromClause, column: str) -> sa.ColumnElement[Any]:
    """Return the key of a dimension's column in rows of the facts' columns; NO_KEY where they have none."""
    key = facts.c[column]
    return sa.func.coalesce(key, enums.NO_KEY).label(column) if key.nullable else key


def _failed(names: Sequence[str], answers: sa.Table) -> sa.Select[tuple[int]]:
    """Return the sets of answers that have no points in a criterion of one of these names."""
    held, known = answers.c, schema.criteria.c
    keys = sa.select(known.key).where(known.name.in_(names))
    return sa.select(held.answer_set).where(held.points == 0, held.criterion_key.in_(keys))


def _keys(dimension: EnumDimension, ids: Sequence[str]) -> list[int | bool]:
    return [value.key for value in dimension.values if value.id in ids]


def _asked(dimension: Dimension, ids: Sequence[str]) -> sa.ColumnElement[bool]:
    names = dimension.members.c
    asked: sa.ColumnElement[bool] = names.id.in_(ids)
    return sa.or_(asked, names.key == enums.NO_KEY) if enums.NONE_NAME in ids else asked
