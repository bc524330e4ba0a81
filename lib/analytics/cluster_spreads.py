"""How days, and executives, spread around the values of metrics: what intervals and tests of change allow for.

The days of groups are hundreds of thousands. They leave the database by the column, and `lib/statistics/clusters.py`
sums them up as arrays, which takes PostgreSQL several times as long. How the executives of two selections spread is
computed within the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, cast

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql import visitors

from lib.analytics.calendar import FIRST_DAY, Calendar, Granularity
from lib.analytics.members import keys_of, member_names
from lib.analytics.planner import source
from lib.analytics.query import Filters
from lib.analytics.sources import QuerySource
from lib.catalog.dimensions import EXECUTIVE, Dimension, FlagDimension, Member
from lib.catalog.measures import MeasureTotals, sums
from lib.catalog.metrics import AVERAGE_SCORE, Sum, Uncertainty
from lib.statistics.clusters import ClusterSpread, Numbers, Places, SharedSpread, cluster_spreads, design_effects
from lib.statistics.intervals import variance_of_mean
from lib.store.bulk_io import stream_batches
from lib.store.enums import NO_KEY, SCORE_SCALE

Spreads = Mapping[str, ClusterSpread]
"""How days spread around the values of metrics, by the metric's name."""

SharedSpreads = Mapping[str, SharedSpread]
"""How executives spread around the changes of metrics, by the metric's name."""


@dataclass(frozen=True, slots=True)
class GroupSpreads:
    """How days spread within groups; without groups that have none."""

    groups: Mapping[Member, Spreads]


@dataclass(frozen=True, slots=True)
class BucketSpreads:
    """How days spread within buckets of time, by their first day."""

    buckets: Mapping[date, Spreads]


@dataclass(frozen=True, slots=True)
class GroupSharedSpreads:
    """How executives spread around the changes of groups."""

    groups: Mapping[Member, SharedSpreads]


def day_spreads(connection: Connection, filters: Filters, calendar: Calendar, names: tuple[str, ...]) -> Spreads:
    """Return how the days of a selection spread around the values of the metrics of these names."""
    return _over_time(connection, filters, calendar, names, lambda _: FIRST_DAY).get(FIRST_DAY, {})


def day_spreads_by(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    names: tuple[str, ...],
    dimension: Dimension,
    members: tuple[Member, ...] | None = None,
) -> GroupSpreads:
    """Return how the days of each group of a dimension spread; of some members alone where they are named."""
    metrics = _metrics(filters, names)
    read = source(connection, filters, calendar, (dimension.column,), _measures(metrics), by_day=True)
    chosen = None if members is None else keys_of(connection, dimension, members)
    # An executive has a row or two a day, which are summed up sooner here; other groups have many.
    sum_up = read.has_facts or dimension is not EXECUTIVE
    statement = _days_by_key(read.rows, dimension.column, read.measures, some=members is not None, sum_up=sum_up)
    is_flag = isinstance(dimension, FlagDimension)
    key_type = pa.bool_() if is_flag else pa.int32()
    shape = pa.schema([("key", key_type), ("day", pa.date32()), *((name, pa.int64()) for name in read.measures)])
    values = {**read.values, _KEYS: list(chosen or ())}
    rows = pa.Table.from_batches(stream_batches(connection, statement, shape, values), shape).combine_chunks()
    measures = {name: rows[name].to_numpy() for name in read.measures}
    groups = rows["key"].cast(pa.int32()).combine_chunks().dictionary_encode()
    days = rows["day"].cast(pa.int32()).to_numpy()
    spreads = _spreads(groups.indices.to_numpy(), days, measures, metrics)
    keys = [bool(key) if is_flag else key for key in groups.dictionary.to_pylist()]
    named = member_names(connection, dimension, set(keys)) if chosen is None else chosen
    return GroupSpreads({named[key]: of_key for key, of_key in zip(keys, spreads, strict=True)})


def day_spreads_over_time(
    connection: Connection, filters: Filters, calendar: Calendar, names: tuple[str, ...], granularity: Granularity
) -> BucketSpreads:
    """Return how the days within each week or month of a selection spread."""

    def bucket(day: date) -> date:
        return calendar.bucket_start(day, granularity)

    return BucketSpreads(_over_time(connection, filters, calendar, names, bucket))


