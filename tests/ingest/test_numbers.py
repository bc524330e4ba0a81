"""Numbers as texts and as typed cells."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.errors.value_codes import ValueCode
from lib.ingest.cells import CellKind
from lib.ingest.durations import seconds
from lib.ingest.mapping import ColumnSource, FileOptions
from lib.ingest.numbers import is_scaled, parse_number, scaled
from lib.ingest.parse_error import ValueParseError
from lib.ingest.value_parsers import score

RIGHT = ValueCode.RIGHT_SCORE.of()
STYLES = [
    FileOptions(decimal=decimal, thousands=thousands)
    for decimal, thousands in ((".", ","), (".", " "), (".", "'"), (",", "."), (",", " "), (".", None), (",", None))
]


def number(text: str, decimal: str = ".", thousands: str | None = None) -> Decimal:
    return parse_number(text, CellKind.TEXT, FileOptions(decimal=decimal, thousands=thousands), RIGHT)


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "meant"),
    [
        ("1.234", ",", ".", "1234"),
        ("1.234.567,5", ",", ".", "1234567.5"),
        ("1,234.5", ".", ",", "1234.5"),
        ("-1,234", ".", ",", "-1234"),
        ("1 234", ".", " ", "1234"),
        ("1\u202f234,5", ",", " ", "1234.5"),
        ("1\u00a0234\u00a0567", ",", " ", "1234567"),
        ("1'234.5", ".", "'", "1234.5"),
        ("1’234", ".", "'", "1234"),
        ("1234,5", ",", ".", "1234.5"),
        ("1.500", ",", None, "1500"),  # where the comma is the decimal sign, a point can only stand between thousands
        ("\u22125", ".", None, "-5"),
        ("1e3", ".", None, "1000"),
        ("1,5e3", ",", None, "1500"),
    ],
)
def test_signs(text: str, decimal: str, thousands: str | None, meant: str) -> None:
    assert number(text, decimal, thousands) == Decimal(meant)


@pytest.mark.parametrize(
    ("text", "decimal", "thousands"),
    [
        ("1.23", ",", "."),
        ("12.34,5", ",", "."),
        ("1234.567", ",", "."),
        ("7.5", ",", None),
        ("1,23,456", ".", ","),
        ("1,234,56", ".", ","),
        (",234", ".", ","),
        ("1 23", ".", " "),
        ("1.234,567.8", ".", ","),
        ("1,234", ".", None),
        ("8,5", ".", None),
        ("1 234", ".", None),
    ],
)
def test_wrong_signs_are_named(text: str, decimal: str, thousands: str | None) -> None:
    with pytest.raises(ValueParseError, match=r"is not a number; right would be a score"):
        number(text, decimal, thousands)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("8,5", 'decimal = "," with thousands = "."'),
        ("1,234", 'decimal = "." with thousands = ","'),
        ("1 234", 'decimal = "." with thousands = " "'),
        ("1.234,5", 'decimal = "," with thousands = "."'),
        ("1,234.5", 'decimal = "." with thousands = ","'),
        ("1\u202f234,5", 'decimal = "," with thousands = " "'),
        ("1.234.567", 'decimal = "," with thousands = "."'),
    ],
)
def test_a_refusal_names_the_signs_that_a_number_is_written_with(text: str, told: str) -> None:
    for parse in (score, seconds):
        with pytest.raises(ValueParseError) as caught:
            parse(text)
        assert told in str(caught.value.right)
    options = FileOptions(decimal=told[11], thousands=told[-2])
    assert parse_number(text, CellKind.TEXT, options, RIGHT) > 1


@given(
    st.sampled_from(STYLES),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3),
)
def test_what_a_file_writes_is_what_is_read(style: FileOptions, value: Decimal) -> None:
    text = f"{value:,f}" if style.thousands else f"{value:f}"
    signs = {",": style.thousands or "", ".": style.decimal}
    written = "".join(signs.get(each, each) for each in text)
    assert parse_number(written, CellKind.TEXT, style, RIGHT) == value
    assert parse_number(f"{value:f}", CellKind.NUMBER, style, RIGHT) == value  # a typed number has a point


def test_a_number_of_a_million_digits() -> None:
    """Refused by its length: to look at it digit by digit, again and again, would take hours."""
    began = time.monotonic()
    for value in ("1" * 1_000_000 + "x", "1" * 101, "." * 1_000_000, "1" + " " * 1_000_000 + "x", "1,1" * 400_000):
        for parse in (score, seconds):
            for style in STYLES:
                with pytest.raises(ValueParseError, match="characters; right would be"):
                    parse(value, options=style)
    assert time.monotonic() - began < 5
    assert score("0" * 99 + "7") == 70_000


@pytest.mark.parametrize(
    ("scale", "offset", "number"),
    [(None, None, 4), (Decimal(1), None, 4), (None, Decimal(0), 4), (Decimal(2), Decimal(1), 9)],
)
def test_numbers_are_scaled_where_the_mapping_says_so(
    scale: Decimal | None, offset: Decimal | None, number: int
) -> None:
    source = ColumnSource(("Grade",), scale=scale, offset=offset)
    assert is_scaled(source) == (scale is not None or offset is not None)
    assert scaled(Decimal(4), source) == number
