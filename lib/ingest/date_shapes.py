"""Shapes of dates that are no ISO 8601: gathered from all the dates of a column, until it shows which formats fit.

A date such as 01/02/2024 has the shape #/#/####. What its first number is, is shown by the ranges that the numbers
have over all rows; where they leave it open, there are two alternatives.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.ingest.date_names import parse_moment
from lib.ingest.survey import DAY_FIRST, MONTH_FIRST, DateFormats

Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Counts: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

LOCALES = (None, "es", "pt", "fr", "it", "de")
"""Languages whose names of months are looked for, in this order; None is English, which is always known."""

YEAR_FIRST = "ymd"

_PARTS = r"^(?P<date>.*?[^T,\s-])(?P<joiner>[T,\s-]+)(?P<time>\d{1,2}:\d{2}.*)$"
_TOKENS = re.compile(r"\d+|[^\W\d_]+\.?|[\W_]+")
_TIME = re.compile(r"#:#(?P<seconds>:#)?(?P<fraction>[.,]#)?(?P<blank>\s*)(?P<suffix>.*)", re.DOTALL)
_PERIOD = re.compile(r"[ap]\.?\s?m\.?", re.IGNORECASE)
_OFFSET = re.compile(r"z|[+-]#(:#)?", re.IGNORECASE)
_HOURS = re.compile(r"h|hs|hrs|h\.", re.IGNORECASE)
_CONNECTORS = frozenset({"de", "del", "do", "of", "the", "le", "di"})
_LONGEST = 60
_SEQUENCE = 10  # so many days that follow one another are no chance
_KNOWN_DATES = 50_000
_TRIED = 200
"""So many texts of a batch are looked at first; where none of them is a date, the others are not looked at."""


class _Shape:
    """The ranges that the numbers of one shape have, and its words."""

    def __init__(self, pieces: tuple[str, ...]) -> None:
        places = sum(piece.startswith("#") for piece in pieces)
        self.pieces = pieces
        self.smallest, self.largest = [9999] * places, [0] * places
        self.is_narrow = [False] * places  # whether any number of this place has a single digit
        self.words: set[tuple[str, ...]] = set()

    def add(self, numbers: tuple[str, ...], words: tuple[str, ...]) -> None:
        for place, text in enumerate(numbers):
            self.smallest[place] = min(self.smallest[place], int(text))
            self.largest[place] = max(self.largest[place], int(text))
            self.is_narrow[place] |= len(text) == 1
        self.words.add(words)

    def orders(self) -> tuple[str, ...]:
        """Return the orders of day, month and year that fit all the numbers; none where a word is the month."""
        widths = [piece for piece in self.pieces if piece.startswith("#")]
        if widths[0] == "####":
            candidates: tuple[str, ...] = (YEAR_FIRST,)
        elif widths[2] == "####" or not self.is_narrow[2]:
            candidates = (DAY_FIRST, MONTH_FIRST)
        else:
            candidates = ()
        fitting = tuple(order for order in candidates if self._fits(order))
        has_short_year = widths == ["#", "#", "#"] and not self.is_narrow[0]
        if has_short_year and self._fits(YEAR_FIRST) and (not fitting or self._first_hardly_varies()):
            return (YEAR_FIRST,)
        return fitting

    def _first_hardly_varies(self) -> bool:
        """Return whether the first number varies as years do, and the last as days do."""
        return self.largest[0] - self.smallest[0] <= 3 and self.largest[2] - self.smallest[2] >= 10

    def _fits(self, order: str) -> bool:
        day, month = order.index("d"), order.index("m")
        return (
            self.smallest[day] >= 1
            and self.largest[day] <= 31
            and self.smallest[month] >= 1
            and self.largest[month] <= 12
        )

    def format(self, order: str) -> str:
        """Return the format of the date in one of the orders."""
        return self._written(["%Y" if letter == "y" and self._is_long(place) else f"%{letter}"
                              for place, letter in enumerate(order)], ())  # fmt: skip

    def named_format(self, locale: str | None) -> str | None:
        """Return the format of a date with the month's name, or None where its words are no names of this language."""
        long = [place for place in (0, 1) if self._is_long(place)]
        year = long[0] if len(long) == 1 else 1
        if len(long) == 2 or (not long and self.is_narrow[1]) or not self.smallest[1 - year] >= 1:
            return None
        if self.largest[1 - year] > 31:
            return None
        numbers = ["%d", "%d"]
        numbers[year] = "%Y" if long else "%y"
        columns = list(zip(*self.words, strict=True))
        directives = [_directive(frozenset(words), locale) for words in columns]
        if None in directives or directives.count("%b") != 1:
            return None
        return self._written(numbers, tuple(str(each) for each in directives))

    def _is_long(self, place: int) -> bool:
        return [piece for piece in self.pieces if piece.startswith("#")][place] == "####"

    def _written(self, numbers: list[str], words: tuple[str, ...]) -> str:
        number, word = iter(numbers), iter(words)
        return "".join(
            next(number) if piece.startswith("#") else next(word) if piece == "W" else piece.replace("%", "%%")
            for piece in self.pieces
        )


