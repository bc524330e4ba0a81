"""The exact rule for each kind of value."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from lib.ingest import checks
from lib.ingest.checks import CheckError


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
    assert checks.score(text) == stored


def test_scores_scaled() -> None:
    assert checks.score("87.5", scale=Decimal("0.1")) == 87_500
    assert checks.score("3", scale=Decimal(2)) == 60_000
    assert checks.score("-2", scale=Decimal(1), offset=Decimal(5)) == 30_000
    assert checks.score("7,5", decimal=",") == 75_000
    assert checks.seconds("1.500", decimal=",") == 1500
    assert checks.seconds("1.500,5", decimal=",", scale=Decimal(2)) == 3001
    assert checks.score("7.5", decimal=",") == 75_000  # a number cell of a workbook has a point whatever the file says


@pytest.mark.parametrize(
    "text", ["10.0001", "-0.1", "11", "NaN", "Infinity", "-inf", "abc", "7,5", "1e400", "1_0", "٧", "0x10", ""]
)
def test_scores_refused(text: str) -> None:
    with pytest.raises(CheckError) as caught:
        checks.score(text)
    assert caught.value.right == "a score from 0 to 10"


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
    assert checks.seconds(text) == stored


def test_minutes() -> None:
    assert checks.seconds("17", scale=Decimal(60)) == 1020
    assert checks.seconds("2.5", scale=Decimal(60)) == 150


@pytest.mark.parametrize("text", ["-1", "12.5", "05:12", "00:61:00", "NaN", "99999999999", "five"])
def test_seconds_refused(text: str) -> None:
    with pytest.raises(CheckError):
        checks.seconds(text)


def test_instants() -> None:
    assert checks.instant("2024-01-31") == datetime(2024, 1, 31)
    assert checks.instant("2024-01-31T09:30:00Z").utcoffset() == timedelta(0)
    assert checks.instant("2024-01-31t09:30:00z") == checks.instant("2024-01-31T09:30:00Z")
    assert checks.instant("2024-01-31T24:00:00Z") == checks.instant("2024-02-01T00:00:00Z")
    assert checks.instant("2024-12-31 24:00") == datetime(2025, 1, 1)
    assert checks.instant("31/01/2024", ["%d/%m/%Y"]) == datetime(2024, 1, 31)
    assert checks.instant("2024-01-31", ["%d/%m/%Y"]) == datetime(2024, 1, 31)  # ISO 8601 can't be mistaken
    assert checks.instant("1/2/2024 9:05", ["%d/%m/%Y", "%d/%m/%Y %H:%M"]) == datetime(2024, 2, 1, 9, 5)


@pytest.mark.parametrize(
    "text",
    [
        *("2024-02-30", "31/01/2024", "2024-13-01", "1900-01-01", "9999-12-31", "tomorrow", "2024-01-01T25:00"),
        *("2024-W05", "2024W05", "2024-w05T10:00Z"),
    ],
)
def test_instants_refused(text: str) -> None:
    with pytest.raises(CheckError) as caught:
        checks.instant(text)
    assert "ISO 8601" in caught.value.right


def test_words() -> None:
    assert checks.state("completed") == 3
    assert checks.sentiment("NEGATIVE") == 3
    assert (checks.flag("Yes"), checks.flag("0")) == (True, False)
    for check in (checks.state, checks.sentiment, checks.flag):
        with pytest.raises(CheckError):
            check("perhaps")


def test_texts() -> None:
    assert checks.text("ñandú") == "ñandú"
    with pytest.raises(CheckError, match="NUL"):
        checks.text("a\x00b")
    with pytest.raises(CheckError, match="1001 characters"):
        checks.text("x" * 1001)


def test_a_number_of_a_million_digits() -> None:
    """Refused by its length: to look at it digit by digit, again and again, would take hours."""
    for value in ("1" * 1_000_000 + "x", "1" * 101, "." * 1_000_000):
        with pytest.raises(CheckError, match="characters; right would be"):
            checks.score(value)
        with pytest.raises(CheckError):
            checks.seconds(value, decimal=",")
    assert checks.score("0" * 99 + "7") == 70_000
