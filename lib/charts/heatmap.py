"""The week by the hour as a map of colors."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from lib.analytics.heatmap import Heatmap
from lib.catalog.metrics import Metric, Unit
from lib.charts.chart import Chart
from lib.charts.theme import AXIS, ChartTheme, apply_theme
from lib.i18n import locale, t
from lib.reports import formatting


def heatmap(found: Heatmap, metric: Metric, look: ChartTheme) -> Chart | None:
    """Draw a metric by weekday and hour; cells with few evaluations are pale. None where no cell has a value."""
    names = locale(look.language).days["stand-alone"]["abbreviated"]
    rows: list[dict[str, Any]] = []
    for cell in found.cells:
        value = metric.rounded(cell.sums)
        if value is None or not cell.sums["evaluations"]:
            continue
        ends = metric.interval(cell.sums)
        few = metric.unit is Unit.SCORE and metric.is_small_sample(cell.sums)
        rows.append(
            {
                "weekday": names[cell.weekday - 1],
                "hour": cell.hour,
                "hours": f"{cell.hour:02}:00–{cell.hour:02}:59",
                "value": float(value),
                "shown": formatting.metric(metric, cell.sums),
                "interval": formatting.interval(metric.unit, ends),
                "counted": formatting.count(cell.sums["evaluations"]),
                "few": few,
            }
        )
    if not rows:
        return None
    weekdays = list(dict.fromkeys(names[cell.weekday - 1] for cell in found.cells))
    enough = [row for row in rows if not row["few"]] or rows
    best, worst = (choose(enough, key=lambda row: row["value"]) for choose in (max, min))
    told = t(
        "Heat map of {metric} by weekday and hour: highest {high} on {best}, lowest {low} on {worst}.",
        metric=t(metric.label),
        high=best["shown"],
        best=f"{best['weekday']} {best['hours']}",
        low=worst["shown"],
        worst=f"{worst['weekday']} {worst['hours']}",
    )
    notes = (t("Small: few evaluations."),) if any(row["few"] for row in rows) else ()
    values = [row["value"] for row in enough]
    fews = frozenset(row["few"] for row in rows)
    spec = _spec(metric.label, metric.unit, look, tuple(weekdays), (min(values), max(values)), fews)
    return Chart(spec, {"rows": rows}, told, notes)


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
        alt.Tooltip("weekday:N", title=t("Weekday")),
        alt.Tooltip("hours:N", title=t("Hour")),
        alt.Tooltip("shown:N", title=t(label)),
        alt.Tooltip("interval:N", title=t("95 % interval")),
        alt.Tooltip("counted:N", title=t("Evaluations")),
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
        .encode(x=x, y=y, color=color, tooltip=tips)
        .transform_filter("!datum.few")
    )
    # What rests on little is drawn small, as a color alone would be read as a value.
    few = (
        rows.mark_square(size=70, opacity=0.9, stroke=colors.line, strokeWidth=1)
        .encode(x=x, y=y, fill=alt.Fill("value:Q", title=None, scale=ramp, legend=None), tooltip=tips)
        .transform_filter("datum.few")
    )
    layers = [*((cells,) if False in fews else ()), *((few,) if True in fews else ())]
    return apply_theme(alt.layer(*layers).properties(height=310, width="container"), look)
