"""Checks: one text value in, what is stored out, or what is wrong with it and what would be right.

The exact rule for each kind of value. `converter.py` applies these to whole batches, each distinct value once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from lib.analytics.calendar import FIRST_DAY, LAST_DAY
from lib.store.enums import SCORE_SCALE, Sentiment, State

MAX_TEXT = 1_000
"""Characters that an id, a name or another text may have."""

MAX_NUMBER = 100
"""Characters that a number may have."""

MAX_SECONDS = 2**31 - 1
"""The longest duration, in seconds, that the stores hold."""

_CLOCK = re.compile(r"(\d{1,9}):([0-5]\d):([0-5]\d)(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII)
_TRUE = frozenset({"true", "1", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "f"})


class ValueParseError(ValueError):
    """A value that can't be stored: what is wrong with it, and what would be right."""

    def __init__(self, problem: str, right: str) -> None:
        super().__init__(f"{problem}; right would be {right}")
        self.problem = problem
        self.right = right


def text(value: str) -> str:
    """Return a text as it is kept; refuse one that is too long or that no database can hold."""
    if len(value) > MAX_TEXT:
        raise ValueParseError(f"has {len(value)} characters", f"at most {MAX_TEXT}")
    if "\x00" in value:
        raise ValueParseError("holds a NUL character", "text without it")
    return value


def state(value: str) -> int:
    """Return a state's code."""
    for member in State:
        if member.name.casefold() == value.casefold():
            return member.value
    raise ValueParseError("is not a state", "Pending, Processing, Completed or Failed")


def sentiment(value: str) -> int:
    """Return a sentiment's code."""
    for member in Sentiment:
        if member.name.casefold() == value.casefold():
            return member.value
    raise ValueParseError("is not a sentiment", "Positive, Neutral, Negative, or nothing")


def flag(value: str) -> bool:
    """Return whether a flag is set."""
    folded = value.casefold()
    if folded not in _TRUE | _FALSE:
        raise ValueParseError("is neither true nor false", "true or false")
    return folded in _TRUE


def score(value: str, decimal: str = ".", scale: Decimal | None = None, offset: Decimal | None = None) -> int:
    """Return a score in ten-thousandths of a point, rounded half up."""
    number = _number(value, decimal, "a score from 0 to 10")
    moved = number * (1 if scale is None else scale) + (0 if offset is None else offset)
    if not 0 <= moved <= 10:
        became = "" if scale is None and offset is None else f"becomes {moved.normalize():f}, which "
        raise ValueParseError(f"{became}is outside 0 to 10", "a score from 0 to 10")
    return int((moved * SCORE_SCALE).to_integral_value(ROUND_HALF_UP))


def seconds(value: str, decimal: str = ".", scale: Decimal | None = None, offset: Decimal | None = None) -> int:
    """Return a duration in whole seconds: of a number, scaled where asked for, or of `HH:MM:SS`."""
    right = "whole seconds such as 312, or HH:MM:SS"
    clock = _CLOCK.fullmatch(value)
    if clock:
        hours, minutes, rest = (int(part) for part in clock.groups())
        moved, scaled = Decimal(hours * 3600 + minutes * 60 + rest), False
    else:
        number = _number(value, decimal, right)
        scaled = scale is not None or offset is not None
        moved = number * (1 if scale is None else scale) + (0 if offset is None else offset)
    if moved < 0:
        raise ValueParseError("is negative", right)
    if moved > MAX_SECONDS:
        raise ValueParseError("is longer than any conversation", right)
    whole = moved.to_integral_value(ROUND_HALF_UP)
    if whole != moved and not scaled:
        raise ValueParseError("is not whole", right)
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
    right = " or ".join(f"'{each}'" for each in formats) if formats else "ISO 8601, such as 2024-01-31T09:30:00"
    raise ValueParseError("is not a date that can be", f"{right}, from {FIRST_DAY.year} to {LAST_DAY.year}")


def _in_range(moment: datetime) -> datetime:
    # A day's room at both ends: an offset may move an instant to the next day.
    if not FIRST_DAY + timedelta(days=2) <= moment.date() <= LAST_DAY - timedelta(days=2):
        raise ValueError
    return moment


def _number(value: str, decimal: str, right: str) -> Decimal:
    if len(value) > MAX_NUMBER:
        raise ValueParseError(f"has {len(value)} characters", right)
    plain = value
    if decimal == ",":
        # 1.500 is fifteen hundred there; with other than three digits behind the point it can only be a number cell's.
        plain = value.replace(".", "") if _GROUPED.fullmatch(value) else value
        plain = plain.replace(",", ".") if "." not in plain else plain
    if not _NUMBER.fullmatch(plain):
        raise ValueParseError("is not a number", right)
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise ValueParseError("is not a number", right) from None
    if number.adjusted() > 20:
        raise ValueParseError("is too large", right)
    return number
