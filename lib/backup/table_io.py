"""The rows of any table, as Arrow batches: out of either store, and into it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import archived_batches
from lib.catalog.catalog import Catalog
from lib.store import schema
from lib.store.arrow_shapes import shape, table_of
from lib.store.bulk_io import bulk_insert, load_batches, stream_batches

_STATE_ROWS = 5_000

_ARCHIVES = (schema.archives, schema.archived_ids, schema.returned_ids)
"""What says which evaluations are archived: a backup holds these themselves, among the others."""

LEFT_OUT = {schema.metric_rollups, *_ARCHIVES}
"""Beside the rollups what says which there are, which are computed anew where they are restored; and archives."""

OF_THE_MOMENT = frozenset({"sessions", "delivery_contents", "secrets", "request_counts"})
"""What a backup does not hold: it lets nobody in, and a restore signs everybody out; mails that went out are large;
secrets are in it only if that is asked for, as a member of their own; what keys asked in the last minute is past."""

STATE = tuple(table for table in schema.STATE.sorted_tables if table.name not in OF_THE_MOMENT)
"""The tables of the state that a backup holds, in the order in which they can be filled."""


def fact_tables(catalog: Catalog) -> tuple[sa.Table, ...]:
    """Return those of the facts, in that order: all but the rollups, what says which there are, and archives."""
    computed = {*LEFT_OUT, *(table for rollup in catalog.rollups for table in rollup.tables)}
    widened = {table.name: table for table in (catalog.evaluations, catalog.replaced_evaluations)}
    held = (widened.get(table.name, table) for table in schema.FACTS.sorted_tables if table not in computed)
    return (*held, *(own.names for own in catalog.own_fields if own.is_category))


def of_facts(connection: Connection, table: sa.Table) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table of the facts, archived ones too."""
    yield from stream_batches(connection, sa.select(table), shape(table))
    if table.name in (schema.evaluations.name, schema.answers.name):
        yield from archived_batches(connection, table)


def of_state(connection: Connection, table: sa.Table) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table of the state."""
    form = shape(table)
    found = connection.execute(sa.select(table), execution_options={"yield_per": _STATE_ROWS})
    for rows in found.partitions():
        yield pa.RecordBatch.from_pylist([dict(row._mapping) for row in rows], form)


def into_facts(connection: Connection, name: str, batches: pa.RecordBatchReader) -> None:
    """Append rows to a table of the facts."""
    target = schema.FACTS.tables.get(name)
    with bulk_insert(connection, table_of(name, batches.schema) if target is None else target):
        load_batches(connection, table_of(name, batches.schema), batches)


def into_state(connection: Connection, name: str, batches: pa.RecordBatchReader, without: Collection[str] = ()) -> None:
    """Append rows to a table of the state, but those whose id is among some."""
    table = table_of(name, batches.schema)
    for batch in batches:
        added = [row for row in batch.to_pylist() if not without or row["id"] not in without]
        if added:
            connection.execute(sa.insert(table), added)
