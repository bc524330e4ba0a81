"""Typed numbers as text: as spreadsheets show them, with a decimal point and without the noise of fractions."""

from __future__ import annotations

import math
from decimal import Decimal

_NOISE = 2e-13
"""The share of a number that is noise: 312.00000000004 is 312."""

_SHORT = 12
"""Characters of a number that has no noise."""

_MOST_DIGITS = 40


def float_text(value: float) -> str:
    """Return a binary number as text: `312` for 312.0 and for 312.00000000004, `nan` and `inf` as they are."""
    if not math.isfinite(value):
        return repr(value)
    if value.is_integer():
        return f"{value:.0f}" if value else "0"
    text = repr(value)
    if len(text) <= _SHORT and "e" not in text:
        return text
    for places in range(16):
        rounded = round(value, places)
        if abs(rounded - value) <= _NOISE * abs(value):
            return f"{rounded:.{places}f}"
    return f"{Decimal(text):f}"


def literal_text(text: str) -> str:
    """Return a number of a JSON text as text, whole ones exactly: `312` for `312.000`, `1200` for `1.2e3`."""
    if "e" not in text and "E" not in text:
        plain = text.rstrip("0").rstrip(".") if "." in text else text
        if "." not in plain or len(plain) <= _SHORT:
            return plain
    try:
        number = Decimal(text)
    except ArithmeticError:  # NaN and the like are numbers to some
        return text
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        return text
    whole = number.to_integral_value()
    return f"{whole:f}" if whole == number else float_text(float(text))
