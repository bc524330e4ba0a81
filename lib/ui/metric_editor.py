"""The Metrics page's editor: a new metric or one that is there, with what it comes to, its versions and its uses."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import streamlit as st

from lib.access.users import Role
from lib.analytics import metric_definitions
from lib.analytics.metric_definitions import MAX_LABEL
from lib.catalog.catalog import Catalog
from lib.catalog.formulas.narrowing import PLACE
from lib.catalog.own_metrics import BUILT_IN_FORMULAS, UNITS, MetricDefinition
from lib.errors import CallboardError, FormulaError
from lib.i18n import number, t
from lib.jobs import metric_tasks
from lib.reports.context import PageContext
from lib.ui import current_user, inputs, markdown, metric_draft, metric_inputs, metric_preview, metric_versions
from lib.ui.metric_draft import CHOSEN, NEW, MetricDraft, UndatedTarget
from lib.ui.metrics_page import own_definitions
from lib.ui.outcome import Outcome
from lib.workspace import Workspace

BEGINNINGS = {metric_inputs.FORMULA: "share", "avg_if(score, is_ai)": "score"}
"""Formulas to begin with, each with its unit."""

_OUTCOME = Outcome("metric")


def show(space: Workspace, context: PageContext) -> None:
    """Draw the choice of a metric, its inputs beside what it comes to, and what saves it."""
    st.subheader(t("Define or change a metric"), anchor=False)
    _OUTCOME.draw()
    draft = metric_draft.current(space.catalog)
    _choice(space, draft)
    left, right = st.columns(2, gap="large")
    with left:
        values = metric_inputs.built_in(space, draft) if draft.is_built_in else metric_inputs.of_formula(space, draft)
        under_formula = st.container()
    if not draft.is_built_in:
        with left:
            metric_inputs.insertion(space, draft)
        values |= metric_inputs.look(space, draft)
    wanted = metric_draft.written(draft, values)
    with right:
        _outcome(space, context, draft, wanted, under_formula)
    metric_draft.keep(draft)
    _save(space, draft, wanted, values["target"])
    if not draft.is_new:
        metric_versions.show(space, draft)


def _choice(space: Workspace, draft: MetricDraft) -> None:
    """Draw which metric is changed, and what makes another one of it."""
    catalog = space.catalog
    own = {each.name: each.label_with_unit for each in own_definitions(catalog)}
    labels = {NEW: t("New metric"), **own, **{name: t(catalog.metrics[name].label) for name in BUILT_IN_FORMULAS}}
    metric_draft.fill_choice(draft)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        inputs.selectbox(
            t("Metric"),
            list(labels),
            format_func=lambda name: labels.get(name, name),
            key=CHOSEN,
            width=380,
            on_change=_choose,
            args=(space,),
        )
        chosen = metric_draft.stored(catalog, draft.name)
        if chosen is not None and metric_inputs.narrowed_formula(catalog, chosen.formula, PLACE) is not None:
            st.button(
                t("The same, but only where …"),
                icon=":material/filter_alt:",
                help=t("Starts a copy of this metric over those evaluations alone that fulfill a condition."),
                on_click=_narrow,
                args=(space, chosen),
            )


def _choose(space: Workspace) -> None:
    metric_draft.begin_with(space.catalog, str(st.session_state.get(CHOSEN, NEW)))


def _narrow(space: Workspace, chosen: MetricDefinition) -> None:
    formula = metric_inputs.narrowed_formula(space.catalog, chosen.formula, PLACE)
    if formula is None:
        return
    label = t(chosen.label) if chosen.name in BUILT_IN_FORMULAS else chosen.label
    unit = chosen.unit if chosen.name not in BUILT_IN_FORMULAS or chosen.unit in UNITS else "number"
    better = space.catalog.metrics[chosen.name].better if chosen.name in BUILT_IN_FORMULAS else chosen.better
    start = MetricDefinition(
        NEW,
        t("{label}, only where …", label=label)[:MAX_LABEL],
        formula,
        unit=unit,
        decimals=chosen.decimals,
        better=better,
        minimum=chosen.minimum,
    )
    metric_draft.begin(NEW, start, narrowed_from=chosen.formula)


def _outcome(
    space: Workspace,
    context: PageContext,
    draft: MetricDraft,
    wanted: MetricDefinition,
    under_formula: AbstractContextManager[Any],
) -> None:
    """Draw what the formula comes to, or under it where it is wrong; without one, what to begin with."""
    if draft.is_built_in:
        wanted = _plain(wanted)
    if not wanted.formula:
        _beginnings(draft)
        return
    if PLACE in wanted.formula and draft.narrowed_from:
        st.info(t("Fill in the condition: the formula counts only the evaluations that fulfill it."))
        return
    is_right = metric_preview.draw(space, context, wanted, draft.name or None, under_formula)
    with st.expander(t("Functions"), expanded=not is_right):
        metric_preview.functions()


def _beginnings(draft: MetricDraft) -> None:
    """Draw formulas to begin with, and what functions there are."""
    st.markdown(t("Begin with an example:"))
    with st.container(horizontal=True):
        for place, example in enumerate(BEGINNINGS):
            st.button(
                markdown.text(example),
                key=f"{draft.key('example')}-{place}",
                icon=":material/function:",
                on_click=_begin_with_example,
                args=(draft, example),
            )
    metric_preview.functions()


def _plain(built_in: MetricDefinition) -> MetricDefinition:
    """Return a built-in metric as a formula of its own, to be previewed."""
    unit = built_in.unit if built_in.unit in UNITS else "number"
    return MetricDefinition(NEW, t(built_in.label), built_in.formula, unit=unit)


def _begin_with_example(draft: MetricDraft, example: str) -> None:
    st.session_state[draft.key("formula")] = example
    st.session_state[draft.key("unit")] = BEGINNINGS[example]


def _save(space: Workspace, draft: MetricDraft, wanted: MetricDefinition, target: UndatedTarget | None) -> None:
    """Draw what saves the metric, and what archives it, with where it is used."""
    users = () if draft.is_new else metric_definitions.users_of(space.catalog, draft.name)
    now = metric_draft.stored(space.catalog, draft.name)
    if now is not None and now.version != draft.version:
        st.info(t("Someone saved version {version} meanwhile; yours will come after it.", version=number(now.version)))
    if users:
        st.caption(
            t("Used by: {metrics}. They change with it.", metrics=markdown.text(_labels(space.catalog, users))),
        )
    if not draft.is_new:
        _say_where_seen(space, draft)
    with st.container(horizontal=True):
        if st.button(t("Save"), type="primary", icon=":material/save:", key="metric-save"):
            _store(space, draft, wanted, target)
        if not draft.is_new and not draft.is_built_in:
            with st.popover(t("Archive"), icon=":material/archive:", key="metric-archive"):
                st.markdown(
                    t("It leaves the pages and the API. Its versions stay, and it can be brought back.")
                    if not users
                    else t("Metrics that use it can't be computed then: {metrics}.", metrics=_bold(space, users))
                )
                st.button(
                    t("Archive {label}", label=markdown.text(draft.start.label)),
                    key="metric-archive-now",
                    on_click=current_user.acting(_archive, Role.ADMIN),
                    args=(space, draft.name),
                )


def _say_where_seen(space: Workspace, draft: MetricDraft) -> None:
    """Draw which saved views and pinned links show the metric, if any do."""
    used = metric_tasks.used_by(space, space.catalog, draft.name)
    if used["views"]:
        st.caption(t("Shown by saved views: {views}.", views=markdown.text(", ".join(used["views"]))))
    if used["privateViews"] or used["pinnedLinks"]:
        views, links = number(used["privateViews"]), number(used["pinnedLinks"])
        st.caption(t("Shown by views of single people: {views}; by pinned links: {links}.", views=views, links=links))
    if used["reports"] or used["alerts"]:
        reports, alerts = number(used["reports"]), number(used["alerts"])
        st.caption(t("Sent by reports: {reports}; watched by alerts: {alerts}.", reports=reports, alerts=alerts))


def _labels(catalog: Catalog, names: Sequence[str]) -> str:
    labels = {each.name: each.label_with_unit for each in catalog.metric_definitions}
    return ", ".join(labels.get(name, name) for name in names)


def _bold(space: Workspace, names: Sequence[str]) -> str:
    return f"**{markdown.text(_labels(space.catalog, names))}**"


def _store(space: Workspace, draft: MetricDraft, wanted: MetricDefinition, target: UndatedTarget | None) -> None:
    """Save the metric where it can be, and begin anew with what is stored then."""
    name, values = wanted.name, dict[str, Any]()
    if not draft.is_built_in:
        fields = ("label", "description", "formula", "unit", "decimals", "better", "minimum")
        values = {field: getattr(wanted, field) for field in fields}
    if target is not None:
        values["target"] = target.as_json
    known = {each.name: each for each in space.catalog.metric_definitions}
    if draft.is_new and name in known:
        st.error(t("There is a metric {name} already; choose it above, or bring it back.", name=markdown.text(name)))
        return
    try:
        metric_tasks.set_metric(space, current_user.actor(), name, values)
    except FormulaError as error:
        if not wanted.formula:
            st.error(markdown.problem(error))
        else:
            st.error(t("Not saved: the formula is not right yet."))
        return
    except CallboardError as error:
        st.error(markdown.problem(error))
        return
    metric_draft.begin_with(space.catalog, name)
    saved = metric_draft.stored(space.catalog, name)
    if saved is not None:
        label = t(saved.label) if name in BUILT_IN_FORMULAS else saved.label
        version = number(saved.version)
        _OUTCOME.done(t("{label} is saved: version {version}.", label=markdown.text(label), version=version))
    st.rerun()


def _archive(space: Workspace, name: str) -> None:
    try:
        metric_tasks.archive_metric(space, current_user.actor(), name, archived=True)
    except CallboardError:
        return  # it is gone, and the page that is drawn next says so
    metric_draft.begin_with(space.catalog, NEW)
