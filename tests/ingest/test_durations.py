"""Durations in every form that files have them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.ingest.cells import CellKind
from lib.ingest.durations import seconds
from lib.ingest.mapping import ColumnSource, FileOptions
from lib.ingest.parse_error import ValueParseError


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        *(("312", 312), ("312.0", 312), ("0", 0), ("-0", 0), ("00:05:12", 312), ("1:00:00", 3600)),
        *(("30:00:01", 108_001), ("00:02:23.500", 144), ("00:02:23.499", 143), ("00:05:12.900", 313), ("36:00:00", 129_600)),
        *(("00:05:12,9", 313), ("0 days 00:05:12", 312), ("1 day, 2:00:00", 93_600), ("2d 00:00:01", 172_801)),
        *(("1h 2m 3s", 3723), ("1h2m3s", 3723), ("5 min", 300), ("312 s", 312), ("5 min 12 s", 312), ("1 H 02 MIN", 3720)),
        *(("1 hour, 2 minutes and 3 seconds", 3723), ("2 horas y 5 minutos", 7500), ("1.5 h", 5400), ("2 min.", 120)),
        *(("312.5 s", 313), ("312499 ms", 312), ("1 d 1 s", 86_401), ("5 seg", 5)),
        *(("PT5M12S", 312), ("PT1H", 3600), ("P1DT2H", 93_600), ("pt312.5s", 313), ("PT0S", 0), ("P1W", 604_800), ("PT36H", 129_600)),
    ],
)  # fmt: skip
def test_forms(text: str, stored: int) -> None:
    assert seconds(text) == stored


def source(scale: str | None = None, unit: str | None = None, form: str | None = None) -> ColumnSource:
    return ColumnSource(("x",), scale=Decimal(scale) if scale else None, unit=unit, format=form)


@pytest.mark.parametrize(
    ("text", "unit", "stored"),
    [
        *(("312", "s", 312), ("312.5", "s", 313), ("312.45", "s", 312), ("312499", "ms", 312), ("312500", "ms", 313)),
        *(("5.2", "min", 312), ("0.0866", "h", 312), ("1.5", "h", 5400), ("00:05:12", "h", 312), ("5 min", "h", 300)),
    ],
)
def test_units(text: str, unit: str, stored: int) -> None:
    for kind in (CellKind.TEXT, CellKind.NUMBER) if text[-1].isdigit() and ":" not in text else (CellKind.TEXT,):
        assert seconds(text, kind, source(unit=unit)) == stored


def test_clock_formats() -> None:
    assert [
        seconds(text, source=source(form="mm:ss")) for text in ("05:12", "62:05", "5:12", "00:05:12", "05:12.5")
    ] == [*(312, 3725, 312, 312, 313)]
    assert [seconds(text, source=source(form="hh:mm")) for text in ("05:12", "36:00", "00:05:12")] == [
        18_720,
        129_600,
        312,
    ]
    with pytest.raises(ValueParseError) as caught:
        seconds("05:12")
    assert str(caught.value.problem) == "may be minutes and seconds, or hours and minutes"
    assert 'format = "mm:ss"' in str(caught.value.right)


def test_scaled() -> None:
    assert seconds("17", source=source("60")) == 1020
    assert seconds("2.5", source=source("60")) == 150
    assert seconds("1.500,5", source=source("2"), options=FileOptions(decimal=",")) == 3001
    assert seconds("00:05:12", source=source("60")) == 312  # it says itself what it is


@pytest.mark.parametrize("kind", [CellKind.TEXT, CellKind.NUMBER])
def test_fractions_of_a_plain_number(kind: CellKind) -> None:
    with pytest.raises(ValueParseError) as caught:
        seconds("312.45", kind)
    assert str(caught.value.problem) == "is not whole"
    assert 'unit = "s"' in str(caught.value.right)
    for meant in (source("1"), source(unit="s"), source(form="mm:ss")):
        assert [seconds(text, kind, meant) for text in ("312.45", "311.99999999", "312.5")] == [312, 312, 313]


def test_a_fraction_that_may_be_thousands_names_their_sign() -> None:
    with pytest.raises(ValueParseError, match="is not whole") as caught:
        seconds("1.234")
    assert 'decimal = "," with thousands = "."' in str(caught.value.right)
    assert seconds("1.234", options=FileOptions(decimal=",", thousands=".")) == 1234


@pytest.mark.parametrize(("text", "decimal"), [("312.5", "."), ("312,5", ","), ("1234.5", ".")])
def test_a_fraction_is_not_told_to_set_the_sign_that_it_is_read_by(text: str, decimal: str) -> None:
    with pytest.raises(ValueParseError, match="is not whole") as caught:
        seconds(text, options=FileOptions(decimal=decimal))
    assert "decimal" not in str(caught.value.right) and 'unit = "s"' in str(caught.value.right)


@pytest.mark.parametrize("text", ["00:61:00", "1:00:61", "05:60", "-00:99:00", "2d 00:00:75"])
@pytest.mark.parametrize("form", [None, "mm:ss", "hh:mm"])
def test_more_minutes_or_seconds_than_a_clock_has(text: str, form: str | None) -> None:
    with pytest.raises(ValueParseError, match="has minutes or seconds above 59"):
        seconds(text, source=source(form=form))


def test_the_longest_duration() -> None:
    longest = 2**31 - 1
    for text in (str(longest), f"{longest}.0", "596523:14:07", "596523:14:07.4", f"PT{longest}S"):
        assert seconds(text) == longest
    assert seconds("35791394", source=source("60")) == longest - 7
    for text in (str(2**31), "596523:14:07.5", "596523:14:08", "999999999:00:00", "1e20", "99999999999 h"):
        with pytest.raises(ValueParseError, match="is longer than any conversation; right would be whole seconds"):
            seconds(text)
    with pytest.raises(ValueParseError, match="is longer than any conversation"):
        seconds("35791395", source=source("60"))


@pytest.mark.parametrize("text", ["-1", "-00:05:12", "-1.5", "-5 min", "-PT5S", "\u22125"])
def test_negative(text: str) -> None:
    with pytest.raises(ValueParseError, match="is negative"):
        seconds(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "NaN",
            "five",
            "1:2:3",
            "P1M",
            "P1Y",
            "P",
            "PT",
            "PT5",
            "5m 1h",
            "5m 5m",
            "5 parsecs",
            "min",
        ),
        *("85%", "5 min 12", "00:05:12 h", ":12", "1h -2m", "inf", "1,5 h"),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueParseError, match="is not a number"):
        seconds(text)


def test_a_date_is_no_duration() -> None:
    with pytest.raises(
        ValueParseError, match=r"is a date, not a duration; right would be seconds, or cells with a format"
    ):
        seconds("1900-01-01 00:05:12", CellKind.MOMENT)


lengths = st.integers(0, 9_999_999_999).map(lambda milliseconds: Decimal(milliseconds) / 1000)


@given(lengths)
def test_every_form_of_a_length_is_the_same_length(length: Decimal) -> None:
    hours, rest = divmod(length, 3600)
    minutes, second = divmod(rest, 60)
    stored = int(length + Decimal("0.5"))  # half up
    for text in (
        f"{hours:02}:{minutes:02}:{second:06.3f}",
        f"{hours}h {minutes}m {second}s",
        f"{hours} hours, {minutes} minutes and {second} seconds",
        f"PT{hours}H{minutes}M{second}S",
        f"{length} s",
        f"{length * 1000} ms",
    ):
        assert seconds(text) == stored, text
    assert seconds(str(length), source=source(unit="s")) == stored
    assert seconds(str(length), CellKind.NUMBER, source(unit="s"), FileOptions(decimal=",")) == stored
    assert seconds(str(length).replace(".", ","), source=source(unit="s"), options=FileOptions(decimal=",")) == stored
