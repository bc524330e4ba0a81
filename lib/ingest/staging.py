"""Staging: checked rows into a temporary table, the last of each id, on their way to the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import FORM
from lib.ingest.answer_rows import RESULTS
from lib.ingest.converter import REPEATED, staged_schema
from lib.ingest.import_warnings import RepeatedIds
from lib.ingest.staged_answers import SHORT, AnswerSpool
from lib.store.bulk_io import MANY_ROWS, analyze, create_anew, load_batches, temporary_tables
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
    """Return the table of an import's checked rows; texts that most share with others by their codes."""
    columns = (sa.Column(field.name, _STAGED_TYPES[str(field.type)]) for field in _fields(catalog))
    return sa.Table("staged", sa.MetaData(), *columns, prefixes=["TEMPORARY"])


def _fields(catalog: Catalog) -> list[pa.Field]:
    """Return the fields of a staged row, its answers in short."""
    return [*(field for field in staged_schema(catalog) if field.name != RESULTS), *SHORT]


@dataclass(frozen=True, slots=True)
class StagedRows:
    """What is in the temporary table: so many rows, an id once, from the lowest id to the highest.

    `texts` are what the codes of each column stand for.
    """

    count: int
    lowest: str | None
    highest: str | None
    texts: Mapping[str, tuple[str, ...]]
    has_answers: bool
    repeated: RepeatedIds

    @property
    def are_few(self) -> bool:
        """Whether the rows are so few that what makes many quick would only take time."""
        return self.count < MANY_ROWS


def stage(connection: Connection, catalog: Catalog, batches: pa.RecordBatchReader) -> StagedRows:
    """Take the rows into a temporary table, the last of each id, and their answers; return what there is of them."""
    staged = staged_table(catalog)
    with temporary_tables(connection), AnswerSpool() as answers:
        create_anew(connection, staged)
        codes = _Codes(catalog, answers)
        load_batches(connection, staged, codes.coded(batches))
        has_answers = answers.load(connection)
        analyze(connection, staged, staged.c.id, staged.c.day)  # all of them take a second for every four million rows
        ids = staged.c.id
        ends = sa.select(sa.func.count(), sa.func.count(ids.distinct()), sa.func.min(ids), sa.func.max(ids))
        total, count, lowest, highest = connection.execute(ends).one()
        repeated = RepeatedIds() if total == count else _drop_duplicates(connection, staged, total - count)
        return StagedRows(count, lowest, highest, codes.texts, has_answers, repeated)


class _Codes:
    """Numbers the texts of each column that repeat, the same in every batch, and takes answers apart."""

    def __init__(self, catalog: Catalog, answers: AnswerSpool) -> None:
        self._fields = _fields(catalog)
        self._codes: dict[str, dict[str, int]] = {each.name: {} for each in self._fields if each.type == REPEATED}
        self._answers = answers

    def coded(self, batches: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """Return the batches with codes for texts that repeat, and with their answers in short."""
        schema = pa.schema([pa.field(field.name, _coded(field.type)) for field in self._fields])
        made = (pa.RecordBatch.from_arrays(self._columns(batch), schema=schema) for batch in batches)
        return pa.RecordBatchReader.from_batches(schema, made)

    @property
    def texts(self) -> dict[str, tuple[str, ...]]:
        """What the codes so far stand for, from 0, by column."""
        return {name: tuple(codes) for name, codes in self._codes.items()}

    def _columns(self, batch: pa.RecordBatch) -> list[pa.Array]:
        answers = self._answers.take(batch.column("seq"), batch.column(RESULTS), batch.column(FORM.staged_id))
        held = (self._column(batch, field.name) for field in self._fields[: -len(SHORT)])
        return [*held, *answers]

    def _column(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        column = batch.column(name)
        if column.type != REPEATED:
            return column
        known = self._codes[name]
        numbers = [known.setdefault(text, len(known)) for text in column.dictionary.to_pylist()]
        return pa.array(numbers, pa.int32()).take(column.indices)


def _coded(kind: pa.DataType) -> pa.DataType:
    return pa.int32() if kind == REPEATED else kind


def _drop_duplicates(connection: Connection, staged: sa.Table, count: int) -> RepeatedIds:
    """Keep the last row of each id; count those of the `count` others that were the same in every column."""
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
    is_exact = different == total - count  # each id has one row, the same each time
    rows = (repeated if is_exact else repeated.distinct()).subquery()
    some = sa.select(rows.c.id).group_by(rows.c.id).having(sa.func.count() > 1).order_by(rows.c.id).limit(4)
    examples = tuple(connection.scalars(some))
    connection.execute(sa.delete(staged).where(staged.c.id == twice.c.id, staged.c.seq < twice.c.last))
    return RepeatedIds(count, total - different, examples)
