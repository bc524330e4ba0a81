"""Prints a page as PDF on sheets of A4, landscape: the tables have ten columns, and a meeting looks at it on a wall.

How a page is set is in `page.typ`, which Typst reads; here is what it is given: texts, and charts as SVG.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from lib.charts.chart import Chart
from lib.charts.font_metrics import line
from lib.charts.render_process import Renderer
from lib.charts.svg_canvas import map_texts, rendered
from lib.charts.theme import LIGHT
from lib.i18n import number, override_language, t
from lib.pdf.model import CardRow, Paper, Passage, Section, Table

MOST_ROWS = 500
"""Rows of a table that are printed, 28 to a sheet. More is not read on paper; a file has all."""

_TEMPLATE = Path(__file__).with_name("page.typ")
_ROOM, _HALF = 761.0, 367.0  # points across a sheet, and across one of two columns
_CHART_SCALE = 0.72  # points for a chart's pixel: its letters are 12 pixels high, which is large on paper
_TALLEST_CHART = 390.0  # points, so that heading and notes have room on its sheet
_BELOW_CARDS = 275.0  # points that the first sheet has for a chart below cards, its heading and notes
_SENTENCE = 16.0  # points that a sentence takes
_SMALLEST = 0.7  # of its size that a chart may have for the sake of the first sheet
_CARDS_A_ROW = 6
_SHADE = "#f1f6f6"  # behind the totals


def pdf(paper: Paper) -> bytes:
    """Return a page as PDF: as many sheets as it takes, text as text, title and language named.

    Raises RenderingError where it can't be drawn.
    """
    with override_language(paper.language), Renderer() as renderer:
        return renderer.page(_TEMPLATE.read_text("utf-8"), map_texts(_page(paper, renderer), line))


def _page(paper: Paper, renderer: Renderer) -> dict[str, Any]:
    """Return what `page.typ` reads: cards and sections in rows, as they stand beside each other."""
    rows = -(-len(paper.cards) // _CARDS_A_ROW) or 1
    columns = -(-len(paper.cards) // rows) or 1
    cards = [asdict(card) for card in paper.cards]
    sections: list[list[dict[str, Any]]] = []
    left = _BELOW_CARDS if rows == 1 and cards else 0.0  # on the first sheet
    for each in paper.sections:
        section = _section(each, renderer, left)
        left = left - _SENTENCE * (1 + len(each.body.sentences)) if isinstance(each.body, Passage) else 0
        if section["narrow"] and sections and sections[-1][0]["narrow"] and len(sections[-1]) == 1:
            sections[-1].append(section)
        else:
            sections.append([section])
    return {
        **{name: getattr(paper, name) for name in ("title", "question", "shown", "footer", "language")},
        "page_number": t("Page {number} of {all}", number="{number}", all="{all}"),
        "colors": {name: color for name, color in asdict(LIGHT).items() if isinstance(color, str)} | {"shade": _SHADE},
        "cards": [cards[first : first + columns] for first in range(0, len(cards), columns)],
        "sections": sections,
    }


def _section(section: Section, renderer: Renderer, left: float) -> dict[str, Any]:
    """Return a section as it is set; `left` is the height on the first sheet that a chart may be made to fit."""
    narrow = section.narrow and not isinstance(section.body, Table)
    notes, body = _body(section, _HALF if narrow else _ROOM, renderer, left)
    return {"heading": section.heading, "narrow": narrow, "notes": notes, "lead": section.lead, **body}


def _body(section: Section, room: float, renderer: Renderer, left: float) -> tuple[list[str], dict[str, Any]]:
    """Return what is said of a section's body, and the body."""
    nothing = [t("Nothing to show.")]
    if isinstance(section.body, Chart):
        said = _SENTENCE * (len(section.body.notes) + len(section.lead))
        return list(section.body.notes), {
            "svg": _svg(section.body, room, renderer, left - said),
            "alt": section.body.alt,
        }
    if isinstance(section.body, Table):
        table = section.body
        rows = table.rows[:MOST_ROWS]
        cut = t(
            "The first {most} of {all} rows; the table's file has all.", most=number(len(rows)), all=number(table.count)
        )
        notes = nothing if not rows else [cut] if table.count > len(rows) else []
        continued = t("{heading} (continued)", heading=section.heading)
        columns = {"header": table.header, "right": table.right, "total": table.total}
        return notes, {"table": {**columns, "rows": rows, "continued": continued}}
    if isinstance(section.body, Passage):
        sentences = section.body.sentences
        return ([*sentences], {}) if section.body.is_caption else ([], {"sentences": sentences})
    if isinstance(section.body, CardRow):
        return [], {"cards": [asdict(card) for card in section.body.cards]}
    whole = sum(share.amount for share in section.body)
    return ([], {"shares": [asdict(share) for share in section.body]}) if whole else (nothing, {})


def _svg(drawing: Chart, room: float, renderer: Renderer, left: float) -> str:
    chart = rendered(drawing, room / _CHART_SCALE, renderer)
    height = chart.height * _CHART_SCALE
    too_tall = height / (left if left < height <= left / _SMALLEST else _TALLEST_CHART)
    if too_tall > 1:  # drawn wider, it is smaller in the same room
        chart = rendered(drawing, room / _CHART_SCALE * too_tall, renderer)
    return ET.tostring(chart.root, encoding="unicode")
