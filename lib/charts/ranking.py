"""The average score of groups, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from lib.catalog.metrics import AVERAGE_SCORE
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.charts.chart import PICK, Chart
from lib.charts.theme import ChartTheme, TickStyle, apply_theme, placed, tick_style
from lib.i18n import t
from lib.reports import catalog_words, formatting
from lib.reports.figures import MOST_RANKED, RankingFigure


def ranking(figure: RankingFigure, look: ChartTheme) -> Chart | None:
    """Draw groups by average score, the highest first, beside the average of the whole. None without a score.

    Groups with few scores are hollow; the others have the places between which they lie. Where there is a
    compared period, a tick shows a group's average in it.
    """
    metric, groups, before = AVERAGE_SCORE, figure.groups, figure.before
    scored = [group for group in groups if group.sums["scored"]]
    largest = sorted(scored, key=lambda group: -group.sums["evaluations"])[:MOST_RANKED]
    if not largest:
        return None
    largest.sort(key=lambda group: (-(metric.value(group.sums) or 0), group.named.name))
    ranks, alike = figure.ranks.groups, formatting.namesakes(group.named for group in groups)
    rows = []
    for place, group in enumerate(largest):
        ends = metric.interval(group.sums)
        rows.append(
            {
                "place": place,
                "id": group.named.parameter_value,
                "name": formatting.distinct_name(group.named, alike),
                "value": metric.rounded(group.sums),
                "shown": formatting.metric(metric, group.sums),
                "low": ends[0] if ends else None,
                "high": ends[1] if ends else None,
                "interval": formatting.interval(metric.unit, ends),
                "scored": formatting.count(group.sums["scored"]),
                "few": AVERAGE_SCORE.is_small_sample(group.sums),
                "note": formatting.small_sample(group.sums),
                "rank": formatting.rank(ranks[group.named]) if group.named in ranks else "",
                "before": metric.rounded(was) if (was := (before or {}).get(group.named)) else None,
                "was": formatting.metric(metric, was) if was else formatting.NOTHING,
            }
        )
    words = []
    if len(scored) > MOST_RANKED:
        words.append(
            t(
                "{most} of {all} shown, by volume.",
                most=MOST_RANKED,
                all=formatting.count(len(groups)),
            )
        )
    if any(row["few"] for row in rows):
        words.append(t("Hollow: under {few} scored evaluations, too few to rank.", few=FEW_EVALUATIONS))
    if len(ranks) > 1:
        words.append(t("Right: possible ranks (95 % confidence for all together)."))
        if not figure.ranks.pairs_apart:
            words.append(t("Nobody stands out: no two differ significantly."))
    if before:
        words.append(t("Gray tick: compared period. Line: overall average."))
    ranked = [row for row in rows if not row["few"]] or rows
    told = t(
        "Average score by {label} with 95 % confidence intervals, from {best} ({high}) to {worst} ({low}).",
        label=catalog_words.lower_label(figure.dimension),
        best=ranked[0]["name"],
        high=ranked[0]["shown"],
        worst=ranked[-1]["name"],
        low=ranked[-1]["shown"],
    )
    whole = [{"value": metric.rounded(figure.total), "shown": formatting.metric(metric, figure.total)}]
    label = str(catalog_words.label(figure.dimension))
    return Chart(
        _spec(label, look, len(rows), (before is not None, bool(ranks)), _ticks(rows)),
        {"rows": rows, "whole": whole},
        told,
        tuple(words),
        "id",
    )


def _ticks(rows: Sequence[Mapping[str, Any]]) -> TickStyle:
    return tick_style(AVERAGE_SCORE.unit, [row[end] for row in rows for end in ("value", "low", "high", "before")])


@lru_cache(maxsize=128)
def _spec(label: str, look: ChartTheme, count: int, parts: tuple[bool, bool], ticks: TickStyle) -> dict[str, Any]:
    """Return the chart; `parts` are whether there is a compared period, and whether some have a rank."""
    colors, (compared, some_ranked) = look.palette, parts
    y = placed()
    tips = [
        alt.Tooltip("name:N", title=label),
        alt.Tooltip("shown:N", title=t("Average score")),
        alt.Tooltip("interval:N", title=t("95 % CI")),
        alt.Tooltip("scored:N", title=t("Scored")),
        alt.Tooltip("note:N", title=t("Note")),
    ]
    if compared:
        tips.insert(3, alt.Tooltip("was:N", title=t("Compared period")))
    scale = alt.Scale(zero=False)
    x = alt.X(
        "value:Q",
        title=t("Average score (95 % CI)"),
        scale=scale,
        axis=alt.Axis(format=ticks.format, tickCount=8, tickMinStep=ticks.step),
    )
    rows = alt.Chart(alt.NamedData("rows"))
    enough, few = "datum.few == false", "datum.few == true"
    rule = (
        rows.mark_rule(color=colors.muted, strokeWidth=2)
        .encode(y=y, x=alt.X("low:Q", scale=scale), x2="high:Q", tooltip=tips)
        .transform_filter(enough)
    )
    shade = alt.condition(few, alt.value(colors.muted), alt.value(colors.accent))
    points = (
        rows.mark_point(filled=False, size=80, strokeWidth=2, opacity=1, cursor="pointer")
        .encode(
            y=y,
            x=x,
            tooltip=tips,
            stroke=shade,
            fill=alt.condition(few, alt.value(colors.panel), alt.value(colors.accent)),
        )
        .add_params(alt.selection_point(name=PICK, fields=["id"], on="click", clear=False))
    )
    rank = (
        rows.mark_text(align="left", color=colors.muted, fontSize=12)
        .encode(y=y, x=alt.value(alt.ExprRef("width + 8")), text="rank:N")
        .transform_filter(enough)
    )
    whole = (
        alt.Chart(alt.NamedData("whole"))
        .mark_rule(color=colors.muted, strokeDash=[2, 3])
        .encode(x=alt.X("value:Q", scale=scale), tooltip=[alt.Tooltip("shown:N", title=t("Overall average"))])
    )
    # A layer of nothing would be a picture without words to screen readers.
    layers = [whole, *((rule,) if some_ranked else ()), points, *((rank,) if some_ranked else ())]
    if compared:
        ticks = rows.mark_tick(color=colors.compared, thickness=3, size=16).encode(
            y=y, x=alt.X("before:Q", scale=scale), tooltip=tips
        )
        layers.insert(1, ticks)
    return apply_theme(alt.layer(*layers).properties(height=26 * count + 60, width="container"), look)
