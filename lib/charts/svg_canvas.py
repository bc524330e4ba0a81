"""A sheet of drawing paper: text, boxes, lines and charts at their places, as one SVG.

Everything goes through an element tree, so whatever users called their campaigns comes out as text. Lengths are in the
SVG's unit: a pixel of a picture, a point of a printed page.
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
    rows = {name: map_texts(list(found), held) for name, found in drawing.data.items()}
    spec = _light(map_texts(drawing.spec, held))
    spec |= {"datasets": rows, "width": width, "autosize": {"type": "fit", "contains": "padding"}, "padding": 0}
    spec["config"] = {**spec.get("config", {}), "background": None, "font": font_metrics.FAMILY}
    root = ET.fromstring(renderer.chart(spec))  # noqa: S314 - our own child's, which escapes what users wrote
    width, height = float(root.get("width", width)), float(root.get("height", 0))
    chart = Rendered(root, width, height)
    if not any(drawing.data.values()):
        words = ET.SubElement(root, _tag("text"), _text(width / 2, height / 2, 13, LIGHT.muted, False, "middle"))
        words.text = t("Nothing to show.")
    return chart


class SvgCanvas:
    """One sheet of a size, in the light palette."""

    def __init__(self, width: float, height: float, language: str, label: str = "", told: str = "") -> None:
        """Lay out an empty sheet. Who can't see it is told its label and what is to be seen."""
        self.width, self.height = width, height
        size = {
            "width": _number(width),
            "height": _number(height),
            "viewBox": f"0 0 {_number(width)} {_number(height)}",
        }
        self._root = ET.Element(_tag("svg"), {**size, "xml:lang": language, "font-family": font_metrics.FAMILY})
        if label:
            self._root.set("role", "img")
            self._root.set("aria-label", font_metrics.line(f"{label}. {told}"))
            ET.SubElement(self._root, _tag("title")).text = font_metrics.line(label)
            ET.SubElement(self._root, _tag("desc")).text = font_metrics.line(told)
        self._charts = 0
        self.box(0, 0, width, height, fill=LIGHT.panel)

    @property
    def svg(self) -> str:
        """The sheet as SVG."""
        return ET.tostring(self._root, encoding="unicode")

    def text(
        self, x: float, y: float, text: str, size: float, color: str, bold: bool = False, anchor: str = "start"
    ) -> None:
        """Write one line with its baseline at y; the anchor says which end of it is at x."""
        ET.SubElement(self._root, _tag("text"), _text(x, y, size, color, bold, anchor)).text = font_metrics.line(text)

    def lines(self, x: float, y: float, lines: Sequence[str], size: float, color: str, leading: float) -> float:
        """Write lines below each other, the first with its baseline at y; return where the next one would be."""
        for text in lines:
            self.text(x, y, text, size, color)
            y += leading
        return y

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        stroke: str = "none",
        radius: float = 0,
    ) -> None:
        """Draw a rectangle."""
        place = {"x": x, "y": y, "width": max(0.0, width), "height": max(0.0, height), "rx": radius}
        shape = {name: _number(value) for name, value in place.items()}
        ET.SubElement(self._root, _tag("rect"), {**shape, "fill": fill, "stroke": stroke, "stroke-width": "0.75"})

    def rule(self, x: float, y: float, end: float, color: str, weight: float = 0.6) -> None:
        """Draw a horizontal line."""
        ends = {"x1": _number(x), "x2": _number(end), "y1": _number(y), "y2": _number(y)}
        ET.SubElement(self._root, _tag("line"), {**ends, "stroke": color, "stroke-width": _number(weight)})

    def curve(self, points: Sequence[tuple[float, float]], color: str) -> None:
        """Draw a line through points."""
        path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        look = {"fill": "none", "stroke": color, "stroke-width": "1", "stroke-linejoin": "round"}
        ET.SubElement(self._root, _tag("polyline"), {"points": path, **look})

    def chart(self, chart: Rendered, x: float, y: float, scale: float = 1) -> None:
        """Put a chart on the sheet."""
        self._charts += 1
        for element in chart.root.iter():
            for name, value in element.attrib.items():
                # Each chart counts its clipping paths from 0; on one sheet they must be told apart.
                if name == "id":
                    element.set(name, f"c{self._charts}-{value}")
                elif value.startswith("url(#"):
                    element.set(name, f"url(#c{self._charts}-{value[5:]}")
        root = ET.SubElement(self._root, _tag("svg"))
        place = {"x": x, "y": y, "width": chart.width * scale, "height": chart.height * scale}
        root.attrib = {name: _number(value) for name, value in place.items()}
        root.set("viewBox", f"0 0 {_number(chart.width)} {_number(chart.height)}")
        root.extend(chart.root)


def _tag(name: str) -> str:
    return f"{{{SVG}}}{name}"


def _text(x: float, y: float, size: float, color: str, bold: bool, anchor: str) -> dict[str, str]:
    look = {"x": _number(x), "y": _number(y), "font-size": _number(size), "fill": color}
    if bold:
        look["font-weight"] = "bold"
    if anchor != "start":
        look["text-anchor"] = anchor
    return look


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
