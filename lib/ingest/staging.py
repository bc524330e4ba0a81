"""Staging: checked rows into a temporary table, the last of each id, on their way to the facts."""

from __future__ import annotations

from functools import cache
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.catalog.catalog import Catalog
from lib.ingest.answer_rows import RESULTS
from lib.ingest.converter import REPEATED, staged_schema
from lib.ingest.import_warnings import RepeatedIds
from lib.store.bulk_io import analyze, drop, load_batches
from lib.store.schema import UtcDateTime

_STAGED_TYPES: dict[str, Any] = {
    "int64": sa.BigInteger,
    "int32": sa.Integer,
    "int16": sa.SmallInteger,
    "string": sa.Text,
    str(REPEATED): sa.Integer,
    "bool": sa.Boolean,
    "date32[day]": sa.Date,
    "timestamp[us]": UtcDateTime,
}


@cache  # always the same, so that its statements are compiled once
def staged_table(catalog: Catalog) -> sa.Table:
    """Return the table of an import's checked rows; texts that most share with others by their code in `texts`."""
    columns = (
        sa.Column(field.name, _STAGED_TYPES[str(field.type)])
        for field in staged_schema(catalog)
        if field.name != RESULTS
    )
    return sa.Table("staged", sa.MetaData(), *columns, prefixes=["TEMPORARY"])


texts = sa.Table(
    "texts", sa.MetaData(), sa.Column("code", sa.Integer), sa.Column("text", sa.Text), prefixes=["TEMPORARY"]
)
"""What the codes of staged rows stand for."""


def stage(connection: Connection, catalog: Catalog, batches: pa.RecordBatchReader) -> RepeatedIds:
    """Take the rows into a temporary table, the last of each id; return what that left out."""
    staged = staged_table(catalog)
    with connection.begin():
        drop(connection, staged, texts)
        for table in (staged, texts):
            table.create(connection)
        codes = _Codes()
        load_batches(connection, staged, codes.coded(batches))
        load_batches(connection, texts, codes.texts)
        analyze(connection, staged, staged.c.id, staged.c.day)  # all of them take a second for every four million rows
        analyze(connection, texts)
        return _drop_duplicates(connection, staged)


class _Codes:
    """Numbers the texts that repeat, the same in every batch."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def coded(self, batches: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """Return the batches with codes for texts that repeat."""
        names = [name for name in batches.schema.names if name != RESULTS]
        schema = pa.schema([pa.field(name, _coded(batches.schema.field(name).type)) for name in names])
        made = (
            pa.RecordBatch.from_arrays([self._column(batch.column(name)) for name in names], schema=schema)
            for batch in batches
        )
        return pa.RecordBatchReader.from_batches(schema, made)

    @property
    def texts(self) -> pa.RecordBatchReader:
        """The codes so far, and what they stand for."""
        table = pa.table(
            {"code": pa.array(self._codes.values(), pa.int32()), "text": pa.array(self._codes, pa.string())}
        )
        return table.to_reader()

    def _column(self, column: pa.Array) -> pa.Array:
        if column.type != REPEATED:
            return column
        known = self._codes
        numbers = [known.setdefault(text, len(known)) for text in column.dictionary.to_pylist()]
        return pa.array(numbers, pa.int32()).take(column.indices)


def _coded(kind: pa.DataType) -> pa.DataType:
    return pa.int32() if kind == REPEATED else kind


def _drop_duplicates(connection: Connection, staged: sa.Table) -> RepeatedIds:
    """Keep the last row of each id; count the others, and those that were the same in every column."""
    ids = connection.execute(sa.select(sa.func.count(), sa.func.count(staged.c.id.distinct()))).one()
    if ids[0] == ids[1]:
        return RepeatedIds()
    twice = (
        sa.select(staged.c.id, sa.func.max(staged.c.seq).label("last"))
        .group_by(staged.c.id)
        .having(sa.func.count() > 1)
        .subquery()
    )
    columns = [column for column in staged.columns if column.name != "seq"]
    repeated = sa.select(*columns).join(twice, staged.c.id == twice.c.id)
    total = connection.execute(sa.select(sa.func.count()).select_from(repeated.subquery())).scalar_one()
    different = connection.execute(sa.select(sa.func.count()).select_from(repeated.distinct().subquery())).scalar_one()
    count = ids[0] - ids[1]
    is_exact = different == total - count  # each id has one row, the same each time
    rows = (repeated if is_exact else repeated.distinct()).subquery()
    some = sa.select(rows.c.id).group_by(rows.c.id).having(sa.func.count() > 1).order_by(rows.c.id).limit(4)
    examples = tuple(connection.scalars(some))
    connection.execute(sa.delete(staged).where(staged.c.id == twice.c.id, staged.c.seq < twice.c.last))
    return RepeatedIds(count, total - different, examples)
