"""Breakdowns: the groups of a dimension, in the order asked for, with the sums of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.cluster_spreads import Spreads, day_spreads_by
from lib.analytics.conditions import fact_key
from lib.analytics.members import keys_of, with_members
from lib.analytics.planner import ResolvedPeriod, resolve_period
from lib.analytics.planner import source as source_of
from lib.analytics.query import Filters
from lib.analytics.sources import FactRows
from lib.analytics.unsummed_values import rows_of, unsummed_values
from lib.catalog.dimensions import CALL_CENTER, EXECUTIVE, Dimension, Member
from lib.catalog.measures import PLAIN_MEASURES, MeasureTotals, sums
from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode

MOST_WITH_DAYS = 1_000
"""Of so many groups of a breakdown it is read how their days spread, as pages draw, and the API returns, no more."""

RANKED_BY = (AVERAGE_SCORE.name,)
"""The metrics of groups whose days are read where no others are asked for: what ranks, changes and files need."""


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
class GroupTotals:
    """The measures of some groups of a dimension; without those that have no evaluations."""

    groups: Mapping[Member, MeasureTotals]


def all_groups(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    days_of: tuple[str, ...] = RANKED_BY,
    metrics: tuple[str, ...] = (),
) -> Breakdown:
    """Return all groups of a dimension in a selection, the largest first, with the measures of own metrics.

    How days spread around the metrics `days_of` is said of the first MOST_WITH_DAYS groups.
    """
    by_key = _groups_by_key(connection, filters, calendar, dimension, metrics)
    ordered = _ordered([*by_key.values()], "-totalEvaluations", dimension, filters.catalog.metrics)
    period = resolve_period(connection, filters, calendar)
    total = MeasureTotals.total(group.sums for group in ordered)
    if len(ordered) <= MOST_WITH_DAYS:
        named = {key: group.named for key, group in by_key.items()}
        days = day_spreads_by(connection, filters, calendar, days_of, dimension, named=named).groups
        groups = [_with_days(group, days) for group in ordered]
    else:
        first = with_days(connection, filters, calendar, dimension, ordered[:MOST_WITH_DAYS], days_of)
        groups = [*first, *ordered[MOST_WITH_DAYS:]]
    return Breakdown(period, tuple(groups), total, len(ordered), 1, len(ordered))


def breakdown(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    sort: str = "-totalEvaluations",
    page: int = 1,
    page_size: int = 100,
) -> Breakdown:
    """Return a page of the groups of a dimension in a selection, as `page_of` does."""
    whole = all_groups(connection, filters, calendar, dimension)
    return page_of(connection, filters, calendar, dimension, whole, (sort, page, page_size))


def page_of(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    whole: Breakdown,
    paging: tuple[str, int, int],
    metrics: tuple[str, ...] = (),
) -> Breakdown:
    """Return a page of all groups, which have the measures of own metrics.

    `paging` is a field to sort by (`-` before it: descending), the page and its size. Ties, in figures as they are
    rounded, go by id; groups without a value, and the group of those that belong to none, come last among equals. How
    the days of scores, and of the metrics, spread is said of each group of the page. Raises InvalidParameterError for
    a field that can't be sorted by.
    """
    sort, page, size = paging
    ordered = _ordered(whole.groups, sort, dimension, {**filters.catalog.metrics, **_asked(filters, metrics)})
    shown = ordered[(page - 1) * size : page * size]
    if len(ordered) > MOST_WITH_DAYS:
        shown = with_days(connection, filters, calendar, dimension, shown, (*RANKED_BY, *metrics))
    return replace(whole, groups=tuple(shown), page=page, page_size=size)


def _asked(filters: Filters, metrics: tuple[str, ...]) -> Mapping[str, Metric]:
    return {name: filters.catalog.all_metrics[name] for name in metrics}


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
    days_of: tuple[str, ...] = RANKED_BY,
    *,
    are_all: bool = False,
) -> list[Group]:
    """Return groups with how days spread around metrics; all that there are are read sooner than some by name."""
    members = None if are_all else tuple(group.named for group in groups)
    days = day_spreads_by(connection, filters, calendar, days_of, dimension, members).groups
    return [_with_days(group, days) for group in groups]


def _with_days(group: Group, days: Mapping[Member, Spreads]) -> Group:
    return Group(group.named, group.sums.with_days(days.get(group.named, {})), group.call_center)


def totals_by(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    metrics: tuple[str, ...] = (),
) -> tuple[Group, ...]:
    """Return the groups of a dimension that have evaluations, in no order, each one once.

    They have the measures of own metrics, too.
    """
    return tuple(_groups_by_key(connection, filters, calendar, dimension, metrics).values())


def _groups_by_key(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension, metrics: tuple[str, ...]
) -> dict[int, Group]:
    measures = filters.catalog.measure_names(metrics)
    centered = dimension is EXECUTIVE
    dimensions = (dimension, CALL_CENTER) if centered else (dimension,)
    source = source_of(connection, filters, calendar, [each.column for each in dimensions], measures)
    groups: dict[int, Group] = {}
    centers: dict[tuple[str, ...], Member] = {}  # few, of which many groups are
    for key, *values in connection.execute(_by_key(source.rows, dimensions, measures), source.values).fetchall():
        names = values[-2 * len(dimensions) :]
        found = MeasureTotals.from_values(values[len(dimensions) - 1 : -2 * len(dimensions)], measures)
        center = centers.setdefault(tuple(names[2:]), Member(*names[2:])) if centered else None
        if key in groups:
            groups[key] = Group(groups[key].named, groups[key].sums + found, None)
        else:
            groups[key] = Group(dimension.member(*names[:2]), found, center)
    unsummed = unsummed_values(
        connection, filters, metrics, rows_of(connection, filters, calendar), lambda rows: [_key_of(rows, dimension)]
    )
    if metrics:
        groups = {
            key: replace(group, sums=group.sums.with_unsummed(unsummed.get((int(key),), {})))
            for key, group in groups.items()
        }
    return groups


def _key_of(rows: FactRows, dimension: Dimension) -> sa.ColumnElement[Any]:
    return fact_key(rows.facts, dimension.column)


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
    days = day_spreads_by(connection, filters, calendar, RANKED_BY, dimension, names).groups
    return GroupTotals({named: sums.with_days(days.get(named, {})) for named, sums in found if sums["evaluations"]})


@lru_cache(maxsize=512)
def _by_key(rows: sa.FromClause, dimensions: tuple[Dimension, ...], measures: tuple[str, ...]) -> sa.Select[Any]:
    """Return the sums by the keys of dimensions, where there are evaluations."""
    keys = [rows.c[each.column] for each in dimensions]
    some = sa.func.sum(rows.c.evaluations) != 0
    return with_members(sa.select(*keys, *sums(rows, measures)).group_by(*keys).having(some).subquery(), dimensions)


def id_order(named: Member) -> tuple[bool, str]:
    """Return what to sort by for the order of ids; what belongs to none comes last."""
    return named.id is None, named.id or ""


def order_of_names(dimension: Dimension) -> str:
    """Return what the order of groups by name is called: `name` where one column holds their names and their ids."""
    return "name" if dimension.name_field == dimension.parameter else dimension.name_field


def _sort_key(sort: str, dimension: Dimension, metrics: Mapping[str, Metric]) -> Any:
    field = sort.removeprefix("-")
    center = (CALL_CENTER.parameter, CALL_CENTER.name_field) if dimension is EXECUTIVE else ()
    fields = (dimension.parameter, order_of_names(dimension), *center, *metrics)
    if field == order_of_names(dimension):
        return lambda group: group.named.name
    if field == dimension.parameter:
        return lambda group: group.named.id
    if field in metrics:  # as it is shown: what looks equal is in the order of ids
        return lambda group: metrics[field].rounded(group.sums)
    if field in fields:
        place = "id" if field == CALL_CENTER.parameter else "name"
        return lambda group: getattr(group.call_center, place, None)
    hint, known = nearest(field, fields), ", ".join(fields)
    raise InvalidParameterError("sort", ParameterCode.NOT_A_FIELD, value=sort[:60], hint=hint, known=known)
