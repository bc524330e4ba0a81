"""Ranges: between which numbers a field of an evaluation lies. An evaluation without one lies in none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from lib.catalog.ranged_fields import RangedField
from lib.errors import InvalidParameterError
from lib.errors.parameter_codes import ParameterCode

_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Range:
    """The ends between which a field's numbers lie, both inclusive; one that is None is open, and one is not."""

    field: str
    low: Decimal | None
    high: Decimal | None


def parse_range(field: RangedField, parameters: Mapping[str, Sequence[str]]) -> Range | None:
    """Read the ends of a field's range from URL parameters; None without any.

    Raises InvalidParameterError naming the parameter.
    """
    low, high = (_parse_number(name, parameters.get(name) or ()) for name in field.parameters)
    if low is None and high is None:
        return None
    if low is not None and high is not None and low > high:
        first, last = field.parameters
        raise InvalidParameterError(first, ParameterCode.LOW_ABOVE_HIGH, last=last, high=number_text(high))
    return Range(field.name, low, high)


def range_parameters(field: RangedField, asked: Range) -> dict[str, list[str]]:
    """Return the URL parameters that say the same."""
    ends = zip(field.parameters, (asked.low, asked.high), strict=True)
    return {name: [number_text(end)] for name, end in ends if end is not None}


def number_text(number: Decimal) -> str:
    """Return a number without zeros at its end: `7.5`, `10`."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def range_conditions(facts: sa.FromClause, field: RangedField, asked: Range) -> list[sa.ColumnElement[bool]]:
    """Return what the facts' rows must meet."""
    column = facts.c[field.column]
    conditions: list[sa.ColumnElement[bool]] = []
    if asked.low is not None:
        conditions.append(column >= _stored(math.ceil(asked.low * field.scale)))
    if asked.high is not None:
        conditions.append(column <= _stored(math.floor(asked.high * field.scale)))
    return conditions


def _stored(number: int) -> sa.ColumnElement[int]:
    return sa.literal(number, sa.BigInteger)


def _parse_number(name: str, values: Sequence[str]) -> Decimal | None:
    if not values:
        return None
    if len(values) > 1:
        raise InvalidParameterError(name, ParameterCode.GIVEN_OFTEN, count=len(values))
    if not _NUMBER.fullmatch(values[0]):
        raise InvalidParameterError(name, ParameterCode.NO_NUMBER, value=values[0][:60])
    return Decimal(values[0])
