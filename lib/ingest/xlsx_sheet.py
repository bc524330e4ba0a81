"""The rows of one sheet of a workbook, as they are read: nothing is kept of what lies between its cells.

What a cell's text and kind are is `xlsx_values.py`; making batches of them, `xlsx_reader.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

import numpy as np

from lib.errors import FileError
from lib.errors.workbook_codes import WorkbookCode
from lib.ingest.cells import CellKind, Kinds
from lib.ingest.mapping import shortened
from lib.ingest.xlsx_package import Package, Sheet, parse, xml_parser
from lib.ingest.xlsx_values import CellValues, check_length

MAX_ROW, MAX_COLUMN = 2**20, 2**14
"""The last row and the last column that a sheet has."""

MAX_BLOCK_TEXT = 2**26
"""Characters after which a block of rows ends."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

Numbers = np.ndarray[Any, np.dtype[np.int64]]
Texts = np.ndarray[Any, np.dtype[np.object_]]

# What the cell that is being read holds so far; closed where there is none.
_CLOSED, _NOTHING, _VALUE, _RUNS, _FORMULA_ALONE, _FORMULA_AND_VALUE = range(6)

_FORMULA = "formula"
"""In the place of a cell's type: a formula whose value the file does not hold."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a sheet: each with its number, and the cells that hold something, row by row."""

    numbers: Numbers
    rows: Numbers  # of each cell: the place of its row in the block
    columns: Numbers  # from 0
    texts: Texts
    kinds: Kinds
    share: float  # of the sheet that has been read so far

    def cells(self, place: int) -> dict[int, str]:
        """Return the texts of the row at a place, by their columns."""
        start, end = np.searchsorted(self.rows, (place, place + 1)).tolist()
        return dict(zip(self.columns[start:end].tolist(), self.texts[start:end].tolist(), strict=True))


class SheetRows:
    """Reads a sheet's rows from its first on."""

    def __init__(self, package: Package, sheet: Sheet, values: CellValues) -> None:
        """Open the sheet."""
        self._name, self._sheet, self._values = package.name, sheet.name, values
        self._chunks = package.chunks(sheet.part)
        self._size, self._done, self._is_ended = package.size(sheet.part), 0, False
        self._parser = xml_parser(package.name, sheet.part)
        self._cells = _CellCollector(self._parser, values.is_uncalculated)

    def read(self, rows: int, most_bytes: int | None = None) -> Block | None:
        """Return the next rows, somewhat more than so many, or what the next bytes hold; None where there are none.

        Raises FileError where the sheet is broken, or larger than a sheet can be.
        """
        cells = self._cells
        begun, characters, counted = self._done, 0, len(cells.stored)
        while not self._is_ended and len(cells.numbers) <= rows and characters < MAX_BLOCK_TEXT:
            chunk = next(self._chunks)
            try:
                parse(self._parser, chunk, self._name)
            except _DamagedCellError as error:
                raise self._damaged(error.value, error.row) from None
            self._done += len(chunk)
            if not chunk:
                self._is_ended = True
                cells.end_cell()
            check_length(self._name, cells.without_blanks())
            characters += sum(map(len, filter(None, cells.stored[counted:])))
            counted = len(cells.stored)
            if most_bytes is not None and self._done - begun >= most_bytes:
                break
        return self._take_block()

    def _take_block(self) -> Block | None:
        """Take out the rows that are whole: all but the last one, whose cells may still come."""
        cells = self._cells
        if self._is_ended and not cells.numbers:
            return None
        count = len(cells.numbers) if self._is_ended else max(0, len(cells.numbers) - 1)
        end = cells.starts[count] if count < len(cells.numbers) else len(cells.stored)
        numbers, starts = (np.array(each[:count], np.int64) for each in (cells.numbers, cells.starts))
        rows = np.repeat(np.arange(count), np.diff(starts, append=end))
        texts, kinds = self._converted(end, numbers, rows)
        columns = np.array(cells.columns[:end], np.int64)
        cells.drop(count, end)
        filled = np.flatnonzero(texts.astype(bool))
        share = min(1.0, self._done / self._size)
        return Block(numbers, rows[filled], columns[filled], texts[filled], kinds[filled], share)

    def _converted(self, end: int, numbers: Numbers, rows: Numbers) -> tuple[Texts, Kinds]:
        """Return the texts and kinds of the cells up to one; those of one type and style are converted together."""
        texts = np.array(self._cells.stored[:end], dtype=object)
        kinds = np.zeros(end, np.uint8)
        forms = np.array(self._cells.forms[:end], np.int64)
        order = np.argsort(forms, kind="stable")
        order = order[texts[order].astype(bool)]
        used, firsts = np.unique(forms[order], return_index=True)
        keys = list(self._cells.form_keys)
        for form, places in zip(used.tolist(), np.split(order, firsts[1:]), strict=False):
            kind, style = keys[form]
            if kind == _FORMULA:
                kinds[places] = CellKind.FORMULA
                continue
            stored = texts[places].tolist()
            try:
                read, of_kind = self._values.read_all(kind, style, stored)
            except (ValueError, IndexError):
                bad = next(place for place, each in enumerate(stored) if not self._can_read(kind, style, each))
                raise self._damaged(stored[bad], int(numbers[rows[places[bad]]])) from None
            texts[places], kinds[places] = np.array(read, dtype=object), of_kind
        return texts, kinds

    def _can_read(self, kind: str | None, style: str | None, stored: str) -> bool:
        try:
            self._values.read_all(kind, style, [stored])
        except (ValueError, IndexError):
            return False
        return True

    def _damaged(self, value: str, row: int) -> FileError:
        sheet = shortened(self._sheet)
        return FileError(
            WorkbookCode.XLSX_CELL_DAMAGED, name=self._name, sheet=sheet, row=row, value=shortened(value, 40)
        )


