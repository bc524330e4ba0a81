"""A picture: lines of text and a chart at their places, as one SVG.

Everything goes through an element tree, so whatever users called their campaigns comes out as text. Lengths are in
pixels of the picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from lib.charts import font_metrics
from lib.charts.chart import Chart
from lib.charts.font_metrics import held
from lib.charts.render_process import Renderer
from lib.charts.theme import DARK, LIGHT, Palette
from lib.i18n import t

_LABEL_SIZE, _LABEL_ROOM = 12, 180
"""Pixels of a label's letters, and those that it may take: less than where Vega cuts (`theme.py`)."""

SVG = "http://www.w3.org/2000/svg"
ET.register_namespace("", SVG)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A chart that has been drawn: its SVG and its size."""

    root: ET.Element
    width: float
    height: float


def rendered(drawing: Chart, width: float, renderer: Renderer) -> Rendered:
    """Draw a chart that is so many pixels wide with its axes, in light colors whatever it is dressed in."""
    rows = {name: map_texts(list(found), _drawable) for name, found in drawing.data.items()}
    spec = _light(map_texts(drawing.spec, _drawable))
    spec |= {"datasets": rows, "width": width, "autosize": {"type": "fit", "contains": "padding"}, "padding": 0}
    spec["config"] = {**spec.get("config", {}), "background": None, "font": font_metrics.FAMILY}
    root = ET.fromstring(renderer.chart(spec))  # noqa: S314 - our own child's, which escapes what users wrote
    width, height = float(root.get("width", width)), float(root.get("height", 0))
    chart = Rendered(root, width, height)
    if not any(drawing.data.values()):
        words = ET.SubElement(root, _tag("text"), _text(width / 2, height / 2, 13, LIGHT.muted))
        words.set("text-anchor", "middle")
        words.text = t("Nothing to show.")
    return chart


def _drawable(text: str) -> str:
    """Return a text as Vega can draw it: it cuts long labels, and would cut in the middle of an emoji."""
    is_halved = max(text, default="") > "\uffff"
    return font_metrics.cut(text, _LABEL_SIZE, _LABEL_ROOM) if is_halved else held(text)


class SvgCanvas:
    """A picture of a size, in the light palette."""

    def __init__(self, width: float, height: float, language: str, label: str, description: str) -> None:
        """Lay out an empty picture. Who can't see it is told its label and what is to be seen."""
        size = {"width": _number(width), "height": _number(height)}
        view = {"viewBox": f"0 0 {_number(width)} {_number(height)}"}
        spoken = {"role": "img", "aria-label": font_metrics.line(f"{label}. {description}"), "xml:lang": language}
        self._root = ET.Element(_tag("svg"), {**size, **view, **spoken, "font-family": font_metrics.FAMILY})
        ET.SubElement(self._root, _tag("title")).text = font_metrics.line(label)
        ET.SubElement(self._root, _tag("desc")).text = font_metrics.line(description)
        ET.SubElement(self._root, _tag("rect"), {**size, "fill": LIGHT.panel})

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return ET.tostring(self._root, encoding="unicode")

    def text(self, x: float, y: float, text: str, size: float, color: str, bold: bool = False) -> None:
        """Write one line with its baseline at y."""
        ET.SubElement(self._root, _tag("text"), _text(x, y, size, color, bold)).text = font_metrics.line(text)

    def lines(self, x: float, y: float, lines: Sequence[str], size: float, color: str, leading: float) -> None:
        """Write lines below each other, the first with its baseline at y."""
        for place, text in enumerate(lines):
            self.text(x, y + place * leading, text, size, color)

    def chart(self, chart: Rendered, x: float, y: float) -> None:
        """Put a chart on the picture."""
        place = {"x": x, "y": y, "width": chart.width, "height": chart.height}
        look = {name: _number(value) for name, value in place.items()} | {"overflow": "visible"}  # letters hang over
        root = ET.SubElement(self._root, _tag("svg"), look)
        root.extend(chart.root)


def _tag(name: str) -> str:
    return f"{{{SVG}}}{name}"


def _text(x: float, y: float, size: float, color: str, bold: bool = False) -> dict[str, str]:
    look = {"x": _number(x), "y": _number(y), "font-size": _number(size), "fill": color}
    return look | ({"font-weight": "bold"} if bold else {})


def _number(value: float) -> str:
    return re.sub(r"\.?0+$", "", f"{value:.2f}")


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value of JSON with each text in it, also those that are names, as a function changes it."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(name): map_texts(each, change) for name, each in value.items()}
    return [map_texts(each, change) for each in value] if isinstance(value, list | tuple) else value


def _light(value: Any, name: str = "") -> Any:
    """Return a chart's Vega-Lite with each color of the dark palette as the light one has it."""
    if isinstance(value, dict):
        return {key: _light(each, key) for key, each in value.items()}
    if isinstance(value, list) and name != "domain":  # where names of users stand
        return [_light(each) for each in value]
    return _TO_LIGHT.get(value, value) if isinstance(value, str) else value


def _colors(palette: Palette) -> list[str]:
    named = [getattr(palette, name) for name in Palette.__dataclass_fields__]
    return [color for each in named for color in (each if isinstance(each, tuple) else (each,))]


_TO_LIGHT = dict(zip(_colors(DARK), _colors(LIGHT), strict=True))
