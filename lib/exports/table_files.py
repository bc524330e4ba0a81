"""A table as a file: CSV that Excel reads, XLSX with typed cells and a second sheet that says what it holds."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from lib.formats.csv_injection import escape_formula
from lib.formats.xml_text import UNHELD
from lib.reports.file_columns import FileColumn
from lib.reports.table import TableFile

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FORMATS = {
    "count": "#,##0",
    "score": "0.00",
    "share": "0.00%",
    "balance": "0.00",
    "seconds": "#,##0",
    "points": "+0.0000;-0.0000;0.0000",
    "date": "yyyy-mm-dd",
    "instant": "yyyy-mm-dd hh:mm:ss",
}
_MAX_CELL = 32_767  # characters that a cell of an XLSX holds
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # spreadsheets take _x0041_ for an A


@dataclass(frozen=True, slots=True)
class TableExport:
    """A table to write: its columns, its rows, and what the second sheet says about it."""

    title: str
    fields: tuple[FileColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    about: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, file: TableFile, shown: str, zone: str) -> TableExport:
        """Return a page's table with all of its rows; `shown` says in words what it is about, in which zone."""
        rows = file.rows()
        return cls(file.title, file.columns, rows, about(file.title, shown, zone, file.columns, len(rows)))

    def csv(self) -> bytes:
        """Return the table as CSV: UTF-8 with a byte-order mark, dates in ISO 8601."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([escape_formula(field.name) for field in self.fields])
        for row in self.rows:
            writer.writerow([_csv_value(value) for value in row])
        return text.getvalue().encode("utf-8-sig")

    def xlsx(self) -> bytes:
        """Return the table as XLSX: typed and formatted cells, the header frozen, a second sheet about it."""
        from openpyxl import Workbook  # here, as it takes longer to load than all that most commands do

        book = Workbook(write_only=True)
        append_table(book, self.title, self.fields, self.rows)
        append_lines(book, "About", self.about, (24, 110))
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class TypedCell:
    """A value of a workbook and what it is: a kind of `FileColumn`."""

    value: Any
    kind: str


def append_table(book: Workbook, title: str, columns: Sequence[FileColumn], rows: Sequence[tuple[Any, ...]]) -> None:
    """Add a sheet with a table: typed and formatted cells, the header frozen."""
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(_sheet_name(title))
    sheet.freeze_panes = "A2"
    for place, column in enumerate(columns, 1):
        lengths = [len(str(row[place - 1] or "")) for row in rows[:200]]
        sheet.column_dimensions[get_column_letter(place)].width = min(48, max(12, len(column.name) + 2, *lengths, 0))
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    sheet.append([_heading(sheet, column.name) for column in columns])
    for row in rows:
        sheet.append([_cell(sheet, value, column.kind) for value, column in zip(row, columns, strict=True)])


def append_lines(book: Workbook, title: str, lines: Iterable[Sequence[Any]], widths: Sequence[float]) -> None:
    """Add a sheet of lines, each with a label in its first cell; columns are so many characters wide."""
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(_sheet_name(title))
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    for label, *values in lines:
        cells = [
            _cell(sheet, each.value, each.kind) if isinstance(each, TypedCell) else _xlsx_value(each) for each in values
        ]
        sheet.append([_heading(sheet, label) if label else None, *cells])


def _cell(sheet: WriteOnlyWorksheet, value: Any, kind: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, _xlsx_value(value))
    if value is not None and kind in _FORMATS:
        cell.number_format = _FORMATS[kind]
    return cell


def about(title: str, shown: str, zone: str, columns: Sequence[FileColumn], rows: int) -> tuple[tuple[str, str], ...]:
    """Return what the second sheet says: filters, time zone, row count, when, definitions of the metrics."""
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    lines = [("Table", title), ("Shows", shown), ("Time zone", zone), ("Rows", str(rows)), ("Written", now)]
    metrics = [column.metric for column in columns if column.metric]
    return (*lines, *((metric.name, f"{metric.label}: {metric.help}") for metric in metrics))


def _heading(sheet: WriteOnlyWorksheet, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font, PatternFill

    cell = WriteOnlyCell(sheet, _cell_text(text))
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="E6EEEE")
    return cell


def _csv_value(value: Any) -> Any:
    if isinstance(value, str):
        return escape_formula(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _xlsx_value(value: Any) -> Any:
    if isinstance(value, str):
        return _cell_text(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value


def _cell_text(text: str) -> str:
    """Return a text as a cell of a workbook shows it: no formula, and what looks like an escape escaped itself."""
    return _ESCAPE.sub("_x005F_", escape_formula(UNHELD.sub("", text))[:_MAX_CELL])


def _sheet_name(title: str) -> str:
    return "".join(" " if character in "[]:*?/\\" else character for character in title)[:31] or "Table"
