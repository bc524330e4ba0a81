"""The colors of one mode, and how all charts are dressed in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import altair as alt

from lib.catalog.metrics import Unit
from lib.i18n import locale, override_language, t
from lib.reports.page import Tone

AXIS = {
    Unit.COUNT: ",.0f",
    Unit.SCORE: ".1f",
    Unit.SHARE: "~%",
    Unit.BALANCE: "+.1f",
    Unit.SECONDS: ",d",
    Unit.NUMBER: ",.2~f",
}
"""How d3 writes a unit's values along an axis."""

LEGEND_LABEL_WIDTH = 220
"""Pixels that a name of a legend has; a longer one is shortened."""

STEPS = {Unit.COUNT: 1, Unit.SCORE: 0.1, Unit.SHARE: 0.01, Unit.BALANCE: 0.1, Unit.SECONDS: 1, Unit.NUMBER: 0.01}
"""How far ticks lie apart at least, so that no label stands twice."""

_FINE_AXIS = {Unit.SCORE: ".2f", Unit.SHARE: "~%", Unit.BALANCE: "+.2f"}
_FINE_STEPS = {Unit.SCORE: 0.01, Unit.SHARE: 0.001, Unit.BALANCE: 0.01}
"""The same along an axis so short that it would have next to no ticks."""

_FEW_STEPS = 4
"""So many steps and fewer make an axis short."""


@dataclass(frozen=True, slots=True)
class TickStyle:
    """How d3 writes the ticks of an axis, and how far they lie apart at least: no label stands twice."""

    format: str
    step: float


def tick_style(unit: Unit, values: Iterable[float | None]) -> TickStyle:
    """Return how the ticks of an axis with these values look: with more decimals where they lie close together."""
    known = [value for value in values if value is not None]
    span = max(known) - min(known) if known else 0.0
    if unit in _FINE_STEPS and known and span <= _FEW_STEPS * STEPS[unit]:
        return TickStyle(_FINE_AXIS[unit], _FINE_STEPS[unit])
    return TickStyle(AXIS[unit], STEPS[unit])


@dataclass(frozen=True, slots=True)
class Palette:
    """Colors of one mode. Sentiments and changes can be told apart by the color-blind."""

    text: str
    muted: str
    line: str
    panel: str
    accent: str
    positive: str
    neutral: str
    negative: str
    band: str
    compared: str
    series: tuple[str, ...]
    ramp: tuple[str, ...]  # from little to much; the first can be told from the background, where nothing is

    def of(self, tone: Tone) -> str:
        """Return the color of a part of a whole."""
        color: str = getattr(self, tone.value)
        return color


LIGHT = Palette(
    "#16242b",
    "#55656d",
    "#d7e0e2",
    "#ffffff",
    "#0b6e6e",
    "#0b6e6e",
    "#a9b5bc",
    "#b44c12",
    "#0b6e6e",
    "#94a3ab",
    ("#0b6e6e", "#b44c12", "#5b5fc7", "#8a6d00", "#a1356f", "#2f7d32", "#3b6ea8", "#7a4a2b", "#6b7780"),
    ("#b2d4d0", "#84beb9", "#52a49e", "#2f8f8b", "#0b6e6e", "#064747"),
)
DARK = Palette(
    "#e6eef0",
    "#a3b3ba",
    "#2d3c44",
    "#172127",
    "#5cc8bd",
    "#5cc8bd",
    "#7b8a92",
    "#f0935a",
    "#5cc8bd",
    "#6f8089",
    ("#5cc8bd", "#f0935a", "#a3a6f5", "#d9b94a", "#e58bb8", "#86c98a", "#86b4e6", "#c9a184", "#a9b5bc"),
    ("#2a5257", "#2c6869", "#2f827e", "#3fa39c", "#5cc8bd", "#b4efe8"),
)


@dataclass(frozen=True, slots=True)
class ChartTheme:
    """What a drawing is dressed in: colors and language."""

    palette: Palette
    language: str = "en"


def placed(field: str = "name") -> alt.Y:
    """Return the axis of rows that each have a line of their own, in the order of their `place`."""
    return alt.Y(
        f"{field}:N",
        sort=alt.EncodingSortField("place", op="min", order="ascending"),
        title=None,
        axis=alt.Axis(labelLimit=210, labelOverlap=False, grid=False, ticks=False, domain=False),
    )


def apply_theme(chart: Any, look: ChartTheme) -> dict[str, Any]:
    """Return a chart's Vega-Lite in the look: quiet axes, no frame, numbers and dates of the language.

    Vega has words of its own for screen readers, in English alone: `X-axis for a utc scale`, `symbol mark`. Axes,
    legends and lines, which the chart's own description says more of, have none; points and bars have ours.
    """
    colors = look.palette
    spec: dict[str, Any] = (
        chart.configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=colors.muted,
            titleColor=colors.muted,
            gridColor=colors.line,
            domainColor=colors.line,
            tickColor=colors.line,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
        )
        .configure_legend(
            labelColor=colors.text, titleColor=colors.muted, labelFontSize=12, labelLimit=LEGEND_LABEL_WIDTH
        )
        .to_dict()
    )
    spec["padding"] = {"left": 4, "right": 4, "top": 4, "bottom": 2}
    spec["config"]["locale"] = _locale(look.language)
    for unspoken in ("axis", "legend", "line", "area", "rule", "text"):
        spec["config"].setdefault(unspoken, {})["aria"] = False
    with override_language(look.language):
        spec["config"]["mark"] = {"ariaRoleDescription": t("data point")}
    return spec


def _locale(language: str) -> dict[str, Any]:
    rules = locale(language)
    symbols = rules.number_symbols["latn"]
    months, days = rules.months["format"], rules.days["format"]
    return {
        "number": {"decimal": symbols["decimal"], "thousands": symbols["group"], "grouping": [3], "currency": ["", ""]},
        "time": {
            "dateTime": "%x, %X",
            "date": "%d/%m/%Y",
            "time": "%H:%M:%S",
            "periods": ["AM", "PM"],
            # Vega's weeks begin on Sunday, Babel's on Monday.
            "days": [days["wide"][(number - 1) % 7] for number in range(7)],
            "shortDays": [days["abbreviated"][(number - 1) % 7] for number in range(7)],
            "months": [months["wide"][number] for number in range(1, 13)],
            "shortMonths": [months["abbreviated"][number] for number in range(1, 13)],
        },
    }
