"""A table as HTML that is seen on paper alone: a grid is a picture of its visible part, which printing would cut."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TypeVar

from lib.reports.table import Column, PageTable, cut_words

MOST_ROWS = 200
"""Rows of a table that a page prints: all of them go to the browser with each view. The page's PDF has more."""

_LONG = 12
"""Letters of a cell from which on its column is wide enough for two words in a line."""

R = TypeVar("R")


def print_table(table: PageTable[R]) -> str:
    """Return the printed columns of a table as HTML, its first rows, and how many of how many they are."""
    columns = table.printed_columns
    rows = table.rows[: MOST_ROWS + table.has_total]
    cells = [[column.say(row) for column in columns] for row in rows]
    kinds = [_kind(column, rows, words) for column, words in zip(columns, zip(*cells, strict=True), strict=False)]
    head = _row("th", (str(column.label) for column in columns), kinds)
    body = "".join(_row("td", words, kinds) for words in cells)
    cut = cut_words(len(rows) - table.has_total, table.count, table.order)
    note = f"<p>{html.escape(cut)}</p>" if cut else ""
    whole = "cb-print cb-total" if table.has_total else "cb-print"
    return f'<div class="{whole}"><table><thead>{head}</thead><tbody>{body}</tbody></table>{note}</div>'


def _row(tag: str, words: Iterable[str], kinds: Sequence[str]) -> str:
    cells = zip(words, kinds, strict=True)
    return "<tr>" + "".join(f"<{tag}{kind}>{html.escape(each)}</{tag}>" for each, kind in cells) + "</tr>"


def _kind(column: Column[R], rows: Iterable[R], words: Sequence[str]) -> str:
    """Return the class of a column's cells: numbers stand at the right, and lines break in words alone."""
    if any(isinstance(column.value(row), int | float) for row in rows):
        return ' class="cb-number"'
    if not any(letter.isalpha() for each in words for letter in each):
        return ' class="cb-figures"'
    return ' class="cb-words"' if any(len(each) > _LONG for each in words) else ""
