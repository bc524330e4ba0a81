"""A table as a value: columns that say what they hold of a row, the rows, and the file that holds all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from lib.i18n import number, t
from lib.reports import formatting
from lib.reports.file_columns import FileColumn
from lib.reports.words import Words

MOST_ROWS = 1_000
"""Rows of a table that are drawn: each takes time to write, and nobody reads more. The files hold all."""

R = TypeVar("R")


class Look(Enum):
    """How a column is drawn where there is more than words."""

    WORDS = "words"
    NUMBER = "number"
    DATE = "date"
    BAR = "bar"
    COURSE = "course"
    PARTS = "parts"


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """A column: what it holds, by which it is sorted; how that is said where it is no text; whether it is printed.

    `kind` says of a row whether its change is good, bad, chance or plain. A click on a column with `orders` sorts the
    whole list, of which the table holds one page.
    """

    label: Words
    value: Callable[[R], Any]
    text: Callable[[R], str] | None = None
    look: Look = Look.WORDS
    help: Words | None = None
    kind: Callable[[R], str] | None = None
    printed: bool = True
    orders: tuple[str, str] | None = None  # the orders of the page that begin with its least and its greatest value

    def say(self, row: R) -> str:
        """Return what a cell says in the language in use."""
        if self.text:
            return self.text(row)
        value = self.value(row)
        if value in (None, ""):
            return formatting.NOTHING
        return formatting.count(value) if isinstance(value, int) else str(value)


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table as a file: its English title and name, its columns, and what makes all of its rows."""

    title: str
    stem: str
    columns: tuple[FileColumn, ...]
    rows: Callable[[], tuple[tuple[Any, ...], ...]]


@dataclass(frozen=True, slots=True)
class PageTable(Generic[R]):
    """The first rows of a table, of `count` in all; where there is a row of the whole, it comes before them.

    `order` says what comes first, `alt` what the table is, for who can't see it. `ids`: what each row opens, None for
    one that opens nothing.
    """

    title: Words
    key: str
    columns: tuple[Column[R], ...]
    rows: Sequence[R]
    count: int
    order: Words
    alt: Words
    file: TableFile | None  # None: it would be too long
    has_total: bool = True
    ids: tuple[str | None, ...] = ()
    hint: Words | None = None  # what a click on a row does


def cut_words(drawn: int, count: int, order: Words, *, in_downloads: bool = False) -> str | None:
    """Say how many rows of a table are drawn, and in what order the first of them come; None where all are."""
    if drawn >= count:
        return None
    words = t("The first {shown} of {count} rows, {order}.", shown=number(drawn), count=number(count), order=order)
    return f"{words} {t('The downloads hold all of them.')}" if in_downloads else words
