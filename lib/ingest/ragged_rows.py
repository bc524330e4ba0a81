"""Rows of a CSV that are shorter or longer than its header, put in their places among the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.errors.codes import FailureCode
from lib.ingest.converter import Batch
from lib.ingest.csv_dialect import Dialect
from lib.ingest.reader import MAX_REFUSED, MalformedRow, malformed_row

Ints = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


def named_width(header: Sequence[str]) -> int:
    """Return how many cells a whole row has at least: a delimiter at the header's end begins no column."""
    return max((place for place, name in enumerate(header, 1) if name), default=0)


class RaggedRows:
    """Keeps the rows that the block reader leaves out, as they have not as many cells as most, until their turn comes.

    What a row lacks is empty. What it has beyond the header is passed over where it is empty; otherwise the row is bad.
    """

    def __init__(self, name: str, header: Sequence[str], dialect: Dialect, first_row: int) -> None:
        """Begin before the first row; `name` is what errors call the file."""
        self._name = name
        self._header = header
        self._dialect = dialect
        self._first_row = first_row
        self._waiting: list[tuple[int, list[str]]] = []
        self.following = first_row
        """The number of the next row that a block begins with."""
        self.seen = 0
        """Rows that were left out so far."""

    def take(self, row: pa.csv.InvalidRow) -> str:
        """Keep a row that the block reader can't place; `error` ends the reading, as there are too many."""
        self.seen += 1
        if self.seen > MAX_REFUSED:
            return "error"
        cells: list[str] = next(self._dialect.rows([row.text.replace("\r", " ")]), [])  # no blank ends a row
        self._waiting.append((self._first_row + row.number - 1, cells))
        return "skip"

    @property
    def waiting(self) -> bool:
        """Whether there are rows whose turn has not come."""
        return bool(self._waiting)

    def merged(self, block: pa.RecordBatch) -> tuple[Batch, list[MalformedRow]]:
        """Return a block's rows with those that were left out between them, and the malformed ones.

        The block reader is ahead: it may have left out rows of the next block too, whose turn is later.
        """
        left_out = np.array([number for number, _ in self._waiting], dtype=np.int64)
        numbers = np.arange(self.following, self.following + len(block) + len(left_out), dtype=np.int64)
        numbers = numbers[~np.isin(numbers, left_out)][: len(block)]
        if not len(numbers):
            return self._batch(numbers, list(block.columns), 0)
        self.following = int(numbers[-1]) + 1
        return self._batch(numbers, list(block.columns), int((left_out < self.following).sum()))

    def rest(self) -> tuple[Batch, list[MalformedRow]]:
        """Return the rows that were left out after the last block."""
        none = pa.array([], pa.string())
        return self._batch(np.array([], dtype=np.int64), [none for _ in self._header], len(self._waiting))

    def _batch(self, numbers: Ints, columns: list[pa.Array], ready: int) -> tuple[Batch, list[MalformedRow]]:
        numbers, columns, malformed, short, long = self._fitted(numbers, columns)
        odd, self._waiting = self._waiting[:ready], self._waiting[ready:]
        added: list[int] = []
        rows: list[list[str]] = []
        width = len(self._header)
        for number, cells in odd:
            fault = self._fault(number, cells)
            if fault is not None:
                malformed.append(fault)
                continue
            short += len(cells) < named_width(self._header)
            long += len(cells) > width
            added.append(number)
            rows.append([*cells, *[""] * (width - len(cells))][:width])
        if added:
            numbers = np.concatenate([numbers, np.array(added, dtype=np.int64)])
            order = pa.array(np.argsort(numbers))
            numbers = np.sort(numbers)
            columns = [
                pa.concat_arrays([column, pa.array([row[place] for row in rows], pa.string()).cast(column.type)]).take(
                    order
                )
                for place, column in enumerate(columns)
            ]
        malformed.sort(key=lambda row: row.number)
        return Batch(self._name, numbers, tuple(columns), short_rows=short, long_rows=long), malformed

    def _fitted(
        self, numbers: Ints, columns: list[pa.Array]
    ) -> tuple[Ints, list[pa.Array], list[MalformedRow], int, int]:
        """Return a block of whatever width as one of the header's, with its malformed, short and long rows."""
        width = len(self._header)
        if len(columns) <= width:
            missing = [pa.nulls(len(numbers), pa.string()) for _ in range(width - len(columns))]
            is_short = len(columns) < named_width(self._header)
            short = int(_holding(columns, len(numbers)).sum()) if is_short else 0
            return numbers, columns + missing, [], short, 0
        beyond = _holding(columns[width:], len(numbers))
        malformed = []
        for place in np.flatnonzero(beyond).tolist():
            fault = self._fault(int(numbers[place]), [column[place].as_py() for column in columns])
            assert fault is not None  # noqa: S101 - it holds something beyond the header
            malformed.append(fault)
        within = [column.filter(pa.array(~beyond)) for column in columns[:width]]
        long = int(_holding(within, len(numbers) - len(malformed)).sum())
        return numbers[~beyond], within, malformed, 0, long

    def _fault(self, number: int, cells: list[str]) -> MalformedRow | None:
        """Return what is wrong with a row as a whole, or that it is blank; None where its cells can be checked."""
        if not any(cell.strip() for cell in cells):
            return MalformedRow(number, (), None)
        width = len(self._header)
        if not any(cell.strip() for cell in cells[width:]):
            return None
        problem = FailureCode.WRONG_CELLS.of(cells=len(cells), expected=width)
        return malformed_row(self._name, number, tuple(cells), problem, FailureCode.RIGHT_CELLS.of(cells=width))


def _holding(columns: Sequence[pa.Array], count: int) -> Flags:
    """Return which rows hold anything but blanks."""
    holding = np.zeros(count, dtype=bool)
    for column in columns:
        if holding.all():
            break
        text = column.cast(pa.string())
        holding |= pc.not_equal(pc.utf8_trim_whitespace(text), "").to_numpy(zero_copy_only=False)
    return holding
