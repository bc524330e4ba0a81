"""Which source answers a question, and the period in force.

The sources are tried from the shortest to the longest, the facts last: the first one that has what the question needs
answers it. The caller never knows which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.conditions import columns_of, grant_columns
from lib.analytics.grants import Grant
from lib.analytics.query import Filters, Moment, local_date
from lib.analytics.sources import FactsSource, Needs, QuerySource, RollupSource, Source, first_and_last
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension
from lib.catalog.formulas.calculation import Calculation
from lib.catalog.metrics import Metric


@dataclass(frozen=True, slots=True)
class ResolvedPeriod:
    """The dates in force: those asked for, or the first and last day that there is. An end without data is None."""

    date_from: Moment | None
    date_to: Moment | None


@lru_cache(maxsize=64)
def sources(catalog: Catalog) -> tuple[Source, ...]:
    """Return what can answer questions, in the order in which they are tried."""
    return (*map(RollupSource, catalog.rollups), FactsSource())


def choose(needs: Needs, catalog: Catalog) -> Source:
    """Return the first source that has what a question needs."""
    return next(source for source in sources(catalog) if source.can_answer(needs))


def needs_facts(filters: Filters) -> bool:
    """Return whether no rollup can answer a question with these filters, whatever is asked."""
    return choose(_needs(filters), filters.catalog).is_facts


def is_from_rollup(filters: Filters, metric: Metric) -> bool:
    """Return whether no evaluation has to be read for a metric of a selection, but for days that are cut."""
    has_unsummed = isinstance(metric.formula, Calculation) and bool(metric.formula.unsummed)
    measures = filters.catalog.measure_names((metric.name,))
    return not has_unsummed and not choose(_needs(filters, *measures), filters.catalog).is_facts


def source(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    keys: Sequence[str],
    measures: Sequence[str],
    *,
    by_day: bool = False,
) -> QuerySource:
    """Return the rows that the numbers of some measures by some keys come from; with `by_day`, their days are kept."""
    chosen = choose(_needs(filters, *keys, *measures), filters.catalog)
    return chosen.rows(connection, filters, calendar, keys, measures, by_day=by_day)


def keys_in_use(dimension: Dimension, grant: Grant, catalog: Catalog) -> sa.Select[Any]:
    """Return the keys of a dimension that evaluations have which may be seen with a grant."""
    needs = Needs(frozenset({dimension.column, *grant_columns(grant, catalog)}))
    return choose(needs, catalog).keys_in_use(dimension.column, grant, catalog)


def criterion_keys_in_use(grant: Grant, catalog: Catalog) -> sa.Select[Any]:
    """Return the keys of the criteria that evaluations have answers to which may be seen with a grant."""
    needs = Needs(frozenset({"criterion_key", *grant_columns(grant, catalog)}))
    return choose(needs, catalog).keys_in_use("criterion_key", grant, catalog)


def _needs(filters: Filters, *columns: str) -> Needs:
    return Needs(frozenset({*columns, *columns_of(filters)}), days=filters.timezone is None)


def resolve_period(connection: Connection, filters: Filters, calendar: Calendar) -> ResolvedPeriod:
    """Fill the ends that were left open with the first and last day of all data, in the zone asked for.

    An end stays open where all data lie on the other side of the one that was asked for.
    """
    if filters.date_from is not None and filters.date_to is not None:
        return ResolvedPeriod(filters.date_from, filters.date_to)
    zone = filters.zone(calendar.zone)
    if filters.timezone is None:
        first, last = connection.execute(_first_and_last_day(filters.grant, filters.catalog)).one()
    else:
        first, last = (
            instant.astimezone(zone).date() if instant else None for instant in first_and_last(connection, filters)
        )
    if filters.date_from is not None:
        is_before = last is not None and last < local_date(filters.date_from, zone)
        return ResolvedPeriod(filters.date_from, None if is_before else last)
    if filters.date_to is not None:
        is_after = first is not None and first > local_date(filters.date_to, zone)
        return ResolvedPeriod(None if is_after else first, filters.date_to)
    return ResolvedPeriod(first, last)


@lru_cache(maxsize=512)
def _first_and_last_day(grant: Grant, catalog: Catalog) -> sa.Select[Any]:
    return choose(Needs(frozenset(grant_columns(grant, catalog))), catalog).first_and_last_day(grant, catalog)
