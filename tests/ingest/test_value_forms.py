"""What texts look like: each has one form, whatever the column."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lib.ingest.cells import CellKind
from lib.ingest.survey import Form
from lib.ingest.value_forms import NUMBERS, PATTERNS, numbers_of, split_by_form

TEXTS = {
    Form.WHOLE: "312, -5, +7, 007",
    Form.POINT: "8.5, 0.125, .5, 5., 1234.567, 8.1234",
    Form.COMMA: "8,5|0,125|1234,567",
    Form.POINT_OF_THREE: "1.234, 12.345",
    Form.COMMA_OF_THREE: "1,234|999,000",
    Form.THOUSANDS_POINT: "1.234,5|1.234.567|12.345.678,90",
    Form.THOUSANDS_COMMA: "1,234.5|1,234,567|12,345,678.90",
    Form.THOUSANDS_BLANK: "1 234|1\u00a0234\u00a0567|1\u202f234",
    Form.THOUSANDS_BLANK_POINT: "1 234.5",
    Form.THOUSANDS_BLANK_COMMA: "1 234,5",
    Form.THOUSANDS_APOSTROPHE: "1'234|1’234.5",
    Form.EXPONENT: "1E5, 1.23457E+14",
    Form.PERCENT: "85%, 85 %, 8.5%",
    Form.SHARE: "8/10, 4 / 5",
    Form.CLOCK: "00:05:12, 36:00:00, 00:05:12.900",
    Form.SHORT_CLOCK: "05:12, 62:05",
    Form.LENGTH: "1h 2m 3s|5 min|312 s|PT5M12S|P1DT2H|2 horas y 5 minutos",
    Form.TIME_OF_DAY: "3:15 PM|3:15:00 p. m.|11:00am|3:15 p.\u00a0m.",
    Form.ISO_DATE: "2024-01-31, 2024-01-31T09:15:00Z, 2024-01-31 09:15, 2024-01-31T09:15:00.5+01:00",
    Form.NULL_WORD: "N/A, -, null, NaN, (blank), n/d",
    Form.ERROR: "#N/A, #DIV/0!, #¡VALOR!, #REF!",
}
"""Texts of each form; those with a comma in them are parted by a bar."""

OTHERS = "Ana|12:75|31/01/2024|1.23.4|c0001|2024-1-5|12,34,567|P|1'23"


def texts_of(listed: str) -> list[str]:
    return listed.split("|") if "|" in listed else [text.strip() for text in listed.split(", ")]


@pytest.mark.parametrize("form", TEXTS, ids=lambda form: form.name)
def test_the_form_of_a_text(form: Form) -> None:
    texts = texts_of(TEXTS[form])
    found, rest = split_by_form(pa.array(texts), CellKind.TEXT)
    assert {each: [*flags] for each, flags in found.items()} == {form: [True] * len(texts)}
    assert not rest.any()


@pytest.mark.parametrize("form", TEXTS, ids=lambda form: form.name)
def test_no_text_has_two_forms(form: Form) -> None:
    for other in PATTERNS:
        if other is not form:
            found, _ = split_by_form(pa.array(texts_of(TEXTS[form])), CellKind.TEXT, (other,))
            assert other not in found, other


def test_texts_of_no_form() -> None:
    found, rest = split_by_form(pa.array(texts_of(OTHERS)), CellKind.TEXT)
    assert not found and rest.all()


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        (CellKind.NUMBER, "312", Form.WHOLE),
        (CellKind.NUMBER, "1.234", Form.TYPED_FRACTION),
        (CellKind.NUMBER, "1e-05", Form.TYPED_FRACTION),
        (CellKind.PERCENT, "85%", Form.PERCENT),
        (CellKind.MOMENT, "2024-01-31", Form.ISO_DATE),
        (CellKind.ERROR, "#N/A", Form.ERROR),
        (CellKind.FORMULA, "=A1", Form.FORMULA),
        (CellKind.NESTED, "[1]", Form.NESTED),
    ],
)
def test_a_typed_cell_is_what_the_file_says(kind: CellKind, text: str, form: Form) -> None:
    found, rest = split_by_form(pa.array([text]), kind)
    assert [each for each, flags in found.items() if flags.any()] == [form] and not rest.any()


def test_numbers_are_read_as_they_are_written() -> None:
    numbers = {form: numbers_of(pa.array(texts_of(TEXTS[form])), form).tolist() for form in NUMBERS if form in TEXTS}
    assert numbers == {
        Form.WHOLE: [312, -5, 7, 7],
        Form.POINT: [8.5, 0.125, 0.5, 5, 1234.567, 8.1234],
        Form.POINT_OF_THREE: [1.234, 12.345],
        Form.EXPONENT: [100_000, 123_457_000_000_000],
        Form.COMMA: [8.5, 0.125, 1234.567],
        Form.COMMA_OF_THREE: [1.234, 999],
        Form.THOUSANDS_POINT: [1234.5, 1234567, 12345678.9],
        Form.THOUSANDS_COMMA: [1234.5, 1234567, 12345678.9],
        Form.THOUSANDS_BLANK: [1234, 1234567, 1234],
        Form.THOUSANDS_BLANK_POINT: [1234.5],
        Form.THOUSANDS_BLANK_COMMA: [1234.5],
        Form.THOUSANDS_APOSTROPHE: [1234, 1234.5],
    }


def test_typed_cells_that_are_no_numbers_after_all() -> None:
    found, rest = split_by_form(pa.array(["nan", "inf", "x"]), CellKind.NUMBER)
    assert rest.all() and not any(flags.any() for flags in found.values())


def test_numbers_that_no_float_holds_are_left_out() -> None:
    assert numbers_of(pa.array(["1E999", "2E3"]), Form.EXPONENT).tolist() == [2000]
    assert numbers_of(pa.array(["9" * 400]), Form.WHOLE).tolist() == []
