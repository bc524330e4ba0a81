"""A page as a workbook: what it shows, its figures and sentences on the first sheet, each table on one of its own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lib.catalog.metrics import Unit
from lib.exports.table_files import TypedCell, append_lines, append_table
from lib.i18n import t
from lib.reports.changes import change_amount
from lib.reports.file_columns import FileColumn
from lib.reports.page import (
    Block,
    Caption,
    Cards,
    Empty,
    Leaders,
    MetricCard,
    Notice,
    PageValue,
    Sentences,
    Shares,
    Story,
    TableBlock,
)

_FIGURE_HEADS = ("metric", "value", "low", "high", "n", "change", "meaning", "before", "comparedWith")
"""The heads of the key figures: as in other files, in English whatever language the words are in."""

_WIDTHS = (30, 22, 14, 14, 14, 14, 24, 14, 30)


@dataclass(frozen=True, slots=True)
class PageWorkbook:
    """A page as it is written: the lines of its first sheet, and its tables with all of their rows."""

    title: str
    lines: tuple[tuple[Any, ...], ...]
    tables: tuple[tuple[str, tuple[FileColumn, ...], tuple[tuple[Any, ...], ...]], ...]

    @classmethod
    def of(cls, page: PageValue) -> PageWorkbook:
        """Return what is written of a page, in the language in use."""
        tables = [block.table for block in page.flat if isinstance(block, TableBlock)]
        files = [(table.title, table.file) for table in tables if table.file is not None]
        sheets = [(str(title), file.columns, file.rows()) for title, file in files]
        return cls(t("Page"), tuple(_lines(page)), tuple(sheets))

    def xlsx(self) -> bytes:
        """Return it as XLSX."""
        from openpyxl import Workbook  # here, as it takes longer to load than all that most commands do

        book = Workbook(write_only=True)
        append_lines(book, self.title, self.lines, _WIDTHS)
        for title, columns, rows in self.tables:
            append_table(book, title, columns, rows)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


def _lines(page: PageValue) -> Iterator[tuple[Any, ...]]:
    """Yield the lines of the first sheet: a label, and what stands beside it."""
    yield (str(page.title), str(page.question))
    yield (t("Shows"), " · ".join(map(str, page.shown)))
    for block in page.flat:
        lines = list(_block_lines(block))
        if lines:
            yield ("",)
            yield from lines


def _block_lines(block: Block) -> Iterator[tuple[Any, ...]]:
    match block:
        case Cards():
            yield _FIGURE_HEADS
            yield from map(_figure, block.cards)
        case Shares():
            yield (str(block.title),)
            for share in block.shares:
                yield (str(share.label), share.count)
        case Leaders():
            for leader in block.leaders:
                yield (str(leader.label), str(leader.name), str(leader.note))
        case Caption():
            yield ("", str(block.words))
        case Empty():
            yield (str(block.what), str(block.hint))
        case Notice():
            yield (str(block.label), " ".join(map(str, block.sentences)))
        case Sentences() | Story():
            yield from _sentences(block)


def _sentences(block: Sentences | Story) -> Iterator[tuple[str, str]]:
    if isinstance(block, Sentences):
        return (("", str(words)) for words in block.sentences)
    return (("", str(words)) for words in (block.change, block.chance, block.mix_effect, block.parts) if words)


def _figure(card: MetricCard) -> tuple[Any, ...]:
    """Return a key figure as numbers; its change is relative for counts and durations, in points for others."""
    metric, kind = card.metric, card.metric.unit.value
    low, high = metric.rounded_interval(card.totals) or (None, None)
    was = None if card.before is None else metric.rounded(card.before)
    numbers = [TypedCell(value, kind) for value in (metric.rounded(card.totals), low, high)]
    is_relative = metric.unit in (Unit.COUNT, Unit.SECONDS)
    change = TypedCell(change_amount(metric, card.before, card.totals), "share" if is_relative else "points")
    meaning = str(card.delta.meaning) if card.delta and card.delta.meaning else None
    n = TypedCell(metric.n(card.totals), "count")
    return (t(metric.label), *numbers, n, change, meaning, TypedCell(was, kind), str(card.compared_with))
