"""The rows of any table, as Arrow batches: out of either store, and into it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.catalog.catalog import Catalog
from lib.store import schema
from lib.store.bulk_io import bulk_insert, load_batches, stream_batches

_STATE_ROWS = 5_000

_FORMS: tuple[tuple[type[sa.types.TypeEngine[Any]], pa.DataType, type[sa.types.TypeEngine[Any]]], ...] = (
    (sa.SmallInteger, pa.int16(), sa.SmallInteger),
    (sa.BigInteger, pa.int64(), sa.BigInteger),
    (sa.Integer, pa.int32(), sa.Integer),
    (sa.Text, pa.string(), sa.Text),
    (sa.Boolean, pa.bool_(), sa.Boolean),
    (sa.Date, pa.date32(), sa.Date),
    (schema.UtcDateTime, pa.timestamp("us"), sa.DateTime),  # UTC, as in the databases
    (sa.Float, pa.float64(), sa.Float),
    (sa.LargeBinary, pa.binary(), sa.LargeBinary),
)
"""How a column's values are written; the more special types come first."""

_MADE_ANEW = schema.metric_rollups
"""What says which rollups there are, which are computed anew where they are restored."""

OF_THE_MOMENT = frozenset({"sessions", "delivery_contents", "secrets"})
"""What a backup does not hold: it lets nobody in, and a restore signs everybody out; mails that went out are large; and
secrets are in it only if that is asked for, as a member of their own."""

STATE = tuple(table for table in schema.STATE.sorted_tables if table.name not in OF_THE_MOMENT)
"""The tables of the state that a backup holds, in the order in which they can be filled."""


def fact_tables(catalog: Catalog) -> tuple[sa.Table, ...]:
    """Return those of the facts, in that order: all but the rollups and what says which there are."""
    computed = {_MADE_ANEW, *(table for rollup in catalog.rollups for table in rollup.tables)}
    widened = {table.name: table for table in (catalog.evaluations, catalog.replaced_evaluations)}
    held = (widened.get(table.name, table) for table in schema.FACTS.sorted_tables if table not in computed)
    return (*held, *(own.names for own in catalog.own_fields if own.is_category))


def shape(table: sa.Table) -> pa.Schema:
    """Return how a table's rows are written."""
    return pa.schema([pa.field(column.name, _form(column.type)) for column in table.columns])


def table_of(name: str, written: pa.Schema) -> sa.Table:
    """Return the table that rows were written of, as far as filling it again takes."""
    types = {str(form): plain for _, form, plain in reversed(_FORMS)}
    return sa.Table(name, sa.MetaData(), *(sa.Column(field.name, types[str(field.type)]) for field in written))


def of_facts(connection: Connection, table: sa.Table) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table of the facts."""
    yield from stream_batches(connection, sa.select(table), shape(table))


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


def _form(kind: sa.types.TypeEngine[Any]) -> pa.DataType:
    for known, form, _ in _FORMS:
        if isinstance(kind, known):
            return form
    raise TypeError(f"a column of {kind!r} can't be kept in a backup; say in {__name__} how")
