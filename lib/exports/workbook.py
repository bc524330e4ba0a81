"""A workbook as a value of sheets, and how it is written: typed and formatted cells, no formulas.

The child that writes it loads what stands here, and not what the figures come from, which takes seconds.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lib.formats.csv_injection import escape_formula
from lib.formats.xml_text import UNHELD
from lib.i18n import current, override_language, t

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_FORMATS = {
    "count": "#,##0",
    "score": "0.00",
    "share": "0.00%",
    "balance": "0.00",
    "seconds": "#,##0",
    "points": "+0.0000;-0.0000;0.0000",
    "change": "+0.0%;-0.0%;0.0%",
}
_DATES = {
    "en": {"date": "yyyy-mm-dd", "instant": "yyyy-mm-dd hh:mm:ss"},
    "es": {"date": "dd-mm-yyyy", "instant": "dd-mm-yyyy hh:mm:ss"},
}
_MAX_CELL = 32_767  # characters that a cell of an XLSX holds
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # spreadsheets take _x0041_ for an A


@dataclass(frozen=True, slots=True)
class TypedCell:
    """A value of a workbook and what it is: one of the kinds above, or `text`."""

    value: Any
    kind: str


@dataclass(frozen=True, slots=True)
class TableSheet:
    """A sheet with a table: what stands above its columns, the kinds of their values, its rows.

    Its header is frozen, and its total stands below what is filtered.
    """

    title: str
    headings: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class LineSheet:
    """A sheet of lines, each with a label in its first cell; columns are so many characters wide."""

    title: str
    lines: tuple[tuple[Any, ...], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WorkbookFile:
    """A workbook to write: its sheets, and the language whose dates it has."""

    sheets: tuple[TableSheet | LineSheet, ...]
    language: str

    def xlsx(self) -> bytes:
        """Return it as XLSX."""
        from openpyxl import Workbook  # here, as it takes longer to load than all that most commands do

        book = Workbook(write_only=True)
        with override_language(self.language):
            for sheet in self.sheets:
                if isinstance(sheet, TableSheet):
                    _append_table(book, sheet)
                else:
                    _append_lines(book, sheet)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


def _append_table(book: Workbook, table: TableSheet) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    headings, rows = table.headings, table.rows
    sheet = book.create_sheet(_sheet_name(table.title, book.sheetnames))
    sheet.freeze_panes = "A2"
    for place, heading in enumerate(headings, 1):
        lengths = [len(str(row[place - 1] or "")) for row in rows[:200]]
        sheet.column_dimensions[get_column_letter(place)].width = min(48, max(12, len(heading) + 2, *lengths, 0))
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(headings))}{len(rows) + 1}"
    sheet.append([_heading(sheet, heading) for heading in headings])
    for row in rows:
        sheet.append([_cell(sheet, value, kind) for value, kind in zip(row, table.kinds, strict=True)])
    if table.total is not None:
        cells = [_cell(sheet, value, kind) for value, kind in zip(table.total, table.kinds, strict=True)]
        for cell in cells:
            cell.font = Font(bold=True)
        sheet.append(cells)


def _append_lines(book: Workbook, text: LineSheet) -> None:
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(_sheet_name(text.title, book.sheetnames))
    for place, width in enumerate(text.widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    for label, *values in text.lines:
        cells = [
            _cell(sheet, each.value, each.kind) if isinstance(each, TypedCell) else _xlsx_value(each) for each in values
        ]
        sheet.append([_heading(sheet, label) if label else None, *cells])


def _cell(sheet: WriteOnlyWorksheet, value: Any, kind: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, _xlsx_value(value))
    if value is not None and (number_format := _DATES[current()].get(kind) or _FORMATS.get(kind)):
        cell.number_format = number_format
    return cell


def _heading(sheet: WriteOnlyWorksheet, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font, PatternFill

    cell = WriteOnlyCell(sheet, _cell_text(text))
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="E6EEEE")
    return cell


def _xlsx_value(value: Any) -> Any:
    if isinstance(value, str):
        return _cell_text(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value


def _cell_text(text: str) -> str:
    """Return a text as a cell of a workbook shows it: no formula, and what looks like an escape escaped itself."""
    return _ESCAPE.sub("_x005F_", escape_formula(UNHELD.sub("", text))[:_MAX_CELL])


def _sheet_name(title: str, others: Sequence[str]) -> str:
    """Return a name that a sheet may have, and no other sheet has, as spreadsheets compare them."""
    plain = "".join(" " if character in "[]:*?/\\" else character for character in UNHELD.sub("", title)).strip(" '")
    taken = {other.casefold() for other in others}
    plain = plain or t("Table")
    names = (_cut(plain, 31), *(f"{_cut(plain, 25)} ({number})" for number in range(2, 999)))
    return next(name for name in names if name.casefold() not in taken)


def _cut(title: str, most: int) -> str:
    """Return as many whole words of a title as have room; of a word that is longer, its beginning."""
    if len(title) <= most:
        return title
    words, space, _ = title[: most + 1].rpartition(" ")
    return words.rstrip(" ,;:–-'") if space else title[:most]
