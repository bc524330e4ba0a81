"""No cell of any file that Callboard writes is a formula, whatever the texts and the headers begin with."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lib.analytics.calendar import Granularity
from lib.exports import service as exporting
from lib.exports.reports import FORMATS, REPORTS
from lib.exports.service import ExportRequest
from lib.exports.table_files import TableExport, about
from lib.formats.csv_injection import STARTS, escape_formula
from lib.ingest.text_cleaning import clean_text
from lib.reports.file_columns import FileColumn
from lib.workspace import Workspace
from tests.conftest import ROOT, Load
from tests.filters import make_filters
from tests.hostile.names import FORMULAS, INJECTIONS

RISKY = [
    start + rest
    for start in ("=", "+", "-", "@", "＝", "＋", "－", "＠")
    for rest in ("1+1", "cmd|' /C calc'!A0", "SUM(1,2)", "", "é")
]
NUMBERS = ["-5", "+4.5", "-.5", "-1e3"]
TEXTS = [*dict.fromkeys([*RISKY, *NUMBERS, *(text for text in (*FORMULAS, *INJECTIONS) if text == text.strip())])]
COLUMNS = ("id", "campaignId", "campaignName", "callCenterId", "callCenterName", "engagementId", "engagementName", "executiveId", "executiveName", "audioFileName")  # fmt: skip


def is_formula(cell: str) -> bool:
    """Return whether a spreadsheet may take a CSV's cell for a formula: by its own list, not the module's."""
    return bool(re.match(r"[=+\-@＝＋－＠\t\r\n]", cell)) and not re.fullmatch(
        r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", cell
    )


def cells_of_csv(raw: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def cells_of_xlsx(raw: bytes) -> list[list[Any]]:
    """Return the cells of all sheets, once no cell of them is a formula."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                assert not re.search(rb"<f[\s>/]", archive.read(name)), name
    book = openpyxl.load_workbook(io.BytesIO(raw))
    rows = [row for sheet in book.worksheets for row in sheet.iter_rows()]
    assert not [cell.coordinate for row in rows for cell in row if cell.data_type == "f"]
    return [[cell.value for cell in row] for row in rows]


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.fixture
def loaded(load: Load) -> list[str]:
    lines = [f"{','.join(quoted(text) for _ in COLUMNS)},2024-01-0{n % 9 + 1},7.5" for n, text in enumerate(TEXTS)]
    report = load(",".join(COLUMNS) + ",audioDate,averageNote\n" + "\n".join(lines) + "\n")
    assert report.loaded.added == len(TEXTS)
    return TEXTS


def test_every_report(workspace: Workspace, loaded: list[str]) -> None:
    expected = {escape_formula(clean_text(text)) for text in loaded}  # as an import keeps them
    for number, (report, form) in enumerate((report, form) for report in REPORTS for form in FORMATS):
        order = ExportRequest(report, form, make_filters(), Granularity.DAILY, "=1+1 · Campaign: =cmd")
        job = f"job_{number}"
        done = exporting.run(workspace.facts, workspace.settings, workspace.calendar, order, job, 1, lambda *_: None)
        raw = (workspace.settings.exports_dir / done["file"]).read_bytes()
        assert re.fullmatch(r"callboard-[a-z-]+-2024-01-01-2024-01-09\.(csv|xlsx)", done["downloadName"])
        cells = cells_of_csv(raw) if form == "csv" else cells_of_xlsx(raw)
        texts = [cell for row in cells for cell in row if isinstance(cell, str)]
        assert not [text for text in texts if is_formula(text)], (report, form)
        if report in ("evaluations", "campaigns", "call-centers", "executives"):
            column = cells[0].index({"evaluations": "campaignName", "campaigns": "campaignId", "call-centers": "callCenterName", "executives": "executiveName"}[report])  # fmt: skip
            found = {row[column] for row in cells[1 : len(loaded) + 1]}
            as_written = {str(text).replace("_x000D_", "\r").replace("\r\n", "\n") for text in found}  # a workbook's CR
            assert as_written == {text.replace("\r\n", "\n") for text in expected}
            score = cells[0].index("averageNote" if report == "evaluations" else "averageScore")
            assert {float(row[score]) for row in cells[1 : len(loaded) + 1]} == {7.5}
            assert form == "csv" or not any(isinstance(row[score], str) for row in cells[1 : len(loaded) + 1])


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_an_export_is_imported_again_without_the_apostrophes(
    workspace: Workspace, load: Load, loaded: list[str]
) -> None:
    """All texts are the same: an import takes the apostrophe away that an export put before a formula."""
    order = ExportRequest("evaluations", "csv", make_filters(), Granularity.DAILY, "all")
    done = exporting.run(workspace.facts, workspace.settings, workspace.calendar, order, "job", 1, lambda *_: None)
    again = load([workspace.settings.exports_dir / done["file"]])
    assert any(escape_formula(text) != text for text in loaded)
    assert (again.loaded.unchanged, again.loaded.added, again.loaded.changed) == (len(loaded), 0, 0)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_bad_rows_repeat_headers_and_cells(workspace: Workspace, load: Load) -> None:
    header = ["id", "audioDate", *(text for text in TEXTS if text.isprintable())]
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(header)
    for text in TEXTS:
        rows.writerow([text, "never", *[text] * (len(header) - 2)])
        rows.writerow([text, text])
    report = load(out.getvalue(), name="=cmd.csv", skip_bad_rows=True)
    assert report.bad == 2 * len(TEXTS) and report.bad_rows_file
    assert re.fullmatch(r"imp_[0-9a-f]+\.csv", report.bad_rows_file)
    cells = cells_of_csv((workspace.settings.data_dir / "bad-rows" / report.bad_rows_file).read_bytes())
    assert cells[0] == [*dict.fromkeys(escape_formula(name) for name in header), "reason"]
    assert len(cells) == 2 * len(TEXTS) + 1
    assert not [cell for row in cells for cell in row if is_formula(cell)]


def test_a_table_of_anything() -> None:
    """Names of columns, the title and what the second sheet says are texts too; numbers and days stay what they are."""
    fields = tuple(FileColumn(text) for text in TEXTS)
    row = (*TEXTS[:-2], -5, date(2024, 1, 1))
    for title in (*FORMULAS, *INJECTIONS[:10]):
        table = TableExport(title, fields, (row, row), about(title, title, "UTC", [], 2))
        found = cells_of_csv(table.csv())
        assert not [cell for line in found for cell in line if is_formula(cell)]
        assert found[1][-2:] == ["-5", "2024-01-01"]
        sheet = cells_of_xlsx(table.workbook.xlsx())
        assert sheet[1][-2] == -5
        assert not [cell for line in sheet for cell in line if isinstance(cell, str) and is_formula(cell)]


def test_the_sample_file(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "lib",
        "sample",
        "--rows",
        "300",
        "--seed",
        "1",
        "--to",
        str(tmp_path / "sample.csv"),
    ]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "CALLBOARD_DATA_DIR": str(tmp_path / "data")}, check=True)
    assert not [
        cell for row in cells_of_csv((tmp_path / "sample.csv").read_bytes()) for cell in row if is_formula(cell)
    ]


def test_the_rule_itself() -> None:
    assert all(is_formula(start + "1+1") for start in STARTS)
    assert [escape_formula(number) for number in NUMBERS] == NUMBERS
    assert escape_formula(" =1+1") == " =1+1" and escape_formula("'=1+1") == "'=1+1"  # texts to a spreadsheet


def test_a_long_number_that_is_none() -> None:
    long = "-" + "1" * 1_000_000 + "x"
    assert escape_formula(long) == "'" + long
