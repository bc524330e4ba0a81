"""Number formats of workbooks: whether what a cell shows is a date, a time, a percentage or a plain number.

Formats are as ECMA-376 part 1, 18.8.30 and 18.8.31 have them. What a value becomes is `xlsx_values.py`.
"""

from __future__ import annotations

import enum
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

MAX_FORMAT = 1_000
"""Characters that a format may have; a longer one, which no spreadsheet writes, is passed over."""


class Shown(enum.Enum):
    """What a format shows a number as."""

    NUMBER = enum.auto()
    PERCENT = enum.auto()
    DATE = enum.auto()
    DATE_AND_TIME = enum.auto()
    TIME = enum.auto()  # of the day, so that 36 hours look like 12
    LENGTH = enum.auto()  # hours, minutes or seconds of any number, as by `[h]:mm`


@dataclass(frozen=True, slots=True)
class FormatSection:
    """A part of a format, for some of the numbers: how it shows them, and the digits that are shown at least.

    `pattern` is what a format such as `000-000` shows, sign by sign, None standing for a digit; None for other formats.
    """

    shown: Shown
    digits: int = 1
    condition: Callable[[float], bool] | None = None
    pattern: tuple[str | None, ...] | None = None

    def fill(self, digits: str) -> str:
        """Return what a format with a pattern shows of a whole number; its first place takes what is too long."""
        assert self.pattern is not None  # noqa: S101 - only formats with one are asked
        padded = digits.zfill(self.digits)
        rest = iter(padded[len(padded) - self.digits + 1 :])
        first = iter([padded[: len(padded) - self.digits + 1]])
        return "".join(next(first, "") or next(rest) if sign is None else sign for sign in self.pattern)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a format shows numbers: by one section, or by several that share them out."""

    sections: tuple[FormatSection, ...]

    def section(self, value: float) -> FormatSection:
        """Return the section that shows a value."""
        sections = self.sections
        if len(sections) == 1:
            return sections[0]
        if any(each.condition for each in sections):
            return next((each for each in sections if each.condition is None or each.condition(value)), sections[-1])
        if len(sections) == 2:
            return sections[value < 0]
        return sections[0 if value > 0 else 1 if value < 0 else 2]


GENERAL = NumberFormat((FormatSection(Shown.NUMBER),))

_BUILT_IN = {
    **dict.fromkeys((9, 67), "0%"),
    **dict.fromkeys((10, 68), "0.00%"),
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 59), *range(71, 76)), "yyyy-mm-dd"),
    **dict.fromkeys((18, 19, 20, 21, *range(32, 36), 45, 47, 76, 77, 79, 81), "h:mm:ss"),
    **dict.fromkeys((22, 78), "yyyy-mm-dd h:mm"),
    **dict.fromkeys((46, 80), "[h]:mm:ss"),
}
"""Formats that have a number and are in no file; those of other languages where they show something else too."""

_TOKENS = re.compile(
    r"""
    (?P<literal> "[^"]*"? | \\.? | _.? | \*.? )
    | \[ (?P<bracket> [^\]]* ) \]?
    | (?P<half_day> AM/PM | A/P | 上午/下午 )
    | (?P<general> General )
    | (?P<exponent> E[+-] )
    | (?P<letters> y+ | m+ | d+ | h+ | s+ | e+ | g+ | b+ | a{3,} )
    | (?P<sign> . )
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_PADDED = 3
"""Zeros from which on a format with a text before them is one of ids, such as `"T-"00000`."""

_ELAPSED = re.compile(r"h+|m+|s+")
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)", re.ASCII)
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}


@lru_cache(1024)
def number_format(number: int, code: str | None) -> NumberFormat:
    """Return what a format of this number, and of this code where the file has one, shows."""
    code = _BUILT_IN.get(number, "") if code is None else code
    if len(code) > MAX_FORMAT:
        return GENERAL
    parts = [_SectionReader()]
    for token in _TOKENS.finditer(code):
        if token["sign"] == ";":
            parts.append(_SectionReader())
        else:
            parts[-1].add(token.lastgroup or "", token[token.lastgroup or 0])
    read = [each.section() for each in parts[:3] if not each.is_text]
    usual = next((each for each in read if each is not None), GENERAL.sections[0])
    # Where a section has words alone, such as "none" for zero, its number is of the others' kind.
    return NumberFormat(
        tuple(
            each or FormatSection(usual.shown, usual.digits, part.condition)
            for each, part in zip(read, (part for part in parts[:3] if not part.is_text), strict=True)
        )
        or GENERAL.sections
    )


