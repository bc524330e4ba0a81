"""Evaluations as files of any length: read back by another reader, sheet by sheet."""

from __future__ import annotations

import csv
import os
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest

from lib.analytics.calendar import Granularity
from lib.analytics.grants import EVERYTHING
from lib.analytics.queries import summary
from lib.analytics.query import Filters
from lib.catalog.catalog import BUILT_IN
from lib.catalog.fields import FIELDS
from lib.errors import CancelledError, StorageError
from lib.exports import evaluations, xlsx_process
from lib.exports import service as exporting
from lib.exports.service import ExportRequest
from lib.formats.csv_injection import escape_formula
from lib.ingest import sample_data
from lib.jobs.tasks import TASKS
from lib.store import bulk_io
from lib.store.messages import JobStep, Message
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

ROWS = 2_500


def make_sample(workspace: Workspace, rows: int = ROWS) -> None:
    TASKS["sample"](workspace, {"rows": rows, "seed": 2, "until": "2024-06-30"}, lambda *_: None)


def export(workspace: Workspace, form: str, tell: Any = lambda *_: None, **parameters: list[str]) -> Path:
    filters = Filters.from_parameters(parameters, workspace.settings.zone, EVERYTHING, BUILT_IN)
    order = ExportRequest("evaluations", form, filters, Granularity.DAILY, "everything")
    done = exporting.run(workspace.facts, workspace.settings, workspace.calendar, order, "job_1", 1, tell)
    return workspace.settings.exports_dir / str(done["file"])


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_row_and_every_sum(workspace: Workspace, form: str) -> None:
    make_sample(workspace)
    path = export(workspace, form)
    frame = pd.read_csv(path, encoding="utf-8-sig") if form == "csv" else pd.read_excel(path, engine="openpyxl")
    sums = workspace.answers.run(summary, make_filters(), workspace.calendar).sums
    completed = frame[frame["state"] == "Completed"]
    assert (len(frame), frame["id"].nunique(), len(completed)) == (ROWS, ROWS, sums["completed"])
    assert round(completed["averageNote"].sum() * 10_000) == sums["score_sum"]
    assert completed["durationInSeconds"].sum() == sums["duration_sum"]
    assert frame["isAICall"].sum() == sums["ai_calls"]
    whole = pa.Table.from_batches(
        list(sample_data.batches(ROWS, 2, date(2024, 6, 30), ZoneInfo("UTC"), BUILT_IN))
    ).to_pandas()
    dates = pd.to_datetime(frame.sort_values("id")["audioDate"], utc=True)
    assert (dates.to_numpy() == whole.sort_values("id")["audio_at"].dt.tz_localize("UTC").to_numpy()).all()


AWKWARD = ["=1+1", "-5", "+4.5", "-x", "@a", 'q"u', "a,b", "é\nü", "tab\tin", "'plain", "50 %", "{x} $1 :y", "\\N", "𝟙"]


def test_awkward_texts_come_back(workspace: Workspace, load: Load) -> None:
    quoted = ['"' + text.replace('"', '""') + '"' for text in AWKWARD]
    lines = [f"{text},2024-01-01,{text},{text},{text}" for text in quoted]
    load("id,audioDate,campaignId,campaignName,audioFileName\n" + "\n".join(lines) + "\n")
    path = export(workspace, "csv")
    assert path.read_bytes().startswith("\ufeffid,audioDate,state,".encode())
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = {escape_formula(re.sub(r"[\n\t]", " ", text)) for text in AWKWARD}  # any blank is a space
    for column in ("id", "campaignId", "campaignName", "audioFileName"):
        assert {row[column] for row in rows} == expected, column
    book = openpyxl.load_workbook(export(workspace, "xlsx"))
    assert {row[0] for row in book.worksheets[0].iter_rows(min_row=2, max_col=1, values_only=True)} == expected


INSTANTS = {
    "2024-03-31T00:59:59Z": "2024-03-31T01:59:59+01:00",
    "2024-03-31T01:00:00Z": "2024-03-31T03:00:00+02:00",
    "2024-10-27T00:30:00.5Z": "2024-10-27T02:30:00.5+02:00",
    "2024-10-27T01:30:00.000001Z": "2024-10-27T02:30:00.000001+01:00",
    "1971-06-01T12:00:00Z": "1971-06-01T13:00:00+01:00",
    "2031-07-01T22:00:00Z": "2031-07-02T00:00:00+02:00",
}


