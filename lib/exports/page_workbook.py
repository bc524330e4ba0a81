"""A page as a workbook: figures and sentences on the first sheet, tables and the numbers of charts on others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lib.catalog.metrics import Unit
from lib.charts.draw import draw
from lib.charts.theme import LIGHT, ChartTheme
from lib.exports.table_files import ABOUT_WIDTHS, TableExport, column_lines, version_lines
from lib.exports.workbook import LineSheet, TypedCell, WorkbookFile
from lib.i18n import current, number, t
from lib.reports import catalog_words
from lib.reports.changes import change_amount
from lib.reports.figure_files import figure_file
from lib.reports.file_columns import FileColumn
from lib.reports.formula_versions import page_versions
from lib.reports.leads import with_leads
from lib.reports.page import (
    Block,
    Caption,
    Cards,
    ChartBlock,
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
from lib.reports.table import TableFile, file_fields
from lib.reports.words import Words

_WIDTHS = (30, 22, 14, 14, 14, 14, 17, 14, 24, 14, 30)

_CHANGE_UNITS = (
    (Unit.COUNT, Unit.SECONDS),  # percent of what it was
    (Unit.SCORE, Unit.BALANCE, Unit.NUMBER),  # points
    (Unit.SHARE,),  # percentage points
)
"""The units of metrics whose changes stand in one column, as they are of one unit themselves."""


def page_workbook(page: PageValue) -> WorkbookFile:
    """Return what is written of a page, in the language in use.

    Tables have all of their rows; of one that would be too long, those that the page shows.
    """
    tables = [table for block in page.flat if (table := _table(block)) is not None]
    first = LineSheet(t("Page"), tuple(_lines(page)), _WIDTHS)
    lines = (*_about(tables), *version_lines(page_versions(page)))
    about = [LineSheet(t("About"), lines, ABOUT_WIDTHS)] if lines else []
    return WorkbookFile((first, *(table.sheet for table, _ in tables), *about), current())


def page_tables(page: PageValue) -> tuple[TableExport, ...]:
    """Return the tables of a page with all of their rows, and its key figures as a table, where it has any."""
    blocks = [block for block in page.flat if isinstance(block, TableBlock)]
    tables = tuple(table for block in blocks if (table := _table(block)) is not None)
    figures = _figures(page)
    return (*(table for table, _ in tables), *([figures] if figures.rows else []))


def _figures(page: PageValue) -> TableExport:
    """Return the key figures of a page as a table."""
    cards = [card for block in page.flat if isinstance(block, Cards) for card in block.cards]
    labels = {"low": t("95 %, low"), "high": t("95 %, high"), "n": "n", "before": t("Before")}
    columns = (
        FileColumn("metric", label=t("Metric")),
        FileColumn("value", label=t("Value")),
        *(FileColumn(name, label=label) for name, label in labels.items()),
        FileColumn("comparedWith", label=t("Compared with")),
    )
    return TableExport(t("Key figures"), columns, tuple(map(_figure_row, cards)), (), language=current())


def _figure_row(card: MetricCard) -> tuple[Any, ...]:
    """Return a key figure as the numbers of a CSV."""
    metric = card.metric
    low, high = metric.rounded_interval(card.totals) or (None, None)
    was = None if card.before is None else metric.rounded(card.before)
    label = str(catalog_words.metric_label(metric))
    return (label, metric.rounded(card.totals), low, high, metric.n(card.totals), was, str(card.compared_with))


def _about(tables: Iterable[tuple[TableExport, int]]) -> Iterator[tuple[str, ...]]:
    for table, count in tables:
        shown = number(len(table.rows))
        yield (t("Table"), table.title)
        yield (
            t("Rows"),
            shown if len(table.rows) >= count else t("{shown} of {count}", shown=shown, count=number(count)),
        )
        yield from column_lines(table.fields)
        yield ("",)


def _table(block: Block) -> tuple[TableExport, int] | None:
    """Return the table of a block, or the numbers of its chart, and how many rows there are in all."""
    if isinstance(block, ChartBlock):
        file = figure_file(block.title, block.key, block.figure)
        if file is None:
            return None
        table = TableExport.of(file)
        return table, len(table.rows)
    if not isinstance(block, TableBlock):
        return None
    shown = block.table
    rows = shown.rows[shown.has_total :]
    file = shown.file or TableFile(shown.title, shown.key, file_fields(shown.columns), lambda: rows)
    return TableExport.of(file), shown.count if shown.listed is None else shown.listed


def _lines(page: PageValue) -> Iterator[tuple[Any, ...]]:
    """Yield the lines of the first sheet: a label, and what stands beside it."""
    yield (str(page.title), str(page.question))
    yield (t("Shows"), " · ".join(map(str, page.shown)))
    for block, lead in with_leads(page.flat):
        lines = list(_block_lines(block, lead))
        if lines:
            yield ("",)
            yield from lines


def _block_lines(block: Block, lead: tuple[Words, ...]) -> Iterator[tuple[Any, ...]]:
    match block:
        case Cards():
            yield (
                t("Metric"),
                t("Value"),
                t("95 %, low"),
                t("95 %, high"),
                "n",
                t("Change (%)"),
                t("Change (points)"),
                t("Change (pp)"),
                t("Meaning"),
                t("Before"),
                t("Compared with"),
            )
            yield from map(_figure, block.cards)
        case Shares():
            yield (str(block.title),)
            for share in block.shares:
                yield (str(share.label), share.count)
        case Leaders():
            for leader in block.leaders:
                yield (str(leader.label), str(leader.name), str(leader.note))
        case ChartBlock():
            yield from _chart(block, lead)
        case Caption(printed=True):
            yield ("", str(block.words))
        case Empty():
            yield (str(block.what), str(block.hint))
        case Notice():
            yield (str(block.label), " ".join(map(str, block.sentences)))
        case Sentences() | Story():
            yield from _sentences(block)


def _chart(block: ChartBlock, lead: tuple[Words, ...]) -> Iterator[tuple[str, str]]:
    """Yield the title of a chart with its description, then what it begins with, and its notes."""
    chart = draw(block.figure, ChartTheme(LIGHT, current()))
    if chart is not None:
        yield (str(block.title), chart.alt)
    yield from (("", str(words)) for words in lead)
    if chart is not None:
        yield from (("", note) for note in chart.notes)


def _sentences(block: Sentences | Story) -> Iterator[tuple[str, str]]:
    if isinstance(block, Sentences):
        return (("", str(words)) for words in block.sentences)
    return (("", str(words)) for words in (block.change, block.chance, block.mix_effect, block.parts) if words)


def _figure(card: MetricCard) -> tuple[Any, ...]:
    """Return a key figure as numbers; its change stands in the column of its unit."""
    metric, kind = card.metric, card.metric.unit.value
    low, high = metric.rounded_interval(card.totals) or (None, None)
    was = None if card.before is None else metric.rounded(card.before)
    numbers = [TypedCell(value, kind) for value in (metric.rounded(card.totals), low, high)]
    amount = change_amount(metric, card.before, card.totals)
    if amount is not None and metric.unit is Unit.SHARE:
        amount *= 100
    changes = (
        TypedCell(amount if metric.unit in units else None, "change" if Unit.COUNT in units else "points")
        for units in _CHANGE_UNITS
    )
    meaning = str(card.delta.meaning) if card.delta and card.delta.meaning else None
    n = TypedCell(metric.n(card.totals), "count")
    label = str(catalog_words.metric_label(metric))
    return (label, *numbers, n, *changes, meaning, TypedCell(was, kind), str(card.compared_with))
