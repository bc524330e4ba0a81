"""The measurements start from a clean clone: each part that needs no running app, on few evaluations."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import changes, data, own_fields, questions
from bench.report import Report
from lib.settings import Settings
from tests.conftest import ROOT

ROWS = 2_000


def test_questions_and_changes(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "FOLDER", tmp_path / "cache")
    for part in (changes, own_fields):
        monkeypatch.setattr(part, "NEW_ROWS", ROWS // 10)
    report, engine = Report(), "postgresql" if settings.database_url else "duckdb"
    (tmp_path / "cache").mkdir()
    chosen = data.made(settings, ROWS)
    questions.run(report, engine, chosen)
    changes.run(report, engine, chosen)
    own_fields.run(report, engine, chosen)
    imports = 3 if engine == "postgresql" else 2  # there one is compared with the same by hand, too
    parts = ["questions"] * 5 + ["exports"] + ["imports"] * imports + ["own fields"] * 3
    assert [line[0] for line in report.lines] == parts
    assert not list(settings.exports_dir.glob("*"))  # what was written is taken away


def test_what_is_not_measured_again_stays_in_the_table(tmp_path: Path) -> None:
    results = tmp_path / "results.md"
    results.write_text(
        "# Measured\n\n| part | what |\n| --- | --- |\n| growth | summary | duckdb | 5 |\n| live | a post | duckdb | 9 |\n"
    )
    report = Report()
    report.add("live", "a post", "duckdb", [1.0, 2.0, 3.0], bound=400)
    report.write("PostgreSQL 15", results)
    rows = [line for line in results.read_text().splitlines() if line.startswith(("| growth", "| live"))]
    assert rows[0] == "| growth | summary | duckdb | 5 |"
    assert rows[1].startswith("| live | a post | duckdb | 2.0 ms | 3.0 |  |  | 400 | ") and len(rows) == 2


@pytest.mark.parametrize("rows", ["x", "10", "1.5", "-1000"])
def test_a_number_of_evaluations_that_can_not_be(rows: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench"], cwd=ROOT, env={**os.environ, "ROWS": rows}, capture_output=True, text=True
    )
    assert done.returncode == 1 and "is not a number of evaluations" in done.stderr and "Traceback" not in done.stderr
