"""How days, and executives, spread around the values of metrics: what intervals and tests of change allow for.

Sums of days and of executives, up to hundreds of thousands, leave the database by the column, and
`lib/statistics/clusters.py` computes with them as arrays, which takes databases several times as long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import FIRST_DAY, Calendar, Granularity
from lib.analytics.members import keys_of, member_names
from lib.analytics.planner import source
from lib.analytics.query import Filters
from lib.catalog.dimensions import EXECUTIVE, Dimension, FlagDimension, Member
from lib.catalog.measures import MeasureTotals, find_measure, sums
from lib.catalog.metrics import AVERAGE_SCORE
from lib.catalog.sums import Sum
from lib.statistics.clusters import (
    ClusterSpread,
    Numbers,
    Places,
    SharedSpread,
    cluster_spreads,
    design_effects,
    shared_spreads,
)
from lib.statistics.intervals import variance_of_mean
from lib.store.bulk_io import read_numbers
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
class CourseSpreads:
    """How days spread within buckets of time, by their first day: of some groups each, and of all others together."""

    groups: Mapping[Member, Mapping[date, Spreads]]
    rest: Mapping[date, Spreads]


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
    named: Mapping[int, Member] | None = None,
) -> GroupSpreads:
    """Return how the days of each group of a dimension spread; of some members alone where they are named.

    `named` says what all keys stand for, where that is known already.
    """
    metrics = _metrics(filters, names)
    read = source(connection, filters, calendar, (dimension.column,), _measures(metrics), by_day=True)
    chosen = None if members is None else keys_of(connection, dimension, members)
    # An executive has a row or two a day, which are summed up sooner here; other groups have many.
    sum_up = read.has_facts or dimension is not EXECUTIVE
    statement = _days_by_key(read.rows, dimension.column, read.measures, some=members is not None, sum_up=sum_up)
    values = {**read.values, _KEYS: list(chosen or ())}
    groups, days, *columns = read_numbers(connection, statement, values)
    measures = dict(zip(read.measures, columns, strict=True))
    keys, groups = _numbered(groups)
    spreads = _spreads(groups, days, measures, metrics)
    if named is None:
        return GroupSpreads(dict(zip(_members(connection, dimension, keys, chosen), spreads, strict=True)))
    # A key that is not named has rows that add up to nothing, as after an undo.
    return GroupSpreads({named[key]: each for key, each in zip(keys.tolist(), spreads, strict=True) if key in named})


def day_spreads_over_time(
    connection: Connection, filters: Filters, calendar: Calendar, names: tuple[str, ...], granularity: Granularity
) -> BucketSpreads:
    """Return how the days within each week or month of a selection spread."""

    def bucket(day: date) -> date:
        return calendar.bucket_start(day, granularity)

    return BucketSpreads(_over_time(connection, filters, calendar, names, bucket))


def day_spreads_of_courses(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    names: tuple[str, ...],
    dimension: Dimension,
    members: tuple[Member, ...],
    granularity: Granularity,
) -> CourseSpreads:
    """Return how the days within each week or month spread, of some groups of a dimension and of the rest of them."""
    metrics = _metrics(filters, names)
    measures = _measures(metrics)
    read = source(connection, filters, calendar, (dimension.column,), measures, by_day=True)
    chosen = keys_of(connection, dimension, members)
    statement = _days_by_key(read.rows, dimension.column, read.measures, some=True, sum_up=True)
    keys, own_days, *own = read_numbers(connection, statement, {**read.values, _KEYS: list(chosen)})
    all_ = source(connection, filters, calendar, (), measures, by_day=True)  # from a shorter one, where there is one
    all_days, *whole = read_numbers(connection, _day_by_day(all_.rows, all_.measures), all_.values)
    places = {named: place for place, named in enumerate(members)}
    own_courses = np.array([places[chosen[key]] for key in keys.tolist()], dtype=np.int64)
    # What is not of one of these groups is of the rest: all of a day, less what each of them has of it.
    rest = np.full(len(all_days) + len(own_days), len(members), dtype=np.int64)
    courses, days = np.concatenate([own_courses, rest]), np.concatenate([own_days, all_days, own_days])
    values = [np.concatenate([part, of_all, -part]) for part, of_all in zip(own, whole, strict=True)]
    firsts = {day: calendar.bucket_start(_EPOCH + timedelta(day), granularity) for day in np.unique(days).tolist()}
    buckets = sorted(set(firsts.values()))
    numbers = {first: number for number, first in enumerate(buckets)}
    of_days = np.array([numbers[firsts[day]] for day in days.tolist()], dtype=np.int64)
    within = days - np.array([(first - _EPOCH).days for first in buckets], dtype=np.int64)[of_days]
    spreads = _spreads(courses * len(buckets) + of_days, within, dict(zip(read.measures, values, strict=True)), metrics)
    each = [dict(zip(buckets, spreads[place * len(buckets) :], strict=False)) for place in range(len(members) + 1)]
    return CourseSpreads(dict(zip(members, each[:-1], strict=True)), each[-1])


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
    columns = zip(*rows, strict=True) if rows else iter([()] * (1 + len(read.measures)))
    next(columns)  # the days
    measures: dict[str, Any] = {
        name: np.array(column, dtype=np.float64 if find_measure(name).is_wide else np.int64)
        for name, column in zip(read.measures, columns, strict=True)
    }
    spreads = _spreads(groups, days, measures, metrics)
    return dict(zip(buckets, spreads, strict=True))


def _spreads(groups: Places, days: Places, measures: Mapping[str, Numbers], metrics: Metrics) -> list[Spreads]:
    """Return the spreads of each group out of rows of days, by the numbers of their group, from 0, and of their day."""
    if not len(groups):
        return []
    first = days.min()
    shape = int(groups.max()) + 1, int(days.max() - first) + 1
    cells = groups.astype(np.int64) * shape[1] + (days - first)
    spreads: list[dict[str, ClusterSpread]] = [{} for _ in range(shape[0])]
    for name, (counts, totals, scale) in metrics:
        found = cluster_spreads(cells, shape, _sum(counts, measures), _sum(totals, measures), scale)
        for of_group, spread in zip(spreads, found, strict=True):
            if spread is not None:
                of_group[name] = spread
    return list(spreads)


def _sum(formula: Sum, measures: Mapping[str, Numbers]) -> Numbers:
    """Return a formula's values of rows; the arrays of the measures stay as they are."""
    value = measures[formula.plus[0]]
    for name in formula.plus[1:]:
        value = value + measures[name]
    for name in formula.minus:
        value = value - measures[name]
    return value


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
    _, spreads = _spreads_of_executives(connection, (filters, compared), calendar, metrics, None, None)
    return spreads[0] if spreads else {}


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
    chosen = None if members is None else keys_of(connection, dimension, members)
    keys, spreads = _spreads_of_executives(connection, (filters, compared), calendar, metrics, dimension, chosen)
    return GroupSharedSpreads(dict(zip(_members(connection, dimension, keys, chosen), spreads, strict=True)))


