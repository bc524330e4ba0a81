"""A metric over time: interval band, partial buckets, the compared period behind, series side by side, notes."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import altair as alt

from lib.analytics.calendar import Granularity
from lib.analytics.queries import Trend, TrendPoint
from lib.catalog.metrics import Metric, Unit
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.charts.chart import PICK, Chart
from lib.charts.theme import LEGEND_LABEL_WIDTH, ChartTheme, TickStyle, apply_theme, tick_style
from lib.i18n import day, number, t, t_plural
from lib.reports import catalog_words, formatting
from lib.reports.figures import TrendNote

TICKS = 12
"""So many buckets have a label at most."""

ENDS = ("value", "low", "high")
"""What the axis of values reaches over."""

LETTER_WIDTH, LEGEND_SYMBOL_WIDTH = 7, 30
"""Pixels that a letter of a legend takes about, and the symbol before a name with what is left free after it."""

COUNTED = {"evaluations": "Evaluations", "answered": "Answers"}
"""What tooltips count, by the measure."""

POINT, SMALL_POINT = 46, 14
"""The areas of points in square pixels: of buckets, and of those with few answers."""

MANY_POINTS = 62
"""More points than these are not drawn as dots; they can be pointed at all the same."""


def trend(
    courses: Mapping[str, Trend],
    metric: Metric,
    look: ChartTheme,
    *,
    compared: Trend | None = None,
    notes: Iterable[TrendNote] = (),
    height: int = 300,
    counted: str = "evaluations",
) -> Chart:
    """Draw a metric over time: one course under any name, or several by theirs (without bands then).

    The compared course is drawn behind, bucket by bucket from the same start. Partial buckets are hollow, and the
    line to them is dashed; a bucket without a value leaves a gap. `counted`: the measure that says how many there are.
    """
    first = next(iter(courses.values()))
    rows: list[dict[str, Any]] = []
    dashes: list[dict[str, Any]] = []
    for name, course in courses.items():
        found = [_row(point, course.granularity, metric, name, counted) for point in course.points]
        rows += found
        dashes += _dashes(found, name)
    behind = [] if compared is None else _behind(first.points, compared, metric, counted)
    for row, is_alone in zip(rows, _have_no_neighbor(rows), strict=True):
        row["alone"] = is_alone
    bands = {row["alone"] for row in rows if row["low"] is not None} if len(courses) == 1 else set()
    pins = pinned(first.points, notes)
    several = len(courses) > 1
    spec = _spec(
        metric,
        first.granularity,
        look,
        _Layers(
            few_points=len(first.points) <= MANY_POINTS,
            band=False in bands,
            bars=True in bands,
            series=tuple(courses) if several else (),
            compared=bool(behind),
            marks_few=counted == "answered",
            notes=bool(pins),
            dashes=bool(dashes),
            counted=COUNTED[counted],
            ticks=tick_style(metric.unit, [row[end] for row in (*rows, *behind) for end in ENDS if end in row]),
        ),
        height,
    )
    told = [
        t_plural(
            "Line chart: {metric}, {count} point.",
            "Line chart: {metric}, {count} points.",
            len(first.points),
            metric=catalog_words.metric_label(metric),
        )
    ]
    ends = [row for row in rows if row["value"] is not None]
    if ends and not several:
        told.append(
            t(
                "From {first} ({when}) to {last} ({then}).",
                first=ends[0]["shown"],
                when=ends[0]["bucket"],
                last=ends[-1]["shown"],
                then=ends[-1]["bucket"],
            )
        )
    words = []
    few = sum(row["few"] for row in rows if row["value"] is not None) if counted == "answered" else 0
    if few and len(first.points) <= MANY_POINTS:
        words.append(t("Small points: under {least} answers.", least=FEW_EVALUATIONS))
    elif few:
        words.append(
            t(
                "{few} of {all} points rest on fewer than {least} answers.",
                few=number(few),
                all=number(len(ends)),
                least=FEW_EVALUATIONS,
            )
        )
    if bands:
        words.append(t("Band: 95 % confidence interval.") if False in bands else t("Bar: 95 % confidence interval."))
    if behind:
        words.append(
            t("Gray line: compared period, its first month at the first, and so on.")
            if first.granularity is Granularity.MONTHLY
            else t("Gray line: compared period.")
        )
    if any(row["partial"] and row["value"] is not None for row in rows):
        words.append(t("Dashed: incomplete day, week or month."))
    spec = {**spec, "params": [*spec.get("params", []), ticks([point.bucket.first for point in first.points])]}
    return Chart(
        spec,
        {"rows": rows, "dashes": dashes, "compared": behind, "notes": pins},
        " ".join(told),
        (" ".join(words),) if words else (),
        "first",
    )


def pinned(points: Sequence[TrendPoint], notes: Iterable[TrendNote]) -> list[dict[str, Any]]:
    """Return the notes that lie in a bucket, each with the day that the bucket begins on."""
    starts = [point.bucket.first for point in points]
    found = []
    for note in notes:
        place = bisect.bisect_right(starts, note.day) - 1
        if place >= 0 and note.day <= points[place].bucket.last:
            late = place > len(points) * 0.75
            found.append({"date": starts[place].isoformat(), "text": note.text, "when": day(note.day), "late": late})
    return found


def _row(point: TrendPoint, granularity: Granularity, metric: Metric, series: str, counted: str) -> dict[str, Any]:
    ends = None if series else metric.interval(point.sums)  # how days spread is read of the whole alone
    # So wide a one would flatten all the rest.
    band = (
        None if metric.unit in (Unit.SCORE, Unit.SECONDS, Unit.NUMBER) and metric.is_small_sample(point.sums) else ends
    )
    value = metric.rounded(point.sums)
    first, partial = point.bucket.first, point.bucket.partial
    return {
        "series": series,
        "first": first.isoformat(),
        "date": first.isoformat(),
        "bucket": formatting.bucket(first, granularity) + (" " + t("(partial)") if partial else ""),
        "value": None if value is None else float(value),
        "whole": None if value is None or partial else float(value),
        "shown": formatting.metric(metric, point.sums),
        "low": band[0] if band else None,
        "high": band[1] if band else None,
        "interval": formatting.metric_interval(metric, ends),
        "counted": formatting.count(point.sums[counted]),
        "partial": partial,
        "few": metric.is_small_sample(point.sums),
    }


def _have_no_neighbor(rows: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Return of each bucket whether neither the one before nor the one after has an interval."""
    has_band = [False, *(row["low"] is not None for row in rows), False]
    return [not (has_band[place] or has_band[place + 2]) for place in range(len(rows))]


