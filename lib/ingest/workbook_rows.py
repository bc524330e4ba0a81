"""The sheets of a workbook and their first rows as they came, above the header too."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lib.errors import FileError
from lib.ingest.mapping import shortened
from lib.ingest.raw_rows import LONGEST, WIDEST
from lib.ingest.survey import FIRST_ROWS, RawRow
from lib.ingest.xlsx_package import Package, Sheet
from lib.ingest.xlsx_sheet import SheetRows
from lib.ingest.xlsx_values import CellValues

_MAX_BYTES, _MAX_SHEETS = 2**20, 50
"""Bytes of a sheet, and sheets, that are looked at."""


@dataclass(frozen=True, slots=True)
class SheetTop:
    """The beginning of a sheet."""

    number: int  # from 1
    name: str
    is_hidden: bool
    rows: tuple[RawRow, ...]


def sheet_tops(path: Path, name: str) -> tuple[SheetTop, ...]:
    """Return the beginnings of a workbook's sheets but for charts. Raises FileError where it is no workbook."""
    package = Package(path, name)
    workbook = package.workbook()
    values = CellValues(package, workbook)
    tops: list[SheetTop] = []
    for number, sheet in enumerate(workbook.sheets, 1):
        if sheet.is_table:
            rows = _first_rows(package, sheet, values) if len(tops) < _MAX_SHEETS else ()
            tops.append(SheetTop(number, sheet.name, sheet.is_hidden, rows))
    return tuple(tops)


def _first_rows(package: Package, sheet: Sheet, values: CellValues) -> tuple[RawRow, ...]:
    rows: list[RawRow] = []
    with suppress(FileError):  # what is wrong with the sheet is told when it is read
        block = SheetRows(package, sheet, values).read(FIRST_ROWS, _MAX_BYTES)
        for place, number in enumerate([] if block is None else block.numbers.tolist()):
            cells = block.cells(place) if block is not None else {}
            width = min(WIDEST, max(cells, default=-1) + 1)
            texts = tuple(shortened(cells.get(column, "").strip(), LONGEST) for column in range(width))
            if number <= FIRST_ROWS:
                rows.append(RawRow(number, texts))
    return tuple(sorted(rows, key=lambda row: row.number))
