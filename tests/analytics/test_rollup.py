"""The rollups equal the facts, whatever is imported in whatever order."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lib.analytics import breakdowns, queries, rollup
from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN, EXECUTIVE, STATE
from lib.catalog.rollups import BY_CENTER, ROLLUPS
from lib.ingest.durations import MAX_SECONDS
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.store.enums import SHARE_SCALE
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters
from tests.waiting import until

evaluation = st.fixed_dictionaries(
    {
        "id": st.sampled_from("abcdefghij"),
        "audioDate": st.sampled_from(["2024-01-01", "2024-01-01T23:00:00Z", "2024-01-02", "2024-06-30", "2025-01-01"]),
        "state": st.sampled_from(["Completed", "Completed", "Pending", "Processing", "Failed"]),
        "sentiment": st.sampled_from(["Positive", "Neutral", "Negative", ""]),
        "averageNote": st.sampled_from(["", "0", "10", "7.25", "9.99", "3.3333"]),
        "durationInSeconds": st.sampled_from(["", "0", "312", str(MAX_SECONDS)]),
        "isAICall": st.sampled_from(["true", "false"]),
        "campaignName": st.sampled_from(["", "Alpha", "Beta"]),
        "executiveName": st.sampled_from(["", "Ann"]),
    }
)
batches = st.lists(st.lists(evaluation, min_size=1, max_size=8), min_size=1, max_size=5)


@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(batches)
def test_after_any_imports(workspace: Workspace, load: Load, imports: list[list[dict[str, str]]]) -> None:
    expected: dict[str, dict[str, str]] = {}
    with workspace.facts.write() as connection:
        connection.execute(sa.delete(schema.evaluations))
        rollup.clear(connection, BUILT_IN)
    for rows in imports:
        header = list(rows[0])
        load("\n".join([",".join(header), *(",".join(row[name] for name in header) for row in rows)]))
        expected.update({row["id"]: row for row in rows})
        with workspace.facts.read() as connection:
            assert rollup.differences(connection, BUILT_IN) == []
    answers = QueryCache(workspace.facts)
    found = answers.run(queries.summary, make_filters(), workspace.calendar).sums
    completed = [row for row in expected.values() if row["state"] == "Completed"]
    scores = [round(float(row["averageNote"]) * 10_000) for row in completed if row["averageNote"]]
    assert (found["evaluations"], found["completed"]) == (len(expected), len(completed))
    assert (found["scored"], found["score_sum"], found["score_square_sum"]) == (
        len(scores),
        sum(scores),
        sum(s * s for s in scores),
    )
    durations = [int(row["durationInSeconds"] or 0) for row in completed]
    assert found["duration_sum"] == sum(durations)
    assert found["duration_square_sum"] == sum(seconds * seconds for seconds in durations)
    assert sum(answers.run(queries.distribution, make_filters(), workspace.calendar)) == found["scored"]


def test_squares_of_the_longest_durations_add_up_exactly(workspace: Workspace, load: Load) -> None:
    """Three of them are more than 64 bits hold; by month and by day, from the rollups and from the facts."""
    lines = [f"{n},2024-01-0{n},Completed,{MAX_SECONDS}" for n in range(1, 6)]
    load("\n".join(["id,audioDate,state,durationInSeconds", *lines]))
    answers, calendar = QueryCache(workspace.facts), workspace.calendar
    january = make_filters(date(2024, 1, 1), date(2024, 1, 31))
    for filters in (january, january.narrowed(STATE, "Completed")):
        whole = answers.run(queries.summary, filters, calendar).sums
        (group,) = answers.run(breakdowns.breakdown, filters, calendar, CAMPAIGN).groups
        assert whole["duration_square_sum"] == group.sums["duration_square_sum"] == 5 * MAX_SECONDS**2 > 2**63
        points = answers.run(queries.trend, filters, calendar).points
        assert [point.sums["duration_square_sum"] for point in points[:6]] == [MAX_SECONDS**2] * 5 + [0]
    with workspace.facts.read() as connection:
        assert rollup.differences(connection, BUILT_IN) == []


@pytest.mark.parametrize("table", [table for each in ROLLUPS for table in each.tables], ids=str)
def test_a_difference_is_found(workspace: Workspace, load: Load, table: sa.Table) -> None:
    answer = '"[{""criterion"": ""Greeting"", ""points"": 1, ""maxPoints"": 2}]"'
    load(f"id,audioDate,averageNote,results\n1,2024-01-01,5,{answer}\n")
    held = {"score_sum": 50_000, "share_sum": SHARE_SCALE // 2, "with_answers": 1}
    measure = next(name for name in held if name in table.c)
    with workspace.facts.write() as connection:
        connection.execute(sa.update(table).values({measure: table.c[measure] + 1}))
    with workspace.facts.read() as connection:
        (found,) = rollup.differences(connection, BUILT_IN)
    assert found.table == table.name and found.rollup is not None and found.facts is not None
    assert (found.rollup[measure], found.facts[measure]) == (held[measure] + 1, held[measure])


def test_a_cell_too_many_and_one_too_few(workspace: Workspace, load: Load) -> None:
    load("id,audioDate,campaignName\n1,2024-01-01,A\n")
    with workspace.facts.write() as connection:
        connection.execute(sa.update(BY_CENTER.daily).values(campaign_key=99))
    with workspace.facts.read() as connection:
        found = rollup.differences(connection, BUILT_IN)
    assert sorted((each.rollup is None, each.facts is None) for each in found) == [(False, True), (True, False)]


@pytest.mark.parametrize("zone", ["America/Santiago", "Asia/Tokyo"])
def test_another_workspace_zone_moves_the_days(settings: Settings, zone: str) -> None:
    rows = [
        f"{n},2024-{month:02}-01T{hour:02}:30:00Z,5"
        for n, (month, hour) in enumerate((m, h) for m in range(1, 13) for h in (1, 13, 23))
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.csv"
        path.write_text("\n".join(["id,audioDate,averageNote", *rows]))
        days = []
        workspace = Workspace(settings)
        TASKS["import"](workspace, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
        for change in (False, True):
            if change:
                TASKS["timezone"](workspace, {"zone": zone, "actor": "test"}, lambda *_: None)
            with workspace.facts.read() as connection:
                days.append(
                    {row.id: (row.audio_at, row.day) for row in connection.execute(sa.select(schema.evaluations))}
                )
                assert rollup.differences(connection, BUILT_IN) == []
        workspace.close()
    for number, (instant, day) in days[1].items():
        assert days[0][number][1] == instant.date()
        assert day == instant.astimezone(ZoneInfo(zone)).date()


def test_the_smallest_change_bumps_the_version_and_none_does_not(workspace: Workspace, load: Load) -> None:
    def version() -> int:
        with workspace.facts.read() as connection:
            return queries.status(connection).data_version

    load("id,audioDate,campaignId,campaignName\n1,2024-01-01,a,Alpha\n")
    first = version()
    load("id,audioDate,campaignId,campaignName\n1,2024-01-01,a,Alpha\n")
    assert version() == first
    load("id,audioDate,campaignId,campaignName\n1,2024-01-01,a,Alfa\n")
    assert version() == first + 1
    found = QueryCache(workspace.facts).run(breakdowns.breakdown, make_filters(), workspace.calendar, CAMPAIGN)
    assert [group.named.name for group in found.groups] == ["Alfa"]


HEADER = "id,audioDate,campaignName,callCenterName,executiveName,averageNote\n"
MOVED = HEADER + "1,2024-01-01,Old,North,Ann,5\n2,2024-02-01,New,South,Ann,7\n"


def test_what_moved_away_is_gone(workspace: Workspace, load: Load) -> None:
    """A cell that holds nothing any more leaves rows behind that add up to nothing; no question may show them."""
    load(MOVED)
    load(HEADER + "1,2024-02-02,New,South,Ann,6\n")
    answers, calendar = QueryCache(workspace.facts), workspace.calendar
    assert [each.name for each in answers.run(queries.options, CAMPAIGN, EVERYTHING, BUILT_IN)] == ["New"]
    assert [
        group.named.name for group in answers.run(breakdowns.breakdown, make_filters(), calendar, CAMPAIGN).groups
    ] == ["New"]
    (executive,) = answers.run(breakdowns.breakdown, make_filters(), calendar, EXECUTIVE).groups
    assert executive.call_center is not None and executive.call_center.name == "South"
    found = answers.run(queries.summary, make_filters(), calendar)
    assert (found.period.date_from, found.period.date_to) == (date(2024, 2, 1), date(2024, 2, 2))
    assert (found.sums["evaluations"], found.top_campaign, found.top_call_center) == (2, "New", "South")
    limited = make_filters(grant=Grant.of({"callCenter": ["North", "South"]}))
    assert answers.run(queries.summary, limited, calendar).period.date_from == date(2024, 2, 1)
    status = answers.run(queries.status)
    assert (status.evaluations, status.first_day) == (2, date(2024, 2, 1))


def test_rows_are_put_together(workspace: Workspace, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    load(MOVED)
    for score in (6, 7, 8):
        load(f"{HEADER}1,2024-01-01,Old,North,Ann,{score}\n")
    before = QueryCache(workspace.facts).run(queries.summary, make_filters(), workspace.calendar)

    def rows() -> int:
        with workspace.facts.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(BY_CENTER.daily)).scalar_one())

    assert rows() == 5
    tables = [table for each in ROLLUPS for table in each.tables if "evaluations" in table.c]  # there are no answers
    lengths: dict[str, int] = {}
    with workspace.facts.read() as connection:
        assert rollup.fragmented(connection, BUILT_IN, {}) == []
        monkeypatch.setattr(rollup, "_MANY_ROWS", 1)
        assert set(rollup.fragmented(connection, BUILT_IN, lengths)) == set(tables)
        assert rollup.fragmented(connection, BUILT_IN, lengths) == []  # as long as before
    with workspace.facts.write() as connection:
        for table in tables:
            rollup.compact(connection, BUILT_IN, table)
    assert rows() == 2
    with workspace.facts.read() as connection:
        assert rollup.differences(connection, BUILT_IN) == []
    assert QueryCache(workspace.facts).run(queries.summary, make_filters(), workspace.calendar) == before


def fill(connection: sa.Connection, table: sa.Table, cells: int, more: int) -> None:
    """Fill a rollup's table with so many cells, and so many more rows of the same cells."""
    for count in (cells, more):
        number = sa.func.generate_series(1, count).table_valued("n").render_derived().c.n
        row: dict[str, sa.ColumnElement[Any]] = {column.name: sa.literal(0) for column in table.columns}
        row |= {"day": sa.literal(date(2024, 1, 1)), "campaign_key": number % cells, "is_ai": sa.false()}
        connection.execute(sa.insert(table).from_select(list(row), sa.select(*row.values())))


