"""The week by the hour as a map of colors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from lib.analytics.heatmap import Heatmap, estimate_cells
from lib.analytics.queries import Trend
from lib.catalog.metrics import Metric, Unit
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.charts.chart import PICK, Chart
from lib.charts.theme import AXIS, ChartTheme, apply_theme
from lib.i18n import locale, t
from lib.reports import catalog_words, formatting

LEAST_WIDTHS = {
    Unit.SCORE: 1.0,
    Unit.SHARE: 0.1,
    Unit.BALANCE: 0.2,
    Unit.SECONDS: 60.0,
    Unit.COUNT: 0.0,
    Unit.NUMBER: 0.0,
}
"""What the colors span at least, in each unit: what differs by less looks alike."""

_VALUES = {
    Unit.SCORE: (0.0, 10.0),
    Unit.SHARE: (0.0, 1.0),
    Unit.BALANCE: (-1.0, 1.0),
    Unit.NUMBER: (-math.inf, math.inf),
}
"""The least and the largest value of a unit; others have no largest one, and none below 0."""


def heatmap(found: Heatmap, metric: Metric, days: Trend, look: ChartTheme) -> Chart | None:
    """Draw a metric by weekday and hour; cells with few evaluations are small. None where no cell has a value.

    Colors are the estimates (`estimate_cells`), tooltips say the values as they are. An hour is named only where it
    stands out beyond chance, or is one of a count.
    """
    names = locale(look.language).days["stand-alone"]["abbreviated"]
    estimates = estimate_cells(found, metric, days)
    rows: list[dict[str, Any]] = []
    for estimate in estimates:
        cell = estimate.cell
        n = metric.n(cell.sums)
        rows.append(
            {
                "square": f"{cell.weekday} {cell.hour}",
                "weekday": names[cell.weekday - 1],
                "hour": cell.hour,
                "hours": formatting.hour(cell.hour),
                "value": estimate.value,
                "estimate": formatting.value(metric.unit, estimate.value),
                "shown": formatting.metric(metric, cell.sums),
                "interval": formatting.metric_interval(metric, metric.interval(cell.sums)),
                "counted": formatting.count(cell.sums["evaluations"] if n is None else n),
                "few": metric.is_small_sample(cell.sums),
            }
        )
    if not rows:
        return None
    weekdays = list(dict.fromkeys(names[cell.weekday - 1] for cell in found.cells))
    label = str(catalog_words.metric_label(metric))
    told = t("Heat map of {metric} by weekday and hour.", metric=label)
    sentence = _outstanding_hours(metric, rows, [estimate.stands_out for estimate in estimates])
    notes = [sentence] if sentence else []
    if metric.has_spread:
        notes.append(
            t(
                "Colors are pulled toward the average where there are few evaluations; the tooltip shows the actual "
                "value."
            )
        )
    if any(row["few"] for row in rows):
        notes.append(t("Small squares: under {least} evaluations.", least=FEW_EVALUATIONS))
    fews = frozenset(row["few"] for row in rows)
    ends = ends_of([row["value"] for row in rows], metric.unit)
    spec = _spec(label, metric.unit, look, tuple(weekdays), ends, fews)
    return Chart(spec, {"rows": rows}, f"{told} {sentence}".rstrip(), tuple(notes), "square")


def _outstanding_hours(metric: Metric, rows: Sequence[Mapping[str, Any]], stands_out: Sequence[int]) -> str:
    """Return which hours stand out, in a sentence; the most and the least of a count; else an empty text."""
    if metric.unit is Unit.COUNT:
        above, below = list(rows), list(rows)
    elif not metric.has_spread:
        return ""
    else:
        above, below = ([row for row, out in zip(rows, stands_out, strict=True) if out == side] for side in (1, -1))
    named: dict[str, str] = {}
    if above:
        best = max(above, key=lambda row: row["value"])
        named |= {"best": f"{best['weekday']} {best['hours']}", "high": best["shown"]}
    if below:
        worst = min(below, key=lambda row: row["value"])
        named |= {"worst": f"{worst['weekday']} {worst['hours']}", "low": worst["shown"]}
    if metric.unit is Unit.COUNT:
        return t("Most: {high} on {best}; fewest: {low} on {worst}.", **named)
    if above and below:
        return t("{best} ({high}) is significantly above the average, {worst} ({low}) significantly below it.", **named)
    if above:
        return t("{best} ({high}) is significantly above the average.", **named)
    if below:
        return t("{worst} ({low}) is significantly below the average.", **named)
    return t("No hour differs significantly from the average.")


def ends_of(values: Sequence[float], unit: Unit) -> tuple[float, float]:
    """Return what the colors span: all values, and LEAST_WIDTHS at least, but no value that there can't be."""
    low, high = min(values), max(values)
    width = max(high - low, LEAST_WIDTHS[unit])
    least, largest = _VALUES.get(unit, (0.0, math.inf))
    begin = min(max(least, (low + high - width) / 2), largest - width)
    return begin, begin + width


@lru_cache(maxsize=64)
def _spec(
    label: str,
    unit: Unit,
    look: ChartTheme,
    weekdays: tuple[str, ...],
    ends: tuple[float, float],
    fews: frozenset[bool],
) -> dict[str, Any]:
    colors = look.palette
    tips = [
        alt.Tooltip("weekday:N", title=t("Day of week")),
        alt.Tooltip("hours:N", title=t("Hour")),
        alt.Tooltip("shown:N", title=label),
        alt.Tooltip("interval:N", title=t("95 % CI")),
        alt.Tooltip("counted:N", title=t("Evaluations")),
        alt.Tooltip("estimate:N", title=t("Pulled toward the average")),
    ]
    days = alt.Axis(ticks=False, domain=False, labelOverlap=False)
    hours = alt.Axis(labelAngle=0, ticks=False, domain=False)
    rows = alt.Chart(alt.NamedData("rows"))
    x = alt.X("hour:O", title=t("Hour"), scale=alt.Scale(domain=list(range(24))), axis=hours)
    y = alt.Y("weekday:O", sort=list(weekdays), scale=alt.Scale(domain=list(weekdays)), title=None, axis=days)
    ramp = alt.Scale(range=list(colors.ramp), domain=list(ends), clamp=True)
    color = alt.Color(
        "value:Q",
        title=None,
        scale=ramp,
        legend=alt.Legend(orient="top", format=AXIS[unit], gradientLength=180, gradientThickness=10),
    )
    cells = (
        rows.mark_rect(cornerRadius=3, stroke=colors.panel, strokeWidth=2)
        .encode(x=x, y=y, color=color)
        .transform_filter("!datum.few")
    )
    # What rests on little is drawn small, as a color alone would be read as a value.
    few = (
        rows.mark_square(size=70, opacity=0.9, stroke=colors.line, strokeWidth=1)
        .encode(x=x, y=y, fill=alt.Fill("value:Q", title=None, scale=ramp, legend=None))
        .transform_filter("datum.few")
    )
    # A small square is pointed at as easily as a large one.
    whole = (
        rows.mark_rect(opacity=0.001)
        .encode(x=x, y=y, tooltip=tips)
        .add_params(alt.selection_point(name=PICK, fields=["square"], on="click", clear=False))
    )
    layers = [*((cells,) if False in fews else ()), *((few,) if True in fews else ()), whole]
    return apply_theme(alt.layer(*layers).properties(height=310, width="container"), look)
