"""Days, weeks and months; zones held against Python's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.analytics.calendar import Calendar, Granularity, offsets

TODAY = date(2024, 5, 15)  # a Wednesday


def calendar(week_start: str = "monday") -> Calendar:
    return Calendar(ZoneInfo("UTC"), week_start, TODAY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("week_start", "first"),
    [("monday", date(2024, 5, 13)), ("sunday", date(2024, 5, 12)), ("saturday", date(2024, 5, 11))],
)
def test_week_starts(week_start: str, first: date) -> None:
    assert calendar(week_start).bucket_start(TODAY, Granularity.WEEKLY) == first


def test_partial_weeks() -> None:
    found = list(calendar().buckets(date(2024, 5, 1), date(2024, 5, 19), Granularity.WEEKLY))
    assert [(bucket.first.day, bucket.partial) for bucket in found] == [(29, True), (6, False), (13, True)]


def test_a_whole_past_month_is_not_partial() -> None:
    found = list(calendar().buckets(date(2024, 2, 1), date(2024, 3, 31), Granularity.MONTHLY))
    assert [(bucket.first, bucket.last, bucket.partial) for bucket in found] == [
        (date(2024, 2, 1), date(2024, 2, 29), False),
        (date(2024, 3, 1), date(2024, 3, 31), False),
    ]


def test_today_is_partial() -> None:
    day = timedelta(days=1)
    found = list(calendar().buckets(TODAY - day, TODAY + day, Granularity.DAILY))
    assert [(bucket.first, bucket.partial) for bucket in found] == [
        (TODAY - day, False),
        (TODAY, True),
        (TODAY + day, False),
    ]


def test_a_day_that_the_period_cuts_is_partial() -> None:
    first, last = date(2024, 5, 1), date(2024, 5, 3)
    for cut in ((False, False), (True, False), (False, True), (True, True)):
        found = calendar().buckets(first, last, Granularity.DAILY, *cut)
        assert [bucket.partial for bucket in found] == [cut[0], False, cut[1]]


def test_presets() -> None:
    """Saved views keep these names, so that each has to mean the same for good."""
    assert calendar().presets() == {
        "today": (TODAY, TODAY),
        "yesterday": (date(2024, 5, 14), date(2024, 5, 14)),
        "last7": (date(2024, 5, 9), TODAY),
        "last30": (date(2024, 4, 16), TODAY),
        "last90": (date(2024, 2, 16), TODAY),
        "thisWeek": (date(2024, 5, 13), date(2024, 5, 19)),
        "lastWeek": (date(2024, 5, 6), date(2024, 5, 12)),
        "thisMonth": (date(2024, 5, 1), date(2024, 5, 31)),
        "lastMonth": (date(2024, 4, 1), date(2024, 4, 30)),
        "thisQuarter": (date(2024, 4, 1), date(2024, 6, 30)),
        "lastQuarter": (date(2024, 1, 1), date(2024, 3, 31)),
        "thisYear": (date(2024, 1, 1), date(2024, 12, 31)),
        "lastYear": (date(2023, 1, 1), date(2023, 12, 31)),
    }


def test_presets_in_january() -> None:
    presets = Calendar(ZoneInfo("UTC"), "monday", date(2024, 1, 10)).presets()
    assert presets["lastMonth"] == (date(2023, 12, 1), date(2023, 12, 31))
    assert presets["lastQuarter"] == (date(2023, 10, 1), date(2023, 12, 31))


ZONES = ["America/Santiago", "Europe/Madrid", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "UTC"]


@given(st.sampled_from(ZONES), st.datetimes(datetime(1971, 1, 1), datetime(2060, 1, 1)))
def test_offsets_are_the_zones(name: str, moment: datetime) -> None:
    zone = ZoneInfo(name)
    instant = moment.replace(tzinfo=UTC, microsecond=0)
    changes = offsets(zone, instant - timedelta(days=500), instant + timedelta(days=500))
    in_force = [offset for since, offset in changes if since <= instant][-1]
    assert in_force == instant.astimezone(zone).utcoffset()


@pytest.mark.parametrize(
    ("name", "first"),
    [("America/Noronha", date(2000, 10, 1)), ("Asia/Hebron", date(2040, 10, 15)), ("Asia/Hebron", date(2054, 3, 21))],
)
def test_offsets_that_last_less_than_a_week(name: str, first: date) -> None:
    zone = ZoneInfo(name)
    start = datetime(first.year, 1, 1, tzinfo=UTC)
    for shift in range(7):  # wherever the steps fall
        changes = offsets(zone, start + timedelta(days=shift), start + timedelta(days=365))
        for day in range(30):
            instant = datetime.combine(first, time(12), UTC) + timedelta(days=day)
            assert [offset for since, offset in changes if since <= instant][-1] == instant.astimezone(zone).utcoffset()
