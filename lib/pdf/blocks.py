"""What a printed page is made of: cards, charts, shares and words, as blocks that know their height beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lib.charts import font_metrics
from lib.charts.chart import Chart
from lib.charts.render_process import Renderer
from lib.charts.svg_canvas import SvgCanvas, rendered
from lib.charts.theme import LIGHT
from lib.i18n import t
from lib.pdf.model import Card, Section, Share

HEADING = 12.5
"""The size of a heading's letters; below it, a body begins at HEAD points."""
HEAD = 22.0

_NOTE, _SMALL = 8.0, 7.2  # sizes of letters
_CHART_SCALE = 0.72  # a chart's letters are 12 pixels high; on paper that is large
_CARD_GAP, _INSET = 9.0, 10.0
_KINDS = {"good": LIGHT.positive, "bad": LIGHT.negative, "chance": LIGHT.muted, "plain": LIGHT.text}


@dataclass(frozen=True, slots=True)
class Block:
    """A height in points, and what sets the block on a sheet with its top left corner at x, y."""

    height: float
    place: Callable[[SvgCanvas, float, float], None]


def beside(left: Block, right: Block, offset: float) -> Block:
    """Return two blocks side by side, the right one so far to the right."""

    def place(sheet: SvgCanvas, x: float, y: float) -> None:
        left.place(sheet, x, y)
        right.place(sheet, x + offset, y)

    return Block(max(left.height, right.height), place)


def words(notes: Sequence[str], room: float) -> Block:
    """Return notes below each other, in small letters; no height where there are none."""
    told = [text for note in notes for text in font_metrics.wrapped(note, _NOTE, room, 8)]

    def place(sheet: SvgCanvas, x: float, y: float) -> None:
        sheet.lines(x, y + 12, told, _NOTE, LIGHT.muted, 11)

    return Block(11.0 * len(told) + 4 if told else 0, place)


def section(what: Section, body: Chart | tuple[Share, ...], room: float, most: float, renderer: Renderer) -> Block:
    """Return a section's heading, chart or shares, and notes, not higher than `most`."""
    below = words([*(body.notes if isinstance(body, Chart) else ()), *what.notes], room)
    inner = _chart(body, room, most - HEAD - below.height, renderer) if isinstance(body, Chart) else _shares(body, room)

    def place(sheet: SvgCanvas, x: float, y: float) -> None:
        heading = font_metrics.cut(what.heading, HEADING, room, bold=True)
        sheet.text(x, y + 11, heading, HEADING, LIGHT.text, bold=True)
        inner.place(sheet, x, y + HEAD)
        below.place(sheet, x, y + HEAD + inner.height)

    return Block(HEAD + inner.height + below.height, place)


def cards(some: Sequence[Card], places: int, room: float) -> Block:
    """Return a row of cards that has so many places."""
    wide = (room - _CARD_GAP * (places - 1)) / places
    inner = wide - 2 * _INSET
    notes = [_note(card.note, inner) for card in some]
    against = [font_metrics.wrapped(card.against, _SMALL, inner, 2) for card in some]
    noted = 46.0 + 9 * max(len(lines) for lines in notes)  # where the line of the change is
    changed = noted + (13 if any(card.change for card in some) else 0) + 9 * max(len(lines) for lines in against)
    tall = changed + (26 if any(_known(card) for card in some) else 3)

    def place(sheet: SvgCanvas, x: float, y: float) -> None:
        for card, note, lines in zip(some, notes, against, strict=True):
            sheet.box(x, y, wide, tall, fill=LIGHT.panel, stroke=LIGHT.line, radius=6)
            left = x + _INSET
            sheet.text(left, y + 16, font_metrics.cut(card.label, 8.2, inner), 8.2, LIGHT.muted)
            size = 20.0
            while size > 11 and font_metrics.width(font_metrics.line(card.value), size, bold=True) > inner:
                size -= 0.5
            value = font_metrics.cut(card.value, size, inner, bold=True)
            sheet.text(left, y + 37, value, size, LIGHT.text, bold=True)
            sheet.lines(left, y + 49, note, _SMALL, LIGHT.muted, 9)
            if card.change:
                change = font_metrics.cut(card.change, 8.4, inner, bold=True)
                sheet.text(left, y + noted + 6, change, 8.4, _KINDS[card.kind], bold=card.kind in ("good", "bad"))
            sheet.lines(left, y + noted + (16 if card.change else 6), lines, _SMALL, LIGHT.muted, 9)
            _course(sheet, card, left, y + tall - 8, inner)
            x += wide + _CARD_GAP

    return Block(tall, place)


def _note(note: str, room: float) -> list[str]:
    """Return a card's note in at most two lines, broken between its parts if it can be."""
    lines: list[str] = []
    for part in font_metrics.line(note).split(" · "):
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and font_metrics.width(longer, _SMALL) <= room:
            lines[-1] = longer
        else:
            lines.append(part)
    fits = len(lines) <= 2 and all(font_metrics.width(text, _SMALL) <= room for text in lines)
    return lines if fits else font_metrics.wrapped(note, _SMALL, room, 2)


def _known(card: Card) -> list[tuple[int, float]]:
    known = [(place, value) for place, value in enumerate(card.course) if value is not None]
    return known if len(known) > 1 else []


def _course(sheet: SvgCanvas, card: Card, x: float, y: float, room: float) -> None:
    known = _known(card)
    if known:
        low, high = min(value for _, value in known), max(value for _, value in known)
        step, span = room / (len(card.course) - 1), (high - low) or 1.0
        points = [(x + place * step, y - (value - low) / span * 16) for place, value in known]
        sheet.curve(points, LIGHT.accent)


def _chart(drawing: Chart, room: float, most: float, renderer: Renderer) -> Block:
    chart = rendered(drawing, room / _CHART_SCALE, renderer)
    scale = min(_CHART_SCALE, most / chart.height)
    if scale < _CHART_SCALE:  # taller than a sheet: smaller, so that it is seen as a whole, and as wide as before
        chart = rendered(drawing, room / scale, renderer)
    return Block(chart.height * scale, lambda sheet, x, y: sheet.chart(chart, x, y, scale))


def _shares(shares: Sequence[Share], room: float) -> Block:
    """Return one bar of the parts, and a line for each below it."""
    whole = sum(share.amount for share in shares)
    if not whole:
        return words([t("Nothing to show.")], room)

    def place(sheet: SvgCanvas, x: float, y: float) -> None:
        left, shown = x, [share for share in shares if share.amount]
        for share in shown:
            wide = share.amount / whole * room
            sheet.box(
                left, y, max(0.5, wide - (1.5 if share is not shown[-1] else 0)), 13, fill=share.color, radius=1.5
            )
            left += wide
        y += 29
        for share in shares:
            sheet.box(x, y - 7, 7, 7, fill=share.color, radius=1.5)
            told = font_metrics.cut(share.told, 9, room / 2)
            label = font_metrics.cut(share.label, 9, room - 30 - font_metrics.width(told, 9))
            sheet.text(x + 13, y, label, 9, LIGHT.text)
            sheet.text(x + room, y, told, 9, LIGHT.muted, anchor="end")
            sheet.rule(x, y + 5, x + room, LIGHT.line, 0.4)
            y += 17

    return Block(20 + 17.0 * len(shares), place)
