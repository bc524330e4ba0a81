"""A table as a file: CSV that Excel reads, XLSX with typed cells and a second sheet that says what it holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from lib.catalog.metrics import FormulaVersion
from lib.exports.workbook import LineSheet, TableSheet, WorkbookFile
from lib.formats.csv_injection import escape_formula
from lib.i18n import current, override_language, t
from lib.reports import catalog_words
from lib.reports.file_columns import FileColumn
from lib.reports.formula_versions import column_versions
from lib.reports.table import TableFile

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

ABOUT_WIDTHS = (36, 60, 100, 12)
"""The widths of the columns of the sheet that says what tables hold."""


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
        lines = (*head, ("",), *column_lines(columns), *version_lines(column_versions(columns)))
        return cls(str(file.title), columns, rows, lines, total, current())

    def csv(self) -> bytes:
        """Return the table as CSV: UTF-8 with a byte-order mark, dates in ISO 8601."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([escape_formula(field.heading) for field in self.fields])
        for row in (*self.rows, *([self.total] if self.total else ())):
            writer.writerow([_csv_value(value) for value in row])
        return text.getvalue().encode("utf-8-sig")

    @property
    def sheet(self) -> TableSheet:
        """The sheet of a workbook that holds it."""
        headings = tuple(field.heading for field in self.fields)
        return TableSheet(self.title, headings, tuple(field.kind for field in self.fields), self.rows, self.total)

    @property
    def workbook(self) -> WorkbookFile:
        """The table as a workbook, with a second sheet about it."""
        with override_language(self.language):
            about_sheet = LineSheet(t("About"), self.about, ABOUT_WIDTHS)
        return WorkbookFile((self.sheet, about_sheet), self.language)


def about(title: str, shown: str, zone: str, columns: Sequence[FileColumn], rows: int) -> tuple[tuple[str, ...], ...]:
    """Return what the second sheet says: filters, time zone, row count, when, definitions of the metrics."""
    lines = [("Table", title), ("Shows", shown), ("Time zone", zone), ("Rows", str(rows)), ("Written", _now())]
    metrics = [column.metric for column in columns if column.metric]
    meanings = ((metric.name, f"{metric.label}: {metric.help}") for metric in metrics)
    return (*lines, *meanings, *version_lines(column_versions(columns)))


def column_lines(columns: Sequence[FileColumn]) -> tuple[tuple[str, ...], ...]:
    """Return what the second sheet says of columns: their labels, their names in the API, what they are."""
    heads = (t("Column"), t("Name in the API"), t("Meaning"))
    helps = (str(catalog_words.metric_help(column.metric)) if column.metric else "" for column in columns)
    return (heads, *((column.heading, column.name, help_) for column, help_ in zip(columns, helps, strict=True)))


def version_lines(versions: Sequence[FormulaVersion]) -> tuple[tuple[str, ...], ...]:
    """Return what the second sheet says of the formulas that figures are of; nothing without any."""
    if not versions:
        return ()
    heads = (t("Formula of"), t("Name in the API"), t("Formula"), t("Version"))
    return (("",), heads, *((each.label, each.name, each.formula, str(each.version)) for each in versions))


def _now() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()


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