@pytest.mark.parametrize(
    ("cells", "more", "is_due"),
    [(10, 20_000, False), (10, 20_001, True), (100_000, 30_000, False), (100_000, 30_001, True)],
)
def test_rows_are_put_together_when_there_are_many(workspace: Workspace, cells: int, more: int, is_due: bool) -> None:
    """More than 20,000 rows too many, and more than 30 % of the cells."""
    table = BY_CENTER.daily
    with workspace.facts.write() as connection:
        fill(connection, table, cells, more)
        assert rollup.fragmented(connection, BUILT_IN, {}) == [table] * is_due


@pytest.mark.parametrize(("before", "is_due"), [(20_000, False), (19_999, True)])
def test_rows_are_counted_again_when_there_are_a_tenth_more(workspace: Workspace, before: int, is_due: bool) -> None:
    table = BY_CENTER.daily
    lengths = {table.name: before}
    with workspace.facts.write() as connection:
        fill(connection, table, 10, 21_990)
        assert rollup.fragmented(connection, BUILT_IN, lengths) == [table] * is_due
    assert lengths[table.name] == (22_000 if is_due else before)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_worker_puts_rows_together_by_itself(workspace: Workspace) -> None:
    table = BY_CENTER.daily
    with workspace.facts.write() as connection:
        fill(connection, table, 10, 20_001)
    workspace.start_workers()

    def rows() -> int:
        with workspace.facts.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())

    until(lambda: rows() == 0)  # its cells hold nothing


def test_they_are_put_together_as_soon_the_next_time(
    workspace: Workspace, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "_MANY_ROWS", 1)
    load(MOVED)
    lengths = []
    for score in range(1, 10):
        load(f"{HEADER}1,2024-01-01,Old,North,Ann,{score}\n")
        if score % 3 == 0:
            workspace._jobs.tidy()
            with workspace.facts.read() as connection:
                counted = sa.select(sa.func.count()).select_from(BY_CENTER.daily)
                lengths.append(connection.execute(counted).scalar_one())
    assert lengths == [2, 2, 2]
