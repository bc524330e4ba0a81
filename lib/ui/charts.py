"""Charts: Altair, with tooltips, in the colours of the visitor's mode. Frames in, a chart drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from lib.analytics import statistics
from lib.analytics.calendar import Granularity
from lib.analytics.measures import FEW_EVALUATIONS, METRICS, Metric, Sums, Unit, rounded
from lib.analytics.queries import Group, Trend
from lib.codes import HISTOGRAM_BINS, SCORE_SCALE
from lib.ui import format
from lib.ui.style import palette

_FORMATS = {Unit.COUNT: ",d", Unit.SCORE: ".2f", Unit.SHARE: ".1%", Unit.BALANCE: "+.2f", Unit.SECONDS: ",d"}
_AXIS = {Unit.COUNT: "~s", Unit.SCORE: ".1f", Unit.SHARE: "~%", Unit.BALANCE: "+.1f", Unit.SECONDS: ",d"}


def granularity_toggle() -> None:
    """Draw the choice between days, weeks and months."""
    st.segmented_control(
        "Granularity",
        [each.value for each in Granularity],
        format_func=str.capitalize,
        key="granularity",
        label_visibility="collapsed",
        required=True,
    )


def trend(course: Trend, metric: Metric, height: int = 300) -> None:
    """Draw a metric over time: its interval as a band, partial buckets hollow, gaps left open; volume below."""
    colours = palette()
    frame = pd.DataFrame(
        [
            {
                "date": pd.Timestamp(point.bucket.first),
                "bucket": format.bucket(point.bucket.first, course.granularity)
                + (" (partial)" if point.bucket.partial else ""),
                "value": metric.rounded(point.sums),
                "shown": format.metric(metric, point.sums),
                "low": ends[0] if ends else None,
                "high": ends[1] if ends else None,
                "interval": format.interval(metric.unit, ends),
                "evaluations": point.sums.evaluations,
                "partial": point.bucket.partial,
            }
            for point in course.points
            for ends in [metric.interval(point.sums) if metric.interval else None]
        ]
    )
    zero = metric.unit in (Unit.COUNT, Unit.SHARE)
    x = alt.X("date:T", title=None, axis=alt.Axis(grid=False, labelOverlap=True, tickCount=8))
    y = alt.Y(
        "value:Q", title=metric.label, scale=alt.Scale(zero=zero), axis=alt.Axis(format=_AXIS[metric.unit], tickCount=5)
    )
    tips = [alt.Tooltip("bucket:N", title="When"), alt.Tooltip("shown:N", title=metric.label)]
    if metric.interval:
        tips.append(alt.Tooltip("interval:N", title="95 % interval"))
    tips.append(alt.Tooltip("evaluations:Q", title="Evaluations", format=",d"))
    base = alt.Chart(frame)
    layers: list[alt.Chart] = []
    if metric.interval and not frame["low"].isna().all():
        layers.append(
            base.mark_area(opacity=0.16, color=colours.band).encode(
                x=x, y=alt.Y("low:Q", title=metric.label, scale=alt.Scale(zero=zero)), y2="high:Q"
            )
        )
    layers.append(
        base.mark_line(color=colours.accent, strokeWidth=2, invalid="break-paths-show-domains").encode(x=x, y=y)
    )
    few_points = len(frame) <= 62
    layers.append(
        base.mark_point(
            filled=True, size=42 if few_points else 14, color=colours.accent, opacity=1 if few_points else 0.001
        )
        .encode(x=x, y=y, tooltip=tips)
        .transform_filter("datum.partial == false")
    )
    layers.append(
        base.mark_point(filled=False, size=46, strokeWidth=2, color=colours.accent)
        .encode(x=x, y=y, tooltip=tips)
        .transform_filter("datum.partial == true")
    )
    top = alt.layer(*layers).properties(height=height, width="container")
    told = f"{metric.label} by {course.granularity.value.removesuffix('ly').replace('dai', 'day')}"
    st.altair_chart(_dressed(top), width="stretch", alt=f"Line chart: {told}, {len(frame)} points")
    if frame["partial"].any():
        st.caption("Hollow points are weeks or months that the period, or today, cuts short.")


def distribution(counts: Sequence[int], height: int = 220) -> None:
    """Draw how many evaluations have each score, in bins of half a point."""
    colours = palette()
    width = 10 / HISTOGRAM_BINS
    frame = pd.DataFrame(
        [
            {
                "from": number * width,
                "to": (number + 1) * width,
                "count": count,
                "label": f"{number * width:g} to {(number + 1) * width:g}",
            }
            for number, count in enumerate(counts)
        ]
    )
    bars = (
        alt.Chart(frame)
        .mark_rect(color=colours.accent, stroke=colours.panel, strokeWidth=1)
        .encode(
            x=alt.X("from:Q", title="Score", scale=alt.Scale(domain=[0, 10]), axis=alt.Axis(tickCount=10, grid=False)),
            x2="to:Q",
            y=alt.Y("count:Q", title="Evaluations", axis=alt.Axis(format="~s", tickCount=4)),
            y2=alt.datum(0),
            tooltip=[alt.Tooltip("label:N", title="Score"), alt.Tooltip("count:Q", title="Evaluations", format=",d")],
        )
        .properties(height=height, width="container")
    )
    st.altair_chart(_dressed(bars), width="stretch", alt="Histogram of scores in bins of half a point")


def ranking(groups: Sequence[Group], label: str, most: int = 25) -> None:
    """Draw the average score of each group with its interval; groups with few evaluations are hollow."""
    colours = palette()
    metric = METRICS["averageScore"]
    scored = [group for group in groups if group.sums.scored][:most]
    if not scored:
        st.html('<p class="cb-note">No group has a score.</p>')
        return
    frame = pd.DataFrame(
        [
            {
                "name": group.named.name,
                "value": metric.rounded(group.sums),
                "low": ends[0],
                "high": ends[1],
                "interval": format.interval(metric.unit, metric.interval(group.sums) if metric.interval else None),
                "scored": group.sums.scored,
                "few": "few evaluations" if group.sums.few else "enough evaluations",
            }
            for group in scored
            for ends in [(metric.interval(group.sums) if metric.interval else None) or (None, None)]
        ]
    )
    order = list(frame.sort_values("value", ascending=False)["name"])
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=210, grid=False, ticks=False, domain=False))
    tips = [
        alt.Tooltip("name:N", title=label),
        alt.Tooltip("value:Q", title="Average score", format=".2f"),
        alt.Tooltip("interval:N", title="95 % interval"),
        alt.Tooltip("scored:Q", title="Scored", format=",d"),
        alt.Tooltip("few:N", title="Note"),
    ]
    x = alt.X(
        "value:Q", title="Average score with 95 % interval", scale=alt.Scale(zero=False), axis=alt.Axis(format=".1f")
    )
    rule = (
        alt.Chart(frame)
        .mark_rule(color=colours.muted, strokeWidth=2)
        .encode(y=y, x=alt.X("low:Q", scale=alt.Scale(zero=False)), x2="high:Q", tooltip=tips)
        .transform_filter("datum.few == 'enough evaluations'")
    )
    solid = (
        alt.Chart(frame)
        .mark_point(filled=True, size=80, color=colours.accent, opacity=1)
        .encode(y=y, x=x, tooltip=tips)
        .transform_filter("datum.few == 'enough evaluations'")
    )
    hollow = (
        alt.Chart(frame)
        .mark_point(filled=False, size=70, strokeWidth=2, color=colours.muted, opacity=1)
        .encode(y=y, x=x, tooltip=tips)
        .transform_filter("datum.few == 'few evaluations'")
    )
    chart = alt.layer(rule, solid, hollow).properties(height=max(90, 28 * len(frame)), width="container")
    st.altair_chart(_dressed(chart), width="stretch", alt=f"Average score by {label.lower()} with 95 % intervals")
    if len(groups) > most:
        st.caption(f"The {most} with the most evaluations; the table has all {len(groups)}.")
    if (frame["few"] == "few evaluations").any():
        st.caption(f"Hollow: fewer than {FEW_EVALUATIONS} scored evaluations, too few to rank.")


def funnel(groups: Sequence[Group], total: Sums, label: str) -> None:
    """Draw volume against score with the limits that chance alone would keep 95 % and 99.8 % of the groups within."""
    colours = palette()
    deviation = statistics.standard_deviation(total.scored, total.score_sum, total.score_square_sum, SCORE_SCALE)
    scored = [group for group in groups if group.sums.scored]
    if deviation is None or len(scored) < 3:
        return
    mean = total.score_sum / (total.scored * SCORE_SCALE)
    most = max(group.sums.scored for group in scored)
    steps = sorted({max(2, round(most * (step / 60) ** 2)) for step in range(1, 61)})
    limits = pd.DataFrame(
        [
            {"scored": n, "low95": a[0], "high95": a[1], "low998": b[0], "high998": b[1]}
            for n in steps
            for a, b in [
                (
                    statistics.control_limits(mean, deviation, n, 0.95),
                    statistics.control_limits(mean, deviation, n, 0.998),
                )
            ]
        ]
    ).clip(lower=0)
    metric = METRICS["averageScore"]
    rows = []
    for group in scored:
        value = float(metric.value(group.sums) or 0)
        low, high = statistics.control_limits(mean, deviation, group.sums.scored, 0.998)
        where = "above the limits" if value > high else "below the limits" if value < low else "within the limits"
        if group.sums.few:
            where = "few evaluations"
        rows.append({"name": group.named.name, "scored": group.sums.scored, "value": rounded(value, 2), "where": where})
    frame = pd.DataFrame(rows)
    x = alt.X("scored:Q", title="Scored evaluations", axis=alt.Axis(format="~s", grid=False))
    scale = alt.Scale(
        domain=[float(max(0, frame["value"].min() - 0.4)), float(min(10, frame["value"].max() + 0.4))], clamp=True
    )
    kinds = ["above the limits", "within the limits", "below the limits", "few evaluations"]
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, size=60, opacity=0.9)
        .encode(
            x=x,
            y=alt.Y("value:Q", title="Average score", scale=scale, axis=alt.Axis(format=".1f")),
            color=alt.Color(
                "where:N",
                title=None,
                scale=alt.Scale(
                    domain=kinds, range=[colours.positive, colours.neutral, colours.negative, colours.line]
                ),
                legend=alt.Legend(orient="top", columns=2),
            ),
            shape=alt.Shape(
                "where:N",
                title=None,
                scale=alt.Scale(domain=kinds, range=["triangle-up", "circle", "triangle-down", "cross"]),
            ),
            tooltip=[
                alt.Tooltip("name:N", title=label),
                alt.Tooltip("value:Q", title="Average score", format=".2f"),
                alt.Tooltip("scored:Q", title="Scored", format=",d"),
                alt.Tooltip("where:N", title="99.8 % limits"),
            ],
        )
    )
    lines = [
        alt.Chart(limits)
        .mark_line(color=colours.muted, strokeWidth=1.2, strokeDash=dash, clip=True)
        .encode(x=x, y=alt.Y(f"{column}:Q", scale=scale, title="Average score"))
        for column, dash in (("low95", [4, 3]), ("high95", [4, 3]), ("low998", [1, 0]), ("high998", [1, 0]))
    ]
    middle = (
        alt.Chart(pd.DataFrame([{"value": mean}]))
        .mark_rule(color=colours.muted)
        .encode(y=alt.Y("value:Q", scale=scale))
    )
    chart = alt.layer(middle, *lines, points).properties(height=380, width="container")
    st.altair_chart(
        _dressed(chart),
        width="stretch",
        alt=f"Funnel plot: score of each {label.lower()} against volume, with 95 and 99.8 % limits",
    )
    st.caption(
        "Dashed: 95 % limits; solid: 99.8 % limits around the average of the selection. Within them, differences are "
        f"what chance alone would give; of {len(scored)} about {max(1, round(len(scored) * 0.05))} would lie outside "
        "the dashed lines though nothing is behind it."
    )


def _dressed(chart: Any) -> Any:
    colours = palette()
    return (
        chart.configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=colours.muted,
            titleColor=colours.muted,
            gridColor=colours.line,
            domainColor=colours.line,
            tickColor=colours.line,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
        )
        .configure_legend(labelColor=colours.text, labelFontSize=12)
    )
