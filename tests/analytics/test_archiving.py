"""Archived months: every number stays, what is imported finds the evaluations, and all comes back as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib.access.audit_log import Action, AuditFilter
from lib.analytics import archiving, records
from lib.analytics.archived_months import archived_months, months_in_period
from lib.analytics.calendar import Granularity
from lib.analytics.grants import EVERYTHING
from lib.analytics.queries import trend
from lib.errors import ConflictError, StorageError
from lib.errors.archive_codes import ArchiveCode
from lib.jobs import archive_tasks, field_tasks, metric_tasks
from lib.jobs.queue import JobKind
from lib.store import schema
from lib.workspace import Workspace
from tests import archived, scorecards
from tests.archived import do
from tests.filters import make_filters
from tests.scorecards import answer

MONTHS = ("2024-01", "2024-02", "2024-03")


def evaluation(number: int, score: float = 5, day: date | None = None) -> dict[str, str]:
    """Return an evaluation, every third of which is of another month than the last."""
    day = day or date(2024, 1 + number % 3, 1 + number % 28)
    return {
        "id": f"e{number:02}",
        "audioDate": day.isoformat(),
        "averageNote": str(score),
        "campaignName": f"C{number % 2}",
    }


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    """Give a workspace with three months of evaluations, of which some have answers."""
    answers = {f"e{number:02}": (answer("Greeting", number % 5, 5),) for number in range(0, 30, 2)}
    scorecards.load(workspace, [evaluation(number) for number in range(30)], answers)
    return workspace


def archive(workspace: Workspace, before: str = "2024-03-15") -> list[str]:
    """Archive, and return the months that were."""
    return [month["month"] for month in do(workspace, JobKind.ARCHIVES, do="archive", before=before)["months"]]


def bring_back(workspace: Workspace, *months: str) -> None:
    for month in months:
        do(workspace, JobKind.ARCHIVES, do="restore", month=month)


def findings(workspace: Workspace) -> tuple[str, ...]:
    return tuple(do(workspace, JobKind.CHECK)["lines"])


def held(workspace: Workspace) -> dict[str, int]:
    """Return how many evaluations are in the facts, how many archived, and how many rows of answers there are."""
    with workspace.facts.read() as connection:
        tables = schema.evaluations, schema.archived_ids, schema.answers
        counts = (connection.execute(sa.select(sa.func.count()).select_from(each)).scalar_one() for each in tables)
        return dict(zip(("here", "archived", "answers"), counts, strict=True))


def test_every_number_of_every_page_stays(workspace: Workspace) -> None:
    do(workspace, JobKind.SAMPLE, rows=400, seed=3, until="2025-06-30")
    metric_tasks.set_metric(workspace, "test", "middle", {"formula": "median(score)", "unit": "number"})
    rows, answers = archived.rows(workspace), list(archived.answers(workspace))
    assert len(archive(workspace, "2025-05-04")) == 16
    assert held(workspace)["archived"] > 250
    for (name, before), (_, now) in zip(answers, archived.answers(workspace), strict=True):
        assert now == before, name
    assert findings(workspace) == ()
    bring_back(workspace, *(month["month"] for month in do(workspace, JobKind.ARCHIVES, do="list")["months"]))
    assert archived.rows(workspace) == rows
    archive(workspace, "2024-03-01")
    do(workspace, JobKind.DELETE_ALL, name=workspace.settings.name)
    assert held(workspace) == {"here": 0, "archived": 0, "answers": 0}
    assert findings(workspace) == ()


def test_whole_months_alone_are_archived(filled: Workspace) -> None:
    assert archive(filled, "2024-03-31") == ["2024-01", "2024-02"]
    assert archive(filled, "2024-04-01") == ["2024-03"]
    with pytest.raises(ConflictError) as nothing:
        archive(filled, "2024-04-01")
    assert nothing.value.reason.code is ArchiveCode.ARCHIVE_NOTHING
    assert held(filled) == {"here": 0, "archived": 30, "answers": 0}
    with filled.facts.read() as connection:
        points = trend(connection, make_filters(), filled.calendar, Granularity.MONTHLY).points
    assert [point.sums["evaluations"] for point in points] == [10, 10, 10]
    actions = [entry.action for entry in filled.audit.entries(AuditFilter(zone=filled.settings.zone), 10)]
    assert actions.count(Action.ARCHIVED) == 2


def test_records_say_that_they_are_archived(filled: Workspace) -> None:
    archive(filled)
    filters = make_filters()
    with filled.facts.read() as connection:
        assert months_in_period(connection, filters, filled.calendar) == "2024-01 to 2024-02"
        assert months_in_period(connection, make_filters(date(2024, 3, 1)), filled.calendar) == ""
        newest = records.records(connection, filters, filled.calendar, 1, 5)
        oldest = records.records(connection, filters, filled.calendar, 1, 5, records.RecordOrder.OLDEST)
        last = records.records(connection, filters, filled.calendar, 6, 5)
    assert newest.total_count == oldest.total_count == last.total_count == 30
    assert not any(each.is_archived for each in newest.records)
    assert all(each.is_archived for each in oldest.records)
    assert [each.id for each in last.records] == [each.id for each in oldest.records[::-1]]


def test_imports_find_archived_evaluations(filled: Workspace) -> None:
    archive(filled)
    again = filled.write_evaluations([evaluation(number) for number in range(30)], "test", EVERYTHING)
    assert (again.loaded.added, again.loaded.changed, again.loaded.unchanged) == (0, 0, 30)
    assert held(filled)["archived"] == 20
    # One changes its score, one moves to March, and one is new in an archived month.
    changed = [evaluation(0, 9), evaluation(1, day=date(2024, 3, 9)), evaluation(30)]
    report = filled.write_evaluations(changed, "test", EVERYTHING)
    assert (report.loaded.added, report.loaded.changed) == (1, 2)
    assert held(filled) == {"here": 13, "archived": 18, "answers": 6}
    assert findings(filled) == ()
    with filled.facts.read() as connection:
        scores = {each.id: each.score for each in records.records(connection, make_filters(), filled.calendar).records}
    assert len(scores) == 31 and scores["e00"] == 9
    # They come into the files of their month, with those that are there.
    assert archive(filled) == ["2024-01"]
    assert held(filled)["archived"] == 20
    do(filled, JobKind.UNDO, id=report.id)
    assert findings(filled) == ()
    bring_back(filled, "2024-01", "2024-02")
    assert held(filled) == {"here": 30, "archived": 0, "answers": 15}
    assert findings(filled) == ()


def test_an_undo_takes_archived_evaluations_back(filled: Workspace) -> None:
    before = archived.rows(filled)
    report = filled.write_evaluations([evaluation(0, 9), evaluation(40)], "test", EVERYTHING)
    archive(filled)
    do(filled, JobKind.UNDO, id=report.id)
    assert findings(filled) == ()
    bring_back(filled, "2024-01", "2024-02")
    now = archived.rows(filled)
    for name in ("evaluations", "answers", "campaigns", "archived_ids", "returned_ids", "replaced_evaluations"):
        assert now[name] == before[name], name


def test_what_has_to_wait_names_the_months(filled: Workspace, tmp_path: Path) -> None:
    field_tasks.define_field(filled, "test", "channel", "category", None, None)
    archive(filled)
    lines = tmp_path / "answers.csv"
    lines.write_text("evaluationId,criterion,points,maxPoints\ne00,Greeting,1,5\n")
    files = [(str(lines), lines.name)]
    for kind, payload in (
        (JobKind.TIMEZONE, {"zone": "Asia/Tokyo"}),
        (JobKind.OWN_FIELDS, {"do": "delete", "name": "channel"}),
        (JobKind.IMPORT, {"files": files, "answers": True}),
    ):
        with pytest.raises(ConflictError, match="2024-01") as error:
            do(filled, kind, **payload)
        assert error.value.reason.code is ArchiveCode.ARCHIVED_IN_THE_WAY
    with pytest.raises(ConflictError, match="2024-01 to 2024-02"):
        bring_back(filled, "2024-03")
    assert findings(filled) == ()


def test_a_file_that_is_lost_or_changed_is_told(filled: Workspace) -> None:
    archive(filled)
    with filled.facts.read() as connection:
        month = archived_months(connection)[0]
        file = Path(str(filled.settings.archive_folder)) / month.files["evaluations"].name
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert len(findings(filled)) == 1 and "2024-01" in findings(filled)[0]
    with pytest.raises(StorageError, match="2024-01"):
        bring_back(filled, "2024-01")
    file.unlink()
    with pytest.raises(StorageError, match="no such file"), filled.facts.read() as connection:
        records.records(connection, make_filters(), filled.calendar, order=records.RecordOrder.OLDEST)
    file.write_bytes(content)
    bring_back(filled, "2024-01")
    assert findings(filled) == ()


def test_files_go_when_nobody_reads_them(filled: Workspace, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    do(filled, JobKind.ARCHIVES, do="archive", before="2024-03-15", to=str(place))
    assert len(list(place.rglob("*.parquet"))) == 4
    bring_back(filled, "2024-01")
    archive_tasks.remove_ended(filled.facts)
    assert len(list(place.rglob("*.parquet"))) == 4  # somebody may be reading still
    with filled.facts.write() as connection:
        long_ago = datetime.now(UTC) - archiving.READ_FOR
        ended = schema.archives.c.ended_at.is_not(None)
        connection.execute(sa.update(schema.archives).where(ended).values(ended_at=long_ago))
    archive_tasks.remove_ended(filled.facts)
    assert sorted(each.parent.name for each in place.rglob("*.parquet")) == ["2024-02", "2024-02"]
    do(filled, JobKind.DELETE_ALL, name=filled.settings.name)
    assert list(place.rglob("*.parquet")) == []
    assert held(filled) == {"here": 0, "archived": 0, "answers": 0}


def test_fields_that_came_since_are_empty_in_archived_evaluations(filled: Workspace) -> None:
    archive(filled)
    field_tasks.define_field(filled, "test", "channel", "category", None, None)
    metric_tasks.set_metric(filled, "test", "good", {"formula": "count_if(score > 4)", "unit": "number"})
    filled.write_evaluations([{**evaluation(50), "field.channel": "mail"}], "test", EVERYTHING)
    assert findings(filled) == ()
    bring_back(filled, "2024-01", "2024-02")
    assert findings(filled) == ()
