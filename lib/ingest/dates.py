"""Dates and instants: a text or a typed cell in, a moment out, naive where nothing says its offset from UTC.

Read by the mapping's `date_format`, one after the other, then as ISO 8601; a typed date only as ISO 8601.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP

from lib.analytics.calendar import FIRST_DAY, LAST_DAY
from lib.errors.codes import FailureCode, joined
from lib.errors.value_codes import ValueCode
from lib.ingest.cell_checks import cut_number
from lib.ingest.cells import CellKind
from lib.ingest.date_names import NAMED, moment_parser
from lib.ingest.mapping import AS_FOUND, EPOCH, EPOCH_MS, EXCEL, EXCEL_1904, FileOptions
from lib.ingest.numbers import parse_number, with_signs
from lib.ingest.parse_error import ValueParseError

_FIRST, _LAST = FIRST_DAY + timedelta(days=2), LAST_DAY - timedelta(days=2)
"""The days of a moment, with a day's room at both ends: an offset may move an instant to the next day."""

_SERIAL_0, _SERIAL_0_OF_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
"""Day 0 of a spreadsheet's serials, as they count from March 1900 on."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NUMBERS = {
    EXCEL: (25_569, 73_051),
    EPOCH: (10**8, 10**11),
    EPOCH_MS: (10**11, 4_102_444_800_000),
}
"""From where to where a number that is a date can be meant by each format: a bit of 1970 is left out to tell them."""

_COMMA = FileOptions(decimal=",")

_WEEK_DATE = re.compile(r"\d{4}-?W", re.ASCII | re.IGNORECASE)
"""What a week date begins with; Python takes a week for its Monday."""

_DIGITS = re.compile(r"(?!\d{8}$)\d+", re.ASCII)
"""Digits that are no date such as 20240131; Python takes one of them for the sign between the date and the time."""

_MIDNIGHT_AT_END = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]24:00(?::00(?:[.,]0+)?)?(|Z|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE
)


def instant(value: str, kind: CellKind = CellKind.TEXT, options: FileOptions = AS_FOUND) -> datetime:
    """Return a moment by the first format that fits, or by ISO 8601; naive where the text names no offset."""
    return instant_parser(kind, options)(value)


def instant_parser(kind: CellKind, options: FileOptions) -> Callable[[str], datetime]:
    """Return what `instant` does with each value of a kind; to make it takes as long as to use it."""
    readings = (*(_reading(form, kind, options) for form in _formats(kind, options)), _of_iso)

    def parse(value: str) -> datetime:
        outside: datetime | None = None
        for read in readings:
            try:
                moment = read(value)
            except (ValueError, OverflowError):
                continue
            if _FIRST <= moment.date() <= _LAST:
                return moment
            outside = outside or moment
        raise _refusal(value, kind, options, outside)

    return parse


def _formats(kind: CellKind, options: FileOptions) -> tuple[str, ...]:
    return () if kind is CellKind.MOMENT else options.date_formats


def _reading(form: str, kind: CellKind, options: FileOptions) -> Callable[[str], datetime]:
    if form in _NUMBERS or form == EXCEL_1904:
        return functools.partial(_of_number, form=form, kind=kind, options=options)
    return moment_parser(form, options.locale)


def _of_iso(value: str) -> datetime:
    if _WEEK_DATE.match(value) or _DIGITS.fullmatch(value):
        raise ValueError
    if midnight := _MIDNIGHT_AT_END.fullmatch(value):
        return datetime.fromisoformat(f"{midnight[1]}T00:00{midnight[2].upper()}") + timedelta(days=1)
    return datetime.fromisoformat(value.upper())


def _of_number(value: str, form: str, kind: CellKind, options: FileOptions) -> datetime:
    """Return the moment that a number is: a serial to the second, in the file's zone, or a time since 1970, in UTC."""
    if cut_number(value):
        raise ValueError
    number = parse_number(value, kind, options, ValueCode.RIGHT_ISO.of())
    if form in (EXCEL, EXCEL_1904):
        return (_SERIAL_0 if form == EXCEL else _SERIAL_0_OF_1904) + timedelta(
            seconds=int((number * 86_400).to_integral_value(ROUND_HALF_UP))
        )
    if form == EPOCH_MS and abs(number) < _NUMBERS[EPOCH_MS][0]:
        raise ValueError  # seconds since 1970, which would become a day of that year
    microseconds = number * (1_000 if form == EPOCH_MS else 1_000_000)
    return _EPOCH + timedelta(microseconds=int(microseconds.to_integral_value(ROUND_HALF_UP)))


def _refusal(value: str, kind: CellKind, options: FileOptions, outside: datetime | None) -> ValueParseError:
    if (cut := cut_number(value)) is not None:
        return cut
    formats = _formats(kind, options)
    if (number := _refused_number(value, kind, options)) is not None:
        return number
    known = joined([f"'{each}'" for each in formats], FailureCode.EITHER) if formats else ValueCode.RIGHT_ISO.of()
    right = ValueCode.RIGHT_DATE.of(formats=known, first=_FIRST.isoformat(), last=_LAST.isoformat())
    if outside is not None:
        day = outside.date().isoformat()
        return ValueParseError(
            ValueCode.DATE_OUTSIDE.of(date=day, first=_FIRST.isoformat(), last=_LAST.isoformat()), right
        )
    if options.locale is None and any(NAMED.search(each) for each in formats):
        right = ValueCode.RIGHT_DATE_LOCALE.of(right=right)
    return ValueParseError(ValueCode.NOT_A_DATE.of(), right)


def _refused_number(value: str, kind: CellKind, options: FileOptions) -> ValueParseError | None:
    """Return the refusal of a number that a format of the mapping would read; None where it is no such number."""
    for style in (options, AS_FOUND, _COMMA):
        try:
            number = parse_number(value, kind, style, ValueCode.RIGHT_ISO.of())
        except ValueParseError:
            continue
        form = next((form for form, (first, last) in _NUMBERS.items() if first <= number < last), None)
        if form is None or (style is options and form in options.date_formats):
            return None
        right = ValueCode.RIGHT_DATE_NUMBER.of(format=f'"{form}"')
        right = right if style is options else with_signs(value, right, options)
        return ValueParseError(ValueCode.NUMBER_FOR_DATE.of(), right)
    return None
