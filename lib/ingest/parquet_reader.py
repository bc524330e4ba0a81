"""Parquet: typed columns in, the text that a CSV would have out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lib.errors import FileError
from lib.errors.codes import FailureCode
from lib.ingest.converter import Batch
from lib.ingest.mapping import FileOptions, shortened
from lib.ingest.reader import BATCH_ROWS, FileReader, MalformedRow, Progress, checked_header, number_text

MANY_ROWS, ROWS_A_BYTE = 5_000_000, 10
"""So many rows may be in a file of any size, and so many for each of its bytes: evaluations have ids that differ."""


def open_parquet(path: Path, name: str, options: FileOptions, progress: Progress) -> FileReader:
    """Open a Parquet file."""
    try:
        file = pq.ParquetFile(path)
        header = checked_header(name, file.schema_arrow.names)
        rows = file.metadata.num_rows
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise FileError(FailureCode.PARQUET_BROKEN, name=name, error=_first_line(error)) from None
    size = path.stat().st_size
    if rows > max(MANY_ROWS, ROWS_A_BYTE * size):
        raise FileError(FailureCode.PARQUET_TOO_MANY_ROWS, name=name, rows=rows, bytes=size)
    total = max(1, rows)

    def batches() -> Iterator[tuple[Batch, list[MalformedRow]]]:
        first = 1
        try:
            for batch in file.iter_batches(BATCH_ROWS):
                batch.validate(full=True)  # texts that are no text, places beyond a dictionary
                columns = tuple(
                    _text_column(name, field.name, column, options.decimal)
                    for field, column in zip(batch.schema, batch.columns, strict=True)
                )
                yield Batch(name, np.arange(first, first + len(batch)), columns), []
                read = size * (first - 1) // total
                first += len(batch)
                progress(size * (first - 1) // total - read)
        except (pa.ArrowException, OSError) as error:
            reason = _first_line(error)
            raise FileError(FailureCode.PARQUET_DAMAGED_AFTER, name=name, row=first - 1, error=reason) from None

    return FileReader(name, header, batches())


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _text_column(file: str, name: str, column: pa.Array, decimal: str) -> pa.StringArray:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_duration(kind):
        seconds = pc.divide(column.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6)
        return _plain_numbers(seconds, decimal)
    if pa.types.is_floating(kind):
        return _plain_numbers(column.cast(pa.float64()), decimal)
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    try:
        return column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        column_name = shortened(name)
        raise FileError(FailureCode.PARQUET_NESTED, name=file, column=column_name, kind=str(kind)) from None


def _plain_numbers(column: pa.DoubleArray, decimal: str) -> pa.StringArray:
    """Return numbers as people write them: 7 for 7.0, NaN as it is (an error later on), null as missing."""
    return pa.array(
        [None if value is None else number_text(value, decimal) for value in column.to_pylist()], pa.string()
    )
