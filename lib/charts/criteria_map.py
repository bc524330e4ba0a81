"""Criteria by the groups of a dimension as a map of colors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import altair as alt

from lib.catalog.criterion_metrics import AVERAGE_SHARE
from lib.catalog.metrics import Unit
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.charts.chart import PICK, Chart
from lib.charts.heatmap import ends_of
from lib.charts.theme import AXIS, ChartTheme, apply_theme
from lib.i18n import number, t
from lib.reports import catalog_words, formatting
from lib.reports.criterion_words import criterion_names, failed_id
from lib.reports.figures import CriteriaMapFigure

NAME_HEIGHT, ASLANT_WIDTH = 13, 19
"""Pixels that a name takes beside the next, upright and aslant."""

ROW_HEIGHT, NAMES_HEIGHT = 24, 215
"""Pixels of a group's row, and of the legend above with the names of criteria below."""


def criteria_map(figure: CriteriaMapFigure, look: ChartTheme) -> Chart | None:
    """Draw the average share by group and criterion; cells of few answers are small. None where no cell has a value."""
    metric = AVERAGE_SHARE
    names = criterion_names(figure.criteria)
    alike = formatting.namesakes(figure.members)
    criteria = {criterion: names[criterion] for criterion in figure.drawn_criteria}
    members = formatting.distinct(
        {member: formatting.distinct_name(member, alike) for member in figure.drawn_members},
        {member: member.parameter_value for member in figure.drawn_members},
    )
    rows: list[dict[str, Any]] = []
    for member, named in members.items():
        for criterion, name in criteria.items():
            totals = figure.cells.get((criterion, member))
            value = None if totals is None else metric.rounded(totals)
            if totals is None or value is None:
                continue
            rows.append(
                {
                    "cell": failed_id(criterion, totals, member.parameter_value) or "",
                    "criterion": name,
                    "member": named,
                    "value": float(value),
                    "shown": formatting.metric(metric, totals),
                    "interval": formatting.interval(metric.unit, metric.interval(totals)),
                    "counted": formatting.count(totals["answered"]),
                    "failed": formatting.count(totals["without_points"]),
                    "click": t("lists those without points") if totals["without_points"] else t("nothing to list"),
                    "few": metric.is_small_sample(totals),
                }
            )
    if not rows:
        return None
    group = str(catalog_words.label(figure.dimension))
    lowest = min(rows, key=lambda row: (row["few"], row["value"]))
    told = t(
        "Heat map of the average share of {criteria} criteria by {dimension}; the lowest is {criterion} of {member}, "
        "{share}.",
        criteria=number(len(criteria)),
        dimension=catalog_words.lower_label(figure.dimension),
        criterion=lowest["criterion"],
        member=lowest["member"],
        share=lowest["shown"],
    )
    fews = frozenset(row["few"] for row in rows)
    spec = _spec(
        group, look, tuple(criteria.values()), tuple(members.values()), ends_of(_values(rows), Unit.SHARE), fews
    )
    return Chart(spec, {"rows": rows}, told, tuple(_notes(figure, fews)), "cell")


def _values(rows: list[dict[str, Any]]) -> list[float]:
    """Return the values that colors span: without those of few answers, where there are others."""
    return [row["value"] for row in rows if not row["few"]] or [row["value"] for row in rows]


def _notes(figure: CriteriaMapFigure, fews: frozenset[bool]) -> list[str]:
    notes = []
    if True in fews:
        notes.append(t("Small squares: under {least} answers.", least=FEW_EVALUATIONS))
    if len(figure.members) > len(figure.drawn_members):
        shown, count = (number(len(each)) for each in (figure.drawn_members, figure.members))
        groups = catalog_words.groups_name(figure.dimension)
        notes.append(
            t(
                "{shown} of {count} {groups} shown, those with the most answers.",
                shown=shown,
                count=count,
                groups=groups,
            )
        )
    if len(figure.criteria) > len(figure.drawn_criteria):
        shown, count = (number(len(each)) for each in (figure.drawn_criteria, figure.criteria))
        notes.append(t("{shown} of {count} criteria shown, those with the most answers.", shown=shown, count=count))
    return notes


def _names_below(count: int, plain: Mapping[str, Any]) -> alt.Axis:
    """Return the axis of so many names: aslant, upright where they stand close, without some where they would touch."""
    step = f"(width / {count})"
    left_out = f"round(datum.index * {count - 1}) % ceil({NAME_HEIGHT} / {step}) != 0"
    return alt.Axis(
        labelAngle=alt.ExprRef(f"{step} < {ASLANT_WIDTH} ? -90 : -45"),
        labelAlign="right",
        labelBaseline="middle",
        labelExpr=f"{left_out} ? '' : datum.label",
        labelLimit=150,
        **plain,
    )


@lru_cache(maxsize=64)
def _spec(
    group: str,
    look: ChartTheme,
    criteria: tuple[str, ...],
    members: tuple[str, ...],
    ends: tuple[float, float],
    fews: frozenset[bool],
) -> dict[str, Any]:
    colors = look.palette
    tips = [
        alt.Tooltip("member:N", title=group),
        alt.Tooltip("criterion:N", title=t("Criterion")),
        alt.Tooltip("shown:N", title=t("Average share")),
        alt.Tooltip("interval:N", title=t("95 % CI")),
        alt.Tooltip("counted:N", title=t("Answers")),
        alt.Tooltip("failed:N", title=t("Without points")),
        alt.Tooltip("click:N", title=t("A click")),
    ]
    plain: dict[str, Any] = {"ticks": False, "domain": False, "labelOverlap": False, "labelFlush": False, "grid": False}
    rows = alt.Chart(alt.NamedData("rows"))
    x = alt.X(
        "criterion:N",
        sort=list(criteria),
        scale=alt.Scale(domain=list(criteria)),
        title=None,
        axis=_names_below(len(criteria), plain),
    )
    y = alt.Y(
        "member:N",
        sort=list(members),
        scale=alt.Scale(domain=list(members)),
        title=None,
        axis=alt.Axis(labelLimit=150, **plain),
    )
    ramp = alt.Scale(range=list(colors.ramp), domain=list(ends), clamp=True)
    legend = alt.Legend(
        title=t("Average share"),
        titleOrient="left",
        orient="top",
        format=AXIS[Unit.SHARE],
        gradientLength=180,
        gradientThickness=10,
    )
    cells = (
        rows.mark_rect(cornerRadius=3, stroke=colors.panel, strokeWidth=2)
        .encode(x=x, y=y, color=alt.Color("value:Q", title=None, scale=ramp, legend=legend))
        .transform_filter("!datum.few")
    )
    # What rests on little is drawn small, as a color alone would be read as a value.
    few = (
        rows.mark_square(size=70, opacity=0.9, stroke=colors.line, strokeWidth=1)
        .encode(x=x, y=y, fill=alt.Fill("value:Q", title=None, scale=ramp, legend=None if False in fews else legend))
        .transform_filter("datum.few")
    )
    # A small square is pointed at as easily as a large one.
    whole = (
        rows.mark_rect(opacity=0.001, cursor=alt.ExprRef("datum.cell ? 'pointer' : 'default'"))
        .encode(x=x, y=y, tooltip=tips)
        .add_params(alt.selection_point(name=PICK, fields=["cell"], on="click", clear=False))
    )
    layers = [*((cells,) if False in fews else ()), *((few,) if True in fews else ()), whole]
    height = ROW_HEIGHT * len(members) + NAMES_HEIGHT
    return apply_theme(alt.layer(*layers).properties(height=height, width="container"), look)