def _shown_literal(token: str) -> str:
    """Return what is shown of a text in quotes, of a sign behind a backslash, or of a blank as wide as a sign."""
    if token.startswith('"'):
        return token.strip('"')
    return {"\\": token[1:], "_": " "}.get(token[0], "")


class _SectionReader:
    """Reads the signs of one section."""

    def __init__(self) -> None:
        self.is_text = False
        self.condition: Callable[[float], bool] | None = None
        self._letters: list[str] = []  # of dates and times, in their order
        self._digits: list[str] = []  # 0, # and ? up to the decimal point
        self._signs: list[str | None] = []  # what is shown, in its order; None for a digit
        self._is_elapsed = self._is_percent = self._has_fraction = self._is_general = self._is_number = False

    def add(self, kind: str, text: str) -> None:
        """Take in the next sign."""
        literal, text = text, text.lower()
        if kind == "bracket":
            self._bracket(text)
        elif kind == "letters":
            self._letters.append(text[0] * min(len(text), 3))
            self._is_number |= bool(self._digits)  # as in `0 pts`, whose letters should be in quotes
        elif kind == "half_day":
            self._letters.append("half")
        elif kind == "general":
            self._is_general = True
        elif kind == "exponent":
            self._has_fraction = True
        elif kind == "literal":
            self._signs.append(_shown_literal(literal))
        elif kind == "sign":
            self._sign(text)

    def _bracket(self, text: str) -> None:
        condition = _CONDITION.fullmatch(text.strip())
        if _ELAPSED.fullmatch(text):
            self._is_elapsed = True
            self._letters.append(text[0])
        elif condition:
            compare, bound = _COMPARISONS[condition[1]], float(condition[2])
            self.condition = lambda value: compare(value, bound)

    def _sign(self, text: str) -> None:
        if text == "@":
            self.is_text = True
        elif text == "%":
            self._is_percent = True
        elif text in "./":
            self._has_fraction = True
        elif text in "0#?" and not self._letters and not self._has_fraction:
            self._digits.append(text)
            self._signs.append(None)
        elif text != ",":
            self._signs.append(text)

    def section(self) -> FormatSection | None:
        """Return what the section shows; None where it shows words alone."""
        if self._letters and not self._is_number:
            return FormatSection(self._shown(), condition=self.condition)
        if self._is_percent:
            return FormatSection(Shown.PERCENT, condition=self.condition)
        if not self._digits and not self._has_fraction and not self._is_general:
            return None
        digits = 1 if self._has_fraction else self._digits.count("0")
        return FormatSection(Shown.NUMBER, max(1, digits), self.condition, self._pattern())

    def _pattern(self) -> tuple[str | None, ...] | None:
        """Return what the section shows if that is an id: zeros with other signs among them, or a text before many."""
        if {*self._digits} != {"0"} or self._has_fraction or self._is_general or self._letters:
            return None
        first = self._signs.index(None)
        last = len(self._signs) - self._signs[::-1].index(None)
        is_divided = any(self._signs[first:last])
        has_prefix = any(each and each.strip() for each in self._signs[:first]) and len(self._digits) >= _PADDED
        return tuple(self._signs) if is_divided or has_prefix else None

    def _shown(self) -> Shown:
        if self._is_elapsed:
            return Shown.LENGTH
        runs = [each for each in self._letters if each != "half"]
        has_date = has_time = False
        for place, run in enumerate(runs):
            before, after = runs[place - 1 : place], runs[place + 1 : place + 2]
            is_minutes = run in ("m", "mm") and (before in (["h"], ["hh"]) or after in (["s"], ["ss"]))
            if run[0] in "hs" or is_minutes:
                has_time = True
            else:
                has_date = True
        if has_date:
            return Shown.DATE_AND_TIME if has_time else Shown.DATE
        return Shown.TIME
