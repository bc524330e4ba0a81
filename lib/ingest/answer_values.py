"""Values of an answer to a criterion: points, the most there are, flags. One text in, what is stored out.

The exact rules, which hold for answers of every source: columns of their own, lists, and files of answers.
"""

from __future__ import annotations

from decimal import Decimal

from lib.errors.codes import CodedText
from lib.errors.value_codes import ValueCode
from lib.ingest import value_parsers
from lib.ingest.answer_rows import MOST_POINTS
from lib.ingest.cells import CellKind
from lib.ingest.mapping import FileOptions
from lib.ingest.numbers import parse_number
from lib.ingest.parse_error import ValueParseError
from lib.ingest.value_parsers import split_percent
from lib.store.enums import OWN_SCALE

MOST_SCALED = MOST_POINTS * OWN_SCALE
"""The most points that a criterion may have, in 1/OWN_SCALE of a point."""


def points_number(points: int) -> str:
    """Return points, in 1/OWN_SCALE of one, as a number that people read: `10`, `2.5`."""
    return f"{(Decimal(points) / OWN_SCALE).normalize():,f}"


def parse_points(value: str, kind: CellKind, options: FileOptions, most: int = MOST_SCALED) -> int:
    """Return points in 1/OWN_SCALE of one, 0 to `most`; a percentage is its number. Nothing is rounded."""
    right = ValueCode.RIGHT_POINTS.of(most=points_number(most))
    value, kind = split_percent(value, kind)
    number = parse_number(value, kind, options, right)
    if number < 0:
        raise ValueParseError(ValueCode.POINTS_NEGATIVE.of(), right)
    if number > Decimal(most) / OWN_SCALE:
        raise ValueParseError(ValueCode.POINTS_ABOVE_MAX.of(most=points_number(most)), right)
    return _whole(number, right)


def parse_max_points(value: str, kind: CellKind, options: FileOptions) -> int:
    """Return the most points that an answer may have, in 1/OWN_SCALE of one, above 0 and up to MOST_POINTS."""
    right = ValueCode.RIGHT_MAX_POINTS.of(most=f"{MOST_POINTS:,}")
    number = parse_number(value, kind, options, right)
    if number <= 0:
        raise ValueParseError(ValueCode.MAX_POINTS_NOT_POSITIVE.of(), right)
    if number > MOST_POINTS:
        raise ValueParseError(ValueCode.NUMBER_TOO_LARGE.of(), right)
    return _whole(number, right)


def whole_points(number: Decimal) -> int | None:
    """Return points from 0 to MOST_POINTS in 1/OWN_SCALE of one; None where they have more decimals than that."""
    is_whole = number == number.quantize(Decimal(1) / OWN_SCALE)
    return int(number * OWN_SCALE) if is_whole else None


def _whole(number: Decimal, right: CodedText) -> int:
    points = whole_points(number)
    if points is None:
        raise ValueParseError(ValueCode.POINTS_TOO_FINE.of(), right)
    return points


def parse_flag(value: str) -> bool:
    """Return whether an answer's flag is set."""
    try:
        return value_parsers.flag(value)
    except ValueParseError as error:
        raise ValueParseError(error.problem, ValueCode.RIGHT_TRUE_OR_FALSE.of()) from None
