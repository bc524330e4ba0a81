"""Where the table is in a file: its sheet, and the header's row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from lib.catalog.catalog import BUILT_IN
from lib.ingest.column_guess import guess
from lib.ingest.file_reading import InputFile, survey
from lib.ingest.mapping import FileOptions
from lib.ingest.role_guess import guess_header_row
from lib.ingest.survey import RawRow, Survey
from lib.settings import Settings

Rows = Sequence[Sequence[object]]

TABLE: Rows = [["Call ID", "Fecha", "Nota"], ["c1", "2024-01-31", 8.5], ["c2", "2024-02-01", 7]]


def workbook_survey(folder: Path, sheets: dict[str, Rows], hidden: str = "", mapping: str | None = None) -> Survey:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name == hidden:
            sheet.sheet_state = "hidden"
    path = folder / "calls.xlsx"
    workbook.save(path)
    return survey(InputFile(path, path.name), mapping, Settings(data_dir=folder), BUILT_IN)


def test_the_sheets_of_a_workbook_are_listed(tmp_path: Path) -> None:
    taken = workbook_survey(tmp_path, {"_cache": [["id"], ["old"]], "Calls": TABLE}, hidden="_cache")
    assert taken.sheets == (("_cache", True), ("Calls", False))
    assert (taken.sheet, taken.header, taken.rows) == ("Calls", ("Call ID", "Fecha", "Nota"), 2)
    assert taken.layout == FileOptions()
    assert [row.cells for row in taken.first_rows] == [
        ("Call ID", "Fecha", "Nota"),
        ("c1", "2024-01-31", "8.5"),
        ("c2", "2024-02-01", "7"),
    ]


def test_the_header_below_titles_of_a_sheet_is_found(tmp_path: Path) -> None:
    taken = workbook_survey(tmp_path, {"Report": [["Quality report"], [], [None, "January"], *TABLE]})
    assert (taken.header_row, taken.header) == (4, ("Call ID", "Fecha", "Nota"))
    assert [row.number for row in taken.first_rows] == [1, 3, 4, 5, 6]
    assert taken.first_rows[1].cells == ("", "January")


def test_a_cover_is_passed_over_and_told(tmp_path: Path) -> None:
    taken = workbook_survey(tmp_path, {"Cover": [["Quality report"]], "Notes": [["Ana", "x"]], "Data": TABLE})
    assert (taken.sheet, taken.header) == ("Data", ("Call ID", "Fecha", "Nota"))
    guessed = guess(taken, FileOptions(), BUILT_IN)
    assert guessed.mapping.file.sheet == "Data"
    assert [str(note) for note in guessed.notes] == ["The sheet 'Data' is read, as it has the names of columns."]


@pytest.mark.parametrize("sheet", ['"Cover"', "1"])
def test_a_mapping_says_which_sheet(tmp_path: Path, sheet: str) -> None:
    taken = workbook_survey(
        tmp_path, {"Cover": [["Quality report"]], "Data": TABLE}, mapping=f"[file]\nsheet = {sheet}"
    )
    assert (taken.sheet, taken.header, taken.detected) == ("Cover", ("Quality report",), ("encoding", "delimiter"))
    assert taken.first_rows == (RawRow(1, ("Quality report",)),)


def test_a_mapping_without_a_sheet_reads_the_first_that_one_can_see(tmp_path: Path) -> None:
    taken = workbook_survey(tmp_path, {"Cover": [["Quality report"]], "Data": TABLE}, mapping="[file]\nheader_row = 1")
    assert taken.sheet == "Cover"


def test_typed_cells_are_told_from_texts(tmp_path: Path) -> None:
    rows = [["id", "Nota", "Share"], ["a", 8.5, 0.85], ["b", "8,5", 0.9]]
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    for cell in workbook.active["C"][1:]:
        cell.number_format = "0%"
    path = tmp_path / "calls.xlsx"
    workbook.save(path)
    taken = survey(InputFile(path, path.name), None, Settings(data_dir=tmp_path), BUILT_IN)
    assert {
        column.name: {form.value: count for form, count in column.forms.items()} for column in taken.columns[1:]
    } == {
        "Nota": {"typed_fraction": 1, "comma": 1},
        "Share": {"percent": 2},
    }
    assert guess(taken, FileOptions(), BUILT_IN).mapping.file.decimal == ","


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ([("id", "Date", "Score"), ("a", "2024-01-31", "8")], 1),
        ([("Report", "", ""), ("", "", ""), ("id", "Date", "Score"), ("a", "2024-01-31", "8")], 3),
        ([("Team", "Week", "Month"), ("id", "Date", "Score"), ("a", "2024-01-31", "8")], 2),
        ([("1", "2", "3"), ("4", "5", "6")], 1),
        ([("a", "a", "a"), ("x", "y", "z")], 2),
        ([], 1),
    ],
)
def test_which_row_is_the_header(rows: list[tuple[str, ...]], number: int) -> None:
    assert guess_header_row([RawRow(place, cells) for place, cells in enumerate(rows, 1)], BUILT_IN) == number
