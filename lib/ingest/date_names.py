"""Names within dates: months, weekdays, a. m. and p. m. in the mapping's language and in English.

The names are those of the Unicode CLDR, wide and abbreviated, of every territory that speaks the language: `set` is
September in Peru. The process's own locale plays no part.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from babel import Locale
from babel.localedata import locale_identifiers

NAMED = re.compile(r"(?<!%)(?:%%)*%[aAbBpZ]")
"""A directive of a format that a name stands for."""

_OTHERS = {
    **dict.fromkeys("dmyHIMS", r"\d{1,2}"),
    "Y": r"\d{4}",
    "j": r"\d{1,3}",
    "f": r"\d{1,6}",
    "z": r"[+-]\d\d:?\d\d(?::?\d\d)?|z",
    "Z": "utc|gmt|z",
}
"""What the other directives stand for, as patterns of a text in lower case; of names of zones, those that are UTC."""

_PERIODS = {"am": 0, "pm": 12}


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of a language, folded and without points and blanks: months by number, hours that a name adds."""

    months: dict[str, int]
    weekdays: dict[str, int]
    periods: dict[str, int]


def parse_moment(value: str, form: str, locale: str | None = None) -> datetime:
    """Return a text's moment by a format as of strptime. Raises ValueError where it does not fit."""
    return moment_parser(form, locale)(value)


@functools.lru_cache(maxsize=64)
def moment_parser(form: str, locale: str | None) -> Callable[[str], datetime]:
    """Return what `parse_moment` does by a format with each value."""
    if not NAMED.search(form):
        return lambda value: datetime.strptime(value, form)
    names = _names(locale)
    return functools.partial(_parse_named, *_pattern(form, names), names)


def _parse_named(pattern: re.Pattern[str], directives: tuple[str, ...], names: _Names, value: str) -> datetime:
    match = pattern.fullmatch(_folded(value))
    if match is None:
        raise ValueError
    texts: dict[str, str] = {}
    for directive, text in zip(directives, match.groups(), strict=True):
        if directive in "bB":
            texts["m"] = str(names.months[_joined(text)])
        elif directive == "I" and "p" in directives:
            period = match.groups()[directives.index("p")]
            texts["H"] = str(_hour_of_day(int(text), names.periods[_joined(period)]))
        elif directive == "Z":
            texts["z"] = "+0000"
        elif directive not in "aAp":
            texts[directive] = text.upper()
    return datetime.strptime(" ".join(texts.values()), " ".join(f"%{each}" for each in texts))


def _hour_of_day(hour: int, added: int) -> int:
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + added


def _pattern(form: str, names: _Names) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """Return a format as a pattern with a group for each directive, and the directives."""
    pattern, directives = "", []
    pieces = re.split(r"(%.)", form, flags=re.DOTALL)
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            is_beside_period = "%p" in pieces[max(0, place - 1) : place + 2]
            blanks = r"\s*" if is_beside_period else r"\s+"
            pattern += blanks.join(re.escape(part) for part in re.split(r"\s+", _folded(piece)))
        elif piece == "%%":
            pattern += "%"
        else:
            directive = piece[1]
            directives.append(directive)
            pattern += f"({_directive_pattern(directive, names)})"
    return re.compile(pattern), tuple(directives)


def _directive_pattern(directive: str, names: _Names) -> str:
    if directive == "p":
        return _alternatives(names.periods, r"\.?\s*")
    if directive in "bB":
        return _alternatives(names.months, r"\.?\s*")
    if directive in "aA":
        return _alternatives(names.weekdays, r"\.?\s*")
    return _OTHERS.get(directive, ".+?")


def _alternatives(names: dict[str, int], between: str) -> str:
    """Return names as a pattern, the longest first; points and blanks may stand within them, and a point after."""
    longest_first = sorted(names, key=len, reverse=True)
    return "|".join(between.join(map(re.escape, name)) + r"\.?" for name in longest_first)


@functools.lru_cache(maxsize=16)
def _names(locale: str | None) -> _Names:
    """Return the names of English, and of a language over all the territories that speak it."""
    months, weekdays, periods = {"sept": 9}, dict[str, int](), dict(_PERIODS)
    for each in _locales(locale):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                months |= {_joined(_folded(name)): number for number, name in each.months[context][width].items()}
                weekdays |= {_joined(_folded(name)): day for day, name in each.days[context][width].items()}
                words = each.day_periods.get(context, {}).get(width, {})
                periods |= {_joined(_folded(words[name])): added for name, added in _PERIODS.items() if name in words}
    return _Names(months, weekdays, periods)


def _locales(locale: str | None) -> Iterator[Locale]:
    """Yield English, then the locales of a language, so that what two of them call alike is as the language has it."""
    yield Locale("en")
    if locale is not None:
        language = Locale.parse(locale, sep="-" if "-" in locale else "_").language
        for identifier in locale_identifiers():
            if identifier.partition("_")[0] == language:
                yield Locale.parse(identifier)


def _folded(text: str) -> str:
    """Return a text without case and accents, and with one kind of blank."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("ı", "i"))  # capital I is both in Turkish
    plain = "".join(each for each in parts if not "\u0300" <= each <= "\u036f")
    return re.sub(r"\s", " ", unicodedata.normalize("NFC", plain))


def _joined(name: str) -> str:
    return re.sub(r"[.\s]", "", name)
