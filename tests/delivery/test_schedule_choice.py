"""Simple choices as cron lines and back, and schedules in words."""

from __future__ import annotations

import pytest

from lib.delivery.schedule import Schedule, parse_schedule
from lib.delivery.schedule_choice import (
    ScheduleChoice,
    ScheduleKind,
    offered_times,
    schedule_words,
    zone_name,
)
from lib.i18n import override_language

ZONE = "America/Santiago"


@pytest.mark.parametrize(
    ("cron", "kind", "words"),
    [
        ("0 8 * * 1-5", ScheduleKind.WEEKDAYS, "Weekdays at 08:00, Santiago"),
        ("5 0 * * *", ScheduleKind.DAILY, "Every day at 00:05, Santiago"),
        ("30 16 * * 1", ScheduleKind.WEEKLY, "Mondays at 16:30, Santiago"),
        ("30 16 * * 0", ScheduleKind.WEEKLY, "Sundays at 16:30, Santiago"),
        ("0 7 1 * *", ScheduleKind.MONTHLY, "Day 1 of each month at 07:00, Santiago"),
        ("0 7 28 * *", ScheduleKind.MONTHLY, "Day 28 of each month at 07:00, Santiago"),
        ("0 7 31 * *", ScheduleKind.CRON, "Cron line 0 7 31 * *, Santiago"),
        ("*/5 7 * * *", ScheduleKind.CRON, "Cron line */5 7 * * *, Santiago"),
        ("0 7 1 * 1", ScheduleKind.CRON, "Cron line 0 7 1 * 1, Santiago"),
        ("0 7 * 2 *", ScheduleKind.CRON, "Cron line 0 7 * 2 *, Santiago"),
        ("0 7 * * MON", ScheduleKind.CRON, "Cron line 0 7 * * MON, Santiago"),
    ],
)
def test_a_cron_line_as_a_choice_and_back(cron: str, kind: ScheduleKind, words: str) -> None:
    schedule = Schedule(cron, ZONE)
    choice = ScheduleChoice.of(schedule, "UTC")
    assert choice.kind is kind and choice.timezone == ZONE
    assert parse_schedule(choice.to_json()) == schedule
    assert str(schedule_words(schedule)) == words


def test_sunday_has_two_numbers() -> None:
    choice = ScheduleChoice.of(Schedule("0 8 * * 7", "UTC"), "UTC")
    assert choice.weekday == 0 and choice.to_json() == {"cron": "0 8 * * 0", "timezone": "UTC"}


def test_without_a_clock() -> None:
    by_hand, by_import = ScheduleChoice.of(None, ZONE), ScheduleChoice.of(Schedule(), ZONE)
    assert (by_hand.kind, by_hand.to_json(), by_hand.timezone) == (ScheduleKind.HAND, None, ZONE)
    assert by_import.kind is ScheduleKind.IMPORT and parse_schedule(by_import.to_json()) == Schedule()
    assert str(schedule_words(None)) == "By hand only" and str(schedule_words(Schedule())) == "After an import"


def test_times_and_zones() -> None:
    assert offered_times("08:00")[:3] == ["00:00", "00:15", "00:30"] and len(offered_times("08:00")) == 96
    assert offered_times("08:07")[33] == "08:07"
    assert [zone_name(each) for each in ("UTC", "America/Argentina/Buenos_Aires")] == ["UTC", "Buenos Aires"]
    with override_language("es"):
        assert str(schedule_words(Schedule("0 8 * * 3", ZONE))) == "Los miércoles a las 08:00, Santiago"
