"""Workbooks as people have them, imported: what each cell becomes, or what the refusal says to do."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from lib.errors import CallboardError, FileError
from lib.ingest.history import ImportReport
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load

WHEN = dt.datetime(2024, 1, 31, 9)


def book_of(*rows: list[Any], formats: dict[str, str] | None = None, cover: list[str] | None = None) -> bytes:
    """Return a workbook of one sheet, or of two where there is a cover; formats are of cells by their references."""
    book = Workbook()
    if cover is not None:
        book.active.append(cover)
    sheet = book.active if cover is None else book.create_sheet("Data")
    for row in rows:
        sheet.append(row)
    for reference, code in (formats or {}).items():
        sheet[reference].number_format = code
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def stored(workspace: Workspace, column: str) -> dict[str, Any]:
    facts = schema.evaluations
    with workspace.facts.read() as connection:
        return {row[0]: row[1] for row in connection.execute(sa.select(facts.c.id, facts.c[column]))}


def told(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(problem.row, str(problem.column), str(problem.problem)) for problem in report.problems]


def test_percentages_are_scores(workspace: Workspace, load: Load) -> None:
    book = book_of(
        ["id", "audioDate", "averageNote"], ["a", WHEN, 0.85], ["b", WHEN, 0.92], ["c", WHEN, 1],
        formats={"C2": "0%", "C3": "0.0%", "C4": "0%"},
    )  # fmt: skip
    assert load(book, name="a.xlsx").loaded.added == 3
    assert stored(workspace, "score") == {"a": 85_000, "b": 92_000, "c": 100_000}


def test_lengths_of_any_number_of_hours(workspace: Workspace, load: Load) -> None:
    book = book_of(
        ["id", "audioDate", "durationInSeconds"], ["a", WHEN, 1.5], ["b", WHEN, 1.5], ["c", WHEN, 312.9 / 86_400],
        ["d", WHEN, 312.00000000004], formats={"C2": "h:mm", "C3": "[h]:mm:ss", "C4": "mm:ss.0"},
    )  # fmt: skip
    assert load(book, name="a.xlsx").loaded.added == 4
    assert stored(workspace, "duration_seconds") == {"a": 129_600, "b": 129_600, "c": 313, "d": 312}


def test_ids_are_as_the_spreadsheet_shows_them(workspace: Workspace, load: Load) -> None:
    book = book_of(
        ["id", "audioDate"], [1234567890123450, WHEN], [7, WHEN], [42.0, WHEN], ["007", WHEN], formats={"A3": "00000"}
    )
    again = "id,audioDate\n" + "".join(
        f"{each},2024-01-31T09:00\n" for each in ("1234567890123450", "00007", "42", "007")
    )
    assert load(book, name="a.xlsx").loaded.added == 4
    assert load(again).loaded.added == 0
    assert set(stored(workspace, "id")) == {"1234567890123450", "00007", "42", "007"}


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_errors_and_formulas_without_a_value_are_bad_rows(load: Load) -> None:
    book = book_of(
        ["id", "audioDate", "averageNote"],
        ["a", WHEN, 8],
        ["b", WHEN, "#N/A"],
        ["c", WHEN, "=C2*2"],
        ["#REF!", WHEN, 8],
    )
    report = load(book, name="a.xlsx")
    assert told(report) == [
        (3, "averageNote", "is the error #N/A of a spreadsheet"),
        (4, "averageNote", "is a formula whose value is not in the file"),
        (5, "id", "is the error #REF! of a spreadsheet"),
    ]
    assert "open and save it in the spreadsheet first" in str(report.problems[1].right)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_what_lies_beyond_the_header_is_not_lost_in_silence(load: Load) -> None:
    report = load(book_of(["id", "audioDate"], ["a", WHEN], [], ["b", WHEN, "x"]), name="a.xlsx", skip_bad_rows=True)
    assert (report.read, report.blank, report.bad, report.loaded.added) == (3, 1, 1, 1)
    assert told(report) == [(4, "C", "lies to the right of the header, under no name")]


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_the_sheet_that_has_the_columns_is_named(workspace: Workspace, load: Load) -> None:
    book = book_of(["id", "audioDate", "averageNote"], ["a", WHEN, 8], cover=["Quality report"])
    with pytest.raises(FileError, match="the file has it in the sheet 'Data'"):
        load(book, name="a.xlsx")
    with pytest.raises(CallboardError, match=r"from the column 'averageNote', .* it in the sheet 'Data'"):
        load(book, '[columns]\nid = { row = true }\naverageNote = "averageNote"', "a.xlsx")
    assert load(book, '[file]\nsheet = "Data"', "a.xlsx").loaded.added == 1
    assert stored(workspace, "score") == {"a": 80_000}


def test_serials_of_a_workbook_that_counts_from_1904(load: Load, workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "calls.xlsx"
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    assert book.active is not None
    book.active.append(["id", "audioDate"])
    book.active.append(["a", 43_860.5])
    book.save(path)
    load([path], '[file]\ndate_format = "excel"\n')
    with workspace.facts.read() as connection:
        (moment,) = connection.scalars(sa.select(schema.evaluations.c.audio_at))
    assert moment.replace(tzinfo=None) == dt.datetime(2024, 1, 31, 12)
