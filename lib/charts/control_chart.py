"""A metric over time within its usual range: limits, points outside, and where its level changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt

from lib.analytics.calendar import Granularity
from lib.analytics.control_charts import ControlChart
from lib.catalog.metrics import Metric
from lib.charts.chart import PICK, Chart, Rows
from lib.charts.theme import ChartTheme, TickStyle, apply_theme, tick_style
from lib.charts.trend import ENDS, MANY_POINTS, pinned, ticks
from lib.i18n import t
from lib.reports import catalog_words, formatting
from lib.reports.figures import TrendNote

INSIDE, OUTSIDE, RUN = "within", "outside", "in a run"
"""What a point is."""


def control_chart(
    chart: ControlChart,
    granularity: Granularity,
    look: ChartTheme,
    *,
    notes: Iterable[TrendNote] = (),
    height: int = 300,
) -> Chart:
    """Draw the points that take part, with the usual range of each behind them."""
    rows = [_row(chart, place, granularity) for place in range(len(chart.points))]
    levels, changes = _change(chart)
    pins = pinned(chart.points, notes)
    data: dict[str, Rows] = {
        "rows": rows,
        "center": [{"value": chart.limits.center}],
        "levels": levels,
        "changes": changes,
        "notes": pins,
    }
    drawn = _ControlLayers(
        few_points=len(rows) <= MANY_POINTS,
        change=bool(changes),
        notes=bool(pins),
        ticks=tick_style(chart.metric.unit, [row[end] for row in rows for end in ENDS]),
    )
    spec = _spec(chart.metric, granularity, look, drawn, height)
    spec = {**spec, "params": [*spec.get("params", []), ticks([point.bucket.first for point in chart.points])]}
    alt_text = t(
        "Control chart: {metric}, points: {count}, outside the usual range: {outside}.",
        metric=catalog_words.metric_label(chart.metric),
        count=len(rows),
        outside=len(chart.limits.outside),
    )
    words = t(
        "Shaded: usual range, around the average. Orange diamonds: outside of it. Points with few evaluations are "
        "left out."
    )
    if chart.limits.runs:
        words += " " + t("Large dots: long rows on one side of the average.")
    if changes:
        words += " " + t("Violet: the days between which the level changed, and the levels before and after.")
    return Chart(spec, data, alt_text, (words,), "first")


def _row(chart: ControlChart, place: int, granularity: Granularity) -> dict[str, Any]:
    point, metric = chart.points[place], chart.metric
    low, high = chart.usual_range(place)
    first = point.bucket.first.isoformat()
    in_run = any(begins <= place <= ends for begins, ends in chart.limits.runs)
    return {
        "first": first,
        "date": first,
        "bucket": formatting.bucket(point.bucket.first, granularity),
        "value": float(metric.value(point.sums) or 0),
        "shown": formatting.metric(metric, point.sums),
        "low": low,
        "high": high,
        "usual": formatting.metric_interval(metric, (low, high)),
        "counted": formatting.count(point.sums["evaluations"]),
        "kind": OUTSIDE if place in chart.limits.outside else RUN if in_run else INSIDE,
    }


def _change(chart: ControlChart) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the ends of both levels, and the days between which the one became the other."""
    change = chart.change
    if change is None:
        return [], []
    first, last = (chart.points[place].bucket for place in (0, -1))
    at = chart.points[change.place].bucket.first.isoformat()
    levels = [
        {"level": level, "date": date, "value": value}
        for level, value, dates in (
            ("before", change.before, (first.first.isoformat(), at)),
            ("after", change.after, (at, last.first.isoformat())),
        )
        for date in dates
    ]
    earliest, latest = chart.points[change.earliest].bucket.first, chart.points[change.latest].bucket.last
    return levels, [{"at": at, "from": earliest.isoformat(), "to": latest.isoformat()}]


@dataclass(frozen=True, slots=True)
class _ControlLayers:
    """What a drawing has besides points and limits: a layer without marks would be one without words."""

    few_points: bool
    change: bool
    notes: bool
    ticks: TickStyle


@lru_cache(maxsize=256)
def _spec(
    metric: Metric, granularity: Granularity, look: ChartTheme, drawn: _ControlLayers, height: int
) -> dict[str, Any]:
    colors = look.palette
    label = str(catalog_words.metric_label(metric))
    scale = alt.Scale(zero=False)
    dates = "%b %Y" if granularity is Granularity.MONTHLY else "%-d %b"
    time = alt.Scale(type="utc")
    axis = alt.Axis(grid=False, labelOverlap=True, values=alt.ExprRef("ticks"), format=dates)
    x = alt.X("date:T", title=None, scale=time, axis=axis)
    values = alt.Axis(format=drawn.ticks.format, tickCount=5, tickMinStep=drawn.ticks.step)
    y = alt.Y("value:Q", title=label, scale=scale, axis=values)
    rows, violet = alt.Chart(alt.NamedData("rows")), colors.series[2]
    tips = [
        alt.Tooltip("bucket:N", title=t("When")),
        alt.Tooltip("shown:N", title=label),
        alt.Tooltip("usual:N", title=t("Usual range")),
        alt.Tooltip("counted:N", title=t("Evaluations")),
    ]
    changes, levels = alt.Chart(alt.NamedData("changes")), alt.Chart(alt.NamedData("levels"))
    notes = alt.Chart(alt.NamedData("notes"))
    note = [alt.Tooltip("when:N", title=t("When")), alt.Tooltip("text:N", title=t("Note"))]
    limit: dict[str, Any] = {"color": colors.muted, "strokeWidth": 1, "strokeDash": [4, 3]}
    ends = [
        rows.mark_line(**limit).encode(x=x, y=alt.Y(f"{end}:Q", title=label, scale=scale)) for end in ("low", "high")
    ]
    kind = alt.datum.kind
    layers: list[Any] = []
    if drawn.notes:
        layers.append(notes.mark_rule(color=colors.muted, strokeDash=[2, 3]).encode(x=x, tooltip=note))
    if drawn.change:
        start, at = (alt.X(f"{field}:T", title=None, scale=time, axis=axis) for field in ("from", "at"))
        layers += [
            changes.mark_rect(color=violet, opacity=0.16).encode(x=start, x2="to:T"),
            changes.mark_rule(color=violet, strokeWidth=2).encode(x=at),
        ]
    layers += [
        rows.mark_area(opacity=0.1, color=colors.muted).encode(
            x=x, y=alt.Y("low:Q", title=label, scale=scale), y2="high:Q"
        ),
        *ends,
        alt.Chart(alt.NamedData("center")).mark_rule(color=colors.muted).encode(y=y),
        rows.mark_line(strokeWidth=1.5, color=colors.accent).encode(x=x, y=y),
    ]
    if drawn.change:
        layers.append(levels.mark_line(strokeWidth=3, color=violet).encode(x=x, y=y, detail="level:N"))
    layers.append(
        rows.mark_point(filled=True, opacity=1)
        .encode(
            x=x,
            y=y,
            tooltip=tips,
            color=alt.condition(kind == OUTSIDE, alt.value(colors.negative), alt.value(colors.accent)),
            shape=alt.condition(kind == OUTSIDE, alt.value("diamond"), alt.value("circle")),
            size=alt.condition(kind == INSIDE, alt.value(30), alt.value(110)),
            opacity=alt.condition(kind == INSIDE, alt.value(1.0 if drawn.few_points else 0.001), alt.value(1.0)),
        )
        .add_params(alt.selection_point(name=PICK, fields=["first"], on="click", clear=False))
    )
    return apply_theme(alt.layer(*layers).properties(height=height, width="container"), look)
