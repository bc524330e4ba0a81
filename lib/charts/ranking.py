"""The average score of groups, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from lib.analytics import format
from lib.analytics.measures import FEW_EVALUATIONS, METRICS
from lib.analytics.queries import Group
from lib.charts.drawing import PICK, Drawing
from lib.charts.look import Look, dressed
from lib.languages import t

MOST = 25
"""So many groups are drawn, those with the most evaluations."""


def ranking(groups: Sequence[Group], label: str, look: Look) -> Drawing | None:
    """Draw groups by average score, the highest first; hollow where there are few evaluations. None without a score."""
    metric = METRICS["averageScore"]
    scored = [group for group in groups if group.sums.scored]
    shown = sorted(scored, key=lambda group: -group.sums.evaluations)[:MOST]
    if not shown:
        return None
    shown.sort(key=lambda group: (-(metric.value(group.sums) or 0), group.named.name))
    rows = []
    for place, group in enumerate(shown):
        ends = metric.interval(group.sums) if metric.interval else None
        rows.append(
            {
                "place": place,
                "id": group.named.parameter_value,
                "name": group.named.shown,
                "value": metric.rounded(group.sums),
                "shown": format.metric(metric, group.sums),
                "low": ends[0] if ends else None,
                "high": ends[1] if ends else None,
                "interval": format.interval(metric.unit, ends),
                "scored": format.count(group.sums.scored),
                "few": group.sums.few,
                "note": t("few evaluations") if group.sums.few else "",
            }
        )
    words = []
    if len(scored) > MOST:
        words.append(
            t(
                "The {most} with the most evaluations; the table has all {all}.",
                most=MOST,
                all=format.count(len(groups)),
            )
        )
    if any(row["few"] for row in rows):
        words.append(t("Hollow: fewer than {few} scored evaluations, too few to rank.", few=FEW_EVALUATIONS))
    told = t(
        "Average score by {label} with 95 % intervals, from {best} ({high}) to {worst} ({low}).",
        label=t(label),
        best=rows[0]["name"],
        high=rows[0]["shown"],
        worst=rows[-1]["name"],
        low=rows[-1]["shown"],
    )
    return Drawing(_spec(label, look, len(rows)), {"rows": rows}, told, tuple(words), "id")


@lru_cache(maxsize=128)
def _spec(label: str, look: Look, count: int) -> dict[str, Any]:
    colours = look.palette
    y = alt.Y(
        "name:N",
        sort=alt.EncodingSortField("place", op="min", order="ascending"),
        title=None,
        axis=alt.Axis(labelLimit=190, grid=False, ticks=False, domain=False),
    )
    tips = [
        alt.Tooltip("name:N", title=t(label)),
        alt.Tooltip("shown:N", title=t("Average score")),
        alt.Tooltip("interval:N", title=t("95 % interval")),
        alt.Tooltip("scored:N", title=t("Scored")),
        alt.Tooltip("note:N", title=t("Note")),
    ]
    scale = alt.Scale(zero=False)
    x = alt.X("value:Q", title=t("Average score with 95 % interval"), scale=scale, axis=alt.Axis(format=".1f"))
    rows = alt.Chart(alt.NamedData("rows"))
    enough, few = "datum.few == false", "datum.few == true"
    rule = (
        rows.mark_rule(color=colours.muted, strokeWidth=2)
        .encode(y=y, x=alt.X("low:Q", scale=scale), x2="high:Q", tooltip=tips)
        .transform_filter(enough)
    )
    solid = (
        rows.mark_point(filled=True, size=90, color=colours.accent, opacity=1, cursor="pointer")
        .encode(y=y, x=x, tooltip=tips)
        .transform_filter(enough)
        .add_params(alt.selection_point(name=PICK, fields=["id"], on="click", clear=False))
    )
    hollow = (
        rows.mark_point(filled=False, size=70, strokeWidth=2, color=colours.muted, opacity=1)
        .encode(y=y, x=x, tooltip=tips)
        .transform_filter(few)
    )
    return dressed(alt.layer(rule, solid, hollow).properties(height=max(90, 28 * count), width="container"), look)
