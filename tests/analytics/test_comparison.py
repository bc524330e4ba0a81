"""Periods to compare with, counted on a calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.analytics import comparison
from lib.analytics.comparison import Comparison, compared_with
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query import Filters
from lib.catalog.dimensions import CAMPAIGN, IS_AI
from lib.errors import InvalidParameterError
from tests.filters import make_filters

LATER = date(2030, 1, 1)


def days(text: str) -> ResolvedPeriod:
    first, last = (date.fromisoformat(day) for day in text.split("/"))
    return ResolvedPeriod(first, last)


def shown(found: Comparison | None) -> str | None:
    return f"{found.first}/{found.last}" if found else None


@pytest.mark.parametrize(
    ("period", "today", "previous", "year"),
    [
        ("2024-03-01/2024-03-31", LATER, "2024-01-30/2024-02-29", "2023-03-01/2023-03-31"),
        ("2024-02-01/2024-02-29", LATER, "2024-01-03/2024-01-31", "2023-02-01/2023-02-28"),
        ("2024-02-29/2024-02-29", LATER, "2024-02-28/2024-02-28", "2023-02-28/2023-02-28"),
        ("2025-02-28/2025-03-01", LATER, "2025-02-26/2025-02-27", "2024-02-28/2024-03-01"),  # a day more
        ("2024-01-01/2024-12-31", LATER, "2022-12-31/2023-12-31", "2023-01-01/2023-12-31"),
        # Not over yet: as many days as have passed, today being one of them.
        ("2024-10-01/2024-10-31", date(2024, 10, 8), "2024-08-31/2024-09-07", "2023-10-01/2023-10-08"),
        ("2024-10-01/2024-10-31", date(2024, 10, 31), "2024-08-31/2024-09-30", "2023-10-01/2023-10-31"),
        # 60 days have passed with 29 February; a year before they end on 1 March.
        ("2024-01-01/2024-12-31", date(2024, 2, 29), "2022-12-31/2023-02-28", "2023-01-01/2023-03-01"),
        # Not begun yet.
        ("2024-10-01/2024-10-31", date(2024, 9, 1), "2024-08-31/2024-08-31", "2023-10-01/2023-10-01"),
        # 29 days have passed, which a year before reach into March.
        ("2024-02-01/2024-03-01", date(2024, 2, 29), "2024-01-02/2024-01-30", "2023-02-01/2023-03-01"),
        ("1970-01-05/1970-01-06", LATER, "1970-01-03/1970-01-04", None),
        ("1970-01-01/1970-12-31", LATER, None, None),
        ("1971-01-01/1971-12-31", LATER, "1970-01-01/1970-12-31", "1970-01-01/1970-12-31"),
    ],
)
def test_previous_and_year_before(period: str, today: date, previous: str | None, year: str | None) -> None:
    assert (
        shown(comparison.previous(days(period), today))
        == previous
        == shown(compared_with("previous", days(period), today))
    )
    assert (
        shown(comparison.year_before(days(period), today)) == year == shown(compared_with("year", days(period), today))
    )


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 800), st.integers(-100, 900))
def test_never_more_days_than_have_passed(first: date, length: int, passed: int) -> None:
    period, today = ResolvedPeriod(first, first + timedelta(days=length)), first + timedelta(days=passed)
    whole = timedelta(days=length)
    so_far = min(whole, max(timedelta(), today - first))
    for found in (comparison.previous(period, today), comparison.year_before(period, today)):
        assert found is not None
        assert timedelta() <= found.last - found.first <= so_far + timedelta(days=1 if so_far == whole else 0)
    before = comparison.previous(period, today)
    assert before is not None and before.last - before.first == so_far and before.last < first


def test_instants_and_nothing() -> None:
    instant = datetime(2024, 1, 1, tzinfo=UTC)
    for period in (
        ResolvedPeriod(None, None),
        ResolvedPeriod(instant, date(2024, 2, 1)),
        ResolvedPeriod(date(2024, 1, 1), instant),
    ):
        assert compared_with("previous", period, LATER) is None
        assert compared_with("year", period, LATER) is None
        assert (
            shown(compared_with("own", period, LATER, (date(2023, 1, 1), date(2023, 2, 1)))) == "2023-01-01/2023-02-01"
        )


def test_own_days() -> None:
    october, september = days("2024-10-01/2024-10-31"), (date(2024, 9, 1), date(2024, 9, 30))
    assert comparison.custom(*september) == Comparison(*september)
    assert shown(compared_with("own", october, LATER, september)) == "2024-09-01/2024-09-30"
    assert shown(compared_with("own", october, date(2024, 10, 8), september)) == "2024-09-01/2024-09-08"
    assert compared_with("own", october, LATER) is None
    with pytest.raises(InvalidParameterError, match="compareFrom lies after compareTo"):
        compared_with("own", october, LATER, (date(2024, 9, 2), date(2024, 9, 1)))


def test_kinds() -> None:
    assert compared_with("none", days("2024-10-01/2024-10-31"), LATER) is None
    with pytest.raises(InvalidParameterError, match="did you mean 'previous'") as caught:
        compared_with("previus", days("2024-10-01/2024-10-31"), LATER)
    assert caught.value.parameter == "compare"
    assert {kind for kind in comparison.KINDS if compared_with(kind, days("2024-10-01/2024-10-31"), LATER)} == {
        "previous",
        "year",
    }


def chosen(first: date, last: date) -> Filters:
    return make_filters(first, last).narrowed(CAMPAIGN, "a").narrowed(IS_AI, "true")


def test_the_same_question_about_other_days() -> None:
    asked = chosen(date(2024, 10, 1), date(2024, 10, 31))
    assert Comparison(date(2024, 9, 1), date(2024, 9, 2)).of(asked) == chosen(date(2024, 9, 1), date(2024, 9, 2))