class DateShapes:
    """The shapes that the dates of a column have, as far as it has been read."""

    def __init__(self) -> None:
        """Begin with none."""
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._known: dict[str, tuple[str, ...] | None] = {}  # the shape of each date so far
        self._combined: Counter[tuple[tuple[str, ...], str, str]] = Counter()  # shape, joiner and shape of the time
        self.asymmetric: str | None = None  # a text whose date two orders read differently
        self._asymmetric_date: str | None = None

    def add(self, texts: pa.StringArray, counts: Counts) -> Flags:
        """Add what may be dates, each with the number of its cells; return which of them are."""
        if len(texts) > _TRIED and not self.add(texts[:_TRIED], counts[:_TRIED] * 0).any():
            return np.zeros(len(texts), dtype=bool)
        date_part, joiner_part, time_part = pc.extract_regex(texts, _PARTS).flatten()
        dates = pc.coalesce(date_part, texts).dictionary_encode()
        joiners = pc.fill_null(joiner_part, "").dictionary_encode()
        times = pc.replace_substring_regex(pc.fill_null(time_part, ""), r"\d+", "#").dictionary_encode()
        shapes = [self._shape(date) for date in dates.dictionary.to_pylist()]
        if self.asymmetric is None and self._asymmetric_date is not None:
            place = pc.index(dates.dictionary, self._asymmetric_date).as_py()
            self.asymmetric = texts[pc.index(dates.indices, pa.scalar(place, pa.int32())).as_py()].as_py()
        formats = [_time_format(time) is not None for time in times.dictionary.to_pylist()]
        is_date: Flags = np.array([shape is not None for shape in shapes], dtype=bool)[dates.indices.to_numpy()]
        is_date &= np.array(formats, dtype=bool)[times.indices.to_numpy()]
        distinct = list(dict.fromkeys(shape for shape in shapes if shape is not None))
        places = {shape: place for place, shape in enumerate(distinct)}
        of_shape = np.array([-1 if shape is None else places[shape] for shape in shapes])[dates.indices.to_numpy()]
        stacked = np.stack([of_shape, joiners.indices.to_numpy(), times.indices.to_numpy()])[:, is_date]
        if stacked.size:
            combined, inverse = np.unique(stacked, axis=1, return_inverse=True)
            sums = np.bincount(inverse.ravel(), weights=counts[is_date])
            for (shape, joiner, time), count in zip(combined.T.tolist(), sums.tolist(), strict=True):
                key = (distinct[shape], joiners.dictionary[joiner].as_py(), times.dictionary[time].as_py())
                self._combined[key] += int(count)
        return is_date

    @property
    def has_times(self) -> bool:
        """Whether any date has a time."""
        return any(time for _, _, time in self._combined)

    def alternatives(self) -> tuple[DateFormats, ...]:
        """Return the formats that read all the dates: none where nothing does, two where the order is open."""
        numeric = [shape for shape in self._shapes.values() if "W" not in shape.pieces]
        named = [shape for shape in self._shapes.values() if "W" in shape.pieces]
        if not self._combined:
            return ()
        locales = [each for each in LOCALES if all(shape.named_format(each) for shape in named)]
        orders = [shape.orders() for shape in numeric]
        if not locales or not all(orders):
            return ()
        locale = locales[0]
        open_orders = [set(each) for each in orders if YEAR_FIRST not in each]
        common = set.intersection(*open_orders) if open_orders else {DAY_FIRST}
        sequential = self._sequential_orders() if len(common) > 1 else set()
        chosen = sequential if len(sequential) == 1 else common
        return tuple(
            DateFormats(self._formats(order, locale), locale, order if open_orders else None, len(chosen) < len(common))
            for order in (DAY_FIRST, MONTH_FIRST)
            if order in chosen
        )

    def _formats(self, order: str, locale: str | None) -> tuple[str, ...]:
        """Return the formats of one order, the most frequent first."""
        formats = dict.fromkeys(
            self._format(shape, order, locale) + joiner + str(_time_format(time))
            for (shape, joiner, time), _ in self._combined.most_common()
        )
        return tuple(formats)

    def _sequential_orders(self) -> set[str]:
        """Return the orders in which the dates of all rows follow one another; none where they are few."""
        ordered = {shape for shape, each in self._shapes.items() if "W" not in shape and DAY_FIRST in each.orders()}
        dates = [tuple(map(int, re.findall(r"\d+", date))) for date, shape in self._known.items() if shape in ordered]
        if len(dates) < _SEQUENCE:
            return set()
        keys = {
            DAY_FIRST: [(year, month, day) for day, month, year in dates],
            MONTH_FIRST: [(year, month, day) for month, day, year in dates],
        }
        return {order for order, days in keys.items() if days in (sorted(days), sorted(days, reverse=True))}

    def _format(self, pieces: tuple[str, ...], order: str, locale: str | None) -> str:
        shape = self._shapes[pieces]
        if "W" in pieces:
            return str(shape.named_format(locale))
        fitting = shape.orders()
        return shape.format(order if order in fitting else fitting[0])

    def _shape(self, date: str) -> tuple[str, ...] | None:
        """Return a date's shape, and add its numbers and words to those of the shape; None where it is no date."""
        if date in self._known:
            return self._known[date]
        pieces, numbers, words = _pieces(date)
        if pieces is not None:
            if pieces not in self._shapes:
                self._shapes[pieces] = _Shape(pieces)
            self._shapes[pieces].add(numbers, words)
            if not words and self._asymmetric_date is None and 12 >= int(numbers[0]) != int(numbers[1]) <= 12:
                self._asymmetric_date = date
        if len(self._known) < _KNOWN_DATES:
            self._known[date] = pieces
        return pieces


