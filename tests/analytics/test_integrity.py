"""What a check finds, and what a repair mends of it, in the same words as the command says them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import integrity, queries, rollup
from lib.catalog.catalog import BUILT_IN
from lib.catalog.rollups import BY_CENTER, ROLLUPS
from lib.jobs.tasks import TASKS
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

CALLS = "id,audioDate,averageNote,campaignName\n1,2024-01-01,5,A\n2,2024-01-02,7,B\n3,2024-02-01,9,A\n"
TOTAL, CENTER = ROLLUPS[0].tables[0], BY_CENTER
DAY = date(2024, 1, 2)


def lose_a_row(connection: Connection) -> None:
    table = ROLLUPS[-1].tables[0]
    connection.execute(sa.delete(table).where(table.c.day == date(2024, 2, 1)))


def double_a_row(connection: Connection) -> None:
    table = CENTER.daily
    assert table is not None
    connection.execute(sa.insert(table).from_select(table.columns.keys(), sa.select(table).where(table.c.day == DAY)))


def change_a_sum(connection: Connection) -> None:
    table = CENTER.monthly
    assert table is not None
    connection.execute(sa.update(table).values(score_sum=table.c.score_sum + 1))


def a_day_without_facts(connection: Connection) -> None:
    columns = [sa.literal(date(2030, 1, 1)) if each.name == "day" else each for each in TOTAL.columns]
    connection.execute(
        sa.insert(TOTAL).from_select(TOTAL.columns.keys(), sa.select(*columns).where(TOTAL.c.day == DAY))
    )


def check(workspace: Workspace, *, repair: bool = False) -> dict[str, list[str]]:
    return TASKS["check"](workspace, {"repair": repair, "actor": "test"}, lambda *_: None)


def summary(workspace: Workspace) -> object:
    return workspace.answers.run(queries.summary, make_filters(), workspace.calendar)


DAMAGES: tuple[Callable[[Connection], None], ...] = (lose_a_row, double_a_row, change_a_sum, a_day_without_facts)


def test_a_damaged_rollup_is_built_anew(workspace: Workspace, load: Load) -> None:
    load(CALLS)
    before = summary(workspace)
    for version, damage in enumerate(DAMAGES, start=2):
        with workspace.facts.write() as connection:
            damage(connection)
        found = check(workspace)
        assert found["differences"] and found["left"] == found["lines"] and not found["repaired"], damage
        mended = check(workspace, repair=True)
        assert mended["lines"] == found["lines"]
        assert mended["repaired"] == ["the rollups were computed anew from the evaluations"]
        assert not mended["left"] and not check(workspace)["lines"]
        assert summary(workspace) == before
        with workspace.facts.read() as connection:
            assert queries.status(connection).data_version == version  # answers given meanwhile are forgotten
    sound = check(workspace, repair=True)
    assert (sound["lines"], sound["repaired"], sound["left"], sound["evaluations"]) == ((), [], (), 3)
    with workspace.facts.read() as connection:
        assert queries.status(connection).data_version == version  # nothing was done


def test_days_that_are_not_those_of_their_instants(workspace: Workspace, load: Load) -> None:
    load(CALLS)
    with workspace.facts.write() as connection:
        connection.execute(sa.update(schema.evaluations).where(schema.evaluations.c.id == "1").values(day=DAY))
        rollup.rebuild(connection, BUILT_IN)
    (line,) = check(workspace)["lines"]
    assert line == "evaluations whose day is not that of their instant in the workspace's time zone: 1"
    told = check(workspace, repair=True)
    assert told["repaired"][0] == "days computed anew from their instants: 1" and not told["left"]


def test_what_no_repair_can_know(workspace: Workspace, load: Load) -> None:
    load(CALLS)
    with workspace.facts.write() as connection:
        connection.execute(sa.delete(schema.campaigns).where(schema.campaigns.c.id == "A"))
    told = check(workspace, repair=True)
    (line,) = told["left"]
    assert line.startswith("evaluations of campaigns that have no name: 2 (of 1 campaigns); only an import")
    load(CALLS)
    assert not check(workspace)["lines"]


@dataclass(frozen=True, slots=True)
class Twice:
    """Evaluations of one id: how the second differs, and what is left of it after a repair."""

    score: int
    left: int


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
@pytest.mark.parametrize("twice", [Twice(50_000, 0), Twice(60_000, 1)], ids=["equal", "different"])
def test_an_id_that_is_there_twice(workspace: Workspace, load: Load, twice: Twice) -> None:
    """On PostgreSQL an index holds it."""
    load(CALLS)
    table = schema.evaluations
    columns = [sa.literal(twice.score) if each.name == "score" else each for each in table.columns]
    with workspace.facts.write() as connection:
        connection.execute(
            sa.insert(table).from_select(table.columns.keys(), sa.select(*columns).where(table.c.id == "1"))
        )
    found = check(workspace)["lines"]
    assert found[0].startswith("ids that several evaluations have: 1 (such as 1)")
    told = check(workspace, repair=True)
    assert len(told["left"]) == twice.left
    load(CALLS)
    told = check(workspace, repair=True)
    assert (told["left"], told["evaluations"]) == ((), 3)
    with workspace.facts.read() as connection:
        assert integrity.findings(connection, BUILT_IN) == integrity.IntegrityReport((), ())
