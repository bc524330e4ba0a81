"""The Metrics page's lists: the workspace's own metrics, the built-in ones, and what is archived."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from lib.access.users import Role
from lib.catalog.catalog import Catalog
from lib.catalog.metrics import Metric, Unit
from lib.catalog.own_metrics import BUILT_IN_FORMULAS, MetricDefinition
from lib.errors import CallboardError
from lib.i18n import number, t, t_plural
from lib.jobs import metric_tasks
from lib.reports import formatting, job_text
from lib.reports.table import MOST_ROWS
from lib.store.messages import failure_of
from lib.ui import current_user, data_grid, inputs, markdown, page_layout
from lib.ui.outcome import Outcome
from lib.workspace import Workspace

UNIT_LABELS = {
    "number": "Number",
    "share": "Share (%)",
    "score": "Score",
    "seconds": "Duration (seconds)",
    "count": "Count",
}
"""What the units are called; any other is a text of who defined the metric."""

FORMULA_WIDTH = 360

_RESTORING = Outcome("metric_restore")
_TO_RESTORE = "_metric_to_restore"


def unit_name(unit: str) -> str:
    """Return what a unit is called: one of one's own is as it is."""
    if unit == Unit.BALANCE.value:
        return t("−1 to 1")
    return t(UNIT_LABELS[unit]) if unit in UNIT_LABELS else unit


def own_definitions(catalog: Catalog, *, archived: bool = False) -> tuple[MetricDefinition, ...]:
    """Return what a workspace defines, without the targets of built-in metrics: what is in use, or archived."""
    return tuple(
        each for each in catalog.metric_definitions if each.archived is archived and each.name not in BUILT_IN_FORMULAS
    )


def listing(space: Workspace) -> None:
    """Draw the metrics in use, own ones first, and say which of them can't be computed."""
    catalog = space.catalog
    own = own_definitions(catalog)
    if not own:
        page_layout.empty(
            t("No metrics of your own yet"),
            t("A metric is a formula, such as share(score >= 8): the share of scores of 8 and more."),
        )
    for each in own:
        if problem := catalog.metric_problems.get(each.name):
            why = markdown.text(job_text.in_words(failure_of(problem)))
            st.warning(
                t("{label} can't be computed. {why}", label=f"**{markdown.text(each.label_with_unit)}**", why=why),
                icon=":material/warning:",
            )
    targets = {each.name: each.target for each in catalog.metric_definitions}
    rows = [_own_row(each, catalog) for each in own]
    rows += [_built_in_row(catalog.metrics[name], targets.get(name)) for name in BUILT_IN_FORMULAS]
    _table(rows, t_plural("{count} metric with its formula", "{count} metrics with their formulas", len(rows)))


def archived(space: Workspace, *, may_change: bool) -> None:
    """Draw the metrics that are archived, and what brings one back."""
    gone = own_definitions(space.catalog, archived=True)
    _RESTORING.draw()
    if not gone:
        return
    with st.expander(t("Archived ({count})", count=number(len(gone)))):
        rows = [_own_row(each, space.catalog) for each in gone]
        _table(rows, t_plural("{count} metric that is archived", "{count} metrics that are archived", len(rows)))
        if not may_change:
            return
        labels = {each.name: each.label_with_unit for each in gone}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = inputs.selectbox(
                t("Archived metric"), list(labels), format_func=labels.__getitem__, key=_TO_RESTORE, width=320
            )
            st.button(
                t("Bring back"),
                icon=":material/unarchive:",
                on_click=current_user.acting(_bring_back, Role.ADMIN),
                args=(space, name),
            )


def _bring_back(space: Workspace, name: str) -> None:
    try:
        metric_tasks.archive_metric(space, current_user.actor(), name, archived=False)
    except CallboardError as error:
        _RESTORING.failed(error)


def target_text(target: str | None, unit: Unit, decimals: int | None = None) -> str:
    """Return a target as it is listed; an empty text without one."""
    if target is None:
        return ""
    value = json.loads(target)
    return formatting.value(unit, value, decimals) if isinstance(value, int | float) else t("by group or date")


def _own_row(each: MetricDefinition, catalog: Catalog) -> dict[str, str]:
    metric = catalog.defined_metrics.get(each.name)
    unit, decimals = (Unit.NUMBER, each.decimals) if metric is None else (metric.unit, metric.own_decimals)
    return {
        t("Label"): each.label,
        t("Name"): each.name,
        t("Formula"): each.formula,
        t("Unit"): unit_name(each.unit),
        t("Version"): number(each.version),
        t("Target"): target_text(each.target, unit, decimals),
    }


def _built_in_row(metric: Metric, target: str | None) -> dict[str, str]:
    return {
        t("Label"): t(metric.label),
        t("Name"): metric.name,
        t("Formula"): BUILT_IN_FORMULAS[metric.name],
        t("Unit"): unit_name(metric.unit.value),
        t("Version"): t("built in"),
        t("Target"): target_text(target, metric.unit),
    }


def _table(rows: Sequence[dict[str, str]], words: str) -> None:
    st.dataframe(
        pd.DataFrame(rows[:MOST_ROWS]),
        hide_index=True,
        width="stretch",
        height=data_grid.list_height(min(len(rows), MOST_ROWS)),
        column_config={t("Formula"): st.column_config.TextColumn(width=FORMULA_WIDTH)},
        placeholder=formatting.NOTHING,
        alt=words,
    )
    data_grid.say_cut(min(len(rows), MOST_ROWS), len(rows), t("in the order in which they were defined"))
