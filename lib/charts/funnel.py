"""The funnel plot: score by number of evaluations, with the limits that chance alone would keep nearly all within."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt

from lib.analytics.breakdowns import Group
from lib.catalog.dimensions import Dimension
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, rounded
from lib.charts.chart import PICK, Chart
from lib.charts.theme import ChartTheme, apply_theme
from lib.i18n import number, t, t_plural
from lib.reports import catalog_words, formatting
from lib.reports.figures import LEAST_FUNNEL_GROUPS, funnel_deviation, funnel_distances
from lib.statistics import intervals
from lib.statistics.overdispersion import overdispersion
from lib.store.enums import SCORE_SCALE

MOST = 2_000
"""So many groups are drawn: those outside of the limits first, the furthest out, then those with the most scores."""

KINDS = ("above", "within", "below", "few scored")
_SHAPES = ("triangle-up", "circle", "triangle-down", "cross")


LIMITS = ("Expected range (95 %)", "Expected range (99.8 %)")


def funnel(
    groups: Sequence[Group], total: MeasureTotals, dimension: Dimension, look: ChartTheme, *, is_adjusted: bool = False
) -> Chart | None:
    """Draw each group's average score by its scored evaluations, with 95 and 99.8 % limits around the whole's.

    Limits: `intervals.control_limits`; adjusted, they are √φ times as wide where φ is above 1 (`overdispersion`). None
    where there are too few groups, or no spread to take limits from. Of more than MOST groups some are not drawn, which
    is said; what is counted in words is of all.
    """
    deviation = funnel_deviation(groups, total, is_adjusted=is_adjusted)
    scored = [group for group in groups if group.sums["scored"] and group.named.id is not None]
    if not deviation or len(scored) < LEAST_FUNNEL_GROUPS:
        return None
    mean = total["score_sum"] / (total["scored"] * SCORE_SCALE)
    metric = AVERAGE_SCORE
    groups_name = str(catalog_words.groups_name(dimension))
    notes = _notes(funnel_distances(groups, total), groups_name, is_adjusted=is_adjusted)
    marks = [_mark(group, mean, deviation) for group in scored]
    kinds, alike = [t(kind) for kind in KINDS], formatting.namesakes(group.named for group in groups)
    rows: list[dict[str, Any]] = [
        {
            "id": mark.group.named.parameter_value,
            "name": formatting.distinct_name(mark.group.named, alike),
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
        "Funnel plot of {count} {groups}: {above} above, {within} within and {below} below the expected range (99.8 "
        "%), {few} with few scores.",
        count=formatting.count(len(marks)),
        groups=groups_name,
        above=counts[0],
        within=counts[1],
        below=counts[2],
        few=counts[3],
    )
    if len(rows) < len(marks):
        notes.append(
            t(
                "{drawn} of {all} shown: those outside the expected range first, then by volume.",
                drawn=formatting.count(len(rows)),
                all=formatting.count(len(marks)),
            )
        )
    data = {"rows": rows, "limits": _limits(mean, deviation, most), "mean": [{"value": mean}]}
    label = str(catalog_words.label(dimension))
    return Chart(_spec(label, look, (round(domain[0], 1), round(domain[1], 1))), data, told, tuple(notes), "id")


def _notes(z_scores: Sequence[float], groups_name: str, *, is_adjusted: bool) -> list[str]:
    """Return what the range means, the overdispersion of the groups with enough evaluations, and who is out by chance.

    Whether they differ beyond chance at all, the page says once (`reports/spread_text`).
    """
    phi = overdispersion(z_scores) if len(z_scores) >= LEAST_FUNNEL_GROUPS else 1.0
    is_wider = is_adjusted and phi > 1
    notes = [
        t("Inside the adjusted range: no more different from the average than is usual here.")
        if is_wider
        else t("Inside the expected range: no evidence of a difference from the average.")
    ]
    if not z_scores:
        return notes
    if len(z_scores) < LEAST_FUNNEL_GROUPS:
        return [*notes, t("Too few have enough evaluations to say how much they differ from each other.")]
    shown = number(rounded(phi, 1) or 0, 1)
    notes.append(t("Overdispersion φ = {phi} (chance alone: 1).", phi=shown))
    if is_wider:
        notes.append(t("The range is √φ times as wide: outside are those who differ more than is usual here."))
        return notes
    by_chance = len(z_scores) * 0.05
    if by_chance < 1:
        notes.append(
            t(
                "With {all} {groups}, fewer than one falls outside the 95 % range by chance.",
                all=len(z_scores),
                groups=groups_name,
            )
        )
    else:
        notes.append(
            t_plural(
                "With {all} {groups}, about one falls outside the 95 % range by chance.",
                "With {all} {groups}, about {count} fall outside the 95 % range by chance.",
                round(by_chance),
                all=formatting.count(len(z_scores)),
                groups=groups_name,
            )
        )
    return notes


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


def _limits(mean: float, deviation: float, most: int) -> list[dict[str, Any]]:
    steps = sorted({max(2, round(most * (step / 60) ** 2)) for step in range(1, 61)})
    found: list[dict[str, Any]] = []
    for name, level in zip(LIMITS, (0.95, 0.998), strict=True):
        for n in steps:
            low, high = intervals.control_limits(mean, deviation, n, level)
            found.append({"scored": n, "limit": t(name), "low": max(0.0, low), "high": min(10.0, high)})
    return found


@lru_cache(maxsize=64)
def _spec(label: str, look: ChartTheme, domain: tuple[float, float]) -> dict[str, Any]:
    colors = look.palette
    x = alt.X("scored:Q", title=t("Scored evaluations"), axis=alt.Axis(format=",.0f", tickMinStep=1, grid=False))
    scale = alt.Scale(domain=list(domain), clamp=True, nice=False)
    kinds, place = [t(kind) for kind in KINDS], t("Relative to expected range")
    shades = [colors.positive, colors.neutral, colors.negative, colors.line]
    points = (
        alt.Chart(alt.NamedData("rows"))
        .mark_point(filled=True, size=70, opacity=0.9, cursor="pointer")
        .encode(
            x=x,
            y=alt.Y("value:Q", title=t("Average score"), scale=scale, axis=alt.Axis(format=".1f")),
            color=alt.Color(
                "where:N",
                title=place,
                scale=alt.Scale(domain=kinds, range=shades),
                legend=alt.Legend(orient="top", columns=2, titleLimit=320),
            ),
            shape=alt.Shape("where:N", title=place, scale=alt.Scale(domain=kinds, range=list(_SHAPES))),
            tooltip=[
                alt.Tooltip("name:N", title=label),
                alt.Tooltip("shown:N", title=t("Average score")),
                alt.Tooltip("counted:N", title=t("Scored")),
                alt.Tooltip("where:N", title=place),
            ],
        )
        .add_params(alt.selection_point(name=PICK, fields=["id"], on="click", clear=False))
    )
    dashes = alt.StrokeDash(
        "limit:N",
        title=None,
        scale=alt.Scale(domain=[t(name) for name in LIMITS], range=[[4, 3], [1, 0]]),
        legend=alt.Legend(orient="bottom", direction="vertical", symbolType="stroke", symbolSize=300),
    )
    lines = [
        alt.Chart(alt.NamedData("limits"))
        .mark_line(color=colors.muted, strokeWidth=1.2, clip=True)
        .encode(x=x, y=alt.Y(f"{end}:Q", scale=scale, title=t("Average score")), strokeDash=dashes)
        for end in ("low", "high")
    ]
    middle = alt.Chart(alt.NamedData("mean")).mark_rule(color=colors.muted).encode(y=alt.Y("value:Q", scale=scale))
    return apply_theme(alt.layer(middle, *lines, points).properties(height=380, width="container"), look)
