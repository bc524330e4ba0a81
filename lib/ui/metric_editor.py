"""The Metrics page's editor: a new metric or one that is there, with what it comes to, its versions and its uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from lib.access.users import Role
from lib.analytics import metric_definitions
from lib.analytics.metric_definitions import MAX_DECIMALS, MAX_DESCRIPTION, MAX_LABEL, MAX_MINIMUM, MAX_UNIT
from lib.catalog.catalog import Catalog
from lib.catalog.formulas.functions import EXAMPLES
from lib.catalog.formulas.narrowing import PLACE, narrowed
from lib.catalog.formulas.tokens import MOST_CHARACTERS
from lib.catalog.metrics import METRICS
from lib.catalog.own_fields import MAX_NAME
from lib.catalog.own_metrics import UNITS, MetricDefinition, reader_of
from lib.errors import CallboardError, FormulaError
from lib.i18n import number, t
from lib.jobs import metric_tasks
from lib.reports import catalog_words
from lib.reports.context import PageContext
from lib.ui import current_user, inputs, markdown, metric_draft, metric_preview, metric_versions
from lib.ui.metric_draft import CHOSEN, NEW, OTHER_UNIT, MetricDraft
from lib.ui.metrics_page import own_definitions, unit_name
from lib.workspace import Workspace

BEGINNINGS = ("share(score >= 8)", "avg_if(score, is_ai)")
"""Formulas to begin with."""

CONDITION = 'is_ai and campaign = "Retention"'
"""An example of a condition."""

DIRECTIONS = {"higher": "Higher is better", "lower": "Lower is better"}

_SAVED = "_metric_saved"


def show(space: Workspace, context: PageContext) -> None:
    """Draw the choice of a metric, its inputs beside what it comes to, and what saves it."""
    st.subheader(t("Define or change a metric"), anchor=False)
    if message := st.session_state.pop(_SAVED, None):
        st.success(message, icon=":material/check_circle:")
    draft = metric_draft.current(space.catalog)
    _choice(space, draft)
    left, right = st.columns(2, gap="large")
    with left:
        values = _built_in(draft) if draft.is_built_in else _inputs(space, draft)
    wanted = metric_draft.written(draft, values)
    with right:
        _outcome(space, context, draft, wanted)
    metric_draft.keep(draft)
    _save(space, draft, wanted, values["target"])
    if not draft.is_new:
        metric_versions.show(space, draft)


def _choice(space: Workspace, draft: MetricDraft) -> None:
    """Draw which metric is changed, and what makes another one of it."""
    catalog = space.catalog
    own = {each.name: each.label_with_unit for each in own_definitions(catalog)}
    labels = {NEW: t("New metric"), **own, **{name: t(each.label) for name, each in METRICS.items()}}
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
        if chosen is not None and _narrowed(catalog, chosen.formula, PLACE) is not None:
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
    formula = _narrowed(space.catalog, chosen.formula, PLACE)
    if formula is None:
        return
    label = t(chosen.label) if chosen.name in METRICS else chosen.label
    unit = chosen.unit if chosen.name not in METRICS or chosen.unit in UNITS else "number"
    better = METRICS[chosen.name].better if chosen.name in METRICS else chosen.better
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


def _narrowed(catalog: Catalog, formula: str, condition: str) -> str | None:
    return narrowed(formula, condition, reader_of(catalog, catalog.metric_definitions).formula_of)


def _built_in(draft: MetricDraft) -> dict[str, Any]:
    """Draw what a built-in metric is, and the target that it may have."""
    st.code(draft.start.formula, language=None, wrap_lines=True)
    st.caption(t("A built-in metric stays as it is; it may have a target."))
    return {"target": _target(draft)}


def _inputs(space: Workspace, draft: MetricDraft) -> dict[str, Any]:
    """Draw the inputs of a metric, and return what they say."""
    values: dict[str, Any] = {}
    values["label"] = st.text_input(t("Label"), key=metric_draft.filled(draft, "label"), max_chars=MAX_LABEL)
    if draft.is_new:
        values["name"] = st.text_input(
            t("Name"),
            key=metric_draft.filled(draft, "name"),
            max_chars=MAX_NAME,
            placeholder=metric_draft.proposed_name(str(values["label"])) or "resolvedOnFirstContact",
            help=t(
                "What formulas, addresses and the API call it: a small letter, then letters, digits and _. It can't be "
                "changed later."
            ),
        )
    if draft.narrowed_from and _is_narrowing(space, draft):
        st.text_input(
            t("Only where"),
            key=metric_draft.filled(draft, "condition"),
            max_chars=MOST_CHARACTERS,
            placeholder=CONDITION,
            on_change=_put_condition,
            args=(space, draft),
        )
    values["formula"] = _formula(space, draft)
    values |= _look(draft)
    values["description"] = st.text_area(
        t("Description"), key=metric_draft.filled(draft, "description"), max_chars=MAX_DESCRIPTION, height=68
    )
    return values


def _is_narrowing(space: Workspace, draft: MetricDraft) -> bool:
    """Return whether the formula is still what the condition makes of it, and was not changed by hand."""
    condition, formula = (
        str(st.session_state[metric_draft.filled(draft, field)]).strip() for field in ("condition", "formula")
    )
    return _narrowed(space.catalog, draft.narrowed_from, condition or PLACE) == formula


def _put_condition(space: Workspace, draft: MetricDraft) -> None:
    condition = str(st.session_state[draft.key("condition")]).strip() or PLACE
    formula = _narrowed(space.catalog, draft.narrowed_from, condition)
    if formula is not None:
        st.session_state[draft.key("formula")] = formula


def _formula(space: Workspace, draft: MetricDraft) -> str:
    """Draw the field of the formula, and what puts names into it."""
    with st.container(key="cb-formula", gap="small"):
        formula = st.text_area(
            t("Formula"),
            key=metric_draft.filled(draft, "formula"),
            max_chars=MOST_CHARACTERS,
            height=110,
            placeholder=BEGINNINGS[0],
            help=t("Press Ctrl + Enter, or click elsewhere, to see what it comes to."),
        )
        names = _names(space.catalog)
        key = draft.key("insert")
        inputs.selectbox(
            t("Insert a name or function"),
            list(names),
            None,
            format_func=lambda name: names.get(name, name),
            key=key,
            placeholder=t("Search columns, fields, metrics and functions"),
            on_change=_insert,
            args=(draft, frozenset(names)),
        )
    return str(formula)


def _names(catalog: Catalog) -> dict[str, str]:
    """Return what may be put into a formula, each with what it is."""
    words = reader_of(catalog, catalog.metric_definitions).vocabulary
    fields = {each.parameter: each.label_with_unit for each in catalog.own_fields}
    names: dict[str, str] = {}
    for name in words.columns:
        names[name] = " · ".join(filter(None, (name, fields.get(name, ""), t("column"))))
    for name in words.dimensions:
        names[name] = " · ".join(filter(None, (name, fields.get(name, ""), t("dimension"))))
    for name in words.metrics:
        metric = catalog.all_metrics.get(name)
        label = "" if metric is None else str(catalog_words.metric_label(metric))
        names.setdefault(name, " · ".join(filter(None, (name, label, t("metric")))))
    for name, example in EXAMPLES.items():
        names.setdefault(example, f"{name} · {example} · {t('function')}")
    return names


def _insert(draft: MetricDraft, names: frozenset[str]) -> None:
    """Put the chosen name behind the formula."""
    name = st.session_state.get(draft.key("insert"))
    st.session_state[draft.key("insert")] = None
    if name not in names:
        return
    formula = str(st.session_state.get(draft.key("formula"), ""))
    gap = "" if not formula or formula.endswith(("(", " ", "\n")) else " "
    st.session_state[draft.key("formula")] = f"{formula}{gap}{name}"


def _look(draft: MetricDraft) -> dict[str, Any]:
    """Draw how the values are shown and judged."""
    values: dict[str, Any] = {}
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    values["unit"] = inputs.selectbox(
        t("Unit"),
        [*UNITS, OTHER_UNIT],
        format_func=lambda unit: t("Other") if unit == OTHER_UNIT else unit_name(unit),
        key=metric_draft.filled(draft, "unit"),
        place=left,
    )
    values["decimals"] = inputs.selectbox(
        t("Decimals"),
        [None, *range(MAX_DECIMALS + 1)],
        format_func=lambda decimals: t("As the unit") if decimals is None else str(decimals),
        key=metric_draft.filled(draft, "decimals"),
        place=middle,
        help=t("Those of the value in files and answers: a share of 0.857 has three, and is shown as 85.7 %."),
    )
    values["better"] = inputs.selectbox(
        t("Direction"),
        [None, *DIRECTIONS],
        format_func=lambda better: t("Neither") if better is None else t(DIRECTIONS[better]),
        key=metric_draft.filled(draft, "better"),
        place=right,
    )
    values["own_unit"] = ""
    if values["unit"] == OTHER_UNIT:
        values["own_unit"] = st.text_input(
            t("Unit of your own"), key=metric_draft.filled(draft, "own_unit"), max_chars=MAX_UNIT, placeholder="€"
        )
    left, right = st.columns(2, vertical_alignment="bottom")
    values["minimum"] = left.number_input(
        t("Minimum of evaluations"),
        0,
        MAX_MINIMUM,
        None,
        1,
        key=metric_draft.filled(draft, "minimum"),
        help=t("What rests on fewer is marked as a small sample."),
    )
    with right:
        values["target"] = _target(draft)
    return values


def _target(draft: MetricDraft) -> float | None:
    """Draw the field of a target; of one by group or date say that it stays as it is."""
    if draft.has_targets_by_group:
        st.caption(t("Its target differs by group or date: change it with the API or callboard metrics set."))
        return None
    return inputs.number_field(
        t("Target"),
        metric_draft.filled(draft, "target"),
        placeholder=t("Not set"),
        help=t("A share of 80 % is 0.8."),
    )


def _outcome(space: Workspace, context: PageContext, draft: MetricDraft, wanted: MetricDefinition) -> None:
    """Draw what the formula comes to; without one, what to begin with."""
    if draft.is_built_in:
        wanted = _plain(wanted)
    if not wanted.formula:
        st.markdown(t("Begin with an example:"))
        for place, example in enumerate(BEGINNINGS):
            st.button(
                markdown.text(example),
                key=f"{draft.key('example')}-{place}",
                icon=":material/function:",
                on_click=_begin_with_example,
                args=(draft, example),
            )
        metric_preview.functions()
        return
    if PLACE in wanted.formula and draft.narrowed_from:
        st.info(t("Fill in the condition: the formula counts only the evaluations that fulfill it."))
        return
    metric_preview.draw(space, context, wanted, draft.name or None)
    with st.expander(t("Functions")):
        metric_preview.functions()


def _plain(built_in: MetricDefinition) -> MetricDefinition:
    """Return a built-in metric as a formula of its own, to be previewed."""
    unit = built_in.unit if built_in.unit in UNITS else "number"
    return MetricDefinition(NEW, t(built_in.label), built_in.formula, unit=unit)


def _begin_with_example(draft: MetricDraft, example: str) -> None:
    st.session_state[draft.key("formula")] = example


def _save(space: Workspace, draft: MetricDraft, wanted: MetricDefinition, target: float | None) -> None:
    """Draw what saves the metric, and what archives it, with where it is used."""
    users = () if draft.is_new else metric_definitions.users_of(space.catalog, draft.name)
    now = metric_draft.stored(space.catalog, draft.name)
    if now is not None and now.version != draft.version:
        st.info(t("Someone saved version {version} meanwhile; yours will come after it.", version=number(now.version)))
    if users:
        st.caption(
            t("Used by: {metrics}. They change with it.", metrics=markdown.text(_labels(space.catalog, users))),
        )
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


def _labels(catalog: Catalog, names: Sequence[str]) -> str:
    labels = {each.name: each.label_with_unit for each in catalog.metric_definitions}
    return ", ".join(labels.get(name, name) for name in names)


def _bold(space: Workspace, names: Sequence[str]) -> str:
    return f"**{markdown.text(_labels(space.catalog, names))}**"


def _store(space: Workspace, draft: MetricDraft, wanted: MetricDefinition, target: float | None) -> None:
    """Save the metric where it can be, and begin anew with what is stored then."""
    name, values = wanted.name, dict[str, Any]()
    if not draft.is_built_in:
        fields = ("label", "description", "formula", "unit", "decimals", "better", "minimum")
        values = {field: getattr(wanted, field) for field in fields}
    if not draft.has_targets_by_group:
        values["target"] = int(target) if target is not None and target == int(target) else target
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
        label = t(saved.label) if name in METRICS else saved.label
        st.session_state[_SAVED] = t(
            "{label} is saved: version {version}.", label=markdown.text(label), version=number(saved.version)
        )
    st.rerun()


def _archive(space: Workspace, name: str) -> None:
    try:
        metric_tasks.archive_metric(space, current_user.actor(), name, archived=True)
    except CallboardError:
        return  # it is gone, and the page that is drawn next says so
    metric_draft.begin_with(space.catalog, NEW)
