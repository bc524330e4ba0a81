"""Value parsers: one text value in, what is stored out, or what is wrong with it and what would be right.

The exact rule for each kind of value; durations and dates have modules of their own. `converter.py` applies these to
whole batches, each distinct value once.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from lib.catalog.fields import FieldType
from lib.errors.value_codes import ValueCode
from lib.ingest.cells import CellKind
from lib.ingest.mapping import AS_FOUND, AS_IT_IS, ColumnSource, FileOptions
from lib.ingest.numbers import MAX_NUMBER, is_scaled, parse_number, scaled
from lib.ingest.parse_error import ValueParseError
from lib.ingest.value_names import target_of
from lib.store.enums import NO, OWN_SCALE, SCORE_SCALE, YES, Sentiment, State

MAX_TEXT = 1_000
"""Characters that an id, a name or another text may have."""

MAX_CATEGORY = 200
"""Characters that a value of an own field of the type category may have."""

MAX_OWN_NUMBER = 999_999_999_999
"""The largest number that an own field may hold, and with a minus the smallest."""

_RIGHT_NUMBER = ValueCode.RIGHT_OWN_NUMBER.of(most=f"{MAX_OWN_NUMBER:,}")
_RIGHT_SCORE = ValueCode.RIGHT_SCORE.of()
_PERCENT = re.compile(r"(.+?)\s*%")
_FRACTION = re.compile(r"([^/]+?)\s*/\s*([^/]+)")

_LINK = re.compile(
    r"https?://"
    r"(?:[^\s/?#@\\]*@)?"  # who asks
    r"(?=[^\s/?#:]*\w|\[)(?:\[[0-9a-f:.]+\]|[^\s/?#@:\[\]\\]+)"  # the host: an address of its own, or a name
    r"(?::\d{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)

_TRUE = frozenset({"true", "1", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "f"})


def text(value: str, most: int = MAX_TEXT) -> str:
    """Return a text as it is kept; refuse one that is too long or that no database can hold."""
    if len(value) > most:
        raise ValueParseError(ValueCode.VALUE_LENGTH.of(characters=len(value)), ValueCode.RIGHT_LENGTH.of(most=most))
    if "\x00" in value:
        raise ValueParseError(ValueCode.VALUE_WITH_NUL.of(), ValueCode.RIGHT_WITHOUT_NUL.of())
    return value


def link(value: str) -> str:
    """Return the address of a page or a file; refuse what a browser would not fetch, or would run."""
    if not _LINK.fullmatch(text(value)):
        raise ValueParseError(ValueCode.NOT_A_LINK.of(), ValueCode.RIGHT_LINK.of())
    return value


def state(value: str) -> int:
    """Return a state's code."""
    for member in State:
        if member.name.casefold() == value.casefold():
            return member.value
    raise ValueParseError(ValueCode.NOT_A_STATE.of(), ValueCode.RIGHT_STATE.of())


def sentiment(value: str) -> int:
    """Return a sentiment's code."""
    for member in Sentiment:
        if member.name.casefold() == value.casefold():
            return member.value
    raise ValueParseError(ValueCode.NOT_A_SENTIMENT.of(), ValueCode.RIGHT_SENTIMENT.of())


def flag(value: str) -> bool:
    """Return whether a flag is set."""
    folded = value.casefold()
    if folded not in _TRUE | _FALSE:
        raise ValueParseError(ValueCode.NOT_A_FLAG.of(), ValueCode.RIGHT_FLAG.of())
    return folded in _TRUE


def yes_no(value: str) -> int:
    """Return YES or NO."""
    target = target_of(value, FieldType.YES_NO)
    if target is None:
        raise ValueParseError(ValueCode.NOT_YES_OR_NO.of(), ValueCode.RIGHT_YES_OR_NO.of())
    return YES if target == "true" else NO


def number(
    value: str,
    kind: CellKind = CellKind.TEXT,
    source: ColumnSource = AS_IT_IS,
    options: FileOptions = AS_FOUND,
) -> int:
    """Return the number of an own field in 1/OWN_SCALE, rounded half up; a percentage is its number."""
    value, kind = split_percent(value, kind)
    moved = scaled(parse_number(value, kind, options, _RIGHT_NUMBER), source)
    if abs(moved) > MAX_OWN_NUMBER:
        raise ValueParseError(ValueCode.NUMBER_TOO_LARGE.of(), _RIGHT_NUMBER)
    return int((moved * OWN_SCALE).to_integral_value(ROUND_HALF_UP))


def split_percent(value: str, kind: CellKind) -> tuple[str, CellKind]:
    """Return a percentage as its number, and what kind of cell that is; anything else as it is."""
    percent = _PERCENT.fullmatch(value) if kind in (CellKind.PERCENT, CellKind.TEXT) else None
    if percent is None:
        return value, kind
    return percent[1], CellKind.NUMBER if kind is CellKind.PERCENT else kind


def score(
    value: str,
    kind: CellKind = CellKind.TEXT,
    source: ColumnSource = AS_IT_IS,
    options: FileOptions = AS_FOUND,
) -> int:
    """Return a score in ten-thousandths of a point, rounded half up.

    A share, such as 85% or 4/5, is one of 10 points; where the mapping scales, it is the number 0.85 or 0.8.
    """
    share = _share(value, kind, options)
    if share is not None and not is_scaled(source):
        moved = share * 10
    else:
        moved = scaled(parse_number(value, kind, options, _RIGHT_SCORE) if share is None else share, source)
    if not 0 <= moved <= 10:
        right = ValueCode.RIGHT_SCORE_SCALED.of()
        if share is None and not is_scaled(source):
            raise ValueParseError(ValueCode.SCORE_OUTSIDE.of(), right)
        raise ValueParseError(ValueCode.SCORE_BECOMES_OUTSIDE.of(score=_plain(moved)), right)
    return int((moved * SCORE_SCALE).to_integral_value(ROUND_HALF_UP))


def _share(value: str, kind: CellKind, options: FileOptions) -> Decimal | None:
    """Return the number that a percentage or a fraction stands for; None where it is neither."""
    if kind in (CellKind.PERCENT, CellKind.TEXT) and len(value) <= MAX_NUMBER:
        if percent := _PERCENT.fullmatch(value):
            number = CellKind.NUMBER if kind is CellKind.PERCENT else kind
            return parse_number(percent[1], number, options, _RIGHT_SCORE) / 100
        if fraction := _FRACTION.fullmatch(value):
            of, whole = (parse_number(part, kind, options, _RIGHT_SCORE) for part in fraction.groups())
            if whole == 0:
                raise ValueParseError(ValueCode.DENOMINATOR_ZERO.of(), _RIGHT_SCORE)
            return of / whole
    return None


def _plain(number: Decimal) -> str:
    rounded = number.quantize(Decimal("0.0001"), ROUND_HALF_UP) if abs(number) < 10**9 else number
    return f"{rounded.normalize():f}"
