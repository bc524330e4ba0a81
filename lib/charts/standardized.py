"""Like for like: each group's average score as it is, and as it would be with the calls of the whole selection."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from lib.analytics.standardization import StandardizedScores
from lib.catalog.dimensions import Dimension
from lib.catalog.metrics import AVERAGE_SCORE, Unit
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.charts.chart import PICK, Chart
from lib.charts.theme import ChartTheme, TickStyle, apply_theme, placed, tick_style
from lib.i18n import t
from lib.reports import catalog_words, formatting

MOST = 30
"""So many groups are drawn, those with the most scored evaluations."""

_ENDS = ("value", "raw", "low", "high")
"""What the axis of scores reaches over."""


def standardized(found: StandardizedScores, dimension: Dimension, look: ChartTheme) -> Chart | None:
    """Draw groups by their adjusted average with its interval, the raw one beside; those of few calls are hollow."""
    score = AVERAGE_SCORE
    scored = [row for row in found.rows if row.adjusted is not None and row.named.id is not None]
    chosen = {row.named for row in sorted(scored, key=lambda row: -row.sums["scored"])[:MOST]}
    alike = formatting.namesakes(row.named for row in found.rows)
    rows: list[dict[str, Any]] = []
    for row in scored:
        if row.named not in chosen or row.adjusted is None:
            continue
        rows.append(
            {
                "place": len(rows),
                "id": row.named.parameter_value,
                "name": formatting.distinct_name(row.named, alike),
                "raw": score.rounded(row.sums),
                "raw_shown": formatting.metric(score, row.sums),
                "value": float(row.adjusted),
                "shown": formatting.value(Unit.SCORE, row.adjusted),
                "low": row.interval[0] if row.interval else None,
                "high": row.interval[1] if row.interval else None,
                "interval": formatting.interval(Unit.SCORE, row.interval),
                "comparable": formatting.count(row.comparable),
                "few": row.is_small_sample,
                "note": t("few comparable calls") if row.is_small_sample else "",
            }
        )
    if not rows:
        return None
    ranked = [row for row in rows if not row["few"]] or rows
    told = t(
        "Adjusted average score by {label} (like for like), from {best} ({high}) to {worst} ({low}), beside the "
        "unadjusted averages.",
        label=catalog_words.lower_label(dimension),
        best=ranked[0]["name"],
        high=ranked[0]["shown"],
        worst=ranked[-1]["name"],
        low=ranked[-1]["shown"],
    )
    notes = [t("Filled: adjusted score with 95 % CI. Small ring: unadjusted average.")]
    if any(row["few"] for row in rows):
        notes.append(t("Hollow, at the end: under {least} comparable calls.", least=FEW_EVALUATIONS))
    if missing := sum(1 for row in found.rows if row.adjusted is None and row.sums["scored"]):
        notes.append(t("Not shown (too few comparable calls): {count}.", count=formatting.count(missing)))
    if len(scored) > MOST:
        notes.append(t("{most} of {all} shown, by volume.", most=MOST, all=formatting.count(len(scored))))
    whole = [{"value": score.rounded(found.total)}]
    label = str(catalog_words.label(dimension))
    return Chart(
        _spec(label, look, len(rows), tick_style(Unit.SCORE, [row[end] for row in rows for end in _ENDS])),
        {"rows": rows, "whole": whole},
        told,
        tuple(notes),
        "id",
    )


@lru_cache(maxsize=64)
def _spec(label: str, look: ChartTheme, count: int, ticks: TickStyle) -> dict[str, Any]:
    colors = look.palette
    y = placed()
    tips = [
        alt.Tooltip("name:N", title=label),
        alt.Tooltip("shown:N", title=t("Adjusted (like for like)")),
        alt.Tooltip("interval:N", title=t("95 % CI")),
        alt.Tooltip("raw_shown:N", title=t("Unadjusted")),
        alt.Tooltip("comparable:N", title=t("Comparable calls")),
        alt.Tooltip("note:N", title=t("Note")),
    ]
    scale = alt.Scale(zero=False)
    axis = alt.Axis(format=ticks.format, tickCount=8, tickMinStep=ticks.step)
    x = alt.X("value:Q", title=t("Average score"), scale=scale, axis=axis)
    rows = alt.Chart(alt.NamedData("rows"))
    whole = (
        alt.Chart(alt.NamedData("whole"))
        .mark_rule(color=colors.muted, strokeDash=[2, 3])
        .encode(x=alt.X("value:Q", scale=scale))
    )
    moved = rows.mark_rule(color=colors.line, strokeWidth=5, opacity=0.8).encode(
        y=y, x=alt.X("raw:Q", scale=scale), x2="value:Q"
    )
    rule = rows.mark_rule(color=colors.muted, strokeWidth=1.5).encode(
        y=y, x=alt.X("low:Q", scale=scale), x2="high:Q", tooltip=tips
    )
    raw = rows.mark_point(filled=False, size=34, strokeWidth=1.5, color=colors.muted, opacity=1).encode(
        y=y, x=alt.X("raw:Q", scale=scale), tooltip=tips
    )
    points = (
        rows.mark_point(filled=False, size=85, strokeWidth=2, color=colors.accent, opacity=1, cursor="pointer")
        .encode(
            y=y,
            x=x,
            tooltip=tips,
            fill=alt.condition("datum.few", alt.value(colors.panel), alt.value(colors.accent)),
        )
        .add_params(alt.selection_point(name=PICK, fields=["id"], on="click", clear=False))
    )
    return apply_theme(
        alt.layer(whole, moved, rule, raw, points).properties(height=26 * count + 60, width="container"), look
    )
