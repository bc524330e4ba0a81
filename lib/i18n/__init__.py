"""The languages of the pages: texts from one catalog each, numbers and dates as their readers write them.

English is what the code says; `es.po` holds every text of it in Spanish. Exports, the API and the command line speak
English alone, as other programs read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

LANGUAGES = {"en": "English", "es": "Español"}
"""The code of each language, and what it calls itself."""

_current: ContextVar[str] = ContextVar("language", default="en")


def use(code: str) -> None:
    """Show texts, numbers and dates in a language from here on, in this thread."""
    _current.set(code if code in LANGUAGES else "en")


@contextmanager
def override_language(code: str) -> Iterator[None]:
    """Speak a language for a while, then the one that was spoken before."""
    before = _current.set(code if code in LANGUAGES else "en")
    try:
        yield
    finally:
        _current.reset(before)


def current() -> str:
    """Return the code of the language in use."""
    return _current.get()


def t(text: str, /, **values: object) -> str:
    """Return a text in the language in use, with values put in where it has their names in braces."""
    code = _current.get()
    found = text if code == "en" else _catalog(code).get((None, text), text)
    return found.format(**values) if values else found


def t_plural(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the text for one, or the text for any other number; `{count}` in it is the number as it is shown.

    All languages here have these two forms, so each is a text of its own.
    """
    return t(one if count == 1 else many, **{"count": number(count), **values})


def t_in_context(what: str, word: str) -> str:
    """Return a word as it is said of something: one English word may be several of another language.

    `what` is the catalog's `msgctxt`. A word that has nothing of its own there is said as `t` says it.
    """
    code = _current.get()
    return word if code == "en" else _catalog(code).get((what, word)) or t(word)


def number(amount: float, decimals: int = 0) -> str:
    """Return a number with the language's separators: 1234.5 with one decimal as `1,234.5`."""
    # Tables hold thousands: this takes a hundredth of what Babel's own patterns do.
    text = f"{amount:,.{decimals}f}"
    code = _current.get()
    return text if code == "en" else text.translate(_separators(code))


def file_size(size: int) -> str:
    """Return how many bytes a file has as `738 KB` or `1.2 MB`."""
    for unit, amount in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= amount:
            return f"{number(size / amount, 0 if unit == 'KB' else 1)} {unit}"
    return f"{number(size)} B"


def day(when: date) -> str:
    """Return a day as `31 Jan 2024`."""
    return dated(when, "d MMM y")


def dated(when: date, pattern: str) -> str:
    """Return a day by a pattern of Unicode's date fields, as `MMMM y`."""
    # Equal instants of two zones may lie on two days, so it is the day that is known again.
    return _dated(when.date() if isinstance(when, datetime) else when, pattern, _current.get())


@lru_cache(maxsize=10_000)
def _dated(when: date, pattern: str, code: str) -> str:
    return format_date(when, pattern, locale=locale(code))


@cache
def locale(code: str) -> Locale:
    """Return a language's rules for numbers and dates."""
    return Locale.parse(code)


@cache
def _separators(code: str) -> dict[int, str]:
    return {ord(","): get_group_symbol(locale(code)), ord("."): get_decimal_symbol(locale(code))}


@cache
def _catalog(code: str) -> dict[tuple[str | None, str], str]:
    with Path(__file__).with_name(f"{code}.po").open("rb") as file:
        entries = [entry for entry in read_po(file, locale=code) if entry.id and entry.string]
    return {(entry.context, str(entry.id)): str(entry.string) for entry in entries}
