"""The exact rule for each kind of value."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from lib.ingest import value_parsers
from lib.ingest.value_parsers import ValueParseError


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("7.8", 78_000),
        ("10", 100_000),
        ("0", 0),
        ("7.12345", 71_235),
        ("7.12344", 71_234),
        ("1e1", 100_000),
        (".5", 5_000),
    ],
)
def test_scores(text: str, stored: int) -> None:
    assert value_parsers.score(text) == stored


def test_scores_scaled() -> None:
    assert value_parsers.score("87.5", scale=Decimal("0.1")) == 87_500
    assert value_parsers.score("3", scale=Decimal(2)) == 60_000
    assert value_parsers.score("-2", scale=Decimal(1), offset=Decimal(5)) == 30_000
    assert value_parsers.score("7,5", decimal=",") == 75_000
    assert value_parsers.seconds("1.500", decimal=",") == 1500
    assert value_parsers.seconds("1.500,5", decimal=",", scale=Decimal(2)) == 3001
    # A number cell of a workbook has a point whatever the file says.
    assert value_parsers.score("7.5", decimal=",") == 75_000


@pytest.mark.parametrize(
    "text", ["10.0001", "-0.1", "11", "NaN", "Infinity", "-inf", "abc", "7,5", "1e400", "1_0", "٧", "0x10", ""]
)
def test_scores_refused(text: str) -> None:
    with pytest.raises(ValueParseError) as caught:
        value_parsers.score(text)
    assert str(caught.value.right) == "a score from 0 to 10"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("312", 312),
        ("312.0", 312),
        ("0", 0),
        ("00:05:12", 312),
        ("1:00:00", 3600),
        ("30:00:01", 108_001),
        ("00:02:23.500", 143),
    ],
)
def test_seconds(text: str, stored: int) -> None:
    assert value_parsers.seconds(text) == stored


def test_the_longest_duration() -> None:
    longest = 2**31 - 1
    for text in (str(longest), f"{longest}.0", "596523:14:07", "596523:14:07.9"):
        assert value_parsers.seconds(text) == longest
    assert value_parsers.seconds("35791394", scale=Decimal(60)) == longest - 7
    for text in (str(2**31), "2147483647.5", "596523:14:08", "999999999:00:00", "1e20"):
        with pytest.raises(ValueParseError, match="is longer than any conversation; right would be whole seconds"):
            value_parsers.seconds(text)
    with pytest.raises(ValueParseError, match="is longer than any conversation"):
        value_parsers.seconds("35791395", scale=Decimal(60))


def test_minutes() -> None:
    assert value_parsers.seconds("17", scale=Decimal(60)) == 1020
    assert value_parsers.seconds("2.5", scale=Decimal(60)) == 150


@pytest.mark.parametrize("text", ["-1", "12.5", "05:12", "00:61:00", "NaN", "99999999999", "five"])
def test_seconds_refused(text: str) -> None:
    with pytest.raises(ValueParseError):
        value_parsers.seconds(text)


def test_instants() -> None:
    assert value_parsers.instant("2024-01-31") == datetime(2024, 1, 31)
    assert value_parsers.instant("2024-01-31T09:30:00Z").utcoffset() == timedelta(0)
    assert value_parsers.instant("2024-01-31t09:30:00z") == value_parsers.instant("2024-01-31T09:30:00Z")
    assert value_parsers.instant("2024-01-31T24:00:00Z") == value_parsers.instant("2024-02-01T00:00:00Z")
    assert value_parsers.instant("2024-12-31 24:00") == datetime(2025, 1, 1)
    assert value_parsers.instant("31/01/2024", ["%d/%m/%Y"]) == datetime(2024, 1, 31)
    assert value_parsers.instant("2024-01-31", ["%d/%m/%Y"]) == datetime(2024, 1, 31)  # ISO 8601 can't be mistaken
    assert value_parsers.instant("1/2/2024 9:05", ["%d/%m/%Y", "%d/%m/%Y %H:%M"]) == datetime(2024, 2, 1, 9, 5)


@pytest.mark.parametrize(
    "text",
    [
        *("2024-02-30", "31/01/2024", "2024-13-01", "1900-01-01", "9999-12-31", "tomorrow", "2024-01-01T25:00"),
        *("2024-W05", "2024W05", "2024-w05T10:00Z"),
    ],
)
def test_instants_refused(text: str) -> None:
    with pytest.raises(ValueParseError) as caught:
        value_parsers.instant(text)
    assert str(caught.value.right) == "ISO 8601, such as 2024-01-31T09:30:00, from 1970 to 2099"


def test_words() -> None:
    assert value_parsers.state("completed") == 3
    assert value_parsers.sentiment("NEGATIVE") == 3
    assert (value_parsers.flag("Yes"), value_parsers.flag("0")) == (True, False)
    for check in (value_parsers.state, value_parsers.sentiment, value_parsers.flag):
        with pytest.raises(ValueParseError):
            check("perhaps")


def test_texts() -> None:
    assert value_parsers.text("ñandú") == "ñandú"
    with pytest.raises(ValueParseError, match="NUL"):
        value_parsers.text("a\x00b")
    with pytest.raises(ValueParseError, match="1001 characters"):
        value_parsers.text("x" * 1001)


def test_a_number_of_a_million_digits() -> None:
    """Refused by its length: to look at it digit by digit, again and again, would take hours."""
    for value in ("1" * 1_000_000 + "x", "1" * 101, "." * 1_000_000):
        with pytest.raises(ValueParseError, match="characters; right would be"):
            value_parsers.score(value)
        with pytest.raises(ValueParseError):
            value_parsers.seconds(value, decimal=",")
    assert value_parsers.score("0" * 99 + "7") == 70_000
