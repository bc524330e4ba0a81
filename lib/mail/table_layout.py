"""Which columns and rows of a page's table a mail shows: those that fit its width, the main ones first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lib.charts import font_metrics
from lib.mail.app_links import AppLinks
from lib.mail.model import CHANGE_KINDS, MailCell, MailTable
from lib.mail.texts import say
from lib.reports import formatting
from lib.reports.page import TableBlock
from lib.reports.table import Column, Look, PageTable

MOST_ROWS = 25
"""Rows of a table that a mail shows besides its row of the whole."""

ROOM = 552
"""Pixels that a table has."""

_MAIN = (
    ("averageScore", "averageNote", "averageShare", "value"),
    ("fewEvaluations", "partial"),
    ("averageScoreBefore", "averageShareBefore"),
    ("totalEvaluations", "answered"),
)
"""What the first fields of the columns that follow the name are called in files, the most important first."""

_LETTERS, _HEADER_LETTERS, _PADDING = 13, 12, 12
_WIDEST_TEXT, _WIDEST_NAME = 120, 170
"""Pixels beyond which texts, and names in the first column, go on in the next line."""


def mail_table(block: TableBlock, links: AppLinks) -> MailTable:
    """Return a table as a mail shows it, with links of its rows where they open something."""
    table = block.table
    rows = table.rows[: MOST_ROWS + table.has_total]
    columns = [each for each in _printed(table) if any(each.say(row) != formatting.NOTHING for row in rows)]
    columns = columns or _printed(table)
    chosen = _fitting(columns, rows)
    urls = [links.row(block.click, row_id) for row_id in table.ids[: len(rows)]] or [None] * len(rows)
    lines = [
        tuple(_cell(column, row, url if column is chosen[0] else None) for column in chosen)
        for row, url in zip(rows, urls, strict=True)
    ]
    total, others = (lines[0], lines[1:]) if table.has_total and lines else (None, lines)
    return MailTable(
        header=tuple(say(column.label) for column in chosen),
        rows=tuple(others),
        right=tuple(_holds_numbers(column, rows) for column in chosen),
        in_one_line=tuple(_widest(column, rows) <= _most(column is chosen[0]) for column in chosen),
        total=total,
        count=max(len(others), table.count if table.listed is None else table.listed),
        order=say(table.order),
        left_out=tuple(say(column.label) for column in columns if column not in chosen),
        label=say(table.alt),
    )


def _printed(table: PageTable[Any]) -> list[Column[Any]]:
    """Return the columns that may be mailed: those of paper, without addresses, which are wide and say nothing."""
    return [column for column in table.printed_columns if column.look is not Look.LINK]


def _fitting(columns: Sequence[Column[Any]], rows: Sequence[Any]) -> list[Column[Any]]:
    """Return the columns that fit, in the order of the table: the first one, the main ones, then as they come."""
    places = range(1, len(columns))
    room = ROOM - _width(columns[0], rows, _most(is_first=True))
    kept = {0}
    for place in sorted(places, key=lambda each: (_importance(columns[each]), each)):
        width = _width(columns[place], rows, _most(is_first=False))
        if width <= room:
            room -= width
            kept.add(place)
    return [column for place, column in enumerate(columns) if place in kept]


def _importance(column: Column[Any]) -> int:
    name = column.in_file[0].name if column.in_file else ""
    return next((place for place, names in enumerate(_MAIN) if name in names), len(_MAIN))


def _width(column: Column[Any], rows: Sequence[Any], widest_text: float) -> float:
    """Return about how many pixels a column takes: its widest number, or text as far as that must be in one line."""
    cells, words = _widest(column, rows), say(column.label).split()
    heading = max((font_metrics.width(word, _HEADER_LETTERS, bold=True) for word in words), default=0)
    return max(heading, cells if _holds_numbers(column, rows) else min(cells, widest_text)) + _PADDING


def _widest(column: Column[Any], rows: Sequence[Any]) -> float:
    return max((font_metrics.width(say(column.say(row)), _LETTERS, bold=True) for row in rows), default=0)


def _most(is_first: bool) -> int:
    return _WIDEST_NAME if is_first else _WIDEST_TEXT


def _holds_numbers(column: Column[Any], rows: Sequence[Any]) -> bool:
    """Return whether a column holds numbers, which stand at the right."""
    return any(isinstance(column.value(row), int | float) for row in rows)


def _cell(column: Column[Any], row: Any, url: str | None) -> MailCell:
    kind = column.kind(row) if column.kind else "plain"
    return MailCell(say(column.say(row)), kind if kind in CHANGE_KINDS else "plain", url)
