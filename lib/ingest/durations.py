"""Durations: a text or a typed cell in, whole seconds out, rounded half up.

A duration is a plain number in the mapping's unit, or says itself what it is: `HH:MM:SS`, `1h 2m 3s`, `PT5M12S`.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from lib.errors.codes import CodedText
from lib.errors.value_codes import ValueCode
from lib.ingest.cells import CellKind
from lib.ingest.mapping import AS_FOUND, AS_IT_IS, UNITS, ColumnSource, FileOptions
from lib.ingest.numbers import MAX_NUMBER, is_plain_number, is_scaled, parse_number, scaled, with_signs
from lib.ingest.parse_error import ValueParseError

MAX_SECONDS = 2**31 - 1
"""The longest duration, in seconds, that the stores hold."""

_RIGHT = ValueCode.RIGHT_DURATION.of()
_MINUTE, _HOUR, _DAY = Decimal(60), Decimal(3600), Decimal(86400)

_CLOCK = re.compile(r"(?:(\d{1,6}) ?d(?:ays?)?,? )?(\d{1,9}):([0-5]\d):([0-5]\d(?:[.,]\d+)?)", re.ASCII | re.IGNORECASE)
_TWO_PARTS = re.compile(r"(\d{1,9}):([0-5]\d(?:[.,]\d+)?)", re.ASCII)
_LIKE_CLOCK = re.compile(r"(?:\d{1,6} ?d(?:ays?)?,? )?\d{1,9}(?::\d{2}){1,2}(?:[.,]\d+)?", re.ASCII | re.IGNORECASE)
_ISO = re.compile(
    r"P(?:(\d+(?:[.,]\d+)?)W)?(?:(\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?=\d)(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?",
    re.ASCII | re.IGNORECASE,
)
_ISO_UNITS = (7 * _DAY, _DAY, _HOUR, _MINUTE, Decimal(1))

_WORDS = {
    _DAY: ("d", "day", "days", "día", "días", "dia", "dias"),
    _HOUR: ("h", "hr", "hrs", "hour", "hours", "hora", "horas"),
    _MINUTE: ("m", "min", "mins", "minute", "minutes", "minuto", "minutos"),
    Decimal(1): ("s", "sec", "secs", "second", "seconds", "seg", "segs", "segundo", "segundos"),
    Decimal("0.001"): ("ms", "msec", "millisecond", "milliseconds", "milisegundo", "milisegundos"),
}
"""Words for the units of a duration such as `1h 2m 3s`, by their seconds, the largest first."""

_SECONDS_OF = {word: unit for unit, words in _WORDS.items() for word in words}
_PART = re.compile(r"([\d.,'’]+) *([^\W\d_]+)\.?,? *(?:(?:and|y|e) +)?")


def seconds(
    value: str,
    kind: CellKind = CellKind.TEXT,
    source: ColumnSource = AS_IT_IS,
    options: FileOptions = AS_FOUND,
) -> int:
    """Return a duration in whole seconds."""
    if kind is CellKind.MOMENT:
        raise ValueParseError(ValueCode.DATE_FOR_DURATION.of(), ValueCode.RIGHT_DURATION_CELL.of())
    if len(value) > MAX_NUMBER:
        raise ValueParseError(ValueCode.VALUE_LENGTH.of(characters=len(value)), _RIGHT)
    may_say = kind is CellKind.TEXT and not is_plain_number(value)
    found = _self_described(value, source, options) if may_say else None
    length = _of_number(value, kind, source, options) if found is None else found
    if length < 0:
        raise ValueParseError(ValueCode.DURATION_NEGATIVE.of(), _RIGHT)
    whole = length.to_integral_value(ROUND_HALF_UP)
    if whole > MAX_SECONDS:
        raise ValueParseError(ValueCode.DURATION_TOO_LONG.of(), _RIGHT)
    return int(whole)


def _of_number(value: str, kind: CellKind, source: ColumnSource, options: FileOptions) -> Decimal:
    """Return the seconds of a plain number; a fraction is refused where nothing says that it is meant."""
    number = scaled(parse_number(value, kind, options, _RIGHT), source)
    if is_scaled(source) or source.unit is not None or source.format is not None:
        return number * UNITS[source.unit or "s"]
    if number != number.to_integral_value() and number >= 0:
        right: CodedText = ValueCode.RIGHT_FRACTION.of(right=_RIGHT)
        raise ValueParseError(
            ValueCode.DURATION_NOT_WHOLE.of(), right if kind is CellKind.NUMBER else with_signs(value, right, options)
        )
    return number


def _self_described(value: str, source: ColumnSource, options: FileOptions) -> Decimal | None:
    """Return the seconds of a text that says what its parts are; None for a plain number, or for none of these."""
    sign = -1 if value[:1] in ("-", "−") else 1
    text = value[1:].lstrip() if sign < 0 or value.startswith("+") else value
    if clock := _CLOCK.fullmatch(text):
        days, hours, minutes, rest = (Decimal((part or "0").replace(",", ".")) for part in clock.groups())
        return sign * (days * _DAY + hours * _HOUR + minutes * _MINUTE + rest)
    if two := _TWO_PARTS.fullmatch(text):
        return sign * _of_two_parts(two, source)
    if _LIKE_CLOCK.fullmatch(text):
        raise ValueParseError(ValueCode.DURATION_PARTS.of(), _RIGHT)
    if (iso := _ISO.fullmatch(text)) and any(iso.groups()):
        amounts = [Decimal((part or "0").replace(",", ".")) for part in iso.groups()]
        return sign * sum((amount * unit for amount, unit in zip(amounts, _ISO_UNITS, strict=True)), Decimal())
    length = _of_words(text, options)
    return None if length is None else sign * length


def _of_two_parts(two: re.Match[str], source: ColumnSource) -> Decimal:
    first, second = (Decimal(part.replace(",", ".")) for part in two.groups())
    if source.format is None:
        raise ValueParseError(ValueCode.DURATION_AMBIGUOUS.of(), ValueCode.RIGHT_CLOCK_FORMAT.of())
    if source.format == "mm:ss":
        return first * _MINUTE + second
    return first * _HOUR + second * _MINUTE


def _of_words(text: str, options: FileOptions) -> Decimal | None:
    """Return the seconds of a text such as `1h 2m 3s`: each unit once, the larger before the smaller."""
    length, at, before = Decimal(0), 0, _DAY + 1
    while at < len(text):
        part = _PART.match(text, at)
        unit = _SECONDS_OF.get(part[2].casefold()) if part else None
        if part is None or unit is None or unit >= before:
            return None
        length += parse_number(part[1], CellKind.TEXT, options, _RIGHT) * unit
        at, before = part.end(), unit
    return length if text else None
