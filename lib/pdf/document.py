"""Prints a page as PDF on sheets of A4; what does not fit on one goes to the next.

Landscape: the tables have ten columns, a trend is wide, and a meeting looks at it on a wall. Each block knows its
height before it is set, so nothing is drawn over anything else.
"""

from __future__ import annotations

import io

from lib.charts import font_metrics
from lib.charts.render_process import Renderer
from lib.charts.svg_canvas import SvgCanvas
from lib.charts.theme import LIGHT
from lib.i18n import number, override_language, t
from lib.pdf import blocks
from lib.pdf.blocks import Block
from lib.pdf.model import Paper, Section, Table
from lib.pdf.table_layout import Columns

WIDTH, HEIGHT = 841.89, 595.28
"""Points of a sheet of A4."""

MOST_ROWS = 500
"""Rows of a table that are printed, 27 to a sheet: three seconds' work. More is not read on paper; a file has all."""

_MARGIN = 40.0
_ROOM = WIDTH - 2 * _MARGIN
_BOTTOM = HEIGHT - 44  # below it, the foot
_NEXT_TOP = 66.0  # where sheets after the first begin
_GAP, _ALLEY = 18.0, 26.0  # between what stands below each other, and beside
_HALF = (_ROOM - _ALLEY) / 2
_CARDS_A_ROW = 6
_LEAST_ROWS = 4  # a table begins where there is room for so many


def pdf(paper: Paper) -> bytes:
    """Return a page as PDF: as many sheets as it takes, text as text, title and language named.

    Raises RenderingError where it can't be drawn.
    """
    from pypdf import PdfWriter  # here, as it takes as long to load as a page does, and few print
    from pypdf.generic import BooleanObject, DictionaryObject, NameObject, TextStringObject

    with override_language(paper.language), Renderer() as renderer:
        made = [renderer.pdf(sheet.svg) for sheet in sheets(paper, renderer)]
    writer = PdfWriter()
    for sheet in made:
        writer.append(io.BytesIO(sheet), import_outline=False)
    writer.add_metadata({"/Title": font_metrics.line(paper.title), "/Creator": "Callboard"})
    writer.root_object[NameObject("/Lang")] = TextStringObject(paper.language)
    shows_title = DictionaryObject({NameObject("/DisplayDocTitle"): BooleanObject(True)})
    writer.root_object[NameObject("/ViewerPreferences")] = shows_title
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def sheets(paper: Paper, renderer: Renderer) -> list[SvgCanvas]:
    """Return a page set on sheets, in the language in use."""
    return _Setter(paper, renderer).sheets()


