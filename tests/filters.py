"""Filters as most tests ask by: of someone who may see everything, in the built-in catalog."""

from __future__ import annotations

from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.query import Filters, Moment, Predicate
from lib.catalog.catalog import BUILT_IN, Catalog


def make_filters(
    date_from: Moment | None = None,
    date_to: Moment | None = None,
    predicates: tuple[Predicate, ...] = (),
    timezone: str | None = None,
    grant: Grant = EVERYTHING,
    catalog: Catalog = BUILT_IN,
) -> Filters:
    """Return filters of a period."""
    return Filters(date_from, date_to, predicates, timezone=timezone, grant=grant, catalog=catalog)
