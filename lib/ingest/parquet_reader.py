"""Parquet: typed columns in, the text that a CSV would have out; what lies within structs has columns of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.errors import FileError
from lib.errors.codes import FailureCode
from lib.ingest.answer_rows import RESULTS
from lib.ingest.arrow_cells import arrow_cells, is_text
from lib.ingest.cells import CellKind, Kinds
from lib.ingest.converter import Batch
from lib.ingest.json_values import whole_text
from lib.ingest.mapping import folded
from lib.ingest.reader import BATCH_ROWS, MAX_COLUMNS, FileReader, MalformedRow, Progress, checked_header
from lib.ingest.text_cleaning import Texts

MANY_ROWS, ROWS_A_BYTE = 5_000_000, 10
"""So many rows may be in a file of any size, and so many for each of its bytes: evaluations have ids that differ."""

_BATCH_BYTES = 64 * 2**20
_UNREAD = "…"
_AT_ONCE = 1_000


def open_parquet(path: Path, name: str, progress: Progress, named: Collection[str] | None) -> FileReader:
    """Open a Parquet file. Of columns that are not `named` the batches only say where there is something."""
    try:
        file = pq.ParquetFile(path, coerce_int96_timestamp_unit="us")  # nanoseconds would end in 2262
        columns = _columns(file.schema_arrow)
        header = checked_header(name, [column.name for column in columns])
        rows, groups = file.metadata.num_rows, file.metadata.num_row_groups
        unpacked = sum(file.metadata.row_group(place).total_byte_size for place in range(groups))
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise FileError(FailureCode.PARQUET_BROKEN, name=name, error=_first_line(error)) from None
    size = path.stat().st_size
    if rows > max(MANY_ROWS, ROWS_A_BYTE * size):
        raise FileError(FailureCode.PARQUET_TOO_MANY_ROWS, name=name, rows=rows, bytes=size)
    total = max(1, rows)
    at_once = min(BATCH_ROWS, max(1, _BATCH_BYTES * total // max(1, unpacked)))
    is_read = [named is None or folded(each) in named for each in header]

    def batches() -> Iterator[tuple[Batch, list[MalformedRow]]]:
        first = 1
        try:
            for batch in file.iter_batches(at_once):
                batch.validate(full=True)  # texts that are no text, places beyond a dictionary
                yield _read_batch(name, first, batch, columns, is_read), []
                read = size * (first - 1) // total
                first += len(batch)
                progress(size * (first - 1) // total - read)
        except (pa.ArrowException, OSError) as error:
            reason = _first_line(error)
            raise FileError(FailureCode.PARQUET_DAMAGED_AFTER, name=name, row=first - 1, error=reason) from None

    return FileReader(name, header, batches())


@dataclass(frozen=True, slots=True)
class _ParquetColumn:
    """A column of the file, or a field of a struct: its name, and its places in the file and in the structs."""

    name: str
    places: tuple[int, ...]

    def of(self, batch: pa.RecordBatch) -> pa.Array:
        """Return its values in a batch."""
        column = batch.column(self.places[0])
        return pc.struct_field(column, list(self.places[1:])) if len(self.places) > 1 else column


def _columns(schema: pa.Schema) -> list[_ParquetColumn]:
    """Return the columns, each before the fields of its structs, of which there are as many as there is room for."""
    room = MAX_COLUMNS - len(schema)
    columns: list[_ParquetColumn] = []
    for place, field in enumerate(schema):
        inner = list(_fields(field.type, _ParquetColumn(field.name, (place,))))[: max(0, room)]
        columns += [_ParquetColumn(field.name, (place,)), *inner]
        room -= len(inner)
    return columns


def _fields(kind: pa.DataType, outer: _ParquetColumn) -> Iterator[_ParquetColumn]:
    if pa.types.is_struct(kind):
        for place, field in enumerate(kind):
            column = _ParquetColumn(f"{outer.name}.{field.name}", (*outer.places, place))
            yield column
            yield from _fields(field.type, column)


def _read_batch(
    name: str, first: int, batch: pa.RecordBatch, columns: list[_ParquetColumn], is_read: list[bool]
) -> Batch:
    texts: list[Texts] = []
    kinds: list[Kinds | None] = []
    unread: dict[int, Callable[[int], str | None]] = {}
    nested: dict[int, Callable[[], Iterable[object]]] = {}
    for place, column in enumerate(columns):
        values = column.of(batch)
        if is_read[place] or is_text(values.type):
            text, kind = arrow_cells(values)
        else:
            text, kind = pc.if_else(values.is_valid(), _UNREAD, pa.scalar(None, pa.string())), CellKind.TEXT
            unread[place] = partial(_text_at, values)
        if _is_list_of_objects(values.type) or (folded(column.name) == RESULTS and kind is CellKind.NESTED):
            nested[place], unread[place] = partial(_values, values), partial(_whole_text_at, values)
        texts.append(text)
        kinds.append(None if kind is CellKind.TEXT else np.full(len(batch), kind, dtype=np.uint8))
    return Batch(name, np.arange(first, first + len(batch)), tuple(texts), tuple(kinds), unread=unread, nested=nested)


def _is_list_of_objects(kind: pa.DataType) -> bool:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(is_list and pa.types.is_struct(kind.value_type))


def _text_at(values: pa.Array, position: int) -> str | None:
    text: str | None = arrow_cells(values.slice(position, 1))[0][0].as_py()
    return text


def _values(column: pa.Array) -> Iterator[object]:
    """Yield the values of a column, made a few at a time, as lists of answers take much more memory than the column."""
    for start in range(0, len(column), _AT_ONCE):
        yield from column.slice(start, _AT_ONCE).to_pylist(maps_as_pydicts="lossy")


def _whole_text_at(column: pa.Array, position: int) -> str | None:
    value = next(iter(_values(column.slice(position, 1))))
    return None if value is None else whole_text(value)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
