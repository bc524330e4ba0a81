"""The page of sample sizes: what a change takes, in all and by executive, and what a known number of calls says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.reports.context import ViewOptions, build_context
from lib.reports.page import Empty, PageValue, Sentences, TableBlock
from lib.reports.pages import sample_size
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def calls(days_alike: bool = False) -> str:
    """Give 100 calls on ten days, half of them scored 6 and half 8; by Ann 90, by Bob 10."""
    lines = ["id,audioDate,state,averageNote,executiveName"]
    for place in range(100):
        day = place // 10
        score = 6 + 2 * ((day if days_alike else place) % 2)
        name = "Bob" if place % 10 == 9 else "Ann"
        lines.append(f"{place},{date(2024, 1, 1) + timedelta(day)},Completed,{score},{name}")
    return "\n".join(lines) + "\n"


def page_of(
    workspace: Workspace, answers: QueryCache, handled: int | None = None, filters: Filters | None = None, **own: str
) -> PageValue:
    numbers = {} if handled is None else {"callsHandled": handled}
    view = ViewOptions(selected=own, numbers=numbers)
    context = build_context(answers, workspace.calendar, filters or make_filters(), view, lambda *_: ())
    page = sample_size.PAGE
    return PageValue(page.title, page.question, context.shown, tuple(page.blocks(context)))


def told(page: PageValue) -> list[str]:
    return [str(words) for block in page.flat if isinstance(block, Sentences) for words in block.sentences]


def test_by_hand(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls())
    needed, detectable, alone = told(page_of(workspace, answers, difference="0.5"))
    # s² = 100/99; 2 · 1.0101 · 7.8489 / 0.25 = 63.4, and 0.96.
    assert "change of 0.50 points" in needed and "chance of 80 %, each needs 65 scored" in needed
    assert "this one has 100" in needed and "takes 65" in alone
    assert "at least 0.40 points" in detectable  # (1.972 + 0.842) · 1.00504 · √(2/100)
    (table,) = [block.table for block in page_of(workspace, answers).flat if isinstance(block, TableBlock)]
    labels = [str(column.label) for column in table.columns]
    rows = [dict(zip(labels, (column.value(row) for column in table.columns), strict=True)) for row in table.rows]
    # 0.25 points take 4 · 63.4 + 0.96 = 254.7. Ann: (1.9733 + 0.8416) · 1.00504 · √(2/90); Bob: (2.1009 + 0.8416) …
    shown = [(row["Executive"], row["Scored"], *list(row.values())[-2:]) for row in rows]
    assert shown == [("Ann", 90, 0.42, 165), ("Bob", 10, 1.32, 245)]


def test_a_known_number_of_calls(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls())
    needed, _, alone, fraction = told(page_of(workspace, answers, 400, difference="0.5"))
    assert "each needs 56 scored" in needed and "takes 65" in alone  # 64.4 / (1 + 64.4 / 400) = 55.4
    # 7 ± 1.9842 · 0.100504 · √(1 − 100/400)
    assert fraction.startswith("25.0 % of the 400 calls handled have a score.") and "6.83–7.17" in fraction
    *_, refused = told(page_of(workspace, answers, 99))
    assert refused == "99 calls handled are fewer than the 100 that have a score: check the number."


def test_days_that_differ_too_much(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls(days_alike=True))
    first, *_ = told(page_of(workspace, answers))
    assert first.startswith("No number of evaluations lets 0.25 points be noticed within 10 days")


def test_nothing_to_plan_with(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load("id,audioDate,state,averageNote\n1,2024-01-01,Completed,7\n2,2024-01-02,Completed,7\n")
    page = page_of(workspace, answers)
    assert [str(block.what) for block in page.flat if isinstance(block, Empty)] == ["No scores to plan with"]
