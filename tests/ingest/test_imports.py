"""All or nothing, by id: what an import does to what is there, on both engines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lib import schema
from lib.analytics import queries
from lib.errors import CancelledError, FileError, SampleDataError, StorageError
from lib.ingest import imports
from lib.ingest.imports import Request
from lib.ingest.reading import InputFile
from lib.settings import Settings
from lib.workspace import TASKS, Workspace
from tests.conftest import ROOT, Load


def held(workspace: Workspace) -> dict[str, tuple[Any, ...]]:
    with workspace.facts.read() as connection:
        facts = schema.evaluations.c
        return {
            row.id: tuple(row)[1:]
            for row in connection.execute(sa.select(facts.id, facts.score, facts.duration_seconds))
        }


def test_counts(load: Load, workspace: Workspace) -> None:
    first = load("id,audioDate,averageNote\na,2024-01-01,5\nb,2024-01-02,6\n\n,,\nc,2024-01-03,7\n")
    assert (first.read, first.blank, first.loaded.added, first.loaded.days) == (5, 2, 3, 3)
    again = load("id,audioDate,averageNote\na,2024-01-01,5\nb,2024-01-05,6\nd,2024-01-09,1\n")
    assert (again.loaded.added, again.loaded.changed, again.loaded.unchanged) == (1, 1, 1)
    # b moved: the day it left and the day it came to were touched, as was d's
    assert (again.loaded.days, str(again.loaded.first_day), str(again.loaded.last_day)) == (
        3,
        "2024-01-02",
        "2024-01-09",
    )
    assert held(workspace) == {"a": (50_000, None), "b": (60_000, None), "c": (70_000, None), "d": (10_000, None)}


def test_the_same_twice_changes_nothing(load: Load, workspace: Workspace) -> None:
    text = "id,audioDate,averageNote,createdAt\n" + "".join(
        f"{n},2024-01-01T10:00:00.123456Z,5.5,2024-01-02\n" for n in range(500)
    )
    load(text)
    before = held(workspace)
    report = load(text)
    assert (report.loaded.unchanged, report.loaded.added, report.loaded.changed, report.loaded.days) == (500, 0, 0, 0)
    assert held(workspace) == before


def test_the_later_of_two_rows_stands(load: Load, workspace: Workspace) -> None:
    report = load(
        "id,audioDate,averageNote\na,2024-01-01,1\na,2024-01-01,2\na,2024-01-01,3\nb,2024-01-01,4\nb,2024-01-01,4\n"
    )
    assert (report.loaded.added, report.loaded.duplicates, report.loaded.exact_duplicates) == (2, 3, 1)
    assert held(workspace) == {"a": (30_000, None), "b": (40_000, None)}


def test_a_row_replaces_the_whole_evaluation(load: Load, workspace: Workspace) -> None:
    load("id,audioDate,averageNote,durationInSeconds\na,2024-01-01,5,60\n")
    load("id,audioDate,durationInSeconds\na,2024-01-01,90\n")
    assert held(workspace) == {"a": (None, 90)}


def test_several_files_are_one_import(load: Load, workspace: Workspace, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("id,audioDate\na,2024-01-01\n")
    bad.write_text("audioDate,id,averageNote\n2024-01-01,b,99\n")
    report = load([good, bad])
    assert (report.result, report.problems[0].file, report.problems[0].row) == ("nothing loaded", "bad.csv", 2)
    assert held(workspace) == {}
    bad.write_text("audioDate,id,averageNote\n2024-01-01,b,9\n")
    assert load([good, bad]).loaded.added == 2


def test_names(load: Load, workspace: Workspace) -> None:
    load("id,audioDate,campaignId,campaignName,callCenterName,executiveId\n1,2024-01-01,c1,Alpha,North,e1\n")
    load("id,audioDate,campaignId,executiveId,executiveName\n2,2024-01-01,c1,e1,Ann\n")
    with workspace.facts.read() as connection:
        names = {
            table.name: [
                tuple(row) for row in connection.execute(sa.select(table.c.id, table.c.name).where(table.c.key > 0))
            ]
            for table in (schema.campaigns, schema.call_centers, schema.executives, schema.engagements)
        }
    assert names == {
        "campaigns": [("c1", "Alpha")],  # an id alone does not take a known name away
        "call_centers": [("North", "North")],
        "executives": [("e1", "Ann")],
        "engagements": [],
    }


def test_dry_run(load: Load, workspace: Workspace) -> None:
    load("id,audioDate\na,2024-01-01\n")
    report = load("id,audioDate\na,2024-01-02\nb,2024-01-01\n", dry_run=True)
    assert (report.result, report.loaded.added, report.loaded.changed) == ("dry run", 1, 1)
    assert set(held(workspace)) == {"a"}
    with workspace.facts.read() as connection:
        assert len(imports.history(connection)) == 1
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0


def test_history(load: Load, workspace: Workspace) -> None:
    load("id,audioDate\na,2024-01-01\n", name="one.csv")
    load("id,audioDate\na,never\n", name="two.csv")
    with workspace.facts.read() as connection:
        newest, oldest = imports.history(connection)
    assert (oldest.files[0]["name"], oldest.result, oldest.added, oldest.actor) == ("one.csv", "loaded", 1, "test")
    assert len(oldest.files[0]["sha256"]) == 64 and oldest.files[0]["bytes"] == 26
    assert (newest.result, newest.bad, newest.added) == ("nothing loaded", 1, 0)


def test_a_file_that_is_not_there(workspace: Workspace) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        imports.run(
            workspace.facts,
            workspace.settings,
            Request((InputFile(Path("/nowhere/x.csv"), "x.csv"),), "t"),
            lambda _: None,
        )


@pytest.mark.parametrize("step", ["reading", "comparing", "loading"])
def test_stopped_in_the_middle(load: Load, workspace: Workspace, tmp_path: Path, step: str) -> None:
    load("id,audioDate\nkept,2024-01-01\n")
    path = tmp_path / "many.csv"
    path.write_text("id,audioDate\n" + "".join(f"{n},2024-01-01\n" for n in range(200_000)))

    def stop(progress: imports.Progress) -> None:
        if progress.step == step:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        imports.run(workspace.facts, workspace.settings, Request((InputFile(path, "many.csv"),), "t"), stop)
    assert set(held(workspace)) == {"kept"}
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0
    assert load("id,audioDate\nafter,2024-01-01\n").loaded.added == 1


@pytest.mark.parametrize("delay", [0.6, 1.2, 1.8, 2.4])
def test_killed_in_the_middle(settings: Settings, tmp_path: Path, delay: float) -> None:
    workspace = Workspace(settings)
    path = tmp_path / "kept.csv"
    path.write_text("id,audioDate\nkept,2024-01-01\n")
    TASKS["import"](workspace, {"files": [(str(path), "kept.csv")], "actor": "test"}, lambda *_: None)
    workspace.close()
    path.write_text(
        "id,audioDate,campaignName\n" + "".join(f"{n},2024-01-{n % 28 + 1:02},c{n % 50}\n" for n in range(150_000))
    )
    environment = {
        **os.environ,
        "CALLBOARD_DATA_DIR": str(settings.data_dir),
        "CALLBOARD_DATABASE_URL": settings.database_url,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "lib", "import", str(path)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(delay)
    child.send_signal(signal.SIGKILL)
    child.wait()
    workspace = Workspace(settings)
    found = set(held(workspace))
    assert found == {"kept"} or len(found) == 150_001
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0
    workspace.close()


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_sample_data_do_not_mix_with_ones_own(workspace: Workspace, load: Load) -> None:
    made = TASKS["sample"](workspace, {"rows": 500, "seed": 3, "until": "2024-03-01"}, lambda *_: None)
    assert made["lines"][0] == "rows made: 500"
    with pytest.raises(SampleDataError):
        load("id,audioDate\na,2024-01-01\n")
    assert load("id,audioDate\na,2024-01-01\n", replace_sample=True).loaded.added == 1
    assert set(held(workspace)) == {"a"}
    with workspace.facts.read() as connection:
        assert not queries.status(connection).is_sample
        names = connection.execute(sa.select(schema.campaigns.c.id).where(schema.campaigns.c.key > 0)).all()
    assert names == []
    with pytest.raises(SampleDataError, match="1 evaluations of your own"):
        TASKS["sample"](workspace, {"rows": 500, "seed": 3}, lambda *_: None)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root; CI has it")
def test_a_full_disk(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(small)], check=True)
    try:
        workspace = Workspace(Settings(data_dir=small / "data", sample="off"))
        path = tmp_path / "calls.csv"

        def run(rows: int, prefix: str) -> Any:
            path.write_text(
                "id,audioDate,audioFileName\n"
                + "".join(f"{prefix}{n},2024-01-{n % 28 + 1:02},{os.urandom(60).hex()}\n" for n in range(rows))
            )
            return TASKS["import"](workspace, {"files": [(str(path), "calls.csv")], "actor": "t"}, lambda *_: None)

        assert run(1000, "kept")["added"] == 1000
        with pytest.raises(StorageError, match="disk is full"):
            run(400_000, "lost")
        workspace.close()
        workspace = Workspace(Settings(data_dir=small / "data", sample="off"))
        assert len(held(workspace)) == 1000
        assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0
        assert run(10, "after")["added"] == 10
        workspace.close()
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_the_files_of_an_import_are_listed_as_json(load: Load, workspace: Workspace) -> None:
    load("id,audioDate\na,2024-01-01\n", name='odd "name", really.csv')
    with workspace.facts.read() as connection:
        (listed,) = connection.execute(sa.select(schema.imports.c.files)).scalars()
    assert json.loads(listed)[0]["name"] == 'odd "name", really.csv'
