"""The rollups that hold what own metrics and the metrics of own fields are made of, beside the plain measures.

They are made from the facts, kept up to date with them, and let go. There is one set of them at a time, with the
measures of all metrics. While there is none, or where a metric or a field came since, the facts answer. One that can't
be kept up to date any more is retired by who changes the facts next, and dropped once nobody can be reading it. What
changes something must run inside `FactStore.write`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import rollup
from lib.analytics.field_definitions import own_fields
from lib.analytics.kept_measures import kept_measures, retire
from lib.analytics.metric_definitions import stored_catalog, stored_catalog_of
from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import OwnField
from lib.catalog.own_metrics import keepable
from lib.catalog.rollups import metric_rollups
from lib.store import schema
from lib.store.bulk_io import analyze_grown

READ_FOR = timedelta(minutes=5)
"""A question that began before rollups were retired has ended after so long."""

_HELD = schema.metric_rollups.c


def is_due(connection: Connection) -> bool:
    """Return whether metrics have measures that rollups may hold and do not, or rollups are to be dropped."""
    kept = kept_measures(connection)
    held = () if kept is None else kept.names
    return held != keepable(stored_catalog(connection)) or bool(_droppable(connection))


def catalog_for_writing(connection: Connection, fields: tuple[OwnField, ...]) -> Catalog:
    """Return the catalog by which the facts change: with all rollups that are kept up to date with them.

    Those that can't be any more, as a metric or a field is not what it was, are retired.
    """
    catalog = stored_catalog_of(connection, fields)
    if catalog.kept_measures is None and kept_measures(connection) is not None:
        retire(connection)
    return catalog


def stored_catalog_for_writing(connection: Connection) -> Catalog:
    """Return the same with the workspace's own fields."""
    return catalog_for_writing(connection, own_fields(connection))


def drop_retired(connection: Connection) -> None:
    """Drop rollups that were retired so long ago that nobody reads them."""
    for number in _droppable(connection):
        for each in metric_rollups(number, ()):
            for table in each.tables:
                connection.execute(sa.schema.DropTable(table, if_exists=True))
        connection.execute(sa.delete(schema.metric_rollups).where(_HELD.number == number))


def _droppable(connection: Connection) -> list[int]:
    retired = sa.select(_HELD.number).where(_HELD.retired_at < datetime.now(UTC) - READ_FOR)
    return list(connection.scalars(retired))


def fill(connection: Connection, tell: Callable[[float], None]) -> None:
    """Make the rollups that hold the measures of all metrics, from the facts, in place of those that there are.

    `tell` is told how far it is, 0 to 100.
    """
    names, kept = keepable(stored_catalog(connection)), kept_measures(connection)
    if names == (() if kept is None else kept.names):
        return
    retire(connection)
    if not names:
        return
    number = 1 + (connection.execute(sa.select(sa.func.max(_HELD.number))).scalar_one() or 0)
    connection.execute(sa.insert(schema.metric_rollups).values(number=number, measures=json.dumps(names)))
    catalog = stored_catalog(connection)
    made = catalog.metric_rollups[::-1]  # from the longest, of which others are summed
    for place, each in enumerate(made):
        for table in each.tables:
            table.create(connection)
        rollup.fill(connection, catalog, each)
        tell((place + 1) / len(made) * 100)
    analyze_grown(connection)
