"""Breakdowns, on rows that one can add up by hand, on both engines: their order, pages and groups."""

from __future__ import annotations

import pytest

from lib.analytics import breakdowns
from lib.analytics.cluster_spreads import day_spreads_by
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import CAMPAIGN, EXECUTIVE
from lib.errors import InvalidParameterError
from lib.workspace import Workspace
from tests.analytics.seven_rows import ROWS, parsed
from tests.conftest import Load
from tests.filters import make_filters


@pytest.fixture(autouse=True)
def _rows(load: Load) -> None:
    report = load(ROWS)
    assert (report.loaded.added, report.bad) == (7, 0)


def test_breakdown_with_the_row_of_none(workspace: Workspace, answers: QueryCache) -> None:
    found = answers.run(breakdowns.breakdown, make_filters(), workspace.calendar, CAMPAIGN)
    assert [(group.named.id, group.named.name, group.sums["evaluations"]) for group in found.groups] == [
        ("b", "Beta", 3),
        ("a", "Alpha", 2),
        (None, "(none)", 2),
    ]
    assert (found.total_count, found.total["evaluations"]) == (3, 7)


def test_breakdown_sorted_and_paged(workspace: Workspace, answers: QueryCache) -> None:
    def ids(sort: str, page: int = 1, size: int = 100) -> list[str | None]:
        found = answers.run(breakdowns.breakdown, make_filters(), workspace.calendar, CAMPAIGN, sort, page, size)
        return [group.named.id for group in found.groups]

    assert ids("averageScore") == ["a", "b", None]
    assert ids("-averageScore") == ["b", "a", None]  # those without a value come last either way
    assert ids("-campaignName") == ["b", "a", None]
    assert ids("campaignId") == ["a", "b", None]
    assert ids("-totalEvaluations", 2, 1) == ["a"]
    assert ids("-totalEvaluations", 9, 1) == []
    with pytest.raises(InvalidParameterError, match="did you mean 'averageScore'"):
        ids("averagescor")


def test_groups_have_the_days_of_the_metrics_that_are_asked_for(workspace: Workspace, answers: QueryCache) -> None:
    asked = make_filters(), workspace.calendar
    names = make_filters().catalog.uncertain_metrics
    every = answers.run(breakdowns.all_groups, *asked, CAMPAIGN, names)
    scores = answers.run(breakdowns.all_groups, *asked, CAMPAIGN)
    spreads = answers.run(day_spreads_by, *asked, names, CAMPAIGN).groups
    assert {group.named: group.sums.days for group in every.groups} == spreads
    assert any(len(of_group) > 1 for of_group in spreads.values())
    for group in scores.groups:
        assert group.sums.days == {name: each for name, each in spreads[group.named].items() if name == "averageScore"}


def test_what_is_equal_as_rounded_is_in_the_order_of_ids(load: Load, workspace: Workspace, answers: QueryCache) -> None:
    load("id,audioDate,averageNote,campaignId\nx1,2025-01-01,7.344,z\nx2,2025-01-01,7.336,y\nx3,2025-01-01,7.35,x\n")
    for sort, wanted in (("averageScore", ["y", "z", "x"]), ("-averageScore", ["x", "y", "z"])):
        found = answers.run(
            breakdowns.breakdown, parsed(workspace, dateFrom="2025-01-01"), workspace.calendar, CAMPAIGN, sort
        )
        assert [group.named.id for group in found.groups] == wanted


def test_ties_are_in_the_order_of_ids_whichever_import_brought_them(
    load: Load, workspace: Workspace, answers: QueryCache
) -> None:
    """A key grows with each import, so that the order of keys is another one."""
    for campaign in ("z", "", "x", "y"):
        load(f"id,audioDate,averageNote,campaignId\ntie {campaign},2025-01-01,7,{campaign}\n")
    for sort in ("averageScore", "-averageScore", "totalEvaluations", "-totalEvaluations"):
        found = answers.run(
            breakdowns.breakdown, parsed(workspace, dateFrom="2025-01-01"), workspace.calendar, CAMPAIGN, sort
        )
        assert [group.named.id for group in found.groups] == ["x", "y", "z", None], sort


def test_executives_by_their_call_center(workspace: Workspace, answers: QueryCache) -> None:
    found = answers.run(breakdowns.breakdown, make_filters(), workspace.calendar, EXECUTIVE, "-callCenterName")
    assert [group.named.name for group in found.groups] == ["Bob", "(none)", "Ann"]  # the last has no one center
    with pytest.raises(InvalidParameterError, match="not a field"):
        answers.run(breakdowns.breakdown, make_filters(), workspace.calendar, CAMPAIGN, "callCenterName")


def test_an_executives_one_call_center(workspace: Workspace, answers: QueryCache) -> None:
    found = answers.run(breakdowns.breakdown, make_filters(), workspace.calendar, EXECUTIVE)
    centers = {group.named.name: group.call_center.name if group.call_center else None for group in found.groups}
    assert centers == {"Ann": None, "Bob": "South", "(none)": "(none)"}
