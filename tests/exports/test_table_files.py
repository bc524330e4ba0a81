"""Tables as files: read back by another reader, the same values; no cell is a formula."""

from __future__ import annotations

import io
import pickle
import re
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime

import openpyxl
import pandas as pd
import pytest

from lib.catalog.metrics import METRICS
from lib.exports.table_files import TableExport, about
from lib.exports.workbook import LineSheet, TableSheet, WorkbookFile
from lib.formats.csv_injection import escape_formula
from lib.reports.file_columns import FileColumn
from tests.conftest import ROOT

TABLE = TableExport(
    "Campaigns",
    (
        FileColumn("campaignId"),
        FileColumn("date", "date"),
        FileColumn("at", "instant"),
        FileColumn.of(METRICS["totalEvaluations"]),
        FileColumn.of(METRICS["averageScore"]),
        FileColumn.of(METRICS["completionRate"]),
        FileColumn("few"),
    ),
    (
        ("=1+1", date(2024, 1, 31), datetime(2024, 1, 31, 9, 30, tzinfo=UTC), 1234, 7.8, 0.9715, False),
        ('ñandú, "x"\n@y', date(2024, 2, 1), None, 0, None, None, True),
    ),
    about("Campaigns", "1–31 Jan 2024 · Campaign: =cmd", "UTC", [FileColumn.of(METRICS["averageScore"])], 2),
)


def test_csv() -> None:
    raw = TABLE.csv()
    assert raw.startswith(b"\xef\xbb\xbf")
    frame = pd.read_csv(io.BytesIO(raw), encoding="utf-8-sig")
    assert frame["campaignId"].tolist() == ["'=1+1", 'ñandú, "x"\n@y']
    assert frame["totalEvaluations"].tolist() == [1234, 0]
    assert frame["averageScore"][0] == 7.8 and pd.isna(frame["averageScore"][1])
    assert frame["date"].tolist() == ["2024-01-31", "2024-02-01"]


def test_xlsx() -> None:
    book = openpyxl.load_workbook(io.BytesIO(TABLE.workbook.xlsx()))
    sheet, about_sheet = book.worksheets
    assert (sheet.title, about_sheet.title, sheet.freeze_panes) == ("Campaigns", "About", "A2")
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == [field.name for field in TABLE.fields]
    first = rows[1]
    assert [cell.data_type for cell in first] == ["s", "d", "d", "n", "n", "n", "b"]
    assert [cell.value for cell in first] == [
        "'=1+1",
        datetime(2024, 1, 31),
        datetime(2024, 1, 31, 9, 30),
        1234,
        7.8,
        0.9715,
        False,
    ]
    assert [cell.number_format for cell in first[1:6]] == [
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm:ss",
        "#,##0",
        "0.00",
        "0.00%",
    ]
    told = {row[0].value: row[1].value for row in about_sheet.iter_rows()}
    assert told["Rows"] == "2" and told["Time zone"] == "UTC" and "Campaign: =cmd" in told["Shows"]
    assert told["averageScore"].startswith("Average score: Sum of the scores")
    assert all(cell.data_type != "f" for each in book for row in each.iter_rows() for cell in row)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("count", 1234, "#,##0"),
        ("score", 7.8, "0.00"),
        ("share", 0.9715, "0.00%"),
        ("balance", -0.25, "0.00"),
        ("seconds", 312, "#,##0"),
        ("points", -0.0125, "+0.0000;-0.0000;0.0000"),
        ("date", date(2024, 1, 31), "yyyy-mm-dd"),
        ("instant", datetime(2024, 1, 31, 9, 30, tzinfo=UTC), "yyyy-mm-dd hh:mm:ss"),
        ("text", "a", "General"),
    ],
)
def test_cells_are_shown_by_the_kind_of_their_column(kind: str, value: object, wanted: str) -> None:
    table = TableExport("T", (FileColumn("c", kind), FileColumn("id")), ((value, "1"), (None, "2")), ())
    cells = [row[0] for row in openpyxl.load_workbook(io.BytesIO(table.workbook.xlsx())).worksheets[0].iter_rows()]
    assert [cell.number_format for cell in cells] == ["General", wanted, "General"]  # the header, a value, no value


