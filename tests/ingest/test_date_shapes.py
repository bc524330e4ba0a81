"""Formats that fit all the dates of a column, and what remains open."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lib.ingest.date_shapes import DateShapes, time_formats
from lib.ingest.survey import DAY_FIRST, MONTH_FIRST, DateFormats


def shapes_of(*texts: str) -> DateShapes:
    shapes = DateShapes()
    for text in texts:  # each a batch of its own
        assert shapes.add(pa.array([text]), np.array([1])).all(), text
    return shapes


def formats_of(*texts: str) -> list[tuple[str, ...]]:
    return [each.formats for each in shapes_of(*texts).alternatives()]


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["31/12/2024 23:59:59"], ("%d/%m/%Y %H:%M:%S",)),
        (["12/31/2024 23:59"], ("%m/%d/%Y %H:%M",)),
        (["01/02/2024", "02/13/2024"], ("%m/%d/%Y",)),
        (["01/02/2024", "13/02/2024"], ("%d/%m/%Y",)),
        (["31-12-2024"], ("%d-%m-%Y",)),
        (["31.12.2024 23:59"], ("%d.%m.%Y %H:%M",)),
        (["2024/12/31"], ("%Y/%m/%d",)),
        (["2024-1-5 9:05"], ("%Y-%m-%d %H:%M",)),
        (["31/12/24"], ("%d/%m/%y",)),
        (["12/31/24 3:15 PM"], ("%m/%d/%y %I:%M %p",)),
        (["31/12/2024 3:15:00 p.\u00a0m."], ("%d/%m/%Y %I:%M:%S %p",)),
        (["31/12/2024T10:00:00.123"], ("%d/%m/%YT%H:%M:%S.%f",)),
        (["12/31/2024 10:00:00 +01:00"], ("%m/%d/%Y %H:%M:%S %z",)),
        (["31/12/2024, 10:00 hs"], ("%d/%m/%Y, %H:%M hs",)),
        (["Jan 5, 2024", "May 31, 2024"], ("%b %d, %Y",)),
        (["31-Jan-24"], ("%d-%b-%y",)),
        (["Wednesday, 31 January 2024 10:00"], ("%a, %d %b %Y %H:%M",)),
        (["24-01-01", "24-01-15", "24-02-28"], ("%y-%m-%d",)),
    ],
)
def test_the_one_format_that_fits_all(texts: list[str], formats: tuple[str, ...]) -> None:
    assert formats_of(*texts) == [formats]


def test_dates_with_and_without_a_time_have_a_format_each() -> None:
    assert formats_of("31/12/2024", "30/12/2024 10:00", "29/12/2024 11:00") == [("%d/%m/%Y %H:%M", "%d/%m/%Y")]


def test_two_orders_that_fit_all_are_both_named() -> None:
    shapes = shapes_of("03/03/2024 10:00", "01/02/2024 10:00", "05/12/2024 9:00")
    assert shapes.alternatives() == (
        DateFormats(("%d/%m/%Y %H:%M",), order=DAY_FIRST),
        DateFormats(("%m/%d/%Y %H:%M",), order=MONTH_FIRST),
    )
    assert shapes.asymmetric == "01/02/2024 10:00"


def test_one_late_row_decides_the_order() -> None:
    early = [f"{month:02}/{day:02}/2024" for day in (3, 1, 2) for month in (7, 5, 6)]
    assert len(formats_of(*early)) == 2
    assert formats_of(*early, "02/13/2024") == [("%m/%d/%Y",)]


def test_another_separator_has_the_same_order() -> None:
    assert formats_of("01/02/2024", "31-12-2024") == [("%d/%m/%Y", "%d-%m-%Y")]


def test_orders_that_contradict_each_other_fit_nothing() -> None:
    assert formats_of("13/01/2024", "01/13/2024") == []


def test_rows_that_follow_one_another_decide_the_order() -> None:
    days = [f"{month:02}/{day:02}/2024" for month in (1, 2, 3, 4) for day in (1, 2, 3)]
    followed = (DateFormats(("%m/%d/%Y",), None, MONTH_FIRST, is_by_sequence=True),)
    assert shapes_of(*days).alternatives() == followed
    assert shapes_of(*reversed(days)).alternatives() == followed
    assert len(formats_of(*days[:6])) == 2  # too few
    assert len(formats_of(days[5], *days)) == 2  # in no order


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["31-ene-2024", "05-sept-2024", "05/set/2024"], DateFormats(("%d-%b-%Y", "%d/%b/%Y"), "es")),
        (["31 de enero de 2024"], DateFormats(("%d de %b de %Y",), "es")),
        (["lunes, 5 de febrero de 2024 3:15 p. m."], DateFormats(("%a, %d de %b de %Y %I:%M %p",), "es")),
        (["31/jan/2024", "1/fev/2024"], DateFormats(("%d/%b/%Y",), "pt")),
        (["5 mar 2024"], DateFormats(("%d %b %Y",), None)),  # in English as well
        (["2024-ene-31"], DateFormats(("%Y-%b-%d",), "es")),
    ],
)
def test_names_of_months_tell_the_language(texts: list[str], formats: DateFormats) -> None:
    assert shapes_of(*texts).alternatives() == (formats,)


@pytest.mark.parametrize("text", ["00-ene-2024", "32-ene-2024"])
def test_no_day_of_a_month_is_no_date(text: str) -> None:
    assert shapes_of(text).alternatives() == ()


@pytest.mark.parametrize("text", ["Ana", "c0001", "1/2", "2024", "31/12/2024 noon", "31 Foo 2024", "31/12/2024 25", ""])
def test_what_is_no_date(text: str) -> None:
    assert not DateShapes().add(pa.array([text]), np.array([1])).any()


def test_many_texts_that_are_no_dates_are_not_looked_at_one_by_one() -> None:
    texts = pa.array([f"c{number:05}" for number in range(1_000)] + ["31/12/2024"])
    assert not DateShapes().add(texts, np.ones(1_001, dtype=np.int64)).any()


def test_a_time_of_day_has_a_format() -> None:
    assert time_formats(pa.array(["9:15", "10:00:00", "11:15"])) == ("%H:%M", "%H:%M:%S")
    assert time_formats(pa.array(["9:15 p. m."])) == ("%I:%M %p",)
    assert time_formats(pa.array(["9:15", "soon"])) is None
