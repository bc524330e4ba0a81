"""A page's value as it is printed: its blocks as sections of a document, in the language in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from lib.charts.draw import draw
from lib.charts.theme import LIGHT, ChartTheme
from lib.i18n import current, number, t
from lib.pdf import document
from lib.pdf.model import Card, CardRow, Paper, Passage, Section, Share, Table
from lib.reports import catalog_words, formatting
from lib.reports.figures import ControlChartFigure, Figure, TrendFigure
from lib.reports.formula_versions import page_versions, version_words
from lib.reports.leads import with_leads
from lib.reports.page import (
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
from lib.reports.table import Column, PageTable

R = TypeVar("R")

_FLATNESS = 0.7
"""The height of a printed trend, as a part of its height on a screen."""


def pdf(printed: PageValue) -> bytes:
    """Return a page as PDF, in the language in use. Raises RenderingError where it can't be drawn."""
    return document.pdf(paper(printed))


def paper(printed: PageValue) -> Paper:
    """Return a page as it is printed: cards first, then sections."""
    cards = [card for block in printed.flat if isinstance(block, Cards) for card in block.cards]
    return Paper(
        str(printed.title),
        str(printed.question),
        " · ".join(map(str, printed.shown)),
        tuple(map(_card, cards)),
        tuple(_sections(printed)),
        footer="Callboard",
    )


def _card(card: MetricCard) -> Card:
    plain = {
        "label": str(catalog_words.metric_label(card.metric)),
        "value": str(card.value),
        "note": " · ".join(filter(None, [*map(str, card.basis), card.small_sample_mark])),
    }
    if card.delta is None:
        return Card(**plain, course=card.course)
    # On paper there may be no colors, so what the change means is said.
    meaning = str(card.delta.meaning) if card.delta.meaning else ""
    against = " · ".join(filter(None, [meaning, t("vs {label}", label=card.compared_with)]))
    return Card(**plain, course=card.course, change=card.delta.words, kind=card.delta.kind, against=against)


def _sections(printed: PageValue) -> Iterator[Section]:
    for block, lead in with_leads(printed.flat):
        match block:
            case ChartBlock():
                yield from _chart(block, tuple(map(str, lead)))
            case Shares() if any(share.count for share in block.shares):
                yield Section(str(block.title), _shares(block), narrow=True)
            case TableBlock():
                yield Section(str(block.table.title), _table(block.table))
            case Caption(printed=True):
                yield Section("", Passage((str(block.words),), is_caption=True))
            case Empty():
                yield Section(str(block.what), Passage((str(block.hint),)))
            case Notice():
                yield Section(str(block.label), Passage(tuple(map(str, block.sentences))))
            case Sentences():
                yield Section("", Passage(tuple(map(str, block.sentences))))
            case Story():
                sentences = (block.change, block.chance, block.mix_effect, block.parts)
                yield Section("", Passage(tuple(str(words) for words in sentences if words)))
            case Leaders():
                cards = (Card(str(each.label), str(each.name), str(each.note)) for each in block.leaders)
                yield Section("", CardRow(tuple(cards)))
    if versions := page_versions(printed):
        yield Section(t("Formulas"), Passage(tuple(str(version_words(each)) for each in versions), is_caption=True))


def _chart(block: ChartBlock, lead: tuple[str, ...]) -> Iterator[Section]:
    """Yield a chart below what it begins with; that alone where there is nothing to draw."""
    chart = draw(_flat(block.figure), ChartTheme(LIGHT, current()))
    if chart is not None:
        yield Section(str(block.title), chart, block.is_narrow, lead)
    elif lead:
        yield Section("", Passage(lead))


def _flat(figure: Figure) -> Figure:
    """Return what a chart is of with a trend as flat as a sheet is: below the cards there is room for it."""
    return (
        replace(figure, height=int(figure.height * _FLATNESS))
        if isinstance(figure, TrendFigure | ControlChartFigure)
        else figure
    )


def _shares(block: Shares) -> tuple[Share, ...]:
    whole = sum(share.count for share in block.shares)
    return tuple(
        Share(
            str(share.label),
            f"{formatting.count(share.count)} · {number(share.count / whole * 100, 1)} %",
            share.count,
            LIGHT.of(share.tone),
        )
        for share in block.shares
    )


def _table(table: PageTable[R]) -> Table:
    columns = table.printed_columns
    most = document.MOST_ROWS + table.has_total
    rows = [tuple(column.say(row) for column in columns) for row in table.rows[:most]]
    total, others = (rows[0], rows[1:]) if table.has_total else (None, rows)
    right = tuple(_is_number(column, table) for column in columns)
    return Table(tuple(str(column.label) for column in columns), tuple(others), total, right, count=table.count)


def _is_number(column: Column[R], table: PageTable[R]) -> bool:
    """Return whether a column holds numbers, which stand at the right; the first rows tell."""
    values = [column.value(row) for row in table.rows[:20]]
    return any(isinstance(value, int | float) for value in values)
