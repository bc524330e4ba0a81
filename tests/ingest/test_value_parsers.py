"""The exact rule for scores, words and texts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lib.errors.value_codes import ValueCode
from lib.ingest import value_parsers
from lib.ingest.cells import CellKind
from lib.ingest.mapping import ColumnSource, FileOptions
from lib.ingest.parse_error import ValueParseError


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


def scaled(scale: str | None = None, offset: str | None = None) -> ColumnSource:
    return ColumnSource(("x",), scale=Decimal(scale) if scale else None, offset=Decimal(offset) if offset else None)


def test_scores_scaled() -> None:
    assert value_parsers.score("87.5", source=scaled("0.1")) == 87_500
    assert value_parsers.score("3", source=scaled("2")) == 60_000
    assert value_parsers.score("-2", source=scaled("1", "5")) == 30_000
    assert value_parsers.score("5", source=scaled("-2", "12")) == 20_000
    assert value_parsers.score("-0", source=scaled("2")) == 0
    assert value_parsers.score("7,5", options=FileOptions(decimal=",")) == 75_000


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        *(("85%", 85_000), ("85 %", 85_000), ("92.5%", 92_500), ("100%", 100_000), ("0%", 0)),
        *(("4/5", 80_000), ("8/10", 80_000), ("4 / 5", 80_000), ("4.5/5", 90_000), ("1/3", 33_333), ("2/3", 66_667)),
    ],
)
def test_shares(text: str, stored: int) -> None:
    assert value_parsers.score(text) == stored


def test_a_share_is_scaled_as_the_number_that_it_is() -> None:
    """A percentage means the same as a text and as a cell, so that a file may be saved in another format."""
    for kind in (CellKind.TEXT, CellKind.PERCENT):
        assert value_parsers.score("85.43%", kind) == 85_430
        assert value_parsers.score("85%", kind, scaled("10")) == 85_000
        assert value_parsers.score("85%", kind, scaled("-10", "10")) == 15_000
    assert value_parsers.score("4/5", source=scaled("5", "5")) == 90_000
    comma = FileOptions(decimal=",")
    assert value_parsers.score("92,5 %", options=comma) == 92_500
    assert value_parsers.score("92.5%", CellKind.PERCENT, options=comma) == 92_500


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "-inf", "abc", "1e400", "1_0", "٧", "0x10", "", "%", "85%%", "4/", "/5", "1/2/3", "true"],
)
def test_what_is_no_score(text: str) -> None:
    with pytest.raises(ValueParseError) as caught:
        value_parsers.score(text)
    assert str(caught.value.right) == "a score from 0 to 10"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("10.0001", "is outside 0 to 10"),
        ("-0.1", "is outside 0 to 10"),
        ("85", "is outside 0 to 10"),
        ("105%", "becomes 10.5, which is outside 0 to 10"),
        ("-5%", "becomes -0.5, which is outside 0 to 10"),
        ("4/3", "becomes 13.3333, which is outside 0 to 10"),
    ],
)
def test_a_score_outside_names_the_scale(text: str, problem: str) -> None:
    with pytest.raises(ValueParseError) as caught:
        value_parsers.score(text)
    assert str(caught.value.problem) == problem
    assert "such as scale = 0.1" in str(caught.value.right)


def test_a_fraction_of_0() -> None:
    for text in ("4/0", "0/0"):
        with pytest.raises(ValueParseError, match="is divided by 0"):
            value_parsers.score(text)


def test_a_date_is_no_score() -> None:
    """A spreadsheet makes a date of 4/5."""
    with pytest.raises(ValueParseError, match="is a date, not a number"):
        value_parsers.score("2024-05-04", CellKind.MOMENT)


def test_words() -> None:
    assert value_parsers.state("completed") == 3
    assert value_parsers.sentiment("NEGATIVE") == 3
    assert (value_parsers.flag("Yes"), value_parsers.flag("0")) == (True, False)
    for check in (value_parsers.state, value_parsers.sentiment, value_parsers.flag):
        with pytest.raises(ValueParseError):
            check("perhaps")


def test_texts() -> None:
    assert value_parsers.text("ñandú") == "ñandú"
    with pytest.raises(ValueParseError, match="no text can hold"):
        value_parsers.text("a\x00b")
    with pytest.raises(ValueParseError, match="1001 characters"):
        value_parsers.text("x" * 1001)


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example/1.wav?x=1#t",
        "HTTP://host:8080",
        "http://ann:pw@host/x",
        "http://[::1]/x",
        "https://例え.jp/パス",
    ],
)
def test_links(value: str) -> None:
    assert value_parsers.link(value) == value


@pytest.mark.parametrize(
    "value",
    [
        *(
            "javascript:alert(1)",
            "http:/host",
            "https://",
            "https://..",
            "http://:80/",
            "http://ann:pw@/x",
            "http://@/",
        ),
        *("http://[bad", "http://host:abc/", "https://a b", "data:text/html,x", "=HYPERLINK(1)", "//host/x"),
    ],
)
def test_what_leads_nowhere_is_no_link(value: str) -> None:
    with pytest.raises(ValueParseError) as refused:
        value_parsers.link(value)
    assert refused.value.problem == ValueCode.NOT_A_LINK.of()
