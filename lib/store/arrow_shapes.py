"""What a table's rows look like as Arrow batches, as backups and archives write them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from lib.store import schema

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


def shape(table: sa.Table) -> pa.Schema:
    """Return how a table's rows are written."""
    return pa.schema([pa.field(column.name, _form(column.type)) for column in table.columns])


def table_of(name: str, written: pa.Schema) -> sa.Table:
    """Return the table that rows were written of, as far as filling it again takes."""
    types = {str(form): plain for _, form, plain in reversed(_FORMS)}
    return sa.Table(name, sa.MetaData(), *(sa.Column(field.name, types[str(field.type)]) for field in written))


def _form(kind: sa.types.TypeEngine[Any]) -> pa.DataType:
    for known, form, _ in _FORMS:
        if isinstance(kind, known):
            return form
    raise TypeError(f"a column of {kind!r} can't be written as Arrow; say in {__name__} how")
