"""The funnel plot: volume against score, with the limits that chance alone would keep nearly all groups within."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt

from lib.analytics.queries import Group
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE
from lib.charts.chart import PICK, Chart
from lib.charts.theme import ChartTheme, apply_theme
from lib.i18n import t
from lib.reports import formatting
from lib.reports.figures import LEAST_FUNNEL_GROUPS, standard_deviation
from lib.statistics import intervals
from lib.store.enums import SCORE_SCALE

MOST = 2_000
"""So many groups are drawn: those outside of the limits first, the furthest out, then those with the most scores."""

KINDS = ("above", "within", "below", "few evaluations")
_SHAPES = ("triangle-up", "circle", "triangle-down", "cross")


def funnel(groups: Sequence[Group], total: MeasureTotals, label: str, look: ChartTheme) -> Chart | None:
    """Draw each group's scored evaluations against its average score, with 95 and 99.8 % limits around the whole's.

    Limits: `intervals.control_limits`. None where there are too few groups, or no spread to take limits from. Of more
    than MOST groups some are not drawn, which is said; what is counted in words is of all.
    """
    deviation = standard_deviation(total)
    scored = [group for group in groups if group.sums["scored"] and group.named.id is not None]
    if deviation is None or len(scored) < LEAST_FUNNEL_GROUPS:
        return None
    mean = total["score_sum"] / (total["scored"] * SCORE_SCALE)
    metric = AVERAGE_SCORE
    marks = [_mark(group, mean, deviation) for group in scored]
    kinds = [t(kind) for kind in KINDS]
    rows: list[dict[str, Any]] = [
        {
            "id": mark.group.named.parameter_value,
            "name": formatting.member_name(mark.group.named),
            "scored": mark.group.sums["scored"],
            "counted": formatting.count(mark.group.sums["scored"]),
            "value": mark.value,
            "shown": formatting.metric(metric, mark.group.sums),
            "where": kinds[mark.place],
        }
        for mark in _drawn(marks, mean)
    ]
    values = [mark.value for mark in marks]
    domain = (max(0.0, min(values) - 0.4), min(10.0, max(values) + 0.4))
    most = max(group.sums["scored"] for group in scored)
    places = Counter(mark.place for mark in marks)
    counts = [places[place] for place in range(len(KINDS))]
    told = t(
        "Funnel plot of {count} ({label}): {above} above, {within} within and {below} below the 99.8 % limits, "
        "{few} with few evaluations.",
        count=formatting.count(len(marks)),
        label=t(label),
        above=counts[0],
        within=counts[1],
        below=counts[2],
        few=counts[3],
    )
    words = [
        t(
            "Dashed: 95 % limits; solid: 99.8 % limits around the average of the selection. Within them, differences "
            "are what chance alone would give."
        )
    ]
    if len(rows) < len(marks):
        words.append(
            t(
                "{drawn} of {all} are drawn: those outside of the limits first, then those with the most scores.",
                drawn=formatting.count(len(rows)),
                all=formatting.count(len(marks)),
            )
        )
    if compared := len(marks) - counts[3]:
        words.append(
            t(
                "Many are compared at once: of {count}, about {outside} would lie outside the dashed lines though "
                "nothing is behind it.",
                count=compared,
                outside=max(1, round(compared * 0.05)),
            )
        )
    data = {"rows": rows, "limits": _limits(mean, deviation, most), "mean": [{"value": mean}]}
    return Chart(_spec(label, look, (round(domain[0], 1), round(domain[1], 1))), data, told, tuple(words), "id")


def outside(group: MeasureTotals, total: MeasureTotals) -> int | None:
    """Return 1 where a group's mean lies above the whole's 99.8 % limits, -1 below, 0 within; None with few."""
    deviation = standard_deviation(total)
    if deviation is None or AVERAGE_SCORE.is_small_sample(group):
        return None
    value = float(AVERAGE_SCORE.value(group) or 0)
    return 1 - _place(value, total["score_sum"] / (total["scored"] * SCORE_SCALE), deviation, group)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A group in the plot: its average score, and its place, of KINDS."""

    group: Group
    value: float
    place: int


