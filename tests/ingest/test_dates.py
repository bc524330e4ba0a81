"""Dates: formats in their order, serials, times since 1970, ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.ingest.cells import CellKind
from lib.ingest.dates import instant
from lib.ingest.mapping import FileOptions
from lib.ingest.parse_error import ValueParseError


def by(*formats: str, locale: str | None = None, decimal: str = ".") -> FileOptions:
    return FileOptions(date_formats=formats, locale=locale, decimal=decimal)


def test_instants() -> None:
    assert instant("2024-01-31") == datetime(2024, 1, 31)
    assert instant("2024-01-31T09:30:00Z").utcoffset() == timedelta(0)
    assert instant("2024-01-31t09:30:00z") == instant("2024-01-31T09:30:00Z")
    assert instant("2024-01-31T24:00:00Z") == instant("2024-02-01T00:00:00Z")
    assert instant("2024-12-31 24:00") == datetime(2025, 1, 1)
    assert instant("20240131") == datetime(2024, 1, 31)
    assert instant("31/01/2024", options=by("%d/%m/%Y")) == datetime(2024, 1, 31)
    assert instant("2024-01-31", options=by("%d/%m/%Y")) == datetime(2024, 1, 31)  # ISO 8601 can't be mistaken
    assert instant("1/2/2024 9:05", options=by("%d/%m/%Y", "%d/%m/%Y %H:%M")) == datetime(2024, 2, 1, 9, 5)
    assert instant("20240131", CellKind.NUMBER, by("%Y%m%d")) == datetime(2024, 1, 31)


@pytest.mark.parametrize(
    "text",
    [
        *("2024-02-30", "31/01/2024", "2024-13-01", "tomorrow", "2024-01-01T25:00", "NaN", "inf", "1e9999", "-5"),
        *("2024-W05", "2024W05", "2024-w05T10:00Z", "20240131510", "2023011500000", "202401", "9" * 200),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueParseError) as caught:
        instant(text)
    assert "date" in str(caught.value.problem) and "date_format" in str(caught.value.right)


@pytest.mark.parametrize("text", ["1900-01-01", "9999-12-31", "2608-07-22 01:47:16.290448", "1969-12-31T23:59:59Z"])
def test_a_date_that_is_not_held_is_shown_as_it_was_meant(text: str) -> None:
    for kind in (CellKind.TEXT, CellKind.MOMENT):
        with pytest.raises(ValueParseError) as caught:
            instant(text, kind)
        assert str(caught.value.problem) == f"means {text[:10]}, outside 1970-01-03 to 2099-12-29"
        assert str(caught.value.right).endswith(", from 1970-01-03 to 2099-12-29")


def test_a_typed_date_is_read_by_no_format() -> None:
    """It is in ISO 8601, in which a format may find another day."""
    assert instant("2024-01-02", options=by("%Y-%d-%m")) == datetime(2024, 2, 1)
    assert instant("2024-01-02", CellKind.MOMENT, by("%Y-%d-%m")) == datetime(2024, 1, 2)


@pytest.mark.parametrize("kind", [CellKind.TEXT, CellKind.NUMBER])
def test_serials(kind: CellKind) -> None:
    excel = by("excel")
    assert instant("45322.395833", kind, excel) == datetime(2024, 1, 31, 9, 30)
    assert instant("45322", kind, excel) == datetime(2024, 1, 31)
    assert instant("45322.9999999", kind, excel) == datetime(2024, 2, 1)
    assert instant("45322.3958333333", kind, by("%d/%m/%Y", "excel")) == datetime(2024, 1, 31, 9, 30)
    assert instant("31/01/2024", kind, by("excel", "%d/%m/%Y")) == datetime(2024, 1, 31)


def test_serials_with_a_decimal_comma() -> None:
    assert instant("45322,5", options=by("excel", decimal=",")) == datetime(2024, 1, 31, 12)
    assert instant("45322.5", CellKind.NUMBER, by("excel", decimal=",")) == datetime(2024, 1, 31, 12)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 1)).map(lambda each: each.replace(microsecond=0)))
def test_a_serial_is_its_second(moment: datetime) -> None:
    """With 15 significant digits, as a spreadsheet keeps them."""
    days = Decimal(round((moment - datetime(1899, 12, 30)).total_seconds())) / 86_400
    assert instant(f"{days:.15g}", CellKind.NUMBER, by("excel")) == moment


@given(st.datetimes(datetime(1974, 1, 1), datetime(2099, 12, 1)))
def test_times_since_1970(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    microseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    for options in (by("epoch", "epoch_ms"), by("epoch_ms", "epoch")):
        assert instant(str(Decimal(microseconds) / 1_000_000), options=options) == moment
        assert instant(str(Decimal(microseconds) / 1_000), options=options) == moment


@pytest.mark.parametrize(
    ("text", "formats", "told"),
    [
        ("45322", (), 'date_format = "excel"'),
        ("45322.395833", (), 'date_format = "excel"'),
        ("45322,395833", (), 'date_format = "excel"'),
        ("1706693400", (), 'date_format = "epoch"'),
        ("1706693400.5", (), 'date_format = "epoch"'),
        ("1706693400000", (), 'date_format = "epoch_ms"'),
        ("1706693400000", ("epoch",), 'date_format = "epoch_ms"'),
        ("1706693400", ("epoch_ms",), 'date_format = "epoch"'),
        ("45322", ("%d/%m/%Y",), 'date_format = "excel"'),
        ("1706693400", ("excel",), 'date_format = "epoch"'),
    ],
)
def test_a_number_names_the_format_that_reads_it(text: str, formats: tuple[str, ...], told: str) -> None:
    for kind in (CellKind.TEXT, CellKind.NUMBER) if "," not in text else (CellKind.TEXT,):
        with pytest.raises(ValueParseError, match="is a number, not a date") as caught:
            instant(text, kind, by(*formats))
        assert told in str(caught.value.right)


def test_a_serial_with_another_decimal_sign_names_it() -> None:
    for options in (by(), by("excel")):
        with pytest.raises(ValueParseError) as caught:
            instant("45322,395833", options=options)
        right = str(caught.value.right)
        assert 'date_format = "excel"' in right and 'decimal = ","' in right


def test_what_a_number_means_outside_of_what_is_held() -> None:
    with pytest.raises(ValueParseError, match="means 2608-07-22, outside 1970-01-03 to 2099-12-29"):
        instant("258796", options=by("excel"))
    for text in ("99999999999999999999", "-99999999999", "1e20"):
        with pytest.raises(ValueParseError):
            instant(text, options=by("excel", "epoch", "epoch_ms"))


@pytest.mark.parametrize("text", ["1.70669E+12", "1,70669E+12", "1.7E+09", "4.53E+04"])
def test_a_number_that_a_spreadsheet_cut_is_no_date(text: str) -> None:
    """It has lost its minutes, or its days."""
    for options in (by(), by("excel", "epoch", "epoch_ms"), by("epoch", decimal=",")):
        with pytest.raises(ValueParseError, match="is a number that a spreadsheet cut"):
            instant(text, options=options)


def test_names_of_another_language_name_the_locale() -> None:
    with pytest.raises(ValueParseError, match="is not a valid date") as caught:
        instant("31-ene-2024", options=by("%d-%b-%Y"))
    assert "'%d-%b-%Y', from 1970-01-03 to 2099-12-29" in str(caught.value.right) and 'locale = "es"' in str(
        caught.value.right
    )
    assert instant("31-ene-2024", options=by("%d-%b-%Y", locale="es")) == datetime(2024, 1, 31)