def _pieces(date: str) -> tuple[tuple[str, ...] | None, tuple[str, ...], tuple[str, ...]]:
    """Split a date into its pieces, numbers and words; without pieces where it can be no date."""
    none = None, (), ()
    if len(date) > _LONGEST:
        return none
    pieces, numbers, words = [], [], []
    for token in _TOKENS.findall(date):
        if token.isdecimal():
            if not token.isascii() or len(token) not in (1, 2, 4):
                return none
            numbers.append(token)
            pieces.append("####" if len(token) == 4 else "#")
        elif token[0].isalpha() and token.rstrip(".").casefold() not in _CONNECTORS:
            words.append(token.rstrip(".").casefold())
            pieces.append("W")
        else:
            pieces.append(token)
    if words:
        is_date = len(numbers) == 2 and len(words) <= 2 and all(_is_name(word) for word in words)
    else:
        is_date = len(numbers) == 3 and len(pieces) == 5 and len(numbers[1]) < 3
    return (tuple(pieces), tuple(numbers), tuple(words)) if is_date else none


def _is_name(word: str) -> bool:
    return any(_names_month(word, locale) or _names_weekday(word, locale) for locale in LOCALES)


def _directive(words: frozenset[str], locale: str | None) -> str | None:
    """Return %b where all words are months of a language, %a where they are weekdays."""
    if all(_names_month(word, locale) for word in words):
        return "%b"
    return "%a" if all(_names_weekday(word, locale) for word in words) else None


@functools.lru_cache(4096)
def _names_month(word: str, locale: str | None) -> bool:
    return _reads(f"1 {word} 2000", "%d %b %Y", locale)


@functools.lru_cache(4096)
def _names_weekday(word: str, locale: str | None) -> bool:
    return _reads(f"{word} 1 1 2000", "%a %d %m %Y", locale)


def _reads(text: str, form: str, locale: str | None) -> bool:
    try:
        parse_moment(text, form, locale)
    except ValueError:
        return False
    return True


@functools.lru_cache(4096)
def _time_format(shape: str) -> str | None:
    """Return the format of a time by its shape, such as #:#:# for 09:15:00; None where it is none."""
    if not shape:
        return ""
    match = _TIME.fullmatch(shape)
    if match is None:
        return None
    seconds = ":%S" if match["seconds"] else ""
    fraction = match["fraction"][0] + "%f" if match["fraction"] else ""
    if fraction and not seconds:
        return None
    suffix = match["suffix"].strip()
    hour, ending = "%H", suffix
    if _PERIOD.fullmatch(suffix):
        hour, ending = "%I", "%p"
    elif _OFFSET.fullmatch(suffix):
        ending = "%z"
    elif suffix and not _HOURS.fullmatch(suffix):
        return None
    return f"{hour}:%M{seconds}{fraction}{match['blank'] if ending else ''}{ending}"


def time_formats(texts: pa.StringArray) -> tuple[str, ...] | None:
    """Return the formats of times of day without a date, the most frequent first; None where one is none."""
    shapes = pc.replace_substring_regex(texts, r"\d+", "#").to_pylist()
    formats = Counter(_time_format(shape) for shape in shapes)
    return None if None in formats else tuple(str(form) for form, _ in formats.most_common())
