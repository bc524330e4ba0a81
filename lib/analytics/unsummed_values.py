"""Values that no sum gives: medians and percentiles, least and largest numbers, counts of different groups.

They are read from the evaluations themselves. Percentiles leave the database as the different numbers of each group,
each with how many evaluations have it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.query import Filters
from lib.analytics.sources import FactRows, fact_rows
from lib.catalog.formulas.calculation import Calculation, UnsummedAggregate
from lib.catalog.formulas.expressions import Function
from lib.catalog.measures import ExtraColumn
from lib.catalog.unsummed import Unsummed
from lib.statistics.order_statistics import quantile_of
from lib.store.bulk_io import read_numbers
from lib.store.facts import check_time

EPOCH = date(1970, 1, 1)
"""What days among keys are counted from."""

_CHECKED_EVERY = 256
"""Groups after which it is looked at whether there is time left."""

Key = tuple[Any, ...]
"""What a group of evaluations is known by: the values of its keys, days among them as days since 1970."""

UnsummedByKey = Mapping[Key, Mapping[str, Unsummed]]

Keys = Callable[[FactRows], list[sa.ColumnElement[Any]]]
"""Returns what evaluations are grouped by: whole numbers and days, none of them null."""


def unsummed_values(
    connection: Connection,
    filters: Filters,
    metrics: Iterable[str],
    rows: Callable[[Sequence[ExtraColumn]], FactRows],
    keys: Keys = lambda _: [],
) -> UnsummedByKey:
    """Return what metrics need of a selection that no sum gives, by the keys of groups; () is the key of all of it.

    `rows` returns the evaluations, with what is needed beside the facts' columns.
    """
    unsummed_by_key: dict[Key, dict[str, Unsummed]] = defaultdict(dict)
    for each in _needed(filters, metrics):
        among = rows(each.extras)
        for key, value in _read(connection, each, among, keys(among)):
            unsummed_by_key[key][each.name] = value
    return unsummed_by_key


def rows_of(
    connection: Connection, filters: Filters, calendar: Calendar
) -> Callable[[Sequence[ExtraColumn]], FactRows]:
    """Return who returns the evaluations that filters choose, with what is needed beside the facts' columns."""
    return lambda extras: fact_rows(connection, filters, calendar, extras)


def _needed(filters: Filters, metrics: Iterable[str]) -> Iterable[UnsummedAggregate]:
    formulas = (filters.catalog.all_metrics[name].formula for name in metrics)
    return dict.fromkeys(part for each in formulas if isinstance(each, Calculation) for part in each.unsummed)


def _read(
    connection: Connection, aggregate: UnsummedAggregate, rows: FactRows, keys: list[sa.ColumnElement[Any]]
) -> Iterable[tuple[Key, Unsummed]]:
    """Yield the value of each group."""
    labeled = [key.label(f"key_{number}") for number, key in enumerate(keys)]
    columns = rows.facts.c
    value = aggregate.value(columns).label("value")
    among = sa.select(*labeled, value).where(*rows.conditions, aggregate.condition(columns)).subquery("among")
    groups = [among.c[key.name] for key in labeled]
    function = aggregate.aggregate.function
    if function is Function.PERCENTILE:
        yield from _percentiles(connection, aggregate, among, groups)
        return
    if function is Function.COUNT_DISTINCT:
        result: sa.ColumnElement[Any] = sa.func.count(sa.distinct(among.c.value))
    else:
        result = sa.func.min(among.c.value) if function is Function.MIN else sa.func.max(among.c.value)
    days = [_as_number(group) for group in groups]
    statement = sa.select(*days, result, sa.func.count()).group_by(*groups)
    for *key, amount, n in connection.execute(statement):
        known = None if amount is None else Fraction(int(amount), aggregate.scale)
        yield tuple(int(each) for each in key), Unsummed(known, int(n))


def _percentiles(
    connection: Connection, aggregate: UnsummedAggregate, among: sa.Subquery, groups: Sequence[sa.ColumnElement[Any]]
) -> Iterable[tuple[Key, Unsummed]]:
    days = [_as_number(group).label(f"key_{number}") for number, group in enumerate(groups)]
    value = among.c.value if aggregate.is_wide else sa.cast(among.c.value, sa.BigInteger).label("value")
    statement = sa.select(*days, value, sa.func.count().label("evaluations")).group_by(*groups, among.c.value)
    statement = statement.order_by(*(sa.literal_column(str(place + 1)) for place in range(len(groups) + 1)))
    if aggregate.is_wide:
        table = [[int(each) for each in row] for row in connection.execute(statement)]
        columns = [np.array(column, dtype=object) for column in zip(*table, strict=True)]
    else:
        columns = list(read_numbers(connection, statement, {}))
    if not columns or not len(columns[0]):
        return
    *key_columns, values, counts = columns
    counts = counts.astype(np.int64)
    changes = np.zeros(len(values), dtype=bool)
    for column in key_columns:
        changes[1:] |= column[1:] != column[:-1]
    starts = [0, *np.flatnonzero(changes).tolist(), len(values)]
    share = Fraction(aggregate.aggregate.percent or 0) / 100
    for place, (begin, end) in enumerate(pairwise(starts)):
        if place % _CHECKED_EVERY == 0:
            check_time(connection)
        part = slice(begin, end)
        middle, ends = quantile_of(values[part], counts[part], share)
        scaled = None if ends is None else (ends[0] / aggregate.scale, ends[1] / aggregate.scale)
        key = tuple(int(column[begin]) for column in key_columns)
        yield key, Unsummed(middle / aggregate.scale, int(counts[part].sum()), scaled)


def _as_number(key: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return a key as a whole number: a day as days since 1970, yes and no as 1 and 0."""
    if isinstance(key.type, sa.Date):
        return sa.cast(key - sa.cast(sa.literal(EPOCH.isoformat()), sa.Date), sa.Integer)
    if isinstance(key.type, sa.Boolean):
        return sa.cast(key, sa.Integer)
    return key
