"""ISO 8601: what is read, what it means, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from lib.formats.iso_dates import named_days, parse_date, parse_moment

ONE_HOUR = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-31", date(2024, 1, 31)),
        ("20240131", date(2024, 1, 31)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2024-01-31T09", datetime(2024, 1, 31, 9)),
        ("2024-01-31T09:30", datetime(2024, 1, 31, 9, 30)),
        ("2024-01-31 09:30:00", datetime(2024, 1, 31, 9, 30)),
        ("2024-01-31t09:30:00z", datetime(2024, 1, 31, 9, 30, tzinfo=UTC)),
        ("20240131T093000Z", datetime(2024, 1, 31, 9, 30, tzinfo=UTC)),
        ("2024-01-31T09:30:00.25+01:00", datetime(2024, 1, 31, 9, 30, 0, 250_000, ONE_HOUR)),
        ("2024-01-31T09:30:00,9999999+0100", datetime(2024, 1, 31, 9, 30, 0, 999_999, ONE_HOUR)),
        ("2024-01-31T24:00", datetime(2024, 2, 1)),
        ("20241231T240000Z", datetime(2025, 1, 1, tzinfo=UTC)),
        ("2024-01-31T24:00:00.000+01:00", datetime(2024, 2, 1, tzinfo=ONE_HOUR)),
    ],
)
def test_read(text: str, moment: date | datetime) -> None:
    assert parse_moment(text) == moment and type(parse_moment(text)) is type(moment)


@pytest.mark.parametrize(
    "text",
    [
        *("2024-W05", "2024W05", "2024-W05-1", "2024W051", "2024-W05T10:00", "2024-W05-1T10:00Z", "2024-w05"),
        *("2024-031", "2024031", "2024-031T10:00", "2024-01", "202401", "2024", "24-01-31", "2024-1-31"),
        *("2024-02-30", "2024-13-01", "0000-01-01", "-2024-01-31", "+2024-01-31", "2024-0131", "202401-31"),
        *("2024-01-31x09:30", "2024-01-31_09:30", "2024-01-31T", "2024-01-31TZ", "2024-01-31T+01:00", "2024-01-31Z"),
        *("2024-01-31T24:01", "2024-01-31T24:00:01", "2024-01-31T25:00", "2024-01-31T09:60", "2024-01-31T9:30"),
        *("2024-01-31T09:30+24:00", "2024-01-31T09:30:60", "2024-01-31T09:30\n", "2024-01-31\n", " 2024-01-31"),
        *("٢٠٢٤-٠١-٣١", "２０２４-01-31", "2024‐01‐31", "1706659200", "today", "", "\x00", "2024-01-31T24:00.5"),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text)
    with pytest.raises(ValueError):
        parse_date(text)


def test_after_the_last_day() -> None:
    with pytest.raises(OverflowError):
        parse_moment("9999-12-31T24:00")


def test_a_date_alone() -> None:
    assert parse_date("2024-01-31") == parse_date("20240131") == date(2024, 1, 31)
    with pytest.raises(ValueError):
        parse_date("2024-01-31T00:00")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2024-W05", (date(2024, 1, 29), date(2024, 2, 4))),
        ("2020W53", (date(2020, 12, 28), date(2021, 1, 3))),
        ("2024-W05-7", (date(2024, 2, 4), date(2024, 2, 4))),
        ("2024W051T10:00", (date(2024, 1, 29), date(2024, 1, 29))),
        ("2024-031", (date(2024, 1, 31), date(2024, 1, 31))),
        ("2024366", (date(2024, 12, 31), date(2024, 12, 31))),
        ("2023-366", None),
        ("2024-000", None),
        ("2024-W54", None),
        ("2024-W00", None),
        ("0000-W01", None),
        ("9999-W53", None),
        ("2024-01-31", None),
        ("20240131", None),
        ("soon", None),
    ],
)
def test_days_of_other_forms(text: str, days: tuple[date, date] | None) -> None:
    assert named_days(text) == days