def _over_time(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    names: tuple[str, ...],
    bucket: Callable[[date], date],
) -> dict[date, Spreads]:
    """Return how days spread within buckets."""
    metrics = _metrics(filters, names)
    read = source(connection, filters, calendar, (), _measures(metrics), by_day=True)
    rows = connection.execute(_day_by_day(read.rows, read.measures), read.values).fetchall()
    buckets: dict[date, list[int]] = defaultdict(list)  # the places of each one's days
    for place, (day, *_) in enumerate(rows):
        buckets[bucket(day)].append(place)
    groups, days = (np.zeros(len(rows), dtype=np.int64) for _ in range(2))
    for group, places in enumerate(buckets.values()):
        groups[places], days[places] = group, range(len(places))
    columns = np.array([row[1:] for row in rows], dtype=np.int64).reshape(len(rows), len(read.measures)).T
    spreads = _spreads(groups, days, dict(zip(read.measures, columns, strict=True)), metrics)
    return dict(zip(buckets, spreads, strict=True))


def _spreads(groups: Places, days: Places, measures: Mapping[str, Numbers], metrics: Metrics) -> list[Spreads]:
    """Return the spreads of each group out of rows of days, by the numbers of their group, from 0, and of their day."""
    if not len(groups):
        return []
    first = days.min()
    shape = int(groups.max()) + 1, int(days.max() - first) + 1
    cells = groups.astype(np.int64) * shape[1] + (days - first)
    spreads: list[dict[str, ClusterSpread]] = [{} for _ in range(shape[0])]
    for name, uncertainty in metrics:
        count, total = _sum(uncertainty.count, measures), _sum(uncertainty.total, measures)
        found = cluster_spreads(cells, shape, count, total, uncertainty.scale)
        for of_group, spread in zip(spreads, found, strict=True):
            if spread is not None:
                of_group[name] = spread
    return list(spreads)


def _sum(formula: Sum, measures: Mapping[str, Numbers]) -> Numbers:
    """Return a formula's values of rows; the arrays of the measures stay as they are."""
    plus, minus = ([measures[name] for name in names] for names in (formula.plus, formula.minus))
    values: Numbers = np.sum(plus, axis=0) - (np.sum(minus, axis=0) if minus else 0)
    return values


def score_design_effects(groups: Mapping[Member, MeasureTotals]) -> dict[Member, float]:
    """Return by how much days that resemble each other widen the variance of each group's average score, at least 1.

    Of groups with two scores at least, whose totals say how the days of scores spread.
    """
    scored = {member: totals for member, totals in groups.items() if totals["scored"] > 1}
    variances = []
    for totals in scored.values():
        n, total, squares = totals["scored"], totals["score_sum"], totals["score_square_sum"]
        variances.append(variance_of_mean(n, total, squares, SCORE_SCALE) * n)
    counts = [float(totals["scored"]) for totals in scored.values()]
    effects = design_effects(counts, variances, [totals.days.get(AVERAGE_SCORE.name) for totals in scored.values()])
    return dict(zip(scored, effects, strict=True))


def executive_spreads(
    connection: Connection, filters: Filters, compared: Filters, calendar: Calendar, names: tuple[str, ...]
) -> SharedSpreads:
    """Return how executives spread around the changes of metrics from `compared` to `filters`."""
    metrics = _metrics(filters, names)
    sides = [
        source(connection, each, calendar, (EXECUTIVE.column,), _measures(metrics)) for each in (filters, compared)
    ]
    statement = _by_executives(sides[0].rows, _with_other_parameters(sides[1].rows), None, metrics)
    row = connection.execute(statement, _all_values(sides)).first()
    return {} if row is None else _shared_spreads(row[1:], metrics)