def ticks(starts: Sequence[date]) -> dict[str, Any]:
    """Return the parameter of the days that have a label: the library's own weeks begin on Sunday."""
    labeled = starts[:: -(-len(starts) // TICKS)] if starts else []
    return {"name": "ticks", "value": [_milliseconds(start) for start in labeled]}


def _milliseconds(day: date) -> int:
    """Return a day as the charts' scales of time count it."""
    return (day - date(1970, 1, 1)).days * 86_400_000


def _dashes(rows: Sequence[Mapping[str, Any]], series: str) -> list[dict[str, Any]]:
    """Return the pieces of line that lead to or from a partial bucket, each with its two ends."""
    found = []
    for place, (one, other) in enumerate(itertools.pairwise(rows)):
        if (one["partial"] or other["partial"]) and None not in (one["value"], other["value"]):
            piece = f"{series} {place}"
            found += [
                {"piece": piece, "series": series, "date": end["date"], "value": end["value"]} for end in (one, other)
            ]
    return found


def _behind(points: Sequence[TrendPoint], compared: Trend, metric: Metric, counted: str) -> list[dict[str, Any]]:
    found = []
    for point, other in zip(points, compared.points, strict=False):
        value = metric.rounded(other.sums)
        found.append(
            {
                "date": point.bucket.first.isoformat(),
                "value": None if value is None else float(value),
                "bucket": formatting.bucket(other.bucket.first, compared.granularity),
                "shown": formatting.metric(metric, other.sums),
                "counted": formatting.count(other.sums[counted]),
            }
        )
    return found


@dataclass(frozen=True, slots=True)
class _Layers:
    """What a trend's drawing has besides its line; `series` are the names of several lines, empty for one."""

    few_points: bool
    band: bool
    bars: bool  # the intervals of points that have no neighbor with one
    series: tuple[str, ...]
    compared: bool
    marks_few: bool  # of answers: scores of few evaluations have no interval
    notes: bool
    dashes: bool
    counted: str  # what is counted, as a message id
    ticks: TickStyle


@lru_cache(maxsize=256)
def _spec(metric: Metric, granularity: Granularity, look: ChartTheme, drawn: _Layers, height: int) -> dict[str, Any]:
    colors = look.palette
    label = str(catalog_words.metric_label(metric))
    scale = alt.Scale(zero=metric.unit in (Unit.COUNT, Unit.SHARE))
    dates = "%b %Y" if granularity is Granularity.MONTHLY else "%-d %b"
    time = alt.Scale(type="utc")  # days are days wherever they are looked at
    days = alt.Axis(grid=False, labelOverlap=True, values=alt.ExprRef("ticks"), format=dates)
    x = alt.X("date:T", title=None, scale=time, axis=days)
    axis = alt.Axis(format=drawn.ticks.format, tickCount=5, tickMinStep=drawn.ticks.step)
    y = alt.Y("value:Q", title=label, scale=scale, axis=axis)
    tips = [alt.Tooltip("bucket:N", title=t("When")), alt.Tooltip("shown:N", title=label)]
    if drawn.series:
        tips.insert(0, alt.Tooltip("series:N", title=t("Series")))
    if metric.uncertainty:
        tips.append(alt.Tooltip("interval:N", title=t("95 % CI")))
    tips.append(alt.Tooltip("counted:N", title=t(drawn.counted)))
    rows, dashes = alt.Chart(alt.NamedData("rows")), alt.Chart(alt.NamedData("dashes"))
    layers: list[Any] = []
    if drawn.notes:
        notes = alt.Chart(alt.NamedData("notes"))
        tip = [alt.Tooltip("when:N", title=t("When")), alt.Tooltip("text:N", title=t("Note"))]
        layers.append(notes.mark_rule(color=colors.muted, strokeDash=[2, 3]).encode(x=x, tooltip=tip))
        words: dict[str, Any] = {"baseline": "top", "color": colors.muted, "limit": 150, "fontSize": 11}
        ahead, back = notes.mark_text(align="left", dx=4, **words), notes.mark_text(align="right", dx=-4, **words)
        for text, which in ((ahead, "!datum.late"), (back, "datum.late")):
            shown = text.encode(x=x, y=alt.value(2), text="text:N", tooltip=tip)
            layers.append(shown.transform_filter(which))
    if drawn.compared:
        behind = [
            alt.Tooltip("bucket:N", title=t("Compared period")),
            alt.Tooltip("shown:N", title=label),
            alt.Tooltip("counted:N", title=t(drawn.counted)),
        ]
        layers.append(
            alt.Chart(alt.NamedData("compared"))
            .mark_line(color=colors.compared, strokeWidth=2, opacity=0.75, invalid="break-paths-show-domains")
            .encode(x=x, y=y, tooltip=behind)
        )
    reach = {"x": x, "y": alt.Y("low:Q", title=label, scale=scale), "y2": alt.Y2("high:Q")}
    if drawn.band:
        layers.append(rows.mark_area(opacity=0.16, color=colors.band).encode(**reach))
    if drawn.bars:
        bars = rows.mark_rule(opacity=0.3, strokeWidth=6, color=colors.band).encode(**reach)
        layers.append(bars.transform_filter("datum.alone && isValid(datum.low)"))
    color: Any = alt.value(colors.accent)
    inside = color
    if drawn.series:
        domain, shades = list(drawn.series), list(colors.series[: len(drawn.series)])
        shaded = alt.Scale(domain=domain, range=shades)
        legend = alt.Legend(orient="top", columns=_legend_columns(domain))
        color = alt.Color("series:N", title=None, scale=shaded, legend=legend)
        inside = alt.Fill("series:N", title=None, scale=shaded, legend=legend)
    layers.append(
        rows.mark_line(strokeWidth=2, invalid="break-paths-show-domains").encode(
            x=x, y=alt.Y("whole:Q", title=label, scale=scale, axis=axis), color=color
        )
    )
    if drawn.dashes:
        layers.append(
            dashes.mark_line(strokeWidth=2, strokeDash=[4, 4]).encode(x=x, y=y, detail="piece:N", color=color)
        )
    sizes = {"size": alt.condition("datum.few", alt.value(SMALL_POINT), alt.value(POINT))} if drawn.marks_few else {}
    layers.append(
        rows.mark_point(filled=False, size=POINT, strokeWidth=2)
        .encode(
            x=x,
            y=y,
            tooltip=tips,
            color=color,
            fill=alt.condition("datum.partial", alt.value(colors.panel), inside),
            opacity=alt.condition("datum.partial", alt.value(1), alt.value(1.0 if drawn.few_points else 0.001)),
            **sizes,
        )
        .transform_filter("isValid(datum.value)")
        .add_params(alt.selection_point(name=PICK, fields=["first"], on="click", clear=False))
    )
    return apply_theme(alt.layer(*layers).properties(height=height, width="container"), look)


def _legend_columns(names: Sequence[str]) -> alt.ExprRef:
    """Return how many names fit beside each other, as an expression of the chart's width: four at most.

    Vega cuts off what does not fit, and draws the columns as wide as the longest name, which it shortens itself.
    """
    widest = min(LEGEND_LABEL_WIDTH, LETTER_WIDTH * max(map(len, names))) + LEGEND_SYMBOL_WIDTH
    return alt.expr(f"clamp(floor(width / {widest}), 1, 4)")
