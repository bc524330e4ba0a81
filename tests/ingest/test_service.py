"""All or nothing, by id: what an import does to what is there, on both engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
import sqlalchemy as sa

from lib.analytics import breakdowns, queries
from lib.analytics.grants import EVERYTHING
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN
from lib.errors import BadRowsError, CancelledError, FileError, MappingError, SampleDataError, TimeZoneChangedError
from lib.ingest import history, sample_data, service
from lib.ingest.api_records import convert_objects
from lib.ingest.file_reading import InputFile
from lib.ingest.import_run import ImportProgress, ImportRequest
from lib.ingest.json_items import decode_body
from lib.jobs import tasks
from lib.jobs.queue import MAX_ATTEMPTS
from lib.jobs.tasks import TASKS
from lib.reports import import_text
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters
from tests.waiting import until


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
    assert (report.result, report.problems[0].file, report.problems[0].row) == ("nothing_loaded", "bad.csv", 2)
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


def test_new_names_in_a_later_import(load: Load, workspace: Workspace) -> None:
    header = "id,audioDate,averageNote,campaignId,campaignName,callCenterName\n"
    load(f"{header}1,2024-01-01,1,c2,Beta,North\n2,2024-01-01,2,c4,Delta,South\n")
    load(f"{header}3,2024-01-01,3,c1,Alpha,North\n4,2024-01-01,4,c3,Gamma,East\n5,2024-01-01,5,c2,Beta,West\n")
    calendar = workspace.calendar
    with workspace.facts.read() as connection:
        groups = breakdowns.breakdown(connection, make_filters(), calendar, CAMPAIGN, "campaignId").groups
        centers = breakdowns.breakdown(connection, make_filters(), calendar, CALL_CENTER, "callCenterName").groups
        keys = connection.execute(sa.select(schema.campaigns.c.key).order_by(schema.campaigns.c.key)).scalars().all()
    assert [(group.named.id, group.named.name, group.sums["score_sum"]) for group in groups] == [
        ("c1", "Alpha", 30_000),
        ("c2", "Beta", 60_000),
        ("c3", "Gamma", 40_000),
        ("c4", "Delta", 20_000),
    ]
    assert [(group.named.name, group.sums["score_sum"]) for group in centers] == [
        ("East", 40_000),
        ("North", 40_000),
        ("South", 20_000),
        ("West", 50_000),
    ]
    assert keys == [0, 1, 2, 3, 4]  # the key of "(none)", and one for each name


def test_dry_run(load: Load, workspace: Workspace) -> None:
    load("id,audioDate\na,2024-01-01\n")
    report = load("id,audioDate,campaignName\na,2024-01-02,Alpha\nb,2024-01-01,Beta\n", dry_run=True)
    bad = load("id,audioDate\na,never\n", dry_run=True)
    assert bad.bad == 1
    assert (report.result, report.loaded.added, report.loaded.changed) == ("dry_run", 1, 1)
    assert set(held(workspace)) == {"a"}
    with workspace.facts.read() as connection:
        assert len(history.entries(connection)) == 1
        assert queries.status(connection).data_version == 1
        assert connection.scalars(sa.select(schema.campaigns.c.key)).all() == [0]
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0


def test_history(load: Load, workspace: Workspace) -> None:
    load("id,audioDate\na,2024-01-01\n", name="one.csv")
    load("id,audioDate\na,never\n", name="two.csv")
    with workspace.facts.read() as connection:
        newest, oldest = history.entries(connection)
    assert (oldest.files[0]["name"], oldest.result, oldest.added, oldest.actor) == ("one.csv", "loaded", 1, "test")
    assert len(oldest.files[0]["sha256"]) == 64 and oldest.files[0]["bytes"] == 26
    assert (newest.result, newest.bad, newest.added) == ("nothing_loaded", 1, 0)
    with pytest.raises(MappingError):
        load("id,audioDate\nb,2024-01-01\n", "[nonsense]")
    with workspace.facts.read() as connection:
        failed = history.entries(connection)[0]
    assert failed.result == "failed" and len(failed.files[0]["sha256"]) == 64


def test_a_file_that_is_not_there(workspace: Workspace) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        service.run(
            workspace.facts,
            workspace.settings,
            workspace.catalog,
            ImportRequest((InputFile(Path("/nowhere/x.csv"), "x.csv"),), "t"),
            lambda _: None,
        )


@pytest.mark.parametrize("step", ["reading", "comparing", "loading"])
def test_stopped_in_the_middle(load: Load, workspace: Workspace, tmp_path: Path, step: str) -> None:
    load("id,audioDate\nkept,2024-01-01\n")
    path = tmp_path / "many.csv"
    path.write_text("id,audioDate\n" + "".join(f"{n},2024-01-01\n" for n in range(200_000)))

    def stop(progress: ImportProgress) -> None:
        if progress.step == step:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        service.run(
            workspace.facts,
            workspace.settings,
            workspace.catalog,
            ImportRequest((InputFile(path, "many.csv"),), "t"),
            stop,
        )
    assert set(held(workspace)) == {"kept"}
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0
    assert load("id,audioDate\nafter,2024-01-01\n").loaded.added == 1


def test_what_is_loaded_is_not_stopped(workspace: Workspace, load: Load, tmp_path: Path) -> None:
    load("id,audioDate\nkept,2024-01-01\n")
    path = tmp_path / "few.csv"
    path.write_text("id,audioDate\na,2024-01-01\n")

    def stop(_: ImportProgress) -> None:
        if "a" in held(workspace):
            raise CancelledError("The data are as they were.")

    service.run(
        workspace.facts, workspace.settings, workspace.catalog, ImportRequest((InputFile(path, "few.csv"),), "t"), stop
    )
    with workspace.facts.read() as connection:
        assert [entry.result for entry in history.entries(connection)] == ["loaded", "loaded"]


def test_a_job_that_is_done_again_loads_once(workspace: Workspace, load: Load, tmp_path: Path) -> None:
    """Its worker died after the commit, before it could tell; what came since then stays."""
    path = tmp_path / "old.csv"
    path.write_text("id,audioDate,averageNote\na,2024-01-01,1\nb,2024-01-01,1\nb,2024-01-01,1\nbad,,\n")
    payload = {"files": [(str(path), path.name)], "skip_bad_rows": True}
    job = workspace.queue.add("import", payload, "test")
    assert workspace.queue.claim(["import"]) is not None
    done = TASKS["import"](workspace, {**payload, "actor": "test", "job": job.id}, lambda *_: None)
    load("id,audioDate,averageNote\na,2024-01-01,9\n")
    with workspace.state.transaction() as connection:
        connection.execute(sa.update(schema.jobs).values(lease_until=datetime.now(UTC) - timedelta(seconds=1)))
    workspace.start_workers()
    until(lambda: (found := workspace.queue.get(job.id)) is not None and found.ended)
    again = workspace.queue.get(job.id)
    assert again is not None and (again.status, again.attempt) == ("completed", 2) and again.result is not None
    told = ("id", "result", "read", "bad", "added", "changed", "unchanged", "bad_rows_file")
    assert {name: again.result[name] for name in told} == {name: done[name] for name in told}
    assert "repeated ids: 1 (the later row stands)" in import_text.in_words(again.result)
    with workspace.facts.read() as connection:
        scores = connection.execute(sa.select(schema.evaluations.c.id, schema.evaluations.c.score)).all()
        assert len(history.entries(connection)) == 2
    assert {row.id: row.score for row in scores} == {"a": 90_000, "b": 10_000}


def test_a_job_that_is_given_up_tells_what_it_loaded(workspace: Workspace, tmp_path: Path) -> None:
    """The worker of its last try died after the commit."""
    path = tmp_path / "old.csv"
    path.write_text("id,audioDate\na,2024-01-01\n")
    payload = {"files": [(str(path), path.name)]}
    job = workspace.queue.add("import", payload, "test")
    long_ago = sa.update(schema.jobs).values(lease_until=datetime.now(UTC) - timedelta(seconds=1))
    for _ in range(MAX_ATTEMPTS):
        assert workspace.queue.claim(["import"]) is not None
        with workspace.state.transaction() as connection:
            connection.execute(long_ago)
    TASKS["import"](workspace, {**payload, "actor": "test", "job": job.id}, lambda *_: None)
    workspace.start_workers()
    until(lambda: (found := workspace.queue.get(job.id)) is not None and found.ended)
    ended = workspace.queue.get(job.id)
    assert ended is not None and ended.status == "completed" and ended.result is not None and ended.result["added"] == 1
    with workspace.state.read() as connection:
        written = sa.select(sa.func.count()).where(schema.audit.c.action == "import")
        assert connection.execute(written).scalar_one() == 2  # once by whoever died, once by who found it


def test_a_job_that_failed_is_listed_by_its_last_try(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    request = ImportRequest((InputFile(path, path.name),), "t", id="imp_1")
    with pytest.raises(FileError):
        service.run(workspace.facts, workspace.settings, workspace.catalog, request, lambda _: None)
    path.write_text("id,audioDate\na,2024-01-01\n")
    service.run(workspace.facts, workspace.settings, workspace.catalog, request, lambda _: None)
    with workspace.facts.read() as connection:
        (listed,) = history.entries(connection)
    assert (listed.id, listed.result, listed.message, listed.added) == ("imp_1", "loaded", None, 1)


def test_an_import_that_is_in_is_told_so(workspace: Workspace, tmp_path: Path) -> None:
    """Also where the word of the commit is lost on its way: the connection ends with the transaction kept."""
    path = tmp_path / "few.csv"
    path.write_text("id,audioDate\na,2024-01-01\n")

    def lose(connection: sa.Connection) -> None:
        sa.event.remove(workspace.facts.engine, "commit", lose)
        connection.connection.driver_connection.commit()
        raise sa.exc.OperationalError("COMMIT", {}, Exception("the connection was lost"))

    def loading(progress: ImportProgress) -> None:
        if progress.step == "loading":
            sa.event.listen(workspace.facts.engine, "commit", lose)

    report = service.run(
        workspace.facts,
        workspace.settings,
        workspace.catalog,
        ImportRequest((InputFile(path, "few.csv"),), "t"),
        loading,
    )
    assert (report.result, report.loaded.added, set(held(workspace))) == ("loaded", 1, {"a"})
    with workspace.facts.read() as connection:
        assert [(entry.id, entry.result) for entry in history.entries(connection)] == [(report.id, "loaded")]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_days_of_another_zone_do_not_come_in(workspace: Workspace, load: Load, settings: Settings) -> None:
    """Another process gives the workspace another zone, which computes every day anew."""
    load("id,audioDate\na,2024-01-01T02:00:00Z\n")
    other = Workspace(settings)
    TASKS["timezone"](other, {"zone": "America/Santiago", "actor": "test"}, lambda *_: None)
    with pytest.raises(TimeZoneChangedError, match="from UTC to America/Santiago"):
        load("id,audioDate\nb,2024-01-01T02:00:00Z\n")
    assert set(held(workspace)) == {"a"} and TASKS["check"](other, {}, lambda *_: None)["differences"] == 0
    other.close()


def test_ids_made_of_rows_need_files_of_different_names(load: Load, tmp_path: Path) -> None:
    mapping = "[columns]\nid = { row = true }\naudioDate = 'audioDate'\n"
    files = [tmp_path / month / "calls.csv" for month in ("jan", "feb")]
    for path in files:
        path.parent.mkdir()
        path.write_text("audioDate\n2024-01-01\n")
    with pytest.raises(FileError, match="two files have this name"):
        load(files, mapping)
    assert load(files[:1], mapping).loaded.added == 1


def test_what_may_never_end_is_no_file(workspace: Workspace) -> None:
    for name in ("/dev/zero", "/dev"):
        with pytest.raises(FileError, match="no file"):
            service.run(
                workspace.facts,
                workspace.settings,
                workspace.catalog,
                ImportRequest((InputFile(Path(name), "x.csv"),), "t"),
                lambda _: None,
            )


@pytest.mark.parametrize("chunk", [1_000, 10_000])
def test_sample_data_do_not_come_over_what_came_meanwhile(
    workspace: Workspace, load: Load, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(tasks, "SAMPLE_CHUNK", chunk)
    made = sample_data.batches

    def batches(*asked: Any) -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(made(*asked)):
            if number == (1 if chunk == 1_000 else 0):
                load("id,audioDate\nown,2024-01-01\n", replace_sample=True)
            yield from (batch.slice(start, 1_000) for start in range(0, len(batch), 1_000))

    monkeypatch.setattr(sample_data, "batches", batches)
    with pytest.raises(SampleDataError):
        TASKS["sample"](workspace, {"rows": 60_000, "seed": 3, "until": "2024-03-01"}, lambda *_: None)
    assert set(held(workspace)) == {"own"}
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_sample_data_do_not_mix_with_ones_own(workspace: Workspace, load: Load) -> None:
    made = TASKS["sample"](workspace, {"rows": 500, "seed": 3, "until": "2024-03-01"}, lambda *_: None)
    assert made["rows"] == 500
    with pytest.raises(SampleDataError):
        load("id,audioDate\na,2024-01-01\n")
    assert load("id,audioDate\na,2024-01-01\n", replace_sample=True).loaded.added == 1
    assert set(held(workspace)) == {"a"}
    with workspace.facts.read() as connection:
        assert not queries.status(connection).is_sample
        names = connection.execute(sa.select(schema.campaigns.c.id).where(schema.campaigns.c.key > 0)).all()
    assert names == []
    with pytest.raises(SampleDataError, match=r"evaluations of your own \(1\)"):
        TASKS["sample"](workspace, {"rows": 500, "seed": 3}, lambda *_: None)


def test_the_files_of_an_import_are_listed_as_json(load: Load, workspace: Workspace) -> None:
    load("id,audioDate\na,2024-01-01\n", name='odd "name", really.csv')
    with workspace.facts.read() as connection:
        (listed,) = connection.execute(sa.select(schema.imports.c.files)).scalars()
    assert json.loads(listed)[0]["name"] == 'odd "name", really.csv'


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_table_of_somebody_else_is_left_alone(load: Load, workspace: Workspace) -> None:
    """One that is named as our temporary ones are, in the same database."""
    with workspace.facts.engine.begin() as connection:
        for name in ("staged", "texts", "measured", "changes_daily_by_center"):
            connection.exec_driver_sql(f"CREATE TABLE {name} AS SELECT 1 AS mine")
    assert load("id,audioDate\na,2024-01-01\n").loaded.added == 1
    assert load("id,audioDate\na,2024-01-02\n").loaded.changed == 1
    with workspace.facts.read() as connection:
        for name in ("staged", "texts", "measured", "changes_daily_by_center"):
            assert connection.execute(
                sa.select(sa.column("mine")).select_from(sa.table(name, schema="public"))
            ).all() == [(1,)]


def test_what_is_wrong_with_many_objects_is_counted_and_not_kept() -> None:
    zone = ZoneInfo("UTC")
    for objects, told in (
        ([1] * 50_000, "is not an object"),
        ([{"who": 1}] * 50_000, "is not a column"),
        ([{f"column {number}": 1 for number in range(50_000)}] * 3, "is not a column"),
    ):
        found = convert_objects(objects, zone, EVERYTHING, BUILT_IN)
        assert (found.read, found.bad) == (len(objects), len(objects))
        assert 0 < len(found.problems) <= 1_000 and told in str(found.problems[0].problem)
    good = {"id": "a", "audioDate": "2024-01-01"}
    mixed = convert_objects([good, 7, {**good, "averageNote": "x"}, {**good, "id": "b"}], zone, EVERYTHING, BUILT_IN)
    assert (mixed.read, mixed.bad) == (4, 2) and [problem.row for problem in mixed.problems] == [2, 3]


def test_what_a_post_sent_is_quoted(workspace: Workspace) -> None:
    good = {"id": "x", "audioDate": "2026-01-01"}
    text = json.dumps(
        [
            {**good, "foo": 11},
            {**good, "id": {"a": [1, "b"]}},
            {**good, "ID": "y"},
            {"id": "n1", "audioDate": "1970-01-01T12:00:00"},
        ]
    )
    objects = [*decode_body(text.encode())]
    with pytest.raises(BadRowsError) as caught:
        workspace.write_evaluations(objects, "test", EVERYTHING)
    words = caught.value.message
    assert "row 1, foo: '11' is not a column" in words
    assert """row 2, id: '{"a": [1, "b"]}' holds a list or an object""" in words
    assert "row 3, id: 'y' is there twice" in words
    assert "means 1970-01-01, outside 1970-01-03 to 2099-12-29" in words and ", from 1970-01-03 to 2099-12-29." in words