def test_every_unit_of_a_metric_has_a_format() -> None:
    table = TableExport("T", tuple(map(FileColumn.of, METRICS.values())), ((1,) * len(METRICS),), ())
    sheet = openpyxl.load_workbook(io.BytesIO(table.workbook.xlsx())).worksheets[0]
    assert "General" not in {cell.number_format for cell in sheet[2]}


@pytest.mark.parametrize("text", ["=1", "+1+1", "-a", "@x", "\tx", "\rx", "=cmd|' /C calc'!A0", "-", "+"])
def test_formulas_are_made_harmless(text: str) -> None:
    assert escape_formula(text) == "'" + text


@pytest.mark.parametrize("text", ["-5", "+3.5", "-1e3", "a=b", "", "1-2", "ok"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert escape_formula(text) == text


def test_what_looks_like_an_escape_stays_as_it_is() -> None:
    """Spreadsheets take _x0041_ for an A, in cells, headers and the second sheet."""
    names = ("_x0041_", "a _x000D_ b", "_x005F_x0041_", "_xyz_ _x41_")
    table = TableExport("T", (FileColumn("_x0041_"),), tuple((name,) for name in names), (("Shows", "_x0042_"),))
    with zipfile.ZipFile(io.BytesIO(table.workbook.xlsx())) as archive:
        raw = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".xml")).decode()
    texts = re.findall(r"<t[^>]*>([^<]*)</t>", raw)
    decoded = [re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text) for text in texts]
    assert {*names, "_x0042_"} <= set(decoded)
    assert "A" not in decoded and "B" not in decoded


def test_a_workbook_holds_what_xml_can_hold() -> None:
    text = "A\x00\x1f\ud800\udfff\ufffe\uffffB\tC"
    table = TableExport("T", (FileColumn(text),), ((text,),), ((text, text),))
    sheets = openpyxl.load_workbook(io.BytesIO(table.workbook.xlsx())).worksheets
    assert {cell.value for sheet in sheets for row in sheet for cell in row} == {"AB\tC"}


def test_no_two_sheets_have_one_name() -> None:
    """Spreadsheets take names for equal whose letters differ in case alone."""
    sheets = [
        TableSheet(title, ("day",), ("text",), (("Monday",),)) for title in ("Days", "days", "DAYS", "D" * 40, "D" * 40)
    ]
    book = openpyxl.load_workbook(io.BytesIO(WorkbookFile(tuple(sheets), "en").xlsx()))
    assert book.sheetnames == ["Days", "days (2)", "DAYS (3)", "D" * 31, "D" * 25 + " (2)"]


def test_a_child_that_writes_a_table_loads_nothing_else() -> None:
    """What the figures come from takes seconds to load, for which whoever pressed the button would wait."""
    code = "import pickle, sys; from lib.exports import table_process; pickle.load(sys.stdin.buffer).xlsx()"
    child = [sys.executable, "-c", f"{code}; print(*sys.modules)"]
    loaded = subprocess.run(child, input=pickle.dumps(TABLE.workbook), stdout=subprocess.PIPE, check=True, cwd=ROOT)
    modules = set(loaded.stdout.decode().split())
    assert {"openpyxl", "lib.exports.workbook"} <= modules
    assert not modules & {"sqlalchemy", "duckdb", "altair", "lib.catalog", "lib.charts", "lib.reports", "lib.store"}


def test_names_of_sheets_end_at_a_word_and_are_unique() -> None:
    titles = ("Average score by weekday and hour", "average score by weekday and time", "x" * 40, "x" * 40, "Page")
    sheets = tuple(LineSheet(title, (("line",),), (10,)) for title in titles)
    book = openpyxl.load_workbook(io.BytesIO(WorkbookFile(sheets, "en").xlsx()))
    assert book.sheetnames == [
        "Average score by weekday and",
        "average score by weekday (2)",
        "x" * 31,
        "x" * 25 + " (2)",
        "Page",
    ]
