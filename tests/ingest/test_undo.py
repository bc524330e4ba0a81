"""Imports taken back, one by one and in any order, and all data deleted; on both engines."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lib.access.audit_log import Action, AuditFilter
from lib.analytics import queries
from lib.analytics.grants import EVERYTHING
from lib.analytics.query_cache import QueryCache
from lib.errors import ConflictError
from lib.errors.import_codes import ImportCode
from lib.ingest import history
from lib.ingest.history import ImportRecord
from lib.jobs.queue import JobKind
from lib.jobs.tasks import TASKS
from lib.store import data_dir, schema
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

HEADER = "id,audioDate,averageNote,campaignId,campaignName\n"


def held(workspace: Workspace) -> dict[str, tuple[Any, ...]]:
    """Return what the facts hold: day, score and campaign of each id."""
    facts, names = schema.evaluations, schema.campaigns
    query = sa.select(facts.c.id, facts.c.day, facts.c.score, names.c.name).join(
        names, names.c.key == facts.c.campaign_key
    )
    with workspace.facts.read() as connection:
        rows = connection.execute(query).all()
    assert len(rows) == len({row.id for row in rows})
    return {row.id: (row.day.isoformat(), (row.score or 0) // 10_000, row.name) for row in rows}


def campaigns(workspace: Workspace) -> dict[str, str]:
    names = schema.campaigns
    with workspace.facts.read() as connection:
        return {row.id: row.name for row in connection.execute(sa.select(names).where(names.c.key > 0))}


def record(workspace: Workspace, number: str) -> ImportRecord:
    with workspace.facts.read() as connection:
        return next(each for each in history.entries(connection) if each.id == number)


def undo(workspace: Workspace, number: str, **more: Any) -> dict[str, Any]:
    return TASKS[JobKind.UNDO](workspace, {"id": number, "actor": "test", **more}, lambda *_: None)


def assert_whole(workspace: Workspace) -> None:
    assert TASKS["check"](workspace, {}, lambda *_: None)["lines"] == ()


def test_what_an_import_added_goes_and_what_it_replaced_comes_back(
    load: Load, workspace: Workspace, answers: QueryCache
) -> None:
    load(f"{HEADER}a,2024-01-01,5,c1,Alpha\nb,2024-01-02,6,c1,Alpha\nc,2024-01-03,7,c2,Beta\n")
    before = held(workspace), campaigns(workspace)
    second = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\nb,2024-02-09,1,c3,Gamma\nd,2024-01-04,8,c2,Beta Two\n")
    assert (second.loaded.added, second.loaded.changed, second.loaded.unchanged) == (1, 1, 1)
    done = undo(workspace, second.id)
    assert (done["removed"], done["restored"], done["evaluations"]) == (1, 1, 3)
    assert (held(workspace), campaigns(workspace)) == before
    totals = answers.run(queries.summary, make_filters(), workspace.calendar).sums
    assert (totals["evaluations"], totals["score_sum"]) == (3, 180_000)
    assert_whole(workspace)
    entry = record(workspace, second.id)
    assert entry.undone_by == "test" and entry.undone_at is not None and entry.result == "loaded"
    (line,) = workspace.audit.entries(AuditFilter(workspace.settings.zone, actions=(Action.IMPORT_UNDONE,)), 10)
    assert line.details == {"import_id": second.id, "removed": 1, "restored": 1} and line.actor == "test"


def test_an_import_that_a_later_one_changed_is_refused_and_the_later_one_named(
    load: Load, workspace: Workspace
) -> None:
    first = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\nb,2024-01-02,6,c1,Alpha\n", name="first.csv")
    apart = load(f"{HEADER}z,2024-01-01,5,c1,Alpha\n")
    second = load(f"{HEADER}a,2024-01-01,9,c1,Alpha\n", name="second.csv")
    before = held(workspace)
    with pytest.raises(ConflictError) as refused:
        undo(workspace, first.id)
    assert refused.value.reason.code is ImportCode.UNDO_CHANGED_SINCE
    assert f"{second.id} (second.csv, " in refused.value.message and apart.id not in refused.value.message
    assert held(workspace) == before
    assert [later.id for later in record(workspace, first.id).later] == [second.id]
    assert record(workspace, apart.id).why_not is None
    undo(workspace, second.id)
    assert record(workspace, first.id).why_not is None
    undo(workspace, first.id)
    assert set(held(workspace)) == {"z"}
    assert_whole(workspace)


def test_what_can_not_be_undone_says_why(load: Load, workspace: Workspace) -> None:
    first = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\n")
    same = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\n")
    bad = load(f"{HEADER}b,never,5,c1,Alpha\n")
    undo(workspace, first.id)
    for number, code in (
        (first.id, ImportCode.UNDO_DONE),
        (same.id, ImportCode.UNDO_NOTHING),
        (bad.id, ImportCode.UNDO_NOTHING),
        ("imp_none", ImportCode.UNDO_UNKNOWN),
    ):
        with pytest.raises(ConflictError) as refused:
            undo(workspace, number)
        assert refused.value.reason.code is code
    again = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\n")  # the undo of an undo
    assert again.loaded.added == 1 and record(workspace, again.id).why_not is None


def test_an_import_of_an_earlier_version_can_not_be_undone(load: Load, workspace: Workspace) -> None:
    report = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\n")
    with workspace.facts.write() as connection:  # as the migration leaves it
        connection.execute(sa.update(schema.imports).values(data_version=None))
        connection.execute(sa.update(schema.evaluations).values(data_version=None))
    with pytest.raises(ConflictError, match="by an earlier version"):
        undo(workspace, report.id)
    later = load(f"{HEADER}a,2024-01-01,9,c1,Alpha\n")  # what that one had loaded comes back all the same
    undo(workspace, later.id)
    assert held(workspace) == {"a": ("2024-01-01", 5, "Alpha")}


def test_a_job_that_is_done_again_undoes_once(load: Load, workspace: Workspace) -> None:
    report = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\n")
    first = undo(workspace, report.id, job="job_1")
    assert undo(workspace, report.id, job="job_1") == first
    with pytest.raises(ConflictError, match="was undone already"):
        undo(workspace, report.id, job="job_2")


def test_names_come_back_in_any_order(load: Load, workspace: Workspace) -> None:
    load(f"{HEADER}a,2024-01-01,5,c1,One\n")
    second = load(f"{HEADER}b,2024-01-01,5,c1,Two\n")
    third = load(f"{HEADER}c,2024-01-01,5,c1,Three\n")
    undo(workspace, second.id)
    assert campaigns(workspace) == {"c1": "Three"}
    undo(workspace, third.id)
    assert campaigns(workspace) == {"c1": "One"}


def test_an_import_that_changed_names_alone_can_be_undone(load: Load, workspace: Workspace) -> None:
    load(f"{HEADER}a,2024-01-01,5,c1,One\n")
    second = load(f"{HEADER}a,2024-01-01,5,c1,Two\n")
    assert second.loaded.unchanged == 1 and campaigns(workspace) == {"c1": "Two"}
    assert undo(workspace, second.id)["removed"] == 0
    assert campaigns(workspace) == {"c1": "One"}


def test_a_name_stays_while_a_replaced_evaluation_may_come_back_to_it(load: Load, workspace: Workspace) -> None:
    first = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\nb,2024-01-01,5,c1,Alpha\n")
    second = load(f"{HEADER}a,2024-01-01,5,c2,Beta\n")
    third = load(f"{HEADER}b,2024-01-01,5,c2,Beta\n")
    assert campaigns(workspace) == {"c1": "Alpha", "c2": "Beta"}
    undo(workspace, third.id)
    assert campaigns(workspace) == {"c1": "Alpha", "c2": "Beta"}
    undo(workspace, second.id)
    assert campaigns(workspace) == {"c1": "Alpha"}
    undo(workspace, first.id)
    assert (held(workspace), campaigns(workspace)) == ({}, {})
    assert_whole(workspace)


def test_what_took_the_place_of_sample_data_leaves_nothing(load: Load, workspace: Workspace) -> None:
    TASKS["sample"](workspace, {"rows": 300, "seed": 1, "until": "2024-03-01"}, lambda *_: None)
    report = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\n", replace_sample=True)
    assert undo(workspace, report.id)["evaluations"] == 0
    with workspace.facts.read() as connection:
        assert not queries.status(connection).is_sample
    assert_whole(workspace)


def test_sample_data_in_the_place_of_all_that_there_was_end_the_undo(load: Load, workspace: Workspace) -> None:
    report = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\n")
    TASKS["sample"](workspace, {"rows": 300, "seed": 1, "until": "2024-03-01", "replace": True}, lambda *_: None)
    with pytest.raises(ConflictError, match="other data have taken the place"):
        undo(workspace, report.id)


def test_evaluations_that_a_program_sent_can_be_undone(load: Load, workspace: Workspace) -> None:
    load(f"{HEADER}a,2024-01-01,5,c1,Alpha\n")
    sent = {"id": "a", "audioDate": "2024-01-02", "averageNote": "9"}
    report = workspace.write_evaluations([sent, {**sent, "id": "b"}], "robot", EVERYTHING)
    assert undo(workspace, report.id)["restored"] == 1
    assert held(workspace) == {"a": ("2024-01-01", 5, "Alpha")}


def test_what_comes_back_has_the_days_of_the_zone_that_is_now(load: Load, workspace: Workspace) -> None:
    load(f"{HEADER}a,2024-01-01T23:30:00Z,5,c1,Alpha\n")
    second = load(f"{HEADER}a,2024-05-01T10:00:00Z,5,c1,Alpha\n")
    TASKS["timezone"](workspace, {"zone": "Asia/Tokyo", "actor": "test"}, lambda *_: None)
    undo(workspace, second.id)
    assert held(workspace)["a"][0] == "2024-01-02"
    assert_whole(workspace)


def test_what_was_replaced_is_kept_for_90_days(load: Load, workspace: Workspace) -> None:
    old = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\nb,2024-01-01,5,c1,Alpha\n")
    replacing = load(f"{HEADER}a,2024-01-01,6,c1,Alpha Two\n")
    new = load(f"{HEADER}b,2024-01-01,6,c1,Alpha Two\n")
    long_ago = datetime.now(UTC) - timedelta(days=91)
    with workspace.facts.write() as connection:
        aged = schema.imports.c.id.in_([old.id, replacing.id])
        connection.execute(sa.update(schema.imports).where(aged).values(finished_at=long_ago))
    workspace._jobs.tidy()
    for report in (old, replacing):
        with pytest.raises(ConflictError, match="deleted after 90 days"):
            undo(workspace, report.id)
    with workspace.facts.read() as connection:
        kept = connection.execute(sa.select(schema.replaced_evaluations.c.id)).scalars().all()
        names = connection.execute(sa.select(sa.func.count()).select_from(schema.replaced_names)).scalar_one()
    assert (kept, names) == (["b"], 1)  # the name that the new import gave, too
    undo(workspace, new.id)
    assert held(workspace) == {"a": ("2024-01-01", 6, "Alpha Two"), "b": ("2024-01-01", 5, "Alpha Two")}


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_imports_and_undos_leaves_what_it_should(workspace: Workspace, seed: int) -> None:
    """A model of dictionaries says what is held, and what is refused."""
    chance = random.Random(seed)
    facts: dict[str, tuple[Any, ...]] = {}
    brought_by: dict[str, str | None] = {}
    replaced: dict[str, dict[str, tuple[tuple[Any, ...], str | None]]] = {}  # by the import that did: what was there
    for _ in range(25):
        if replaced and chance.random() < 0.4:
            number = chance.choice(list(replaced))
            later = [each for each in replaced.values() if any(by == number for _, by in each.values())]
            mine = [key for key, by in brought_by.items() if by == number]
            if later or not (mine or replaced[number]):
                with pytest.raises(ConflictError):
                    undo(workspace, number)
            else:
                undo(workspace, number)
                for key in mine:
                    del facts[key], brought_by[key]
                for key, (row, by) in replaced.pop(number).items():
                    facts[key], brought_by[key] = row, by
        else:
            rows = {
                f"e{n}": (date(2024, 1, chance.randint(1, 5)).isoformat(), chance.randint(0, 2), chance.choice("XY"))
                for n in chance.sample(range(12), 4)
            }
            sent = [
                {"id": key, "audioDate": day, "averageNote": str(score), "campaignName": name}
                for key, (day, score, name) in rows.items()
            ]
            number = workspace.write_evaluations(sent, "robot", EVERYTHING).id
            different = {key: row for key, row in rows.items() if facts.get(key) != row}
            replaced[number] = {key: (facts[key], brought_by[key]) for key in different if key in facts}
            facts |= different
            brought_by |= dict.fromkeys(different, number)
        assert held(workspace) == facts
        assert set(campaigns(workspace)) >= {row[2] for row in facts.values()}
    assert_whole(workspace)


def delete_all(workspace: Workspace, name: str) -> dict[str, Any]:
    return TASKS[JobKind.DELETE_ALL](workspace, {"name": name, "actor": "test"}, lambda *_: None)


def test_all_data_can_be_deleted(load: Load, workspace: Workspace) -> None:
    load(f"{HEADER}a,2024-01-01,5,c1,Alpha\nb,2024-01-01,5,c1,Alpha\n")
    load(f"{HEADER}b,2024-01-01,6,c1,Beta\n")
    bad = load(f"{HEADER}c,never,6,c1,Beta\nd,2024-01-01,1,c1,Beta\n", skip_bad_rows=True)
    report_file = workspace.settings.data_dir / data_dir.BAD_ROWS / str(bad.bad_rows_file)
    with pytest.raises(ConflictError, match="Right would be 'Callboard'"):
        delete_all(workspace, "callboard")
    assert len(held(workspace)) == 3
    assert delete_all(workspace, "Callboard") == {"evaluations": 3}
    assert (held(workspace), campaigns(workspace), report_file.exists()) == ({}, {}, False)
    with workspace.facts.read() as connection:
        for table in (schema.replaced_evaluations, schema.replaced_names):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0
        listed = history.entries(connection)
    assert [each.why_not and each.why_not.code for each in listed] == [ImportCode.UNDO_DELETED] * 3
    assert_whole(workspace)
    (line,) = workspace.audit.entries(AuditFilter(workspace.settings.zone, actions=(Action.DATA_DELETED,)), 10)
    assert (line.subject, line.details) == ("Callboard", {"evaluations": 3})
    again = load(f"{HEADER}a,2024-01-01,5,c1,Alpha\n")
    assert record(workspace, again.id).why_not is None


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_sample_data_do_not_come_back_after_a_deletion(workspace: Workspace) -> None:
    workspace.settings = workspace.settings.model_copy(update={"sample": "auto"})
    TASKS["sample"](workspace, {"rows": 300, "seed": 1, "until": "2024-03-01"}, lambda *_: None)
    delete_all(workspace, "Callboard")
    workspace.fill_with_sample()
    assert held(workspace) == {}


def test_a_name_that_a_standing_import_gave_too_stays(load: Load, workspace: Workspace) -> None:
    def rows(number: str, name: str) -> str:
        return f"id,audioDate,campaignId,campaignName\n{number},2024-01-01,c1,{name}\n"

    load(rows("z1", "Old"))
    middle, last = load(rows("a1", "New")), load(rows("b1", "New"))
    assert [warning.code for warning in middle.warnings] == [ImportCode.WARN_RENAMED] and not last.warnings
    undo(workspace, middle.id)
    assert campaigns(workspace) == {"c1": "New"}
    undo(workspace, last.id)
    assert campaigns(workspace) == {"c1": "Old"}
