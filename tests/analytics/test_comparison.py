"""Periods to compare with, counted on a calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.analytics import comparison
from lib.analytics.calendar import Calendar
from lib.analytics.comparison import Comparison, compared_with
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query import Filters
from lib.catalog.dimensions import CAMPAIGN, IS_AI
from lib.errors import InvalidParameterError
from lib.settings import WeekStart
from tests.filters import make_filters

ZONE = ZoneInfo("America/Santiago")
LATER = date(2090, 1, 1)
DAY = timedelta(days=1)


def at(today: date) -> datetime:
    return datetime(today.year, today.month, today.day, 14, 5, 31, 7, tzinfo=ZONE)


def days(text: str) -> ResolvedPeriod:
    first, last = (date.fromisoformat(day) for day in text.split("/"))
    return ResolvedPeriod(first, last)


def ask(kind: str, period: ResolvedPeriod, today: date, week_start: WeekStart = "monday") -> Comparison | None:
    return compared_with(kind, period, Calendar(ZONE, week_start, today), at(today))


def shown(found: Comparison | None) -> str | None:
    if found is None:
        return None
    last = found.last
    return f"{found.first}/{last:%Y-%m-%d %H:%M}" if isinstance(last, datetime) else f"{found.first}/{last}"


@pytest.mark.parametrize(
    ("period", "today", "previous", "year"),
    [
        # Whole weeks, months, quarters and years.
        ("2024-03-04/2024-03-10", LATER, "2024-02-26/2024-03-03", "2023-03-06/2023-03-12"),
        ("2024-03-01/2024-03-31", LATER, "2024-02-01/2024-02-29", "2023-03-01/2023-03-31"),
        ("2024-02-01/2024-02-29", LATER, "2024-01-01/2024-01-31", "2023-02-01/2023-02-28"),
        ("2025-02-01/2025-02-28", LATER, "2025-01-01/2025-01-31", "2024-02-01/2024-02-29"),
        ("2024-04-01/2024-06-30", LATER, "2024-01-01/2024-03-31", "2023-04-01/2023-06-30"),
        ("2024-01-01/2024-12-31", LATER, "2023-01-01/2023-12-31", "2023-01-01/2023-12-31"),
        # Those that run: the same days of the one before, until the same time.
        ("2024-03-04/2024-03-10", date(2024, 3, 6), "2024-02-26/2024-02-28 14:05", "2023-03-06/2023-03-08 14:05"),
        ("2024-03-04/2024-03-06", date(2024, 3, 6), "2024-02-26/2024-02-28 14:05", "2023-03-06/2023-03-08 14:05"),
        ("2024-11-01/2024-11-30", date(2024, 11, 29), "2024-10-01/2024-10-29 14:05", "2023-11-01/2023-11-29 14:05"),
        ("2024-11-01/2024-11-29", date(2024, 11, 29), "2024-10-01/2024-10-29 14:05", "2023-11-01/2023-11-29 14:05"),
        ("2024-11-01/2024-11-30", date(2024, 11, 1), "2024-10-01/2024-10-01 14:05", "2023-11-01/2023-11-01 14:05"),
        ("2024-03-01/2024-03-31", date(2024, 3, 31), "2024-02-01/2024-02-29", "2023-03-01/2023-03-31 14:05"),
        ("2024-03-01/2024-03-31", date(2024, 3, 29), "2024-02-01/2024-02-29 14:05", "2023-03-01/2023-03-29 14:05"),
        ("2024-02-01/2024-02-29", date(2024, 2, 29), "2024-01-01/2024-01-29 14:05", "2023-02-01/2023-02-28"),
        ("2024-04-01/2024-06-30", date(2024, 5, 31), "2024-01-01/2024-02-29", "2023-04-01/2023-05-31 14:05"),
        ("2024-01-01/2024-12-31", date(2024, 2, 29), "2023-01-01/2023-02-28", "2023-01-01/2023-02-28"),
        ("2024-10-01/2024-11-20", date(2024, 11, 20), "2024-07-01/2024-08-20 14:05", "2023-10-01/2023-11-20 14:05"),
        ("2024-01-01/2024-11-20", date(2024, 11, 20), "2023-01-01/2023-11-20 14:05", "2023-01-01/2023-11-20 14:05"),
        # Any other range: just before; under 28 days in whole weeks.
        ("2024-02-29/2024-02-29", LATER, "2024-02-22/2024-02-22", "2023-03-02/2023-03-02"),
        ("2025-02-28/2025-03-01", LATER, "2025-02-21/2025-02-22", "2024-03-01/2024-03-02"),
        ("2024-03-05/2024-03-14", LATER, "2024-02-20/2024-02-29", "2023-03-07/2023-03-16"),
        ("2024-03-05/2024-03-18", LATER, "2024-02-20/2024-03-04", "2023-03-07/2023-03-20"),
        ("2024-03-05/2024-04-03", LATER, "2024-02-04/2024-03-04", "2023-03-05/2023-04-03"),
        ("2024-02-29/2024-04-30", LATER, "2023-12-29/2024-02-28", "2023-02-28/2023-04-30"),
        ("2024-01-01/2024-02-29", LATER, "2023-11-02/2023-12-31", "2023-01-01/2023-02-28"),
        # With today in it.
        ("2024-11-23/2024-11-29", date(2024, 11, 29), "2024-11-16/2024-11-22 14:05", "2023-11-25/2023-12-01 14:05"),
        ("2024-10-31/2024-11-29", date(2024, 11, 29), "2024-10-01/2024-10-30 14:05", "2023-10-31/2023-11-29 14:05"),
        ("2024-11-29/2024-11-29", date(2024, 11, 29), "2024-11-22/2024-11-22 14:05", "2023-12-01/2023-12-01 14:05"),
        ("2024-11-05/2024-11-20", date(2024, 11, 8), "2024-10-15/2024-10-18 14:05", "2023-11-07/2023-11-10 14:05"),
        # Where there may be nothing before.
        ("1970-01-08/1970-01-09", LATER, "1970-01-01/1970-01-02", None),
        ("1970-01-01/1970-12-31", LATER, None, None),
        ("1971-01-01/1971-12-31", LATER, "1970-01-01/1970-12-31", "1970-01-01/1970-12-31"),
        ("1980-01-01/2005-01-01", LATER, None, "1979-01-01/2004-01-01"),
    ],
)
def test_previous_and_year_before(period: str, today: date, previous: str | None, year: str | None) -> None:
    assert shown(ask("previous", days(period), today)) == previous
    assert shown(ask("year", days(period), today)) == year


def test_whole_and_running_months_of_seven_years() -> None:
    """2020 to 2026: 84 months, two leap years among them, each looked at on each of its days."""
    for month in range(84):
        first = date(2020 + month // 12, month % 12 + 1, 1)
        last = (first + timedelta(days=31)).replace(day=1) - DAY
        before_first, before_last = (first - DAY).replace(day=1), first - DAY
        whole = ResolvedPeriod(first, last)
        assert ask("previous", whole, LATER) == Comparison(before_first, before_last)
        for day in range(1, last.day + 1):
            today = first.replace(day=day)
            found = ask("previous", whole, today)
            assert found is not None and found.first == before_first
            if day > before_last.day:
                assert found.last == before_last and not isinstance(found.last, datetime)
            else:
                assert found.last == datetime(before_first.year, before_first.month, day, 14, 5, tzinfo=ZONE)
            if day > 7:
                assert ask("previous", ResolvedPeriod(first, today), today) == found


@pytest.mark.parametrize("week_start", get_args(WeekStart))
def test_weeks_of_both_beginnings(week_start: WeekStart) -> None:
    weekday = {"monday": 0, "sunday": 6, "saturday": 5}[week_start]
    for number in range(366):
        today = date(2024, 1, 1) + number * DAY
        first = today - (today.weekday() - weekday) % 7 * DAY
        for last in {today, first + 6 * DAY}:
            found = ask("previous", ResolvedPeriod(first, last), today, week_start)
            expected = Comparison(first - 7 * DAY, at(today - 7 * DAY).replace(second=0, microsecond=0))
            assert found == expected
        whole = ask("previous", ResolvedPeriod(first, first + 6 * DAY), today + 7 * DAY, week_start)
        assert whole == Comparison(first - 7 * DAY, first - DAY)


some_days = st.dates(date(2000, 1, 1), date(2089, 1, 1))


@given(some_days.filter(lambda day: day.day > 1), st.integers(0, 26), st.integers(-40, 40))
def test_weekdays_of_short_ranges_match(first: date, length: int, passed: int) -> None:
    for kind in ("previous", "year"):
        found = ask(kind, ResolvedPeriod(first, first + length * DAY), first + passed * DAY)
        assert found is not None and found.first < first
        assert (first - found.first).days % 7 == 0


@given(some_days, st.integers(0, 800), st.integers(-100, 900), st.sampled_from(["previous", "year"]))
def test_the_other_side_ends_with_the_time_that_has_passed(first: date, length: int, passed: int, kind: str) -> None:
    period, today = ResolvedPeriod(first, first + length * DAY), first + passed * DAY
    found = ask(kind, period, today)
    assert found is not None and found.first < first
    last = found.last.date() if isinstance(found.last, datetime) else found.last
    assert found.first <= last
    if isinstance(found.last, datetime):
        assert 0 <= passed <= length and (found.last.hour, found.last.minute, found.last.second) == (14, 5, 0)
    if 0 <= passed <= length:
        assert (last - found.first).days <= passed + (1 if kind == "year" or length > 300 else 0) + 3
    if kind == "previous":
        assert last < first


def test_the_same_time_of_day_is_one_of_the_clock() -> None:
    """On 8 September 2024 the clocks of Santiago went from midnight to 1:00; the other side is five hours off UTC."""
    now = datetime(2024, 9, 10, 9, 30, tzinfo=ZONE)
    period = days("2024-09-10/2024-09-10")
    found = compared_with("previous", period, Calendar(ZONE, "monday", now.date()), now)
    assert found is not None and isinstance(found.last, datetime)
    assert found.last.isoformat() == "2024-09-03T09:30:00-04:00" and now.isoformat() == "2024-09-10T09:30:00-03:00"


def test_instants_and_nothing() -> None:
    instant = datetime(2024, 1, 1, tzinfo=UTC)
    own = (date(2023, 1, 1), date(2023, 2, 1))
    for period in (
        ResolvedPeriod(None, None),
        ResolvedPeriod(instant, date(2024, 2, 1)),
        ResolvedPeriod(date(2024, 1, 1), instant),
    ):
        assert ask("previous", period, LATER) is None and ask("year", period, LATER) is None
        assert compared_with("own", period, Calendar(ZONE, "monday", LATER), at(LATER), own) == Comparison(*own)


def test_own_days_are_as_chosen() -> None:
    october, september = days("2024-10-01/2024-10-31"), (date(2024, 9, 1), date(2024, 9, 30))
    assert comparison.custom(*september) == Comparison(*september)
    for today in (LATER, date(2024, 10, 8)):
        calendar = Calendar(ZONE, "monday", today)
        assert compared_with("own", october, calendar, at(today), september) == Comparison(*september)
        assert compared_with("own", october, calendar, at(today)) is None
    with pytest.raises(InvalidParameterError, match="compareFrom lies after compareTo"):
        compared_with("own", october, calendar, at(LATER), (date(2024, 9, 2), date(2024, 9, 1)))


def test_kinds() -> None:
    october = days("2024-10-01/2024-10-31")
    with pytest.raises(InvalidParameterError, match="did you mean 'previous'") as caught:
        ask("previus", october, LATER)
    assert caught.value.parameter == "compare"
    assert {kind for kind in comparison.KINDS if ask(kind, october, LATER)} == {"previous", "year"}


def chosen(first: date, last: date) -> Filters:
    return make_filters(first, last).narrowed(CAMPAIGN, "a").narrowed(IS_AI, "true")


def test_the_same_question_about_other_days() -> None:
    asked = chosen(date(2024, 10, 1), date(2024, 10, 31))
    assert Comparison(date(2024, 9, 1), date(2024, 9, 2)).of(asked) == chosen(date(2024, 9, 1), date(2024, 9, 2))
    until = datetime(2024, 9, 2, 14, 5, tzinfo=ZONE)
    assert Comparison(date(2024, 9, 1), until).of(asked).date_to == until