class _DamagedCellError(Exception):
    """A row or a cell that can't be."""

    def __init__(self, value: str, row: int) -> None:
        super().__init__(value)
        self.value, self.row = value, row


class _CellCollector:
    """Takes in the elements of a sheet: rows, and what their cells store.

    It knows nothing of the file, which is closed as soon as nobody reads the sheet any more.
    """

    def __init__(self, parser: expat.XMLParserType, is_uncalculated: bool) -> None:
        # What was read and is still to be taken: rows, each with its first cell, and cells, blank ones among them.
        self.numbers: list[int] = []
        self.starts: list[int] = []
        self.columns: list[int] = []
        self.forms: list[int] = []  # places in form_keys
        self.stored: list[str | None] = []  # one less than the others while a cell is being read
        self.form_keys = _Forms()
        # The row and the cell that are being read.
        self._number, self._column, self._digits = 0, -1, 0
        self._holds = _CLOSED
        self._formula = ""
        self._runs: list[str] = []  # of a text in several fonts, or with a reading aid
        self._is_reading_aid = False
        self._parts: list[str] = []  # of the text since the last element that has one began
        self._places = _ColumnPlaces()
        self._is_uncalculated = is_uncalculated
        self._parser = parser
        parser.StartElementHandler = self._start_root
        parser.CharacterDataHandler = self._parts.append

    def drop(self, rows: int, cells: int) -> None:
        """Forget the first rows and cells: somebody took them."""
        del self.numbers[:rows], self.columns[:cells], self.forms[:cells], self.stored[:cells]
        self.starts = [0] * len(self.numbers)

    def without_blanks(self) -> list[str]:
        """Return the pieces of the text that is being read, without the blanks behind it: there may be any number."""
        if len(self._parts) > 1 and (self._holds == _CLOSED or all(each.isspace() for each in self._parts[1:])):
            del self._parts[1:]
        return self._parts

    def _start_root(self, name: str, _attributes: dict[str, str]) -> None:
        """Learn the sheet's namespace: there are two, and some programs write none."""
        space = name[: name.rfind("}") + 1]
        self._tag_row, self._tag_cell, self._tag_value = space + "row", space + "c", space + "v"
        self._tag_formula, self._tag_inline, self._tag_text = space + "f", space + "is", space + "t"
        self._tag_run, self._tag_aid = space + "r", space + "rPh"
        self._parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        """Take in the start of an element. A text ends where the next cell or row begins: ends cost time."""
        if name == self._tag_cell:
            if self._holds == _VALUE:
                self.stored.append("".join(self._parts))
            else:
                self.end_cell()
            self._holds = _NOTHING
            reference = attributes.get("r")
            if reference is None or not self._digits:
                self._column = self._find_column(reference)
            else:
                self._column = self._places[reference[: -self._digits]]
            if self._column < 0:
                raise _DamagedCellError(reference or "", self._number)
            self.columns.append(self._column)
            self.forms.append(self.form_keys[attributes.get("t"), attributes.get("s")])
            self._parts.clear()
        elif name == self._tag_value or name == self._tag_text:
            if self._holds == _NOTHING:
                self._holds = _VALUE
            elif self._holds == _FORMULA_ALONE:
                self._holds, self._formula = _FORMULA_AND_VALUE, "".join(self._parts)
            self._parts.clear()
        elif name == self._tag_row:
            self.end_cell()
            self._start_row(attributes.get("r"))
        elif name != self._tag_inline:
            self._start_other(name)

    def _start_other(self, name: str) -> None:
        if self._holds == _CLOSED:
            return
        if name == self._tag_formula:
            self._holds = _FORMULA_ALONE
            self._parts.clear()
        elif name in (self._tag_run, self._tag_aid):
            if self._holds != _RUNS:
                self._runs = ["".join(self._parts)] if self._holds == _VALUE else []
                self._holds = _RUNS
                self._parser.EndElementHandler = self._end
            self._is_reading_aid = name == self._tag_aid
        elif self._holds != _RUNS:
            self.end_cell()

    def _end(self, name: str) -> None:
        """Take in a run of an inline text."""
        if name == self._tag_text and not self._is_reading_aid:
            self._runs.append("".join(self._parts))
        elif name == self._tag_cell:
            self.end_cell()

    def end_cell(self) -> None:
        """Keep what the cell that was being read stores."""
        if self._holds == _CLOSED:
            return
        stored = None if self._holds == _NOTHING else "".join(self._parts)
        if self._holds == _RUNS:
            stored = "".join(self._runs)
            self._parser.EndElementHandler = None
        elif self._holds == _FORMULA_ALONE:
            stored = self._keep_formula(stored or "")
        elif self._holds == _FORMULA_AND_VALUE:
            kind, _ = list(self.form_keys)[self.forms[-1]]
            is_missing = kind != "str" if not stored else stored == "0" and self._is_uncalculated
            stored = self._keep_formula(self._formula) if is_missing else stored
        self.stored.append(stored)
        self._holds = _CLOSED

    def _keep_formula(self, formula: str) -> str:
        self.forms[-1] = self.form_keys[_FORMULA, None]
        return f"={formula}"

    def _start_row(self, stated: str | None) -> None:
        self._digits = 0 if stated is None else len(stated)
        self._number = self._number + 1 if stated is None else int(stated) if stated.isdecimal() else 0
        if not 1 <= self._number <= MAX_ROW:
            raise _DamagedCellError(stated or str(self._number), self._number)
        self.numbers.append(self._number)
        self.starts.append(len(self.stored))
        self._column = -1

    def _find_column(self, reference: str | None) -> int:
        """Return a cell's column where it or its row says no place; a row without a number has its first cell's."""
        if not self.numbers:
            return -1
        if reference is None:
            return self._column + 1 if self._column + 1 < MAX_COLUMN else -1
        letters = reference.rstrip("0123456789")
        digits = reference[len(letters) :]
        self._number = int(digits or 0)
        if not 1 <= self._number <= MAX_ROW:
            return -1
        self.numbers[-1], self._digits = self._number, len(digits)
        return self._places[letters]


class _Forms(dict[tuple[str | None, str | None], int]):
    """Types and styles of cells, each pair with its place."""

    def __missing__(self, form: tuple[str | None, str | None]) -> int:
        self[form] = len(self)
        return self[form]


class _ColumnPlaces(dict[str, int]):
    """The place of a column by its letters, from 0; -1 where they are none."""

    def __missing__(self, letters: str) -> int:
        if not 1 <= len(letters) <= 3 or letters.strip(_LETTERS):
            return -1
        place = 0
        for letter in letters.upper():
            place = place * 26 + ord(letter) - 64
        self[letters] = place - 1 if place <= MAX_COLUMN else -1
        return self[letters]


def column_letters(place: int) -> str:
    """Return the letters that a spreadsheet shows above a column."""
    letters = ""
    while place >= 0:
        place, rest = divmod(place, 26)
        letters, place = chr(65 + rest) + letters, place - 1
    return letters
