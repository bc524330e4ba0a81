"""Schedules: every day of three years in three zones against plain arithmetic, and what a change of the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lib.delivery.schedule import Schedule, parse_schedule
from lib.errors import InvalidParameterError

ZONES = ("America/New_York", "Europe/Madrid", "America/Santiago")
HOUR = timedelta(hours=1)


def expected(day: datetime, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    """Return when a clock says a time on a day for the first time; the next whole minute that there is, else."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=14)
    wanted = (day.year, day.month, day.day, hour, minute)
    while True:  # a quarter of an hour at a time, by the zone's own clock
        local = at.astimezone(zone)
        if (local.year, local.month, local.day, local.hour, local.minute) >= wanted:
            return at
        at += timedelta(minutes=15)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("hour", "minute"), [(8, 0), (2, 30), (1, 30), (0, 0)])
def test_a_daily_time_goes_once_a_day_over_every_change_of_the_clock(zone: str, hour: int, minute: int) -> None:
    schedule, tz = Schedule(f"{minute} {hour} * * *", zone), ZoneInfo(zone)
    at = schedule.next_after(datetime(2026, 2, 20, 12, tzinfo=UTC))
    assert at is not None
    day = at.astimezone(tz) + timedelta(days=1)
    for _ in range(290):  # spring and autumn
        due = schedule.next_after(at)
        assert due is not None
        assert due == expected(day, hour, minute, tz), due.astimezone(tz)
        at, day = due, day + timedelta(days=1)


def test_what_was_missed_is_the_last_of_it() -> None:
    schedule = Schedule("*/15 * * * *", "Europe/Madrid")
    first = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
    now = first + timedelta(hours=5, minutes=7)
    assert schedule.last_until(first, now) == first + timedelta(hours=5)
    assert schedule.last_until(first, first) == first
    # Over a year: looked for in the last day alone.
    assert schedule.last_until(first, first + timedelta(days=400)) == first + timedelta(days=400)
    yearly = Schedule("0 8 1 1 *", "UTC")
    begin = datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert yearly.last_until(begin, begin + timedelta(days=40)) == begin


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"cron": "0 8 * *", "timezone": "UTC"}, "4 fields"),
        ({"cron": "61 8 * * *", "timezone": "UTC"}, "no cron line"),
        ({"cron": " ", "timezone": "UTC"}, "The cron line is missing"),
        ({"cron": "0 8 * * 1", "timezone": "America/Santigo"}, "America/Santiago"),
        ({"cron": "0 0 31 2 *", "timezone": "UTC"}, "31 2"),
        ({"cron": "0 8 * * 1"}, "A schedule should be"),
        ({"after": "export"}, "A schedule should be"),
        ("daily", "A schedule should be"),
        ({"cron": "0 8 * * 1" + " " * 200 + "x", "timezone": "UTC"}, "6 fields"),
    ],
)
def test_what_is_no_schedule_is_refused(value: object, says: str) -> None:
    with pytest.raises(InvalidParameterError, match=r"schedule|cron|zone|due") as error:
        parse_schedule(value)
    assert says in error.value.message and error.value.parameter == "schedule"


def test_a_schedule_comes_back_as_it_was() -> None:
    for value in ({"cron": "0 8 * * 1-5", "timezone": "UTC"}, {"after": "import"}):
        schedule = parse_schedule(value)
        assert schedule is not None and schedule.to_json() == value
    assert parse_schedule(None) is None
