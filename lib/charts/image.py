"""A chart as a picture that can be passed around: what it shows stands in it.

The title, what is shown in words and the notes belong to the picture. It is light, whatever mode its maker uses, and
its rows are the drawing's, as they are.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from lib.charts import font_metrics
from lib.charts.chart import Chart
from lib.charts.render_process import Renderer
from lib.charts.svg_canvas import SvgCanvas, rendered
from lib.charts.theme import LIGHT
from lib.i18n import current, override_language

SCALE = 2
"""Pixels of a PNG for each pixel of its size, as sharp screens and slides want them."""

_MARGIN = 28
_TITLE, _WORDS, _NOTES = 20, 12, 11  # sizes of letters


@dataclass(frozen=True, slots=True)
class ChartImage:
    """A chart under its title; `shown` says in words what is shown: period, filters, how many, as of when."""

    drawing: Chart
    title: str
    shown: str = ""
    width: int = 900
    language: str = field(default_factory=current)

    def svg(self) -> str:
        """Return the picture as SVG: well-formed XML without scripts, that refers to nothing outside."""
        with override_language(self.language), Renderer() as renderer:
            return self._sheet(renderer).svg

    def png(self) -> bytes:
        """Return the picture as PNG, twice as wide in pixels as its width says."""
        with override_language(self.language), Renderer() as renderer:
            return renderer.png(self._sheet(renderer).svg, SCALE)

    def _sheet(self, renderer: Renderer) -> SvgCanvas:
        room = self.width - 2 * _MARGIN
        chart = rendered(self.drawing, room, renderer)
        title = font_metrics.wrapped(self.title, _TITLE, room, 3, bold=True)
        words = font_metrics.wrapped(self.shown, _WORDS, room, 6)
        notes = [text for note in self.drawing.notes for text in font_metrics.wrapped(note, _NOTES, room, 6)]
        top = _MARGIN + 26 * len(title) + 17 * len(words) + 14
        height = top + chart.height + (12 + 15 * len(notes) if notes else 0) + _MARGIN
        sheet = SvgCanvas(self.width, height, self.language, self.title, f"{self.shown}. {self.drawing.alt}")
        y = _MARGIN + _TITLE * 0.8
        for text in title:
            sheet.text(_MARGIN, y, text, _TITLE, LIGHT.text, bold=True)
            y += 26
        sheet.lines(_MARGIN, y - 4, words, _WORDS, LIGHT.muted, 17)
        sheet.chart(chart, _MARGIN, top)
        sheet.lines(_MARGIN, top + chart.height + 22, notes, _NOTES, LIGHT.muted, 15)
        return sheet


def smaller_png(png: bytes) -> bytes:
    """Return an opaque picture with the same pixels in about a third of the bytes, as mails have little room."""
    from PIL import Image  # here, as the child that draws does without it

    packed = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").save(packed, "PNG", compress_level=6)
    return packed.getvalue()
