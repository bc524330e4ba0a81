"""Guesses how the numbers of a file are written, on which scale its scores are, and what its durations count."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lib.errors.codes import CodedText
from lib.errors.guess_codes import GuessCode
from lib.ingest.guesses import MappingChoice
from lib.ingest.header_names import clock_of, fold_name, unit_of
from lib.ingest.mapping import ColumnSource
from lib.ingest.survey import ColumnSurvey, Form
from lib.ingest.value_forms import NUMBERS

_COMMAS = (Form.COMMA, Form.THOUSANDS_POINT, Form.THOUSANDS_BLANK_COMMA)
_POINTS = (Form.POINT, Form.THOUSANDS_COMMA, Form.THOUSANDS_BLANK_POINT)
_THOUSANDS = {
    Form.THOUSANDS_POINT: ".",
    Form.THOUSANDS_COMMA: ",",
    Form.THOUSANDS_BLANK: " ",
    Form.THOUSANDS_BLANK_POINT: " ",
    Form.THOUSANDS_BLANK_COMMA: " ",
    Form.THOUSANDS_APOSTROPHE: "'",
}
_NUMBER = re.compile(r"[0-9]{1,9}([.,][0-9]{1,9})?", re.ASCII)

_LONG_SECONDS = 100_000
"""Plain durations from here on may be milliseconds: this is more than a day."""

_LONG_MINUTES = 600
"""Plain durations with fractions from here on are no minutes."""


@dataclass(frozen=True, slots=True)
class ColumnSuggestion:
    """What a column suggests: the first choice is in force; where there are several, the words ask which."""

    choices: tuple[MappingChoice, ...]
    words: CodedText | None = None
    notes: tuple[CodedText, ...] = ()
    asked: ColumnSurvey | None = None  # which of several columns the question is about


def guess_signs(columns: list[ColumnSurvey]) -> ColumnSuggestion:
    """Return the decimal sign and the sign between thousands, by columns of numbers."""
    forms = {form for column in columns for form in column.forms}
    commas, points = forms & {*_COMMAS}, forms & {*_POINTS}
    notes: tuple[CodedText, ...] = ()
    decimal = "," if commas else "."
    if commas and points:
        column = next((each for each in columns if {*each.forms} & {*_COMMAS}), columns[0])
        notes = (GuessCode.DECIMALS_ARE_MIXED.of(column=column.name, example=_example_of(column, *_COMMAS)),)
        decimal = "," if _count(columns, _COMMAS) > _count(columns, _POINTS) else "."
    thousands = next((sign for form, sign in _THOUSANDS.items() if form in forms and sign != decimal), None)
    sure: dict[str, Any] = {}
    if decimal != ".":
        sure["decimal"] = decimal
    if thousands is not None:
        sure["thousands"] = thousands
    open_form = Form.COMMA_OF_THREE if not commas else Form.POINT_OF_THREE if decimal == "," else None
    if open_form is not None and open_form in forms and (points or commas):
        sure.setdefault("thousands", "," if open_form is Form.COMMA_OF_THREE else ".")
    elif thousands is None and not commas and (asked := _open_column(columns, points=bool(points))) is not None:
        return _ask_number(*asked)
    return ColumnSuggestion((MappingChoice(GuessCode.NUMBER_WITH_FRACTION.of(), sure),), None, notes)


def _open_column(columns: list[ColumnSurvey], *, points: bool) -> tuple[ColumnSurvey, Form] | None:
    """Return a column of which nothing tells whether 1,234 is more than a thousand."""
    for column in columns:
        if Form.COMMA_OF_THREE in column.forms:
            return column, Form.COMMA_OF_THREE
        if Form.POINT_OF_THREE in column.forms and not points and (column.largest or 0) > 10:
            return column, Form.POINT_OF_THREE
    return None


def _ask_number(column: ColumnSurvey, form: Form) -> ColumnSuggestion:
    sign = "," if form is Form.COMMA_OF_THREE else "."
    other = "." if sign == "," else ","
    grouped, fraction = {"decimal": other, "thousands": sign}, {"decimal": sign, "thousands": None}
    choices = (
        MappingChoice(GuessCode.NUMBER_IN_THOUSANDS.of(), grouped),
        MappingChoice(GuessCode.NUMBER_WITH_FRACTION.of(), fraction),
    )
    words = GuessCode.WHICH_NUMBER.of(column=column.name, example=_example_of(column, form))
    return ColumnSuggestion(choices, words, asked=column)


def guess_score(column: ColumnSurvey, source: ColumnSource) -> ColumnSuggestion:
    """Return the scale of a column of scores, by its largest number.

    A column that has our own name goes from 0 to 10, unless its numbers are larger.
    """
    as_it_is = MappingChoice(GuessCode.SCALE_AS_IT_IS.of(), source=source)
    smallest, largest = column.smallest, column.largest
    if smallest is None or largest is None or smallest < 0 or {Form.PERCENT, Form.SHARE} & {*column.forms}:
        return ColumnSuggestion((as_it_is,))
    if largest <= 1:
        return ColumnSuggestion((_scaled(source, 1), as_it_is), _ask_scale(column))
    if largest <= 5 and fold_name(column.name) != "averagenote":
        from_one = MappingChoice(
            GuessCode.SCALE_FROM_ONE.of(), source=replace(source, scale=Decimal("2.5"), offset=Decimal("-2.5"))
        )
        others = (as_it_is, from_one) if smallest >= 1 else (as_it_is,)
        return ColumnSuggestion((_scaled(source, 5), *others), _ask_scale(column))
    if largest <= 10:
        return ColumnSuggestion((as_it_is,))
    if largest <= 20:
        return ColumnSuggestion((_scaled(source, 20), _scaled(source, 100)), _ask_scale(column))
    if largest <= 100 and _are_few_above_ten(column):
        return ColumnSuggestion((as_it_is, _scaled(source, 100)), _ask_scale(column))
    if largest <= 100:
        note = GuessCode.SCORES_UP_TO.of(column=column.name, largest=f"{largest:g}", scale="0.1")
        return ColumnSuggestion((_scaled(source, 100),), None, (note,))
    return ColumnSuggestion((as_it_is,))


def _are_few_above_ten(column: ColumnSurvey) -> bool:
    """Return whether most numbers are scores as they are, so that those above 10 may be slips of the pen."""
    counts = {value: count for value, count in column.values if _NUMBER.fullmatch(value)}
    above = sum(count for value, count in counts.items() if float(value.replace(",", ".")) > 10)
    return column.is_complete and 0 < 2 * above < sum(counts.values())


def _scaled(source: ColumnSource, most: int) -> MappingChoice:
    scale = Decimal(10) / most
    return MappingChoice(GuessCode.SCALE_TO.of(most=most, scale=f"{scale:f}"), source=replace(source, scale=scale))


def _ask_scale(column: ColumnSurvey) -> CodedText:
    return GuessCode.WHICH_SCALE.of(column=column.name, smallest=f"{column.smallest:g}", largest=f"{column.largest:g}")


def guess_duration(column: ColumnSurvey, source: ColumnSource) -> ColumnSuggestion:
    """Return the unit and the clock format of a column of durations, by its name and its cells."""
    if Form.SHORT_CLOCK in column.forms:
        return _guess_clock(column, source)
    unit = unit_of(column.name)
    numbers = {form for form in column.forms if form in NUMBERS}
    if {Form.COMMA_OF_THREE, Form.POINT_OF_THREE} <= numbers:  # one of the two is no fraction, so none may be rounded
        return ColumnSuggestion((MappingChoice(GuessCode.UNIT_OF_SECONDS.of(), source=source),))
    if unit is not None or not numbers or column.largest is None:
        is_plain = unit == "s" and numbers <= {Form.WHOLE}
        unit = None if is_plain or not numbers else unit
        return ColumnSuggestion((MappingChoice(GuessCode.UNIT_OF_SECONDS.of(), source=replace(source, unit=unit)),))
    seconds = MappingChoice(GuessCode.UNIT_OF_SECONDS.of(), source=replace(source, unit="s"))
    example = _example_of(column, *numbers)
    words = GuessCode.WHICH_UNIT.of(column=column.name, example=example)
    if numbers - {Form.WHOLE, Form.THOUSANDS_BLANK, Form.THOUSANDS_APOSTROPHE} and column.largest < _LONG_MINUTES:
        minutes = MappingChoice(GuessCode.UNIT_OF_MINUTES.of(), source=replace(source, unit="min"))
        return ColumnSuggestion((seconds, minutes), words)
    if column.largest >= _LONG_SECONDS:
        milliseconds = MappingChoice(GuessCode.UNIT_OF_MILLISECONDS.of(), source=replace(source, unit="ms"))
        return ColumnSuggestion((milliseconds, seconds), words)
    if numbers & {Form.POINT, Form.COMMA, Form.TYPED_FRACTION}:
        return ColumnSuggestion((seconds,))
    return ColumnSuggestion((MappingChoice(GuessCode.UNIT_OF_SECONDS.of(), source=source),))


def _guess_clock(column: ColumnSurvey, source: ColumnSource) -> ColumnSuggestion:
    minutes = MappingChoice(GuessCode.CLOCK_OF_MINUTES.of(), source=replace(source, format="mm:ss"))
    hours = MappingChoice(GuessCode.CLOCK_OF_HOURS.of(), source=replace(source, format="hh:mm"))
    named = clock_of(column.name) or {"min": "mm:ss", "h": "hh:mm"}.get(unit_of(column.name) or "")
    if named is not None:
        return ColumnSuggestion((minutes if named == "mm:ss" else hours,))
    if column.longest_first > 59 or Form.CLOCK in column.forms:
        return ColumnSuggestion((minutes,))
    example = _example_of(column, Form.SHORT_CLOCK)
    return ColumnSuggestion((minutes, hours), GuessCode.WHICH_CLOCK.of(column=column.name, example=example))


def _count(columns: list[ColumnSurvey], forms: tuple[Form, ...]) -> int:
    return sum(count for column in columns for form, count in column.forms.items() if form in forms)


def _example_of(column: ColumnSurvey, *forms: Form) -> str:
    """Return a cell of a column that has one of some forms."""
    return next((text for form in forms if (text := column.form_examples.get(form))), column.examples[0].text)
