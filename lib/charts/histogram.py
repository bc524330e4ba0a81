"""How many evaluations have each score."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from lib.charts.chart import PICK, Chart
from lib.charts.theme import ChartTheme, apply_theme
from lib.i18n import number, t
from lib.reports import formatting
from lib.store.enums import HISTOGRAM_BINS


def histogram(counts: Sequence[int], look: ChartTheme, before: Sequence[int] = (), height: int = 220) -> Chart:
    """Draw the number of evaluations in each bin of half a point; the last bin holds 10 too.

    Where there is a distribution `before`, ticks show its shares, as if it had as many evaluations.
    """
    width = 10 / HISTOGRAM_BINS
    whole = sum(counts) or 1
    rows = [
        {
            "bin": str(place),
            "from": place * width,
            "to": (place + 1) * width,
            "count": count,
            "label": f"{number(place * width, 1)}–{number((place + 1) * width, 1)}",
            "counted": f"{formatting.count(count)} ({number(count / whole * 100, 1)} %)",
        }
        for place, count in enumerate(counts)
    ]
    whole_before = sum(before)
    if whole_before:
        for row, count in zip(rows, before, strict=True):
            row["before"] = count / whole_before * whole
            row["was"] = f"{number(count / whole_before * 100, 1)} %"
    fullest = max(rows, key=lambda row: int(str(row["count"])))
    told = t("Histogram of scores in bins of half a point; the fullest is {label}.", label=fullest["label"])
    notes = (t("Gray line: shares in the compared period."),) if whole_before else ()
    return Chart(_spec(look, height, whole_before > 0), {"rows": rows}, told, notes, "bin")


@lru_cache(maxsize=16)
def _spec(look: ChartTheme, height: int, compared: bool) -> dict[str, Any]:
    tips = [alt.Tooltip("label:N", title=t("Score")), alt.Tooltip("counted:N", title=t("Evaluations"))]
    if compared:
        tips.append(alt.Tooltip("was:N", title=t("Compared period")))
    bars = (
        alt.Chart(alt.NamedData("rows"))
        .mark_rect(color=look.palette.accent, stroke=look.palette.panel, strokeWidth=1)
        .encode(
            x=alt.X(
                "from:Q", title=t("Score"), scale=alt.Scale(domain=[0, 10]), axis=alt.Axis(tickCount=10, grid=False)
            ),
            x2="to:Q",
            y=alt.Y("count:Q", title=t("Evaluations"), axis=alt.Axis(format=",.0f", tickCount=4, tickMinStep=1)),
            y2=alt.datum(0),
            tooltip=tips,
        )
        .add_params(alt.selection_point(name=PICK, fields=["bin"], on="click", clear=False))
    )
    layers = [bars]
    if compared:
        rows = alt.Chart(alt.NamedData("rows"))
        layers.append(
            rows.mark_rule(color=look.palette.compared, strokeWidth=2.5).encode(
                x="from:Q", x2="to:Q", y=alt.Y("before:Q", title=t("Evaluations")), tooltip=tips
            )
        )
    return apply_theme(alt.layer(*layers).properties(height=height, width="container"), look)
