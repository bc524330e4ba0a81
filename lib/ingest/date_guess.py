"""Guesses the formats of a file's dates, from what fits all their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lib.errors.codes import CodedText
from lib.errors.guess_codes import GuessCode
from lib.ingest.guesses import MappingChoice
from lib.ingest.mapping import EPOCH, EPOCH_MS, EXCEL, ColumnSource
from lib.ingest.survey import DAY_FIRST, MONTH_FIRST, ColumnSurvey, DateFormats, Form, Survey
from lib.ingest.value_forms import POINTS

DATED = ("audioDate", "createdAt", "evaluatedAt")
"""The columns of dates, that of the conversations first."""

_ISO = DateFormats(())

_SERIALS = (20_000, 80_000)  # 1954 to 2119
_SECONDS = (3e8, 4.2e9)  # 1979 to 2103
_COMPACT = {"%Y%m%d": 8, "%Y%m%d%H%M": 12, "%Y%m%d%H%M%S": 14}
"""Dates that are numbers, such as 20240131, and their digits."""


@dataclass(frozen=True, slots=True)
class DateGuess:
    """The alternatives for a file's dates; none where nothing fits all of a column, which is then named."""

    alternatives: tuple[DateFormats, ...]
    column: ColumnSurvey


def guess_dates(survey: Survey, sources: dict[str, ColumnSource], locale: str | None) -> list[DateGuess]:
    """Return the alternatives for each column of dates, that of the conversations first."""
    guesses = []
    for canonical in DATED:
        source = sources.get(canonical)
        columns = [survey.column(name) for name in source.columns] if source is not None else []
        if columns and columns[0] is not None:
            alternatives = _alternatives(columns[0])
            if len(columns) > 1 and columns[1] is not None:
                alternatives = tuple(_joined(each, columns[0], columns[1]) for each in alternatives)
            if locale is not None:
                alternatives = tuple(replace(each, locale=locale) for each in alternatives)
            guesses.append(DateGuess(alternatives, columns[0]))
    return guesses


def date_choices(guesses: Sequence[DateGuess], survey: Survey) -> tuple[MappingChoice, ...]:
    """Return what the options of the file may be: one choice where all is certain, two where the order is open."""
    orders = [each for each in (DAY_FIRST, MONTH_FIRST) if all(_in_order(guess, each) for guess in guesses)]
    if len(orders) > 1 and _is_month_first(survey):
        orders.reverse()
    choices: dict[tuple[str, ...], MappingChoice] = {}
    for order in orders or [DAY_FIRST]:
        picked = [each for guess in guesses if (each := _in_order(guess, order)) is not None]
        formats = tuple(dict.fromkeys(form for each in picked for form in each.formats))
        locale = next((each.locale for each in picked if each.locale), None)
        file: dict[str, object] = {"date_formats": formats}
        if locale is not None:
            file["locale"] = locale
        choices.setdefault(formats, MappingChoice(_words_of(order), file))
    return tuple(choices.values())


def _words_of(order: str | None) -> CodedText:
    return GuessCode.MONTH_BEFORE_DAY.of() if order == MONTH_FIRST else GuessCode.DAY_BEFORE_MONTH.of()


def date_notes(guesses: Sequence[DateGuess]) -> tuple[CodedText, ...]:
    """Return what to know: of which columns no formats read all dates, and whose order is that of the rows."""
    notes = []
    for guess in guesses:
        if not guess.alternatives and guess.column.examples:
            notes.append(GuessCode.NO_FORMAT_FITS.of(column=guess.column.name, example=guess.column.examples[0].text))
        elif any(each.is_by_sequence for each in guess.alternatives):
            order = _words_of(guess.alternatives[0].order)
            notes.append(GuessCode.DATES_FOLLOW.of(column=guess.column.name, order=order))
    return tuple(notes)


def _alternatives(column: ColumnSurvey) -> tuple[DateFormats, ...]:
    forms = {form for form in column.forms if form not in (Form.NULL_WORD, Form.ERROR, Form.FORMULA)}
    if not forms or forms == {Form.ISO_DATE}:
        return (_ISO,)
    if Form.DATE in forms and forms <= {Form.DATE, Form.ISO_DATE}:
        return column.dates
    if forms <= {*POINTS, Form.ISO_DATE} and column.smallest is not None and column.largest is not None:
        formats = _of_numbers(column, column.smallest, column.largest)
        return (DateFormats(formats),) if formats else ()
    return ()


def _of_numbers(column: ColumnSurvey, smallest: float, largest: float) -> tuple[str, ...]:
    for form, digits in _COMPACT.items():
        if 19 * 10 ** (digits - 2) <= smallest and largest < 21 * 10 ** (digits - 2) and Form.POINT not in column.forms:
            return (form,)
    if _SERIALS[0] <= smallest and largest <= _SERIALS[1]:
        return (EXCEL,)
    low, high = _SECONDS
    if low <= smallest and largest <= high:
        return (EPOCH,)
    if low * 1_000 <= smallest and largest <= high * 1_000:
        return (EPOCH_MS,)
    return (EPOCH, EPOCH_MS) if low <= smallest and largest <= high * 1_000 else ()


def _joined(dates: DateFormats, date: ColumnSurvey, time: ColumnSurvey) -> DateFormats:
    """Return the formats of dates with a time in another column; dates without a time keep theirs."""
    plain = {"%H:%M", "%H:%M:%S", "%H:%M:%S.%f"}
    if not dates.formats and set(time.times) <= plain:
        return dates
    formats = dates.formats or ("%Y-%m-%d",)
    joined = tuple(f"{each} {form}" for each in formats for form in time.times)
    return replace(dates, formats=joined if time.filled >= date.filled else (*joined, *dates.formats))


def _in_order(guess: DateGuess, order: str) -> DateFormats | None:
    """Return the alternative of one order; what has no order fits both, and so does a column that nothing reads."""
    return next((each for each in guess.alternatives or (_ISO,) if each.order in (None, order)), None)


def _is_month_first(survey: Survey) -> bool:
    """Return whether the other dates of the file have the month first."""
    orders = {column.dates[0].order for column in survey.columns if len(column.dates) == 1}
    return MONTH_FIRST in orders and DAY_FIRST not in orders
