"""Numbers: a text or a typed cell in, an exact decimal out.

A typed number has a decimal point whatever the mapping says; a text is read by the mapping's `decimal` and `thousands`.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from lib.errors.codes import CodedText
from lib.errors.value_codes import ValueCode
from lib.ingest.cells import CellKind
from lib.ingest.mapping import ColumnSource, FileOptions
from lib.ingest.parse_error import ValueParseError

MAX_NUMBER = 100
"""Characters that a number may have."""

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_WITH_SIGNS = re.compile(r"[+-]?[0-9][0-9.,'’\s]*[0-9]")
_SEPARATORS = {".": r"\.", ",": ",", " ": r"\s", "'": "['’]"}
"""Signs of thousands as patterns: a blank is any blank, an apostrophe also a curly one."""


def parse_number(value: str, kind: CellKind, options: FileOptions, right: CodedText) -> Decimal:
    """Return a number; `right` is what a refusal says would be right."""
    if len(value) > MAX_NUMBER:
        raise ValueParseError(ValueCode.VALUE_LENGTH.of(characters=len(value)), right)
    if kind is CellKind.MOMENT:
        raise ValueParseError(ValueCode.DATE_FOR_NUMBER.of(), right)
    text = value.replace("−", "-")
    plain = text if kind is CellKind.NUMBER else _with_point(text, options)
    if plain is None or not is_plain_number(plain):
        raise ValueParseError(ValueCode.NOT_A_NUMBER.of(), with_signs(value, right, options))
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise ValueParseError(ValueCode.NOT_A_NUMBER.of(), right) from None
    if number.adjusted() > 20:
        raise ValueParseError(ValueCode.NUMBER_TOO_LARGE.of(), right)
    return number


def is_plain_number(text: str) -> bool:
    """Return whether a text is a number with a decimal point and without signs between thousands."""
    return len(text) <= MAX_NUMBER and _PLAIN.fullmatch(text) is not None


def is_scaled(source: ColumnSource) -> bool:
    """Return whether the mapping scales a column, be it by 1."""
    return source.scale is not None or source.offset is not None


def scaled(number: Decimal, source: ColumnSource) -> Decimal:
    """Return a number as the mapping scales it: value × scale + offset."""
    return number * (1 if source.scale is None else source.scale) + (0 if source.offset is None else source.offset)


def with_signs(value: str, right: CodedText, options: FileOptions) -> CodedText:
    """Add to what would be right the signs of the mapping by which a number that is written otherwise could be read.

    Nothing is added where the mapping's options read it by these signs already.
    """
    text = value.replace("−", "-")
    signs = re.findall(r"[.,'’\s]", text)
    if not signs or not _WITH_SIGNS.fullmatch(text):
        return right
    last, digits = signs[-1], len(re.split(r"[.,'’\s]", text)[-1])
    is_grouped = len({*signs}) == 1 and digits == 3
    decimal = last if last in ".," and not is_grouped else "," if last == "." else "."
    thousands = next((sign for sign in signs if sign != decimal), "." if decimal == "," else ",")
    thousands = "'" if thousands == "’" else " " if thousands.isspace() else thousands
    if decimal == options.decimal and (thousands == options.thousands or {*signs} == {decimal}):
        return right
    return ValueCode.RIGHT_SIGNS.of(right=right, decimal=f'"{decimal}"', thousands=f'"{thousands}"')


def _with_point(text: str, options: FileOptions) -> str | None:
    """Return a text's number with a decimal point and without signs between thousands; None where these are wrong.

    Where the comma is the decimal sign, a point can only stand between thousands.
    """
    thousands = options.thousands or ("." if options.decimal == "," else None)
    whole, point, fraction = text.partition(options.decimal)
    if thousands is not None:
        sign = _SEPARATORS[thousands]
        if re.fullmatch(rf"[+-]?[0-9]{{1,3}}({sign}[0-9]{{3}})+", whole):
            whole = re.sub(sign, "", whole)
    if options.decimal != "." and "." in whole + fraction:
        return None
    return f"{whole}.{fraction}" if point else whole
