"""The period that pages begin with, counted on a calendar."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from lib.analytics.calendar import Calendar
from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.query_cache import QueryCache
from lib.analytics.start_period import StartPeriod, start_period
from lib.catalog.catalog import BUILT_IN
from tests.conftest import Load

TODAY = date(2024, 6, 30)
ALL_TIME = StartPeriod(None)


def ask(answers: QueryCache, grant: Grant = EVERYTHING, today: date = TODAY) -> StartPeriod:
    return answers.run(start_period, Calendar(ZoneInfo("UTC"), "monday", today), grant, BUILT_IN)


def rows(*days: str) -> str:
    return "\n".join(["id,audioDate", *(f"{place},{day}" for place, day in enumerate(days))]) + "\n"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        # 90 days up to the last one with data, long ago: 3 to 31 January, 29 days of February, 31 of March, 1 April.
        (("2020-01-01", "2024-04-01"), StartPeriod((date(2024, 1, 3), date(2024, 4, 1)))),
        # Today is not over: 2 to 30 April, 31 days of May, 29 of June before it, and one more.
        (("2020-01-01", "2024-06-30"), StartPeriod((date(2024, 4, 1), date(2024, 6, 29)))),
        # Days to come hold slips.
        (("2020-01-01", "2024-12-31"), StartPeriod((date(2024, 4, 1), date(2024, 6, 29)))),
        # 90 days exactly, and one day less.
        (("2024-01-03", "2024-04-01"), StartPeriod((date(2024, 1, 3), date(2024, 4, 1)))),
        (("2024-01-04", "2024-04-01"), ALL_TIME),
        (("2024-06-30",), ALL_TIME),
        (("2025-01-01",), ALL_TIME),
    ],
)
def test_the_last_full_days_of_the_data(
    answers: QueryCache, load: Load, days: tuple[str, ...], expected: StartPeriod
) -> None:
    load(rows(*days))
    assert ask(answers) == expected


def test_without_data(answers: QueryCache) -> None:
    assert ask(answers) == ALL_TIME


def test_the_data_are_those_in_sight(answers: QueryCache, load: Load) -> None:
    load("id,audioDate,callCenterId\n1,2020-01-01,n\n2,2024-04-01,n\n3,2020-01-01,s\n4,2023-04-01,s\n")
    assert ask(answers) == StartPeriod((date(2024, 1, 3), date(2024, 4, 1)))
    assert ask(answers, Grant.of({"callCenter": ["s"]})) == StartPeriod((date(2023, 1, 2), date(2023, 4, 1)))
