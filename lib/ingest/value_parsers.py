"""Checks: one text value in, what is stored out, or what is wrong with it and what would be right.

The exact rule for each kind of value. `converter.py` applies these to whole batches, each distinct value once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from lib.analytics.calendar import FIRST_DAY, LAST_DAY
from lib.errors.codes import CodedText, FailureCode, joined
from lib.store.enums import SCORE_SCALE, Sentiment, State

MAX_TEXT = 1_000
"""Characters that an id, a name or another text may have."""

MAX_NUMBER = 100
"""Characters that a number may have."""

MAX_SECONDS = 2**31 - 1
"""The longest duration, in seconds, that the stores hold."""

_RIGHT_SCORE = FailureCode.RIGHT_SCORE.of()
_RIGHT_DURATION = FailureCode.RIGHT_DURATION.of()

_CLOCK = re.compile(r"(\d{1,9}):([0-5]\d):([0-5]\d)(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII)
_TRUE = frozenset({"true", "1", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "f"})


class ValueParseError(ValueError):
    """A value that can't be stored: what is wrong with it, and what would be right."""

    def __init__(self, problem: CodedText, right: CodedText) -> None:
        super().__init__(f"{problem}; right would be {right}")
        self.problem = problem
        self.right = right


def text(value: str) -> str:
    """Return a text as it is kept; refuse one that is too long or that no database can hold."""
    if len(value) > MAX_TEXT:
        raise ValueParseError(
            FailureCode.VALUE_LENGTH.of(characters=len(value)), FailureCode.RIGHT_LENGTH.of(most=MAX_TEXT)
        )
    if "\x00" in value:
        raise ValueParseError(FailureCode.VALUE_WITH_NUL.of(), FailureCode.RIGHT_WITHOUT_NUL.of())
    return value


def state(value: str) -> int:
    """Return a state's code."""
    for member in State:
        if member.name.casefold() == value.casefold():
            return member.value
    raise ValueParseError(FailureCode.NOT_A_STATE.of(), FailureCode.RIGHT_STATE.of())


def sentiment(value: str) -> int:
    """Return a sentiment's code."""
    for member in Sentiment:
        if member.name.casefold() == value.casefold():
            return member.value
    raise ValueParseError(FailureCode.NOT_A_SENTIMENT.of(), FailureCode.RIGHT_SENTIMENT.of())


def flag(value: str) -> bool:
    """Return whether a flag is set."""
    folded = value.casefold()
    if folded not in _TRUE | _FALSE:
        raise ValueParseError(FailureCode.NOT_A_FLAG.of(), FailureCode.RIGHT_FLAG.of())
    return folded in _TRUE


def score(value: str, decimal: str = ".", scale: Decimal | None = None, offset: Decimal | None = None) -> int:
    """Return a score in ten-thousandths of a point, rounded half up."""
    number = _number(value, decimal, _RIGHT_SCORE)
    moved = number * (1 if scale is None else scale) + (0 if offset is None else offset)
    if not 0 <= moved <= 10:
        if scale is None and offset is None:
            raise ValueParseError(FailureCode.SCORE_OUTSIDE.of(), _RIGHT_SCORE)
        raise ValueParseError(FailureCode.SCORE_BECOMES_OUTSIDE.of(score=f"{moved.normalize():f}"), _RIGHT_SCORE)
    return int((moved * SCORE_SCALE).to_integral_value(ROUND_HALF_UP))


def seconds(value: str, decimal: str = ".", scale: Decimal | None = None, offset: Decimal | None = None) -> int:
    """Return a duration in whole seconds: of a number, scaled where asked for, or of `HH:MM:SS`."""
    clock = _CLOCK.fullmatch(value)
    if clock:
        hours, minutes, rest = (int(part) for part in clock.groups())
        moved, scaled = Decimal(hours * 3600 + minutes * 60 + rest), False
    else:
        number = _number(value, decimal, _RIGHT_DURATION)
        scaled = scale is not None or offset is not None
        moved = number * (1 if scale is None else scale) + (0 if offset is None else offset)
    if moved < 0:
        raise ValueParseError(FailureCode.DURATION_NEGATIVE.of(), _RIGHT_DURATION)
    if moved > MAX_SECONDS:
        raise ValueParseError(FailureCode.DURATION_TOO_LONG.of(), _RIGHT_DURATION)
    whole = moved.to_integral_value(ROUND_HALF_UP)
    if whole != moved and not scaled:
        raise ValueParseError(FailureCode.DURATION_NOT_WHOLE.of(), _RIGHT_DURATION)
    return int(whole)


_WEEK_DATE = re.compile(r"\d{4}-?W", re.ASCII | re.IGNORECASE)
"""What a week date begins with; Python takes a week for its Monday."""

_MIDNIGHT_AT_END = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]24:00(?::00(?:[.,]0+)?)?(|Z|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE
)


def instant(value: str, formats: Sequence[str] = ()) -> datetime:
    """Return a date-time by the first format that fits, or by ISO 8601; naive where the text names no offset."""
    for each in formats:
        try:
            return _in_range(datetime.strptime(value, each))
        except ValueError:
            continue
    try:
        if _WEEK_DATE.match(value):
            raise ValueError
        midnight = _MIDNIGHT_AT_END.fullmatch(value)
        if midnight:
            return _in_range(datetime.fromisoformat(f"{midnight[1]}T00:00{midnight[2].upper()}") + timedelta(days=1))
        return _in_range(datetime.fromisoformat(value.upper()))
    except (ValueError, OverflowError):
        pass
    known = joined([f"'{each}'" for each in formats], FailureCode.EITHER) if formats else FailureCode.RIGHT_ISO.of()
    right = FailureCode.RIGHT_DATE.of(formats=known, first=FIRST_DAY.year, last=LAST_DAY.year)
    raise ValueParseError(FailureCode.NOT_A_DATE.of(), right)


def _in_range(moment: datetime) -> datetime:
    # A day's room at both ends: an offset may move an instant to the next day.
    if not FIRST_DAY + timedelta(days=2) <= moment.date() <= LAST_DAY - timedelta(days=2):
        raise ValueError
    return moment


def _number(value: str, decimal: str, right: CodedText) -> Decimal:
    if len(value) > MAX_NUMBER:
        raise ValueParseError(FailureCode.VALUE_LENGTH.of(characters=len(value)), right)
    plain = value
    if decimal == ",":
        # 1.500 is fifteen hundred there; with other than three digits behind the point it can only be a number cell's.
        plain = value.replace(".", "") if _GROUPED.fullmatch(value) else value
        plain = plain.replace(",", ".") if "." not in plain else plain
    if not _NUMBER.fullmatch(plain):
        raise ValueParseError(FailureCode.NOT_A_NUMBER.of(), right)
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise ValueParseError(FailureCode.NOT_A_NUMBER.of(), right) from None
    if number.adjusted() > 20:
        raise ValueParseError(FailureCode.NUMBER_TOO_LARGE.of(), right)
    return number
