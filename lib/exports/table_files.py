"""A table as a file: CSV that Excel reads, XLSX with typed cells and a second sheet that says what it holds."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from lib.catalog.metrics import METRICS
from lib.formats.csv_injection import escape_formula

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
_UNWRITABLE = {code: None for code in range(32) if code not in (9, 10, 13)}


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: its header, and what its values are (a key of the formats, or `text`)."""

    name: str
    kind: str = "text"

    @classmethod
    def metric(cls, name: str) -> TableColumn:
        """Return the column of a metric, under the API's name."""
        return cls(name, METRICS[name].unit.value)


@dataclass(frozen=True, slots=True)
class TableExport:
    """A table to write: its columns, its rows, and what the second sheet says about it."""

    title: str
    fields: tuple[TableColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    about: tuple[tuple[str, str], ...]

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
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.utils import get_column_letter

        book = Workbook(write_only=True)
        sheet = book.create_sheet(_sheet_name(self.title))
        sheet.freeze_panes = "A2"
        for place, field in enumerate(self.fields, 1):
            lengths = [len(str(row[place - 1] or "")) for row in self.rows[:200]]
            sheet.column_dimensions[get_column_letter(place)].width = min(48, max(12, len(field.name) + 2, *lengths, 0))
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(self.fields))}{len(self.rows) + 1}"
        sheet.append([_heading(sheet, field.name) for field in self.fields])
        for row in self.rows:
            cells = []
            for value, field in zip(row, self.fields, strict=True):
                cell = WriteOnlyCell(sheet, _xlsx_value(value))
                if value is not None and field.kind in _FORMATS:
                    cell.number_format = _FORMATS[field.kind]
                cells.append(cell)
            sheet.append(cells)
        about = book.create_sheet("About")
        about.column_dimensions["A"].width = 24
        about.column_dimensions["B"].width = 110
        for label, value in self.about:
            about.append([_heading(about, label), _xlsx_value(value)])
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


def about(title: str, shown: str, zone: str, metrics: Sequence[str], rows: int) -> tuple[tuple[str, str], ...]:
    """Return what the second sheet says: filters, time zone, definitions, row count, when."""
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    lines = [("Table", title), ("Shows", shown), ("Time zone", zone), ("Rows", str(rows)), ("Written", now)]
    return (*lines, *((name, f"{METRICS[name].label}: {METRICS[name].help}") for name in metrics))


def _heading(sheet: Any, text: str) -> Any:
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
    return _ESCAPE.sub("_x005F_", escape_formula(text.translate(_UNWRITABLE))[:_MAX_CELL])


def _sheet_name(title: str) -> str:
    return "".join(" " if character in "[]:*?/\\" else character for character in title)[:31] or "Table"
