"""XLSX: one sheet's rows in, columns of texts with their kinds out.

What a workbook's parts are is `xlsx_package.py`; the rows of a sheet, `xlsx_sheet.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from lib.errors import FileError, MappingError, nearest
from lib.errors.workbook_codes import WorkbookCode
from lib.ingest.cells import Kinds
from lib.ingest.converter import Batch, RowProblem
from lib.ingest.mapping import FileOptions, folded, shortened
from lib.ingest.reader import BATCH_ROWS, FileReader, MalformedRow, Progress, checked_header
from lib.ingest.xlsx_package import Package, Sheet, Workbook
from lib.ingest.xlsx_sheet import Block, Numbers, SheetRows, column_letters
from lib.ingest.xlsx_values import CellValues

BATCH_CELLS = 2**20
"""Cells that a batch has about: of a wide sheet it has fewer rows."""

FIRST_ROWS = 1_000
"""Rows of the first batch, which somebody may be waiting for."""

_SEARCHED_ROWS, _SEARCHED_BYTES, _SEARCHED_SHEETS = 20, 2**20, 200


@dataclass(frozen=True, slots=True)
class SheetInfo:
    """A sheet of a workbook that one can read a table from."""

    name: str
    is_hidden: bool


def sheets(path: Path, name: str) -> tuple[SheetInfo, ...]:
    """Return a workbook's sheets in their order, without those that are charts. Raises FileError where it is none."""
    return tuple(
        SheetInfo(each.name, each.is_hidden) for each in Package(path, name).workbook().sheets if each.is_table
    )


def open_workbook(path: Path, name: str, options: FileOptions, progress: Progress) -> FileReader:
    """Open one sheet of an XLSX file."""
    package = Package(path, name)
    workbook = package.workbook()
    sheet = _chosen_sheet(name, workbook, options.sheet)
    values = CellValues(package, workbook)
    rows = SheetRows(package, sheet, values)
    first, header = _read_header(rows, options.header_row)
    names = checked_header(name, header)
    if first is None or not any(names):
        raise FileError(
            WorkbookCode.XLSX_WITHOUT_HEADER,
            name=name,
            row=options.header_row,
            sheet=sheet.name,
            sheets=_listed(workbook.sheets),
        )
    table = _SheetTable(name, names, options.header_row, rows, first)
    tables = [each for each in workbook.sheets if each.is_table and each != sheet]
    others = _OtherSheets(package, tables, values, options.header_row)
    return FileReader(
        name, names, table.batches(progress, path.stat().st_size), elsewhere=others.having, is_1904=workbook.is_1904
    )


def _chosen_sheet(name: str, workbook: Workbook, wanted: str | int | None) -> Sheet:
    """Return the sheet that is wanted, by its name or its number from 1; else the first one that one can see."""
    sheets = workbook.sheets
    tables = [each for each in sheets if each.is_table]
    if not tables:
        raise FileError(WorkbookCode.XLSX_WITHOUT_SHEET, name=name)
    if wanted is None:
        return next((each for each in tables if not each.is_hidden), tables[0])
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(sheets):
            raise MappingError(
                WorkbookCode.XLSX_NO_SHEET_NUMBER, name=name, sheet=wanted, count=len(sheets), sheets=_listed(sheets)
            )
        chosen = sheets[wanted - 1]
    else:
        exact = [each for each in sheets if each.name == wanted]
        alike = exact or [each for each in sheets if each.name.strip().casefold() == wanted.strip().casefold()]
        if not alike:
            hint = nearest(wanted, [each.name for each in sheets])
            raise MappingError(
                WorkbookCode.XLSX_NO_SHEET_NAME, name=name, sheet=wanted, hint=hint, sheets=_listed(sheets)
            )
        chosen = alike[0]
    if not chosen.is_table:
        raise MappingError(WorkbookCode.XLSX_NO_TABLE, name=name, sheet=chosen.name, sheets=_listed(tables))
    return chosen


def _listed(sheets: Sequence[Sheet]) -> str:
    return ", ".join(shortened(each.name) for each in sheets[:40]) + (" …" if len(sheets) > 40 else "")


def _read_header(rows: SheetRows, number: int) -> tuple[Block | None, list[str]]:
    """Return the header up to its last name, and the block of rows that it is in; no block where it is missing."""
    while (block := rows.read(FIRST_ROWS)) is not None:
        places = np.flatnonzero(block.numbers == number)
        if len(places):
            cells = block.cells(int(places[0]))
            named = [column for column, text in cells.items() if text.strip()]
            return block, [cells.get(column, "") for column in range(max(named, default=-1) + 1)]
        if len(block.numbers) and block.numbers.max() > number:
            break
    return None, []


