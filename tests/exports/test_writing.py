"""Evaluations as files of any length: read back by another reader, sheet by sheet."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest

from lib.analytics.filters import Filters
from lib.analytics.queries import summary
from lib.exports import evaluations, writing
from lib.exports.writing import Writer
from lib.ingest import sample
from lib.workspace import TASKS, Workspace

ROWS = 2_500


def batches(workspace: Workspace) -> list[pa.RecordBatch]:
    TASKS["sample"](workspace, {"rows": ROWS, "seed": 2, "until": "2024-06-30"}, lambda *_: None)
    with workspace.facts.read() as connection:
        assert evaluations.count(connection, Filters(), workspace.calendar) == ROWS
        return list(evaluations.stream(connection, Filters(), workspace.calendar))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_row_and_every_sum(workspace: Workspace, tmp_path: Path, form: str) -> None:
    made = batches(workspace)
    path = tmp_path / f"out.{form}"
    writer = Writer(path, form, ROWS, (("Rows", str(ROWS)),), made[0].schema)
    for batch in made:
        writer.write(batch)
    assert writer.finish() == ROWS
    writer.close()
    frame = pd.read_csv(path, encoding="utf-8-sig") if form == "csv" else pd.read_excel(path, engine="openpyxl")
    sums = workspace.answers.ask(summary, Filters(), workspace.calendar).sums
    completed = frame[frame["state"] == "Completed"]
    assert (len(frame), frame["id"].nunique(), len(completed)) == (ROWS, ROWS, sums.completed)
    assert round(completed["averageNote"].sum() * 10_000) == sums.score_sum
    assert completed["durationInSeconds"].sum() == sums.duration_sum
    assert frame["isAICall"].sum() == sums.ai_calls
    whole = pa.Table.from_batches(list(sample.batches(ROWS, 2, date(2024, 6, 30), ZoneInfo("UTC")))).to_pandas()
    dates = pd.to_datetime(frame.sort_values("id")["audioDate"], utc=True)
    assert (dates.to_numpy() == whole.sort_values("id")["audio_at"].dt.tz_localize("UTC").to_numpy()).all()


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_more_rows_than_a_sheet_holds(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "SHEET_ROWS", 1_000)
    made = batches(workspace)
    path = tmp_path / "out.xlsx"
    reader = pa.RecordBatchReader.from_batches(made[0].schema, made)
    assert writing._write_xlsx(path, reader, {"rows": ROWS, "about": [["Rows", str(ROWS)]]}) == ROWS
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