def _spreads_of_executives(
    connection: Connection,
    sides: tuple[Filters, Filters],
    calendar: Calendar,
    metrics: Metrics,
    dimension: Dimension | None,
    chosen: Mapping[int, Member] | None,
) -> tuple[Places, list[SharedSpreads]]:
    """Return keys of a dimension, all or those that are chosen, and how executives spread around the change of each.

    The sides are the selection and what it is compared with. Without a dimension there is one key.
    """
    names, column = _measures(metrics), None if dimension is None else dimension.column
    keys, executives, values = [], [], []
    for filters in sides:
        wanted = (EXECUTIVE.column,) if column is None else (column, EXECUTIVE.column)
        read = source(connection, filters, calendar, wanted, names)
        statement = _by_executive(read.rows, column, names, some=chosen is not None)
        key, executive, *measures = read_numbers(connection, statement, {**read.values, _KEYS: list(chosen or ())})
        keys.append(key)
        executives.append(executive)
        values.append(dict(zip(names, measures, strict=True)))
    groups, places = _numbered(np.concatenate(keys))
    shift = 1 + max((int(each.max()) for each in executives if len(each)), default=0)
    cells, rows = np.unique(places * shift + np.concatenate(executives), return_inverse=True)
    halves = rows[: len(keys[0])], rows[len(keys[0]) :]
    spreads: list[dict[str, SharedSpread]] = [{} for _ in groups]
    for name, (counts, totals, scale) in metrics:
        now, before = (
            np.array([np.bincount(half, _sum(each, side), len(cells)) for each in (counts, totals)])
            for half, side in zip(halves, values, strict=True)
        )
        found = shared_spreads(cells // shift, cells % shift != NO_KEY, now, before, scale)
        for of_group, spread in zip(spreads, found, strict=True):
            if spread is not None:
                of_group[name] = spread
    return groups, list(spreads)


def _numbered(keys: Places) -> tuple[Places, Places]:
    """Return which keys there are, in order, and the place of each one among them."""
    is_there = np.bincount(keys) > 0
    return np.flatnonzero(is_there), (np.cumsum(is_there) - 1)[keys]


def _members(
    connection: Connection, dimension: Dimension, keys: Places, chosen: Mapping[int, Member] | None
) -> list[Member]:
    """Return what keys of a dimension stand for; of those that were chosen it is known."""
    own = [bool(key) if isinstance(dimension, FlagDimension) else key for key in keys.tolist()]
    named = member_names(connection, dimension, set(own)) if chosen is None else chosen
    return [named[key] for key in own]


Metrics = tuple[tuple[str, tuple[Sum, Sum, int]], ...]
"""Metrics by name, each with what clusters have each their part of: counts, totals, and their scale."""


def _metrics(filters: Filters, names: tuple[str, ...]) -> Metrics:
    kinds = ((name, filters.catalog.known_metrics[name].uncertainty) for name in names)
    quotients = ((name, kind.quotient) for name, kind in kinds if kind is not None)
    return tuple((name, quotient) for name, quotient in quotients if quotient is not None)


def _measures(metrics: Metrics) -> tuple[str, ...]:
    """Return the measures that the numbers of values, and their sums, are made of."""
    sums = (each for _, (counts, totals, _) in metrics for each in (counts, totals))
    return tuple(dict.fromkeys(name for each in sums for name in (*each.plus, *each.minus)))


# What is asked of the rows of a source. It is kept as long as the rows are, and by it the text that is sent.

_EPOCH = date(1970, 1, 1)
"""What `read_numbers` counts days from."""

_KEYS = "group_keys"
"""The parameter that holds the keys of the groups that are asked for."""


def _sums(rows: sa.FromClause, measures: Sequence[str]) -> list[sa.ColumnElement[Any]]:
    """Return sums of measures; those that may take more than 64 bits as the nearest number of 64."""
    return [_narrowed(name, each) for name, each in zip(measures, sums(rows, measures), strict=True)]


def _narrowed(name: str, amount: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(amount, sa.Double).label(name) if find_measure(name).is_wide else amount


@lru_cache(maxsize=512)
def _day_by_day(rows: sa.FromClause, measures: tuple[str, ...]) -> sa.Select[Any]:
    return sa.select(rows.c.day, *_sums(rows, measures)).group_by(rows.c.day)


@lru_cache(maxsize=512)
def _days_by_key(
    rows: sa.FromClause, column: str, measures: tuple[str, ...], *, some: bool, sum_up: bool
) -> sa.Select[Any]:
    """Return key, day and measures of rows, several of a day, or one where they are summed up."""
    key = rows.c[column].label("key")
    if sum_up:
        days = sa.select(key, rows.c.day, *_sums(rows, measures)).group_by(*_FIRST_TWO)
    else:
        days = sa.select(key, rows.c.day, *(_narrowed(name, rows.c[name]) for name in measures))
    return days.where(key.in_(sa.bindparam(_KEYS, expanding=True))) if some else days


@lru_cache(maxsize=512)
def _by_executive(rows: sa.FromClause, column: str | None, measures: tuple[str, ...], *, some: bool) -> sa.Select[Any]:
    """Return key, executive and measures; without a column, all have the key 0."""
    key: sa.ColumnElement[Any] = sa.literal_column("0", sa.Integer) if column is None else rows.c[column]
    found = sa.select(key.label("key"), rows.c[EXECUTIVE.column], *_sums(rows, measures)).group_by(*_FIRST_TWO)
    return found.where(key.in_(sa.bindparam(_KEYS, expanding=True))) if some else found


_FIRST_TWO: tuple[sa.ColumnElement[Any], ...] = (sa.literal_column("1"), sa.literal_column("2"))