@dataclass(frozen=True)
class _SheetTable:
    """The rows of a sheet below its header."""

    name: str
    header: tuple[str, ...]
    header_row: int
    rows: SheetRows
    first: Block  # that with the header

    def batches(self, progress: Progress, size: int) -> Iterator[tuple[Batch, list[MalformedRow]]]:
        """Yield the rows, with those that are blank up to the last that is not, whether or not the sheet lists them."""
        block: Block | None = self.first
        last, reported = self.header_row, 0
        most = max(1, min(BATCH_ROWS, BATCH_CELLS // len(self.header)))
        while block is not None:
            cells = _BlockCells(block, self.header_row, len(self.header))
            end = max(last, int(cells.numbers.max(initial=0)))
            blank = np.setdiff1d(np.arange(last + 1, end), cells.numbers)
            surplus = [self._surplus_row(block, place) for place in cells.surplus.tolist()]
            yield cells.batch(self.name), [*surplus, *_blank_rows(blank[:BATCH_ROWS])]
            for start in range(BATCH_ROWS, len(blank), BATCH_ROWS):
                yield self._empty_batch(), _blank_rows(blank[start : start + BATCH_ROWS])
            progress(int(size * block.share) - reported)
            last, reported = end, int(size * block.share)
            block = self.rows.read(most)
        progress(size - reported)

    def _empty_batch(self) -> Batch:
        return Batch(self.name, np.array([], np.int64), tuple(pa.array([], pa.string()) for _ in self.header))

    def _surplus_row(self, block: Block, place: int) -> MalformedRow:
        """Return a row with something to the right of the header, where no name says what it is."""
        width = len(self.header)
        texts = block.cells(place)
        surplus = [column for column in sorted(texts) if column >= width and texts[column].strip()]
        whole = (*(texts.get(column, "") for column in range(width)), *(texts[column] for column in surplus))
        problem = RowProblem(
            self.name,
            int(block.numbers[place]),
            column_letters(surplus[0]),
            texts[surplus[0]],
            WorkbookCode.XLSX_CELL_WITHOUT_NAME.of(),
            WorkbookCode.RIGHT_XLSX_NAME.of(row=self.header_row),
        )
        return MalformedRow(problem.row, whole, problem)


def _blank_rows(numbers: Numbers) -> list[MalformedRow]:
    return [MalformedRow(number, (), None) for number in numbers.tolist()]


class _BlockCells:
    """The cells of a block below the header; its rows in the order of their numbers."""

    def __init__(self, block: Block, header_row: int, width: int) -> None:
        filled = np.unique(block.rows)
        filled = filled[block.numbers[filled] > header_row]
        filled = filled[np.argsort(block.numbers[filled], kind="stable")]
        self.numbers: Numbers = block.numbers[filled]
        beyond = np.flatnonzero(block.columns >= width)
        texts = block.texts
        surplus = block.rows[[place for place in beyond.tolist() if texts[place].strip()]]
        self.surplus: Numbers = filled[np.isin(filled, surplus)]
        """The places of the rows that hold something beyond the header."""
        self._block, self._width = block, width
        self._regular: Numbers = filled[~np.isin(filled, surplus)]

    def batch(self, name: str) -> Batch:
        """Return the rows that hold nothing beyond the header."""
        block, count = self._block, len(self._regular)
        places = np.full(len(block.numbers), -1, np.int64)
        places[self._regular] = np.arange(count)
        rows = places[block.rows]
        order = np.argsort(block.columns, kind="stable")
        order = order[rows[order] >= 0]
        bounds = np.searchsorted(block.columns[order], np.arange(self._width + 1))
        columns: list[pa.StringArray] = []
        kinds: list[Kinds | None] = []
        for column in range(self._width):
            cells = order[bounds[column] : bounds[column + 1]]
            texts = np.full(count, None, dtype=object)
            texts[rows[cells]] = block.texts[cells]
            columns.append(pa.array(texts, pa.string()))
            of_column = np.zeros(count, np.uint8)
            of_column[rows[cells]] = block.kinds[cells]
            kinds.append(of_column if of_column.any() else None)
        return Batch(name, block.numbers[self._regular], tuple(columns), tuple(kinds))


class _OtherSheets:
    """The sheets of a workbook that are not read, for who names a column that lies in one of them."""

    def __init__(self, package: Package, tables: list[Sheet], values: CellValues, header_row: int) -> None:
        self._package, self._tables, self._values, self._header_row = package, tables, values, header_row

    def having(self, column: str) -> tuple[str, ...]:
        """Return the names of the sheets that have a column, in the header's row or among the first 20."""
        return tuple(name for name, names in self._names.items() if folded(column) in names)

    @cached_property
    def _names(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for sheet in self._tables[:_SEARCHED_SHEETS]:
            with suppress(FileError):  # a sheet that can't be read has no column that one could be sent to
                found[sheet.name] = self._names_of(sheet)
        return found

    def _names_of(self, sheet: Sheet) -> frozenset[str]:
        rows = SheetRows(self._package, sheet, self._values)
        block = rows.read(max(_SEARCHED_ROWS, self._header_row), _SEARCHED_BYTES)
        if block is None:
            return frozenset()
        searched = (block.numbers <= _SEARCHED_ROWS) | (block.numbers == self._header_row)
        return frozenset(folded(text) for text in block.texts[searched[block.rows]].tolist())
