"""A table as a value: columns that say what they hold of a row, the rows, and the file that holds all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from lib.catalog.metrics import Metric
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
    LINK = "link"


@dataclass(frozen=True, slots=True)
class FileField(Generic[R]):
    """A column of a table's file: its name in the API, what pages call it, the value of a row, what its values are."""

    name: str  # empty where the API has none
    label: Words
    value: Callable[[R], Any]
    kind: str = "text"
    metric: Metric | None = None


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """A column: what it holds, by which it is sorted; how that is said where it is no text; whether it is printed.

    `kind` says of a row whether its change is good, bad, chance or plain. A click on a column with `orders` sorts the
    whole list, of which the table holds one page. `width`: pixels of a first column that must be wider than others.
    """

    label: Words
    value: Callable[[R], Any]
    text: Callable[[R], str] | None = None
    look: Look = Look.WORDS
    help: Words | None = None
    kind: Callable[[R], str] | None = None
    printed: bool = True
    orders: tuple[str, str] | None = None  # the orders of the page that begin with its least and its greatest value
    in_file: tuple[FileField[R], ...] = ()  # what a file holds of it; empty: what its cells say
    width: int | None = None

    def say(self, row: R) -> str:
        """Return what a cell says in the language in use."""
        if self.text:
            return self.text(row)
        value = self.value(row)
        if value in (None, ""):
            return formatting.NOTHING
        return formatting.count(value) if isinstance(value, int) else str(value)

    def file_text(self, row: R) -> str | None:
        """Return what a cell says; None where it says that there is nothing."""
        return None if (said := self.say(row)) == formatting.NOTHING else said


@dataclass(frozen=True, slots=True)
class TableFile(Generic[R]):
    """A table as a file: its title, the stem of its English name, its columns, what makes all of its rows.

    `total` is the row of the whole, where there is one. `more_shown` says what the rows are, besides the selection.
    """

    title: Words
    stem: str
    fields: tuple[FileField[R], ...]
    rows: Callable[[], Sequence[R]]
    total: R | None = None
    more_shown: tuple[Words, ...] = ()

    @property
    def columns(self) -> tuple[FileColumn, ...]:
        """The columns, with their labels in the language in use."""
        return tuple(
            FileColumn(field.name, field.kind, field.metric, _file_label(str(field.label), field.kind))
            for field in self.fields
        )

    def values(self, row: R) -> tuple[Any, ...]:
        """Return the values of a row, in the order of the columns."""
        return tuple(field.value(row) for field in self.fields)


def file_fields(columns: Sequence[Column[R]], more: Sequence[FileField[R]] = ()) -> tuple[FileField[R], ...]:
    """Return what a file holds of a table's columns, in their order, and after that what no column shows.

    Small pictures of courses are in no file: the trend, split, has their numbers.
    """
    fields: list[FileField[R]] = []
    for column in columns:
        if column.look is not Look.COURSE:
            fields += column.in_file or (FileField("", column.label, column.file_text),)
    return (*fields, *more)


def _file_label(label: str, kind: str) -> str:
    """Return what stands above a column of a file; numbers of a unit that no cell says have it there."""
    return t("{label} (seconds)", label=label) if kind == "seconds" else label


@dataclass(frozen=True, slots=True)
class PageTable(Generic[R]):
    """The first rows of a table, of `count` in all; where there is a row of the whole, it comes before them.

    `order` says what comes first, `alt` what the table is, for who can't see it. `ids`: what each row opens, None for
    one that opens nothing. `listed`: how many rows the list has that the table is one page of.
    """

    title: Words
    key: str
    columns: tuple[Column[R], ...]
    rows: Sequence[R]
    count: int
    order: Words
    alt: Words
    file: TableFile[R] | None  # None: it would be too long
    has_total: bool = True
    ids: tuple[str | None, ...] = ()
    hint: Words | None = None  # what a click on a row does
    listed: int | None = None

    @property
    def printed_columns(self) -> tuple[Column[R], ...]:
        """The columns on paper, without those that are empty in every row and would take the room of others."""
        printed = [column for column in self.columns if column.printed]
        says_something = [any(column.say(row) != formatting.NOTHING for row in self.rows) for column in printed]
        return tuple(column for column, says in zip(printed, says_something, strict=True) if says or not self.rows)


def cut_words(drawn: int, count: int, order: Words, *, in_downloads: bool = False) -> str | None:
    """Say how many rows of a table are drawn, and in what order the first of them come; None where all are."""
    if drawn >= count:
        return None
    words = t("The first {shown} of {count} rows, {order}.", shown=number(drawn), count=number(count), order=order)
    return f"{words} {t('The downloads hold all of them.')}" if in_downloads else words