def executive_spreads_by(
    connection: Connection,
    filters: Filters,
    compared: Filters,
    calendar: Calendar,
    names: tuple[str, ...],
    dimension: Dimension,
    members: tuple[Member, ...] | None = None,
) -> GroupSharedSpreads:
    """Return the same of each group of a dimension; of some members alone where they are named.

    Executives are groups of themselves: nothing is shared within one.
    """
    if dimension == EXECUTIVE:
        return GroupSharedSpreads({})
    metrics = _metrics(filters, names)
    columns = (dimension.column, EXECUTIVE.column)
    sides = [source(connection, each, calendar, columns, _measures(metrics)) for each in (filters, compared)]
    keys = [] if members is None else list(keys_of(connection, dimension, members))
    other = _with_other_parameters(sides[1].rows)
    statement = _by_members(sides[0].rows, other, dimension, metrics, some=members is not None)
    rows = connection.execute(statement, {**_all_values(sides), _KEYS: keys}).fetchall()
    return GroupSharedSpreads({Member(*row[:2]): _shared_spreads(row[2:], metrics) for row in rows})


def _all_values(sides: Sequence[QuerySource]) -> dict[str, Any]:
    """Return the values of the parameters of two sources, of which the second one's have other names."""
    return {**sides[0].values, **{f"other_{name}": value for name, value in sides[1].values.items()}}


Metrics = tuple[tuple[str, Uncertainty], ...]


def _metrics(filters: Filters, names: tuple[str, ...]) -> Metrics:
    metrics = ((name, filters.catalog.metrics[name].uncertainty) for name in names)
    return tuple((name, uncertainty) for name, uncertainty in metrics if uncertainty is not None)


def _measures(metrics: Metrics) -> tuple[str, ...]:
    """Return the measures that the numbers of values, and their sums, are made of."""
    sums = (each for _, uncertainty in metrics for each in (uncertainty.count, uncertainty.total))
    return tuple(dict.fromkeys(name for each in sums for name in (*each.plus, *each.minus)))


def _shared_spreads(row: Sequence[Any], metrics: Metrics) -> SharedSpreads:
    spreads = {}
    for place, (name, uncertainty) in enumerate(metrics):
        squares, weights, weight_squares, before, now = row[5 * place : 5 * place + 5]
        if weight_squares:
            squares /= uncertainty.scale**2
            spreads[name] = SharedSpread.from_sums(squares, weights, weight_squares, before or 0.0, now or 0.0)
    return spreads


# What is asked of the rows of a source. It is kept as long as the rows are, and by it the text that is sent. Sums over
# executives are floating numbers: whole ones are exact up to 2^53, and squares of wider ones would take ten times as
# long.

_KEYS = "group_keys"
"""The parameter that holds the keys of the groups that are asked for."""


@lru_cache(maxsize=512)
def _day_by_day(rows: sa.FromClause, measures: tuple[str, ...]) -> sa.Select[Any]:
    return sa.select(rows.c.day, *sums(rows, measures)).group_by(rows.c.day)


@lru_cache(maxsize=512)
def _days_by_key(
    rows: sa.FromClause, column: str, measures: tuple[str, ...], *, some: bool, sum_up: bool
) -> sa.Select[Any]:
    """Return key, day and measures of rows, several of a day, or one where they are summed up."""
    key = rows.c[column].label("key")
    if sum_up:
        days = sa.select(key, rows.c.day, *sums(rows, measures)).group_by(*_FIRST_TWO)
    else:
        days = sa.select(key, rows.c.day, *(rows.c[name] for name in measures))
    return days.where(key.in_(sa.bindparam(_KEYS, expanding=True))) if some else days


@lru_cache(maxsize=512)
def _by_members(
    now: sa.FromClause, before: sa.FromClause, dimension: Dimension, metrics: Metrics, *, some: bool = False
) -> sa.Select[Any]:
    """Return the sums of `SharedSpread` over executives within each group, after its id and name."""
    return _with_names(_by_executives(now, before, dimension.column, metrics, some=some), dimension)


