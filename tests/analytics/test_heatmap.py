"""The week by the hour: what SQL counts is what Python reads off the wall clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from lib.analytics import queries
from lib.analytics.grants import Grant
from lib.analytics.heatmap import Heatmap, by_hour
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import IS_AI
from lib.catalog.measures import MeasureTotals
from lib.settings import WeekStart
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

HEADER = "id,audioDate,state,averageNote,callCenterName,isAICall\n"


def counts(heat: Heatmap) -> dict[tuple[int, int], int]:
    """Return how many evaluations each weekday and hour has, where it has any."""
    return {(cell.weekday, cell.hour): cell.sums["evaluations"] for cell in heat.cells if cell.sums["evaluations"]}


def test_by_hand(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(
        HEADER
        + "1,2024-01-01T08:00:00Z,Completed,9,North,false\n"  # a Monday
        + "2,2024-01-08T08:59:59Z,Completed,6,South,true\n"
        + "3,2024-01-07T23:30:00Z,Failed,,South,true\n"
    )
    heat = answers.run(by_hour, make_filters(), workspace.calendar)
    assert [(cell.weekday, cell.hour) for cell in heat.cells] == [
        (day, hour) for day in range(1, 8) for hour in range(24)
    ]
    assert counts(heat) == {(1, 8): 2, (7, 23): 1}
    monday = heat.cells[8].sums
    assert (monday["scored"], monday["score_sum"], monday["ai_calls"]) == (2, 150_000, 1)
    assert sum((cell.sums for cell in heat.cells), MeasureTotals()) == (
        answers.run(queries.summary, make_filters(), workspace.calendar).sums
    )
    assert counts(answers.run(by_hour, make_filters().narrowed(IS_AI, "true"), workspace.calendar)) == {
        (1, 8): 1,
        (7, 23): 1,
    }
    assert counts(
        answers.run(by_hour, make_filters(grant=Grant.of({"callCenter": ["North"]})), workspace.calendar)
    ) == {(1, 8): 1}
    assert counts(answers.run(by_hour, make_filters(timezone="Asia/Tokyo"), workspace.calendar)) == {
        (1, 17): 2,
        (1, 8): 1,
    }
    # In Tokyo the Sunday's call is the Monday's.
    day = make_filters(date(2024, 1, 8), date(2024, 1, 8), timezone="Asia/Tokyo")
    assert counts(answers.run(by_hour, day, workspace.calendar)) == {(1, 8): 1, (1, 17): 1}
    instants = make_filters(datetime(2024, 1, 8, tzinfo=UTC), datetime(2024, 1, 9, tzinfo=UTC))
    assert counts(answers.run(by_hour, instants, workspace.calendar)) == {(1, 8): 1}


@pytest.mark.parametrize("week_start", get_args(WeekStart))
def test_the_week_begins_where_the_workspace_says(
    workspace: Workspace, answers: QueryCache, week_start: WeekStart
) -> None:
    heat = answers.run(by_hour, make_filters(), replace(workspace.calendar, week_start=week_start))
    first = {"monday": 1, "sunday": 7, "saturday": 6}[week_start]
    assert [cell.weekday for cell in heat.cells[::24]] == [*range(first, 8), *range(1, first)]
    assert counts(heat) == {}


CHANGES = {
    "Europe/Madrid": ("2024-03-30", "2024-10-26"),
    "America/Santiago": ("2024-04-06", "2024-09-07"),
    "Australia/Lord_Howe": ("2024-04-06", "2024-10-05"),  # by half an hour
    "Asia/Kathmandu": ("2024-05-01", "2024-05-02"),  # five hours and three quarters, the year round
}


@pytest.mark.parametrize("name", CHANGES)
def test_when_clocks_change(workspace: Workspace, answers: QueryCache, load: Load, name: str) -> None:
    """Every 20 minutes of the three days around each change, in the zone asked for."""
    starts = [datetime.fromisoformat(f"{day}T00:10:00+00:00") for day in CHANGES[name]]
    instants = [start + timedelta(minutes=20 * number) for start in starts for number in range(3 * 24 * 3)]
    load(HEADER + "".join(f"{at.isoformat()},{at.isoformat()},Completed,5,North,false\n" for at in set(instants)))
    zone = ZoneInfo(name)
    walls = [at.astimezone(zone) for at in set(instants)]
    expected = Counter((wall.isoweekday(), wall.hour) for wall in walls)
    heat = answers.run(by_hour, make_filters(timezone=name), workspace.calendar)
    assert counts(heat) == expected
    if name == "Europe/Madrid":  # 2 o'clock on Sunday: skipped in March, there twice in October, three calls each time
        assert (expected[7, 1], expected[7, 2]) == (3 + 3, 0 + 6)
    # A part of the days: the changes before and after it are left out of the SQL.
    day = walls[len(walls) // 2].date()
    one = answers.run(by_hour, make_filters(day, day, timezone=name), workspace.calendar)
    assert counts(one) == Counter((wall.isoweekday(), wall.hour) for wall in walls if wall.date() == day)
