"""Which columns and rows of a page's table a mail shows: those that fit its width, the main ones first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lib.charts import font_metrics
from lib.mail.app_links import AppLinks
from lib.mail.model import CHANGE_KINDS, MailCell, MailTable
from lib.mail.texts import breakable, say
from lib.reports import formatting
from lib.reports.page import TableBlock
from lib.reports.table import Column, Look, PageTable

MOST_ROWS = 25
"""Rows of a table that a mail shows besides its row of the whole."""

ROOM = 552
"""Pixels that a table has."""

PHONE_ROOM = 332
"""Pixels that a table has on a narrow phone."""

_MAIN = (
    ("averageScore", "averageNote", "averageShare", "value"),
    ("fewEvaluations", "partial"),
    ("averageScoreBefore", "averageShareBefore"),
    ("totalEvaluations", "answered"),
)
"""What the first fields of the columns that follow the name are called in files, the most important first."""

_LETTERS, _HEADER_LETTERS, _PADDING = 13, 12, 12
_WIDEST_TEXT, _WIDEST_NAME, _LEAST_NAME = 120, 170, 90
"""Pixels beyond which texts, and names in the first column, go on in the next line, and which names have on phones."""

_WIDER = 1.26
"""How much wider than Arial the fonts are that stand in for it, such as DejaVu Sans and Verdana: their bold digits."""


@dataclass(frozen=True, slots=True)
class ColumnWidths:
    """Pixels that a column takes at a desk, and on a phone at least; whether a desk has its cells in one line."""

    desk: float
    phone: float
    is_in_one_line: bool


def mail_table(block: TableBlock, links: AppLinks) -> MailTable:
    """Return a table as a mail shows it, with links of its rows where they open something."""
    table = block.table
    rows = table.rows[: MOST_ROWS + table.has_total]
    columns = [each for each in _printed(table) if any(each.say(row) != formatting.NOTHING for row in rows)]
    columns = columns or _printed(table)
    widths = [_widths(column, rows, is_first=not place) for place, column in enumerate(columns)]
    order = sorted(range(len(columns)), key=lambda place: (place > 0, _importance(columns[place]), place))
    kept = _fitting(order, [each.desk for each in widths], ROOM)
    on_phone = _fitting([place for place in order if place in kept], [each.phone for each in widths], PHONE_ROOM)
    chosen = [columns[place] for place in sorted(kept)]
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
        in_one_line=tuple(widths[place].is_in_one_line for place in sorted(kept)),
        total=total,
        count=max(len(others), table.count if table.listed is None else table.listed),
        order=say(table.order),
        left_out=tuple(say(column.label) for column in table.columns if column not in chosen),
        on_phone=tuple(place in on_phone for place in sorted(kept)),
        label=say(table.alt),
    )


def _printed(table: PageTable[Any]) -> list[Column[Any]]:
    """Return the columns that may be mailed: those of paper, without addresses, which are wide and say nothing."""
    return [column for column in table.printed_columns if column.look is not Look.LINK]


def _fitting(order: Sequence[int], widths: Sequence[float], room: float) -> set[int]:
    """Return the places of the columns that fit: the first of an order, and each other one for which room is left."""
    kept: set[int] = set()
    for place in order:
        if not kept or widths[place] <= room:
            room -= widths[place]
            kept.add(place)
    return kept


def _importance(column: Column[Any]) -> int:
    name = column.in_file[0].name if column.in_file else ""
    return next((place for place, names in enumerate(_MAIN) if name in names), len(_MAIN))


def _widths(column: Column[Any], rows: Sequence[Any], *, is_first: bool) -> ColumnWidths:
    """Return how wide a column is: its numbers are in one line, its texts as far as they are not too long for one."""
    cells = [say(column.say(row)) for row in rows]
    longest = max((font_metrics.width(cell, _LETTERS, bold=True) for cell in cells), default=0)
    most = _WIDEST_NAME if is_first else _WIDEST_TEXT
    desk = phone = longest
    if not _holds_numbers(column, rows):
        word = max((_longest_word(cell, _LETTERS) for cell in cells), default=0)
        desk = max(word, min(longest, most))
        phone = max(word, min(longest, _LEAST_NAME)) if is_first else word
    heading = _longest_word(say(column.label), _HEADER_LETTERS)
    desk, phone = (max(heading, each) * _WIDER + _PADDING for each in (desk, phone))
    return ColumnWidths(desk, phone, longest <= most)


def _longest_word(text: str, size: float) -> float:
    """Return how wide the longest part of a text is that goes to no next line."""
    words = breakable(text).replace("\u200b", " ").split()
    return max((font_metrics.width(word, size, bold=True) for word in words), default=0)


def _holds_numbers(column: Column[Any], rows: Sequence[Any]) -> bool:
    """Return whether a column holds numbers, which stand at the right."""
    return any(isinstance(column.value(row), int | float) for row in rows)


def _cell(column: Column[Any], row: Any, url: str | None) -> MailCell:
    kind = column.kind(row) if column.kind else "plain"
    return MailCell(say(column.say(row)), kind if kind in CHANGE_KINDS else "plain", url)