def _mark(group: Group, mean: float, deviation: float) -> _Mark:
    value = group.sums["score_sum"] / (group.sums["scored"] * SCORE_SCALE)
    return _Mark(group, value, _place(value, mean, deviation, group.sums))


def _drawn(marks: Sequence[_Mark], mean: float) -> Sequence[_Mark]:
    """Return the marks that are drawn, in the order in which they come."""
    if len(marks) <= MOST:
        return marks

    def weight(place: int) -> tuple[bool, float]:
        mark = marks[place]
        outside = mark.place in (0, 2)
        out = abs(mark.value - mean) * math.sqrt(mark.group.sums["scored"])  # in standard errors, but for a constant
        return not outside, -out if outside else -mark.group.sums["scored"]

    return [marks[place] for place in sorted(sorted(range(len(marks)), key=weight)[:MOST])]


def _place(value: float, mean: float, deviation: float, sums: MeasureTotals) -> int:
    if AVERAGE_SCORE.is_small_sample(sums):
        return 3
    low, high = intervals.control_limits(mean, deviation, sums["scored"], 0.998)
    return 0 if value > high else 2 if value < low else 1


def _limits(mean: float, deviation: float, most: int) -> list[dict[str, float]]:
    steps = sorted({max(2, round(most * (step / 60) ** 2)) for step in range(1, 61)})
    found = []
    for n in steps:
        inner = intervals.control_limits(mean, deviation, n, 0.95)
        outer = intervals.control_limits(mean, deviation, n, 0.998)
        ends = {"low95": inner[0], "high95": inner[1], "low998": outer[0], "high998": outer[1]}
        found.append({"scored": n, **{name: min(10.0, max(0.0, end)) for name, end in ends.items()}})
    return found


@lru_cache(maxsize=64)
def _spec(label: str, look: ChartTheme, domain: tuple[float, float]) -> dict[str, Any]:
    colors = look.palette
    x = alt.X("scored:Q", title=t("Scored evaluations"), axis=alt.Axis(format=",.0f", tickMinStep=1, grid=False))
    scale = alt.Scale(domain=list(domain), clamp=True, nice=False)
    kinds = [t(kind) for kind in KINDS]
    shades = [colors.positive, colors.neutral, colors.negative, colors.line]
    points = (
        alt.Chart(alt.NamedData("rows"))
        .mark_point(filled=True, size=70, opacity=0.9, cursor="pointer")
        .encode(
            x=x,
            y=alt.Y("value:Q", title=t("Average score"), scale=scale, axis=alt.Axis(format=".1f")),
            color=alt.Color(
                "where:N",
                title=t("99.8 % limits"),
                scale=alt.Scale(domain=kinds, range=shades),
                legend=alt.Legend(orient="top", columns=2, titleOrient="left"),
            ),
            shape=alt.Shape("where:N", title=t("99.8 % limits"), scale=alt.Scale(domain=kinds, range=list(_SHAPES))),
            tooltip=[
                alt.Tooltip("name:N", title=t(label)),
                alt.Tooltip("shown:N", title=t("Average score")),
                alt.Tooltip("counted:N", title=t("Scored")),
                alt.Tooltip("where:N", title=t("99.8 % limits")),
            ],
        )
        .add_params(alt.selection_point(name=PICK, fields=["id"], on="click", clear=False))
    )
    lines = [
        alt.Chart(alt.NamedData("limits"))
        .mark_line(color=colors.muted, strokeWidth=1.2, strokeDash=dash, clip=True)
        .encode(x=x, y=alt.Y(f"{column}:Q", scale=scale, title=t("Average score")))
        for column, dash in (("low95", [4, 3]), ("high95", [4, 3]), ("low998", [1, 0]), ("high998", [1, 0]))
    ]
    middle = alt.Chart(alt.NamedData("mean")).mark_rule(color=colors.muted).encode(y=alt.Y("value:Q", scale=scale))
    return apply_theme(alt.layer(middle, *lines, points).properties(height=340, width="container"), look)