def test_instants_in_the_zone_asked_for(workspace: Workspace, load: Load) -> None:
    load("id,audioDate,averageNote,createdAt\n" + "".join(f"{at},{at},7,{at}\n" for at in INSTANTS))
    with export(workspace, "csv", timezone=["Europe/Madrid"]).open(encoding="utf-8-sig", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert {at: row["audioDate"] for at, row in rows.items()} == INSTANTS
    assert {at: row["createdAt"] for at, row in rows.items()} == INSTANTS
    for at, told in INSTANTS.items():
        assert datetime.fromisoformat(at) == datetime.fromisoformat(told)
    with export(workspace, "csv", timezone=["Asia/Kathmandu"]).open(encoding="utf-8-sig", newline="") as file:
        found = {row["id"]: row["audioDate"] for row in csv.DictReader(file)}
    assert found["2031-07-01T22:00:00Z"] == "2031-07-02T03:45:00+05:45"


def test_cells_of_a_workbook_are_shown_by_their_formats(workspace: Workspace, load: Load) -> None:
    load(
        "id,audioDate,averageNote,durationInSeconds,createdAt\n"
        "1,2024-01-01T09:30:05.5Z,7.1234,3723,2024-01-02T00:00:00Z\n2,2024-01-02,,,\n"
    )
    sheet, about = openpyxl.load_workbook(export(workspace, "xlsx")).worksheets
    rows = {row[0].value: dict(zip((cell.value for cell in sheet[1]), row, strict=True)) for row in sheet}
    formats = {name: cell.number_format for name, cell in rows["1"].items()}
    assert formats.pop("averageNote") == "0.00##"  # 7.1234, 7.50
    assert {formats.pop(name) for name in ("audioDate", "createdAt")} == {"yyyy-mm-dd hh:mm:ss"}
    assert set(formats.values()) == {"General"}
    assert (rows["1"]["averageNote"].value, rows["1"]["durationInSeconds"].value) == (7.1234, 3723)
    assert rows["1"]["createdAt"].value == datetime(2024, 1, 2)
    assert rows["1"]["audioDate"].value == datetime(2024, 1, 1, 9, 30, 5, 500_000)
    assert [rows["2"][name].value for name in ("averageNote", "durationInSeconds", "createdAt")] == [None] * 3
    assert sheet.freeze_panes == about.freeze_panes == "A2"


def test_scores_as_they_are_written(workspace: Workspace, load: Load) -> None:
    scores = {
        "0": "0",
        "10": "10",
        "7.5": "7.5",
        "7.1234": "7.1234",
        "0.05": "0.05",
        "0.0001": "0.0001",
        "9.9999": "9.9999",
        "": "",
    }
    load("id,audioDate,averageNote\n" + "".join(f"s{score},2024-01-01,{score}\n" for score in scores))
    with export(workspace, "csv").open(encoding="utf-8-sig", newline="") as file:
        found = {row["id"][1:]: row["averageNote"] for row in csv.DictReader(file)}
    assert found == scores


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_nothing_selected(workspace: Workspace, load: Load, form: str) -> None:
    load("id,audioDate\na,2024-01-01\n")
    path = export(workspace, form, campaignId=["nobody"])
    frame = pd.read_csv(path, encoding="utf-8-sig") if form == "csv" else pd.read_excel(path, engine="openpyxl")
    assert len(frame) == 0 and list(frame) == list(FIELDS)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("raised", [CancelledError("cancelled"), StorageError("too large")])
def test_stopped(workspace: Workspace, form: str, raised: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """What progress raises ends the writing at once, and nothing of the file is left."""
    monkeypatch.setattr(bulk_io, "_TELL_SECONDS", 0.01)
    make_sample(workspace, 120_000)

    def stop(_progress: float, message: Message) -> None:
        if message.code in (JobStep.WRITING_ROWS, JobStep.WRITING_ABOUT_ROWS):
            raise raised

    with pytest.raises(type(raised)):
        export(workspace, form, stop)
    assert os.listdir(workspace.settings.exports_dir) == []


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_more_rows_than_a_sheet_holds(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_process, "SHEET_ROWS", 1_000)
    make_sample(workspace)
    with workspace.facts.read() as connection:
        made = list(evaluations.evaluation_export(connection, make_filters(), workspace.calendar).batches(connection))
    path = tmp_path / "out.xlsx"
    reader = pa.RecordBatchReader.from_batches(made[0].schema, made)
    assert xlsx_process.write(path, reader, ROWS, [("Rows", str(ROWS))]) == ROWS
    book = openpyxl.load_workbook(path, read_only=True)
    assert [(sheet.title, sheet.max_row) for sheet in book] == [
        ("Evaluations", 1001),
        ("Evaluations 2", 1001),
        ("Evaluations 3", 501),
        ("About", 2),
    ]
    ids = [row[0] for sheet in book.worksheets[:3] for row in sheet.iter_rows(min_row=2, max_col=1, values_only=True)]
    assert len(set(ids)) == ROWS
    book.close()
