"""What a page compares with: as much time as has passed, in words, and from when on there are data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.i18n import override_language
from lib.reports.context import PageContext, ViewOptions, build_context
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

NOVEMBER = make_filters(date(2024, 11, 1), date(2024, 11, 30))
NOW = datetime(2024, 11, 29, 14, 5, 59, tzinfo=UTC)
# In October: one at the time of now and one after it, on the day that stands for today; one on a day after that.
ROWS = """\
id,audioDate,state,averageNote,callCenterId
a,2024-10-03T09:00:00Z,Completed,5,n
b,2024-10-29T14:05:00Z,Completed,6,s
c,2024-10-29T14:05:01Z,Completed,7,s
d,2024-10-30T00:00:00Z,Completed,8,s
e,2024-11-01T08:00:00Z,Completed,9,s
"""


@pytest.fixture(autouse=True)
def _rows(load: Load) -> None:
    load(ROWS)


def context_of(workspace: Workspace, filters: Filters = NOVEMBER, kind: str = "previous") -> PageContext:
    calendar = Calendar(workspace.calendar.zone, "monday", NOW.astimezone(filters.zone(workspace.calendar.zone)).date())
    return build_context(QueryCache(workspace.facts), calendar, filters, ViewOptions(kind), lambda *_: (), now=NOW)


def test_the_other_side_ends_at_the_same_time_of_day(workspace: Workspace) -> None:
    context = context_of(workspace)
    assert context.compared is not None
    assert (context.compared.sums["evaluations"], context.compared.sums["score_sum"]) == (2, 110_000)
    assert str(context.compared.label) == "1–29 Oct 2024, until 14:05"
    trend = context.compared_trend
    assert trend is not None and trend.granularity is Granularity.DAILY
    assert [point.bucket.first for point in trend.points if point.sums["evaluations"]] == [
        date(2024, 10, 3),
        date(2024, 10, 29),
    ]
    assert sum(point.sums["evaluations"] for point in trend.points) == 2


@pytest.mark.parametrize("engine", ["duckdb"])
def test_made_up_evaluations_are_said_to_be(workspace: Workspace) -> None:
    context = context_of(workspace)
    assert "sample data, made up" not in map(str, context.shown)
    sample = replace(context, status=replace(context.status, is_sample=True))
    shown = [*map(str, sample.shown)]
    assert shown[shown.index(str(sample.counted)) + 1] == "sample data, made up"


def test_the_time_of_day_is_that_of_the_zone_asked_for(workspace: Workspace) -> None:
    context = context_of(workspace, make_filters(date(2024, 11, 1), date(2024, 11, 30), timezone="Asia/Tokyo"))
    assert context.compared is not None and context.compared.sums["evaluations"] == 2
    assert str(context.compared.label) == "1–29 Oct 2024, until 23:05"


@pytest.mark.parametrize(
    ("grant", "begin", "count"),
    [(EVERYTHING, "3 Oct 2024", 2), (Grant.of({"callCenter": ["s"]}), "29 Oct 2024", 1)],
    ids=["everything", "limited"],
)
def test_data_that_begin_later_are_said(workspace: Workspace, grant: Grant, begin: str, count: int) -> None:
    context = context_of(workspace, make_filters(NOVEMBER.date_from, NOVEMBER.date_to, grant=grant))
    assert context.compared is not None and context.compared.sums["evaluations"] == count
    assert f"compared with 1–29 Oct 2024, until 14:05, data begin on {begin}" in map(str, context.shown)
    with override_language("es"):
        said = " · ".join(map(str, context.shown))
        assert "comparado con 1–29 oct 2024, hasta las 14:05, los datos comienzan el " in said


@pytest.mark.parametrize(
    ("filters", "words", "spanish"),
    [
        (make_filters(date(2099, 12, 31)), "Since 31 Dec 2099", "Desde el 31 dic 2099"),
        (make_filters(None, date(2024, 1, 31)), "Until 31 Jan 2024", "Hasta el 31 ene 2024"),
        (make_filters(date(2099, 1, 1), timezone="Asia/Tokyo"), "Since 1 Jan 2099", "Desde el 1 ene 2099"),
    ],
)
def test_no_period_runs_backward(workspace: Workspace, filters: Filters, words: str, spanish: str) -> None:
    """An open end beyond all data stays open, and nothing stands before such a period."""
    for kind in ("previous", "year"):
        context = context_of(workspace, filters, kind)
        assert [*map(str, context.shown)][:2] == [words, "0 evaluations"]
        assert context.compared is None and context.nothing_before is None and context.trend.points == ()
        with override_language("es"):
            assert str(context.shown[0]) == spanish


def test_an_open_end_within_the_data_is_theirs(workspace: Workspace) -> None:
    """Also where the other end is their first or last day, or a time on it."""
    last = datetime(2024, 11, 1, 20, tzinfo=UTC)
    assert str(context_of(workspace, make_filters(date(2024, 11, 1))).shown[0]) == "1 Nov 2024"
    assert str(context_of(workspace, make_filters(None, date(2024, 10, 3))).shown[0]) == "3 Oct 2024"
    assert str(context_of(workspace, make_filters(last)).shown[0]) == "2024-11-01 20:00+00:00 to 1 Nov 2024"


def test_whole_days_are_said_without_a_time(workspace: Workspace, load: Load) -> None:
    load("id,audioDate\nz,2024-09-01\n")
    october = context_of(workspace, make_filters(date(2024, 10, 1), date(2024, 10, 31)))
    assert "compared with 1–30 Sep 2024" in map(str, october.shown)
    assert "compared with 1–29 Oct 2024, until 14:05" in map(str, context_of(workspace).shown)
