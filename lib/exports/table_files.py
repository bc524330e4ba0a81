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
from lib.i18n import current, override_language, t
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
    "change": "+0.0%;-0.0%;0.0%",
}
_DATES = {
    "en": {"date": "yyyy-mm-dd", "instant": "yyyy-mm-dd hh:mm:ss"},
    "es": {"date": "dd-mm-yyyy", "instant": "dd-mm-yyyy hh:mm:ss"},
}
ABOUT_WIDTHS = (36, 60, 100)
"""The widths of the columns of the sheet that says what tables hold."""

_MAX_CELL = 32_767  # characters that a cell of an XLSX holds
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # spreadsheets take _x0041_ for an A


@dataclass(frozen=True, slots=True)
class TableExport:
    """A table to write: its columns, its rows, and what the second sheet says about it."""

    title: str
    fields: tuple[FileColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    about: tuple[tuple[str, ...], ...]
    total: tuple[Any, ...] | None = None
    language: str = "en"

    @classmethod
    def of(cls, file: TableFile[Any], shown: str = "", zone: str = "") -> TableExport:
        """Return a page's table with all of its rows, in the language in use.

        `shown` says in words what it is about, in which zone.
        """
        columns = file.columns
        rows = tuple(map(file.values, file.rows()))
        head = (
            (t("Table"), str(file.title)),
            (t("Shows"), shown),
            (t("Time zone"), zone),
            (t("Rows"), str(len(rows))),
            (t("Written"), _now()),
        )
        total = None if file.total is None else file.values(file.total)
        return cls(str(file.title), columns, rows, (*head, ("",), *column_lines(columns)), total, current())

    def csv(self) -> bytes:
        """Return the table as CSV: UTF-8 with a byte-order mark, dates in ISO 8601."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([escape_formula(field.heading) for field in self.fields])
        for row in (*self.rows, *([self.total] if self.total else ())):
            writer.writerow([_csv_value(value) for value in row])
        return text.getvalue().encode("utf-8-sig")

    def xlsx(self) -> bytes:
        """Return the table as XLSX: typed and formatted cells, the header frozen, a second sheet about it."""
        from openpyxl import Workbook  # here, as it takes longer to load than all that most commands do

        book = Workbook(write_only=True)
        with override_language(self.language):
            append_table(book, self)
            append_lines(book, t("About"), self.about, ABOUT_WIDTHS)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class TypedCell:
    """A value of a workbook and what it is: a kind of `FileColumn`."""

    value: Any
    kind: str


def append_table(book: Workbook, table: TableExport) -> None:
    """Add a sheet with a table: typed and formatted cells, the header frozen; the total below what is filtered."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    columns, rows = table.fields, table.rows
    sheet = book.create_sheet(_sheet_name(table.title, book.sheetnames))
    sheet.freeze_panes = "A2"
    for place, column in enumerate(columns, 1):
        lengths = [len(str(row[place - 1] or "")) for row in rows[:200]]
        sheet.column_dimensions[get_column_letter(place)].width = min(48, max(12, len(column.heading) + 2, *lengths, 0))
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    sheet.append([_heading(sheet, column.heading) for column in columns])
    for row in rows:
        sheet.append([_cell(sheet, value, column.kind) for value, column in zip(row, columns, strict=True)])
    if table.total is not None:
        cells = [_cell(sheet, value, column.kind) for value, column in zip(table.total, columns, strict=True)]
        for cell in cells:
            cell.font = Font(bold=True)
        sheet.append(cells)


def append_lines(book: Workbook, title: str, lines: Iterable[Sequence[Any]], widths: Sequence[float]) -> None:
    """Add a sheet of lines, each with a label in its first cell; columns are so many characters wide."""
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(_sheet_name(title, book.sheetnames))
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
    if value is not None and (number_format := _DATES[current()].get(kind) or _FORMATS.get(kind)):
        cell.number_format = number_format
    return cell


def about(title: str, shown: str, zone: str, columns: Sequence[FileColumn], rows: int) -> tuple[tuple[str, str], ...]:
    """Return what the second sheet says: filters, time zone, row count, when, definitions of the metrics."""
    lines = [("Table", title), ("Shows", shown), ("Time zone", zone), ("Rows", str(rows)), ("Written", _now())]
    metrics = [column.metric for column in columns if column.metric]
    return (*lines, *((metric.name, f"{metric.label}: {metric.help}") for metric in metrics))


def column_lines(columns: Sequence[FileColumn]) -> tuple[tuple[str, ...], ...]:
    """Return what the second sheet says of columns: their labels, their names in the API, what they are."""
    heads = (t("Column"), t("Name in the API"), t("Meaning"))
    helps = (t(column.metric.help) if column.metric else "" for column in columns)
    return (heads, *((column.heading, column.name, help_) for column, help_ in zip(columns, helps, strict=True)))


def _now() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()


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


def _sheet_name(title: str, others: Sequence[str]) -> str:
    """Return a name that a sheet may have, and no other sheet has, as spreadsheets compare them."""
    plain = "".join(" " if character in "[]:*?/\\" else character for character in UNHELD.sub("", title)).strip(" '")
    taken = {other.casefold() for other in others}
    names = (plain[:31] or t("Table"), *(f"{plain[:26] or t('Table')} ({number})" for number in range(2, 999)))
    return next(name for name in names if name.casefold() not in taken)
