"""The waterfall of a change: from a metric's value before, part by part, to the one now."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import altair as alt

from lib.analytics.decomposition import Contribution, Decomposition
from lib.catalog.dimensions import Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric, Unit
from lib.charts.chart import PICK, Chart
from lib.charts.theme import ChartTheme, TickStyle, apply_theme, placed, tick_style
from lib.i18n import t
from lib.reports import catalog_words, formatting

LARGEST = 8
"""So many groups have bars of their own; the others are one part together."""

KINDS = ("performance", "mix")

_NO_LIMITS = (-math.inf, math.inf)
_LIMITS = {Unit.SCORE: (0.0, 10.0), Unit.SHARE: (0.0, 1.0), Unit.SECONDS: (0.0, math.inf), Unit.BALANCE: (-1.0, 1.0)}
"""Between which values those of built-in metrics lie, by unit."""


def waterfall(found: Decomposition, before: str, now: str, look: ChartTheme) -> Chart | None:
    """Draw the change of a metric as bars that add up: within and mix of the largest groups, then the others.

    `before` and `now` name the two periods. None where one of them has no value.
    """
    metric = found.metric
    was, is_now = metric.value(found.before), metric.value(found.now)
    if was is None or is_now is None:
        return None
    count = len(found.parts) if len(found.parts) == LARGEST + 1 else LARGEST  # a single one has a name
    largest, rest = found.parts[:count], found.parts[count:]
    alike = formatting.namesakes(part.named for part in largest)
    rows = [end_row(before, was, metric)]
    at = Fraction(was)
    for part in largest:
        rows += _bars(formatting.distinct_name(part.named, alike), part.named.parameter_value, at, part)
        at += part.total
    if rest:
        within = found.within - sum((part.within for part in largest), Fraction())
        mix = found.mix - sum((part.mix for part in largest), Fraction())
        others = Contribution(Member(None, ""), MeasureTotals(), MeasureTotals(), within, mix, metric)
        rows += _bars(t("{count} others", count=formatting.count(len(rest))), "", at, others)
    rows.append(end_row(now, is_now, metric))
    told = t(
        "Waterfall chart: from {was} ({before}) to {is_now} ({now}); the biggest contributor is {name}, {total}.",
        was=formatting.metric(metric, found.before),
        before=before,
        is_now=formatting.metric(metric, found.now),
        now=now,
        name=formatting.distinct_name(found.parts[0].named, alike) if found.parts else formatting.NOTHING,
        total=formatting.amount(metric, found.parts[0].shown.total) if found.parts else formatting.NOTHING,
    )
    return steps(rows, t("Group"), look, told, metric=metric)


@dataclass(frozen=True, slots=True)
class _StepAxis:
    """The axis of values: title, ticks, from where to where, what tooltips call a step; whether more is better."""

    title: str
    ticks: TickStyle
    domain: tuple[float, float]
    amounts: str
    better: str | None


def steps(
    rows: Sequence[Mapping[str, Any]],
    group: str,
    look: ChartTheme,
    told: str,
    *,
    is_judged: bool = True,
    metric: Metric = AVERAGE_SCORE,
) -> Chart:
    """Draw the steps from one value to the other, as `end_row` and others make them, from top to bottom.

    `group` says what a step is of, `told` what is to be seen. Where it is not `is_judged`, no color says good or bad.
    """
    placed_rows = [{**row, "place": place} for place, row in enumerate(rows)]
    ends = [float(row[end]) for row in rows for end in ("from", "to")]
    axis = _axis(metric, ends)
    axis = axis if is_judged else replace(axis, better=None)
    return Chart(_spec(look, group, axis, len(rows)), {"rows": placed_rows}, told, (), "id")


def _axis(metric: Metric, ends: Sequence[float]) -> _StepAxis:
    """Return the axis of a metric whose bars lie between these ends, with some room around them."""
    decimals = metric.shown_decimals
    room = max((max(ends) - min(ends)) * 0.12, 2 * 10.0**-decimals)
    least, most = _LIMITS.get(metric.unit, _NO_LIMITS) if not metric.is_defined else _NO_LIMITS
    right = 2 * room  # where the labels stand
    domain = round(max(least, min(ends) - room), decimals), round(min(most, max(ends) + right), decimals)
    if metric.name == AVERAGE_SCORE.name:
        return _StepAxis(t("Average score"), TickStyle(".2f", 0.01), domain, t("Points"), metric.better)
    label = str(catalog_words.metric_label(metric))
    return _StepAxis(label, tick_style(metric.unit, ends), domain, t("Change"), metric.better)


def end_row(label: str, value: Fraction | int, metric: Metric = AVERAGE_SCORE) -> dict[str, Any]:
    """Return the row of a value, at one of the ends."""
    shown = formatting.value(metric.unit, value, metric.own_decimals)
    ends = {"from": float(value), "to": float(value)}
    kind = t("average") if metric.name == AVERAGE_SCORE.name else t("Value")
    return {"bar": label, "name": label, "id": "", "kind": kind, "shown": shown, "faint": False, **ends}


def _bars(name: str, number: str, at: Fraction, part: Contribution) -> list[dict[str, Any]]:
    """Return the bars of one group, that of what happened within it first; those too small to be seen are left out."""
    found = []
    amounts, shown = (part.within, part.mix), (part.shown.within, part.shown.mix)
    for kind, amount, shown_amount in zip(KINDS, amounts, shown, strict=True):
        if shown_amount:
            found.append(
                {
                    "bar": f"{name} · {t(kind)}",
                    "name": name,
                    "id": number,
                    "kind": t(kind),
                    "shown": formatting.amount(part.metric, shown_amount),
                    "faint": kind == "mix",
                    "from": float(at),
                    "to": float(at + amount),
                }
            )
        at += amount
    return found


@lru_cache(maxsize=64)
def _spec(look: ChartTheme, group: str, drawn: _StepAxis, count: int) -> dict[str, Any]:
    colors = look.palette
    shades = {"higher": (colors.positive, colors.negative), "lower": (colors.negative, colors.positive)}.get(
        drawn.better or "", (colors.muted, colors.muted)
    )
    y = placed("bar")
    scale = alt.Scale(domain=list(drawn.domain), nice=False, clamp=True)
    rows = alt.Chart(alt.NamedData("rows"))
    axis = alt.Axis(format=drawn.ticks.format, tickCount=6, tickMinStep=drawn.ticks.step)
    tips = [
        alt.Tooltip("name:N", title=group),
        alt.Tooltip("kind:N", title=t("Part")),
        alt.Tooltip("shown:N", title=drawn.amounts),
    ]
    bars = (
        rows.mark_bar(cursor=alt.ExprRef("datum.id ? 'pointer' : 'default'"), height={"band": 0.62})
        .encode(
            y=y,
            x=alt.X("from:Q", title=drawn.title, scale=scale, axis=axis),
            x2="to:Q",
            color=alt.condition("datum.to >= datum.from", *map(alt.value, shades)),
            opacity=alt.condition("datum.faint", alt.value(0.55), alt.value(1)),
            tooltip=tips,
        )
        .transform_filter("datum.from != datum.to")
        .add_params(alt.selection_point(name=PICK, fields=["id"], on="click", clear=False))
    )
    ends = (
        rows.mark_tick(color=colors.text, thickness=3, size=22)
        .encode(y=y, x=alt.X("to:Q", scale=scale), tooltip=tips)
        .transform_filter("datum.from == datum.to")
    )
    text = (
        rows.mark_text(align="left", dx=8, color=colors.text, fontSize=12)
        .encode(y=y, x=alt.X("right:Q", scale=scale), text="shown:N")
        .transform_calculate(right="max(datum.from, datum.to)")
    )
    return apply_theme(alt.layer(bars, ends, text).properties(height=26 * count + 60, width="container"), look)
