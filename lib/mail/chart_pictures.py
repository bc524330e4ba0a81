"""Charts as pictures in a mail: light, in the width of a mail, at twice their size for sharp screens."""

from __future__ import annotations

from dataclasses import replace

from lib.charts.chart import Chart
from lib.charts.draw import draw
from lib.charts.image import SCALE, smaller_png
from lib.charts.render_process import Renderer
from lib.charts.svg_canvas import SvgCanvas, rendered
from lib.charts.theme import LIGHT, ChartTheme
from lib.i18n import current
from lib.mail.content import InlinePicture
from lib.mail.model import MailPicture
from lib.mail.texts import say
from lib.reports.figures import ControlChartFigure, Figure, TrendFigure

SHOWN_WIDTH = 552
"""Pixels that a picture takes in a mail; on phones it shrinks."""

_DRAWN_WIDTH = 470
"""Pixels that it is drawn in: fewer than it takes, so that its letters can be read on a phone."""

_MARGIN = 10
_FLATNESS = 0.75
"""The height of a trend, as a part of its height on a screen."""


class ChartPictures:
    """The pictures of a mail, drawn one by one."""

    def __init__(self, renderer: Renderer) -> None:
        """Begin without pictures; the renderer is open as long as some are drawn."""
        self._renderer = renderer
        self._pictures: list[InlinePicture] = []

    @property
    def all(self) -> tuple[InlinePicture, ...]:
        """The pictures that were drawn."""
        return tuple(self._pictures)

    def add(self, figure: Figure, title: str) -> MailPicture | None:
        """Draw what a chart is of; None where there is nothing to draw. Raises RenderingError."""
        chart = draw(_flat(figure), ChartTheme(LIGHT, current()))
        if chart is None:
            return None
        content_id = f"chart{len(self._pictures) + 1}@callboard"
        png, width, height = self._png(chart, title)
        self._pictures.append(InlinePicture(content_id, png))
        return MailPicture(content_id, width, height, say(chart.alt), tuple(map(say, chart.notes)))

    def _png(self, chart: Chart, title: str) -> tuple[bytes, int, int]:
        """Return a picture and the size that it is shown in: half of its pixels."""
        drawing = rendered(chart, _DRAWN_WIDTH - 2 * _MARGIN, self._renderer)
        canvas = SvgCanvas(_DRAWN_WIDTH, drawing.height + 2 * _MARGIN, current(), title, chart.alt)
        canvas.chart(drawing, _MARGIN, _MARGIN)
        png = smaller_png(self._renderer.png(canvas.svg, SCALE * SHOWN_WIDTH / _DRAWN_WIDTH))
        width, height = (int.from_bytes(png[first : first + 4], "big") for first in (16, 20))  # of a PNG's first chunk
        return png, width // SCALE, height // SCALE


def _flat(figure: Figure) -> Figure:
    if isinstance(figure, TrendFigure | ControlChartFigure):
        return replace(figure, height=int(figure.height * _FLATNESS))
    return figure
