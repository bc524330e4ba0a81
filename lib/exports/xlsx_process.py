"""Writes a workbook of evaluations, in a child process, so that pages and API stay quick while it works.

The child takes Arrow batches from standard input and writes one file; run as `python -m lib.exports.xlsx_process`.
`Writer` is the parent's side. The parent alone gives the file its name, once all rows are in it.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lib.errors import StorageError
from lib.errors.codes import FailureCode
from lib.formats import child_process
from lib.formats.csv_injection import escape_formula

SHEET_ROWS = 1_048_575
"""Rows of a sheet below its header."""

_DAYS_TO_1970 = 25_569.0
"""The serial of 1 January 1970."""


class Writer:
    """A child that writes one workbook; the parent hands it batches, and is told how many rows it wrote."""

    def __init__(self, path: Path, rows: int, about: tuple[tuple[str, ...], ...], shape: pa.Schema) -> None:
        """Start the child. `rows` is how many will come."""
        order = {"path": str(path), "rows": rows, "about": about}
        self._child = child_process.start("lib.exports.xlsx_process", json.dumps(order))
        assert self._child.stdin  # noqa: S101 - asked for
        self._stream: Any = pa.ipc.new_stream(self._child.stdin, shape)

    def write(self, batch: pa.RecordBatch) -> None:
        """Hand over a batch. Raises StorageError where the child could not go on."""
        try:
            self._stream.write_batch(batch)
        except OSError:
            self._fail()

    def finish(self) -> int:
        """End the stream and return how many rows were written. Raises StorageError where the child failed."""
        assert self._child.stdin and self._child.stdout  # noqa: S101 - asked for
        try:
            self._stream.close()
            self._child.stdin.close()
        except OSError:
            self._fail()
        count = self._child.stdout.read()
        if self._child.wait() != 0:
            self._fail()
        return int(count)

    def close(self) -> None:
        """End the child, whatever it does."""
        child_process.end(self._child)

    def _fail(self) -> None:
        assert self._child.stderr  # noqa: S101 - asked for
        self._child.wait()
        said = child_process.last_line(self._child.stderr.read())
        raise StorageError(FailureCode.EXPORT_UNWRITTEN, error=said)


def main() -> None:
    """Be the child."""
    child_process.end_with_parent()
    child_process.make_way()
    child_process.block_pandas()
    order = json.loads(sys.argv[1])
    try:
        batches = pa.ipc.open_stream(sys.stdin.buffer)
        rows = write(Path(order["path"]), batches, order["rows"], order["about"])
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}\n")
        sys.exit(1)
    sys.stdout.write(str(rows))


def write(path: Path, batches: pa.RecordBatchReader, expected: int, about: Sequence[tuple[str, str]]) -> int:
    """Write as many sheets as the expected rows need, and the one that says what they hold; return the rows written."""
    import rustpy_xlsxwriter as xlsx

    instants = [field.name for field in batches.schema if pa.types.is_timestamp(field.type)]
    shape = pa.schema(
        [pa.field(each.name, pa.float64() if each.name in instants else each.type) for each in batches.schema]
    )
    written, title = 0, dict(about).get("Table", "Evaluations")

    def rows() -> Iterator[pa.RecordBatch]:
        nonlocal written
        for batch in batches:
            written += len(batch)
            yield pa.RecordBatch.from_arrays([_serials(column) for column in batch.columns], schema=shape)

    sheets: list[tuple[str, Any]] = []
    source = rows()
    rest: list[pa.RecordBatch] = []
    count = max(1, -(-expected // SHEET_ROWS))
    for number in range(1, count + 1):
        name = title if number == 1 else f"{title} {number}"
        sheets.append((name, pa.RecordBatchReader.from_batches(shape, _sheet(source, rest, shape))))
    sheets.append(("About", [{"what": label, "value": escape_formula(value)} for label, value in about]))
    formats = {"averageNote": xlsx.Format().set_num_format("0.00##")}
    formats |= {name: xlsx.Format().set_num_format("yyyy-mm-dd hh:mm:ss") for name in instants}
    general = {"row": 1}
    xlsx.write_worksheets(
        sheets,
        str(path),
        freeze_panes={"general": general},
        bold_headers=True,
        column_formats={name: formats for name, _ in sheets[:-1]},
        column_width={name: 18.0 for name, _ in sheets},
    )
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return written


def _serials(column: pa.Array) -> pa.Array:
    """Return instants as a spreadsheet counts days, with fractions of a second, which the writer would cut off."""
    if not pa.types.is_timestamp(column.type):
        return column
    return pc.add(pc.divide(pc.cast(column.cast(pa.int64()), pa.float64()), 86_400_000_000.0), _DAYS_TO_1970)


def _sheet(source: Iterator[pa.RecordBatch], rest: list[pa.RecordBatch], shape: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the batches of one sheet; what does not fit waits in `rest` for the next one."""
    left = SHEET_ROWS
    waiting, rest[:] = list(rest), []
    for batch in itertools.chain(waiting, source):
        if len(batch) > left:
            rest.append(batch.slice(left))
            batch = batch.slice(0, left)
        left -= len(batch)
        yield batch
        if left == 0:
            return
    if left == SHEET_ROWS:
        yield pa.RecordBatch.from_arrays([pa.array([], field.type) for field in shape], schema=shape)


if __name__ == "__main__":
    main()