class _Setter:
    """Sets one page, sheet after sheet, from the top down."""

    def __init__(self, paper: Paper, renderer: Renderer) -> None:
        self._paper, self._renderer = paper, renderer
        self._sheets: list[SvgCanvas] = []
        self._y = _NEXT_TOP

    def sheets(self) -> list[SvgCanvas]:
        """Set everything and return the sheets."""
        self._head(self._sheet())
        self._cards()
        sections = list(self._paper.sections)
        while sections:
            one = sections.pop(0)
            if isinstance(one.body, Table):
                self._table(one, one.body)
            elif one.narrow and sections and sections[0].narrow and not isinstance(sections[0].body, Table):
                self._put(blocks.beside(self._block(one), self._block(sections.pop(0)), _HALF + _ALLEY))
            else:
                self._put(self._block(one))
        self._feet()
        return self._sheets

    def _sheet(self) -> SvgCanvas:
        """Begin a sheet; all but the first have a running head."""
        sheet = SvgCanvas(WIDTH, HEIGHT, self._paper.language)
        if self._sheets:
            title = font_metrics.cut(self._paper.title, 9, _ROOM / 3, bold=True)
            sheet.text(_MARGIN, 43, title, 9, LIGHT.text, bold=True)
            x = _MARGIN + font_metrics.width(title, 9, bold=True) + 10
            sheet.text(x, 43, font_metrics.cut(self._paper.shown, 8.4, WIDTH - _MARGIN - x), 8.4, LIGHT.muted)
            sheet.rule(_MARGIN, 50, WIDTH - _MARGIN, LIGHT.line)
        self._sheets.append(sheet)
        self._y = _NEXT_TOP
        return sheet

    def _head(self, sheet: SvgCanvas) -> None:
        paper = self._paper
        _mark(sheet, WIDTH - _MARGIN, _MARGIN + 13)
        y = _MARGIN + 15
        for text in font_metrics.wrapped(paper.title, 23, _ROOM - 110, 2, bold=True):
            sheet.text(_MARGIN, y, text, 23, LIGHT.text, bold=True)
            y += 26
        y = sheet.lines(_MARGIN, y - 7, font_metrics.wrapped(paper.question, 11, _ROOM, 2), 11, LIGHT.muted, 14)
        y = sheet.lines(_MARGIN, y + 5, font_metrics.wrapped(paper.shown, 9, _ROOM, 6), 9, LIGHT.text, 12.5)
        self._y = y + 3

    def _feet(self) -> None:
        for place, sheet in enumerate(self._sheets, 1):
            sheet.rule(_MARGIN, HEIGHT - 36, WIDTH - _MARGIN, LIGHT.line)
            page = t("Page {number} of {all}", number=place, all=len(self._sheets))
            sheet.text(WIDTH - _MARGIN, HEIGHT - 23, page, 8, LIGHT.muted, anchor="end")
            room = _ROOM - font_metrics.width(page, 8) - 20
            sheet.text(_MARGIN, HEIGHT - 23, font_metrics.cut(self._paper.footer, 8, room), 8, LIGHT.muted)

    def _cards(self) -> None:
        cards = self._paper.cards
        if cards:
            rows = -(-len(cards) // _CARDS_A_ROW)
            places = -(-len(cards) // rows)
            for first in range(0, len(cards), places):
                self._put(blocks.cards(cards[first : first + places], places, _ROOM), gap=9)
            self._y += _GAP - 9

    def _block(self, section: Section) -> Block:
        assert not isinstance(section.body, Table)  # noqa: S101 - tables are set row by row
        room = _HALF if section.narrow else _ROOM
        return blocks.section(section, section.body, room, _BOTTOM - _NEXT_TOP, self._renderer)

    def _put(self, block: Block, gap: float = _GAP) -> None:
        if self._y + block.height > _BOTTOM and self._y > _NEXT_TOP:
            self._sheet()
        block.place(self._sheets[-1], _MARGIN, self._y)
        self._y += block.height + gap

    def _table(self, section: Section, table: Table) -> None:
        rows = [(row, False) for row in table.rows[:MOST_ROWS]]
        notes = list(section.notes)
        if table.count > len(rows):
            cut = t(
                "The first {most} of {all} rows; the table's file has all.",
                most=number(len(rows)),
                all=number(table.count),
            )
            notes.insert(0, cut)
        if not rows:
            notes.insert(0, t("Nothing to show."))
        if table.total:
            rows.insert(0, (table.total, True))
        columns = Columns.of(table, _ROOM)
        least = blocks.HEAD + columns.head_height + min(len(rows), _LEAST_ROWS) * columns.row_height
        if self._y + least > _BOTTOM:
            self._sheet()
        heading = section.heading
        while True:
            sheet = self._sheets[-1]
            told = font_metrics.cut(heading, blocks.HEADING, _ROOM, bold=True)
            sheet.text(_MARGIN, self._y + 11, told, blocks.HEADING, LIGHT.text, bold=True)
            y = columns.head(sheet, _MARGIN, self._y + blocks.HEAD - 4)
            fit = int((_BOTTOM - y) // columns.row_height)
            for row, is_total in rows[:fit]:
                y = columns.row(sheet, _MARGIN, y, row, is_total)
            self._y, rows = y, rows[fit:]
            if not rows:
                break
            self._sheet()
            heading = t("{heading} (continued)", heading=section.heading)
        below = blocks.words(notes, _ROOM)
        if below.height:
            self._put(below)
        else:
            self._y += _GAP


def _mark(sheet: SvgCanvas, end: float, y: float) -> None:
    """Draw the product's mark and name with their right end and baseline at a place."""
    x = end - font_metrics.width("Callboard", 10, bold=True)
    sheet.text(end, y, "Callboard", 10, LIGHT.text, bold=True, anchor="end")
    sheet.box(x - 17, y - 10, 12, 12, fill=LIGHT.accent, radius=3)
    for place, high in enumerate((4.0, 6.5, 5.0)):
        sheet.box(x - 14.6 + place * 2.7, y - 0.8 - high, 1.7, high, fill=LIGHT.panel)