@lru_cache(maxsize=512)
def _by_executives(
    now: sa.FromClause, before: sa.FromClause, column: str | None, metrics: Metrics, *, some: bool = False
) -> sa.Select[Any]:
    """Return the sums of `SharedSpread` over executives: of all, or of each key of a column."""
    sides = []
    for rows, own, other in ((now, "now_", "before_"), (before, "before_", "now_")):
        group: sa.ColumnElement[Any] = sa.literal_column("0") if column is None else rows.c[column]
        values = [each.label(name) for each, name in zip(_values(rows, metrics), _names(metrics, own), strict=True)]
        nothing: list[sa.ColumnElement[Any]] = [sa.literal_column("0.0").label(name) for name in _names(metrics, other)]
        sums = [_summed(value) for value in values]
        order = (*sums, *nothing) if own == "now_" else (*nothing, *sums)
        side = sa.select(group.label("key"), rows.c[EXECUTIVE.column].label("executive"), *order).group_by(*_FIRST_TWO)
        sides.append(side.where(group.in_(sa.bindparam(_KEYS, expanding=True))) if some else side)
    rows = sa.union_all(*sides).subquery()
    names = (*_names(metrics, "now_"), *_names(metrics, "before_"))
    cells = sa.select(rows.c.key, rows.c.executive, *(_summed(rows.c[name]) for name in names)).group_by(*_FIRST_TWO)
    beside = _beside_wholes(cells, names).c
    is_known = beside.executive != NO_KEY
    columns: list[sa.ColumnElement[Any]] = []
    for place in range(len(metrics)):
        shares, parts = [], []
        for prefix in ("now_", "before_"):
            n, total = beside[f"{prefix}n{place}"], beside[f"{prefix}y{place}"]
            whole, whole_total = (
                _some(beside[f"whole_{prefix}n{place}"]),
                beside[f"whole_{prefix}y{place}"],
            )
            shares.append(sa.func.coalesce(n / whole, 0.0))
            parts.append(sa.func.coalesce((total - n / whole * whole_total) / whole, 0.0))
        weight = shares[0] * shares[0] + shares[1] * shares[1]
        columns += [
            sa.func.sum(sa.case((is_known, each)))
            for each in ((parts[0] - parts[1]) * (parts[0] - parts[1]), weight, weight * weight, shares[1], shares[0])
        ]
    return sa.select(beside.key, *columns).group_by(beside.key)


_FIRST_TWO: tuple[sa.ColumnElement[Any], ...] = (sa.literal_column("1"), sa.literal_column("2"))


def _with_names(keyed: sa.Select[Any], dimension: Dimension) -> sa.Select[Any]:
    """Return rows with a group's id and name in place of the key that they begin with."""
    of_key, names = keyed.subquery(), dimension.members.c
    key, *columns = of_key.c
    return sa.select(names.id, names.name, *columns).join_from(of_key, dimension.members, names.key == key)


def _names(metrics: Metrics, prefix: str) -> list[str]:
    """Return the columns of each metric's number of values, and of their sum."""
    return [f"{prefix}{name}{place}" for place in range(len(metrics)) for name in ("n", "y")]


def _values(rows: sa.FromClause, metrics: Metrics) -> list[sa.ColumnElement[Any]]:
    """Return what a row adds to each metric's number of values, and to their sum."""
    values: list[sa.ColumnElement[Any]] = []
    for _, uncertainty in metrics:
        for each in (uncertainty.count, uncertainty.total):
            value: sa.ColumnElement[Any] = rows.c[each.plus[0]]
            for name in each.plus[1:]:
                value += rows.c[name]
            for name in each.minus:
                value -= rows.c[name]
            values.append(sa.cast(value, sa.Double))
    return values


def _summed(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.sum(value).label(value.name)


def _beside_wholes(cells: sa.Select[Any], names: Sequence[str]) -> sa.Subquery:
    """Return cells with the sums of all cells of their key beside their own."""
    rows = cells.cte("cells")
    wholes = sa.select(rows.c.key, *(sa.func.sum(rows.c[name]).label(f"whole_{name}") for name in names))
    of_key = wholes.group_by(rows.c.key).cte("wholes")
    beside = (of_key.c[f"whole_{name}"] for name in names)
    return sa.select(rows, *beside).join_from(rows, of_key, rows.c.key == of_key.c.key).subquery()


def _some(amount: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return an amount to divide by; null, which sums pass over, where it is 0."""
    return sa.func.nullif(amount, 0.0)


@lru_cache(maxsize=512)
def _with_other_parameters(rows: sa.FromClause) -> sa.FromClause:
    """Return the rows of a source with parameters of other names, so that they can stand beside those of another."""

    def renamed(element: Any, **_: Any) -> Any:
        if isinstance(element, sa.BindParameter) and not element.unique:
            return sa.bindparam(f"other_{element.key}", type_=element.type, expanding=element.expanding)
        return None

    return cast("sa.FromClause", visitors.replacement_traverse(rows, {}, renamed))
