"""Evaluations in an order, those that hold a text, and those whose numbers lie in a range: on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lib.analytics import breakdowns, queries, records
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.analytics.records import Record, RecordMatch, RecordOrder
from lib.catalog.dimensions import CAMPAIGN
from lib.errors import InvalidParameterError
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

ROWS = """id,audioDate,averageNote,durationInSeconds,executiveName,audioFileName,campaignName
a1,2024-01-01T09:00,7.5,100,Bea,x_100%.wav,Sales
a2,2024-01-02T09:00,2,,Ana,Y.wav,Sales
b3,2024-01-03T09:00,,300,,z.wav,Care
b4,2024-01-04T09:00,7.5,20,ana maría,,Care
b5,2024-01-05T09:00,7.5001,20,Carl,,Care
"""
ORDERS = {
    RecordOrder.NEWEST: "b5 b4 b3 a2 a1",
    RecordOrder.OLDEST: "a1 a2 b3 b4 b5",
    RecordOrder.LOWEST_SCORE: "a2 b4 a1 b5 b3",
    RecordOrder.HIGHEST_SCORE: "b5 b4 a1 a2 b3",
    RecordOrder.LONGEST: "b3 a1 b5 b4 a2",
    RecordOrder.SHORTEST: "b5 b4 a1 b3 a2",
    RecordOrder.EXECUTIVE_BACKWARDS: "b4 b5 a1 a2 b3",
}


@pytest.fixture
def ids(load: Load, workspace: Workspace, answers: QueryCache) -> Callable[..., str]:
    """Load the rows, and return what asks for the ids of evaluations."""
    load(ROWS)

    def asked(filters: Filters, page_size: int = 100, **more: Any) -> str:
        pages = []
        for page in range(1, 6):
            found = answers.run(records.records, filters, workspace.calendar, page=page, page_size=page_size, **more)
            pages += [record.id for record in found.records]
        assert len(pages) == found.total_count
        return " ".join(pages)

    return asked


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.value)
@pytest.mark.parametrize("page_size", [1, 3])
def test_an_order_over_the_whole_selection(ids: Callable[..., str], order: RecordOrder, page_size: int) -> None:
    assert ids(make_filters(), page_size, order=order) == ORDERS[order]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("A", "b5 b4 b3 a2 a1"),
        ("ana", "b4 a2"),
        ("MARÍA", "b4"),
        (".WAV", "b3 a2 a1"),
        ("%", "a1"),
        ("_", "a1"),
        ("B4", "b4"),
        ("none", ""),
        ("maria", "b4"),
        ("  María  ANA ", "b4"),
        ("bea a1", "a1"),
        ("bea a2", ""),
        ("bëa", "a1"),
        ("MARI\u0301A", "b4"),
        (" ", "b5 b4 b3 a2 a1"),
    ],
)
def test_what_holds_a_text(ids: Callable[..., str], search: str, found: str) -> None:
    assert ids(make_filters(), 2, match=RecordMatch(search)) == found


@pytest.mark.parametrize(
    ("zone", "match", "found"),
    [
        (None, RecordMatch(weekday=1), "a1"),
        (None, RecordMatch(hour=9), "b5 b4 b3 a2 a1"),
        (None, RecordMatch(hour=6), ""),
        (None, RecordMatch("ana", weekday=4, hour=9), "b4"),
        (None, RecordMatch("ana", weekday=5), ""),
        ("America/Santiago", RecordMatch(weekday=5, hour=6), "b5"),
        ("Pacific/Kiritimati", RecordMatch(weekday=5, hour=23), "b5"),
    ],
)
def test_an_hour_of_the_week(ids: Callable[..., str], zone: str | None, match: RecordMatch, found: str) -> None:
    assert ids(replace(make_filters(), timezone=zone), 2, match=match) == found


def test_one_evaluation(ids: Callable[..., str], workspace: Workspace, answers: QueryCache) -> None:
    assert ids(make_filters())

    def opened(filters: Filters, id_: str) -> Record | None:
        return answers.run(records.record, filters, workspace.calendar, id_)

    found = opened(make_filters(), "b4")
    assert found is not None
    assert (found.id, found.score, found.members["executive"].name) == ("b4", 7.5, "ana maría")
    assert opened(make_filters(), "B4") is None
    assert opened(make_filters(date(2024, 1, 5)), "b4") is None, "it is no part of the selection"


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"averageNote.min": ["7.5"]}, "b5 b4 a1"),
        ({"averageNote.max": ["7.5"]}, "b4 a2 a1"),
        ({"averageNote.min": ["7.50001"], "averageNote.max": ["8"]}, "b5"),
        ({"averageNote.min": ["7.00009"], "averageNote.max": ["7.49999"]}, ""),
        ({"durationInSeconds.min": ["20"], "durationInSeconds.max": ["100"]}, "b5 b4 a1"),
        ({"durationInSeconds.min": ["20"], "averageNote.max": ["7.5"]}, "b4 a1"),
    ],
)
def test_a_range(
    ids: Callable[..., str], workspace: Workspace, answers: QueryCache, parameters: dict[str, list[str]], found: str
) -> None:
    everything = make_filters()
    filters = Filters.from_parameters(parameters, workspace.calendar.zone, everything.grant, workspace.catalog)
    assert ids(filters) == found
    assert filters.to_parameters() == parameters
    count = len(found.split())
    assert answers.run(queries.summary, filters, workspace.calendar).sums["evaluations"] == count
    groups = answers.run(breakdowns.breakdown, filters, workspace.calendar, CAMPAIGN).groups
    assert sum(group.sums["evaluations"] for group in groups) == count


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"averageNote.min": ["8"], "averageNote.max": ["7"]}, "averageNote.min is more than averageNote.max \\(7\\);"),
        ({"averageNote.min": ["x"]}, "averageNote.min 'x' is not a number"),
        ({"averageNote.min": ["nan"]}, "is not a number"),
        ({"averageNote.min": ["1e3"]}, "is not a number"),
        ({"averageNote.max": ["1", "2"]}, "averageNote.max is given 2 times"),
    ],
)
def test_what_is_no_range(workspace: Workspace, parameters: dict[str, list[str]], told: str) -> None:
    with pytest.raises(InvalidParameterError, match=told):
        Filters.from_parameters(parameters, workspace.calendar.zone, make_filters().grant, workspace.catalog)
