"""The inputs of a metric that is being written: its label and name, its formula, and how its values are shown."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lib.analytics.metric_definitions import MAX_DECIMALS, MAX_DESCRIPTION, MAX_LABEL, MAX_MINIMUM, MAX_UNIT
from lib.catalog.catalog import Catalog
from lib.catalog.formulas.functions import EXAMPLES
from lib.catalog.formulas.narrowing import PLACE, narrowed
from lib.catalog.formulas.tokens import MOST_CHARACTERS
from lib.catalog.own_fields import MAX_NAME
from lib.catalog.own_metrics import UNITS, reader_of
from lib.i18n import t
from lib.reports import catalog_words
from lib.ui import inputs, metric_draft, target_inputs
from lib.ui.metric_draft import OTHER_UNIT, UNSET, MetricDraft
from lib.ui.metrics_page import unit_name
from lib.workspace import Workspace

FORMULA = "share(score >= 8)"
"""An example of a formula."""

CONDITION = 'is_ai and campaign = "Retention"'
"""An example of a condition."""

DIRECTIONS = {"higher": "Higher is better", "lower": "Lower is better"}
"""Which values are the better ones."""


def narrowed_formula(catalog: Catalog, formula: str, condition: str) -> str | None:
    """Return a formula over the evaluations of a condition alone; None where that can't be said."""
    return narrowed(formula, condition, reader_of(catalog, catalog.metric_definitions).formula_of)


def built_in(space: Workspace, draft: MetricDraft) -> dict[str, Any]:
    """Draw what a built-in metric is, and the target that it may have."""
    st.code(draft.start.formula, language=None, wrap_lines=True)
    st.caption(t("A built-in metric stays as it is; it may have a target."))
    return {"target": target_inputs.group_fields(space, draft, target_inputs.value_field(draft))}


def of_formula(space: Workspace, draft: MetricDraft) -> dict[str, Any]:
    """Draw the inputs of a metric, and return what they say."""
    values: dict[str, Any] = {}
    example = t("Resolved on first contact")
    values["label"] = st.text_input(
        t("Label"), key=metric_draft.filled(draft, "label"), max_chars=MAX_LABEL, placeholder=example
    )
    if draft.is_new:
        values["name"] = st.text_input(
            t("Name"),
            key=metric_draft.filled(draft, "name"),
            max_chars=MAX_NAME,
            placeholder=metric_draft.proposed_name(str(values["label"]) or example),
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
    with st.container(key="cb-formula"):
        values["formula"] = st.text_area(
            t("Formula"),
            key=metric_draft.filled(draft, "formula"),
            max_chars=MOST_CHARACTERS,
            height=110,
            placeholder=FORMULA,
            help=t("Press Ctrl + Enter, or click elsewhere, to see what it comes to."),
        )
    return values


def _is_narrowing(space: Workspace, draft: MetricDraft) -> bool:
    """Return whether the formula is still what the condition makes of it, and was not changed by hand."""
    condition, formula = (
        str(st.session_state[metric_draft.filled(draft, field)]).strip() for field in ("condition", "formula")
    )
    return narrowed_formula(space.catalog, draft.narrowed_from, condition or PLACE) == formula


def _put_condition(space: Workspace, draft: MetricDraft) -> None:
    condition = str(st.session_state[draft.key("condition")]).strip() or PLACE
    formula = narrowed_formula(space.catalog, draft.narrowed_from, condition)
    if formula is not None:
        st.session_state[draft.key("formula")] = formula


def insertion(space: Workspace, draft: MetricDraft) -> None:
    """Draw the list of names, which puts the chosen one into the formula."""
    names = _names(space.catalog)
    inputs.selectbox(
        t("Insert a name or function"),
        list(names),
        None,
        format_func=lambda name: names.get(name, name),
        key=draft.key("insert"),
        placeholder=t("Search columns, fields, metrics and functions"),
        on_change=_insert,
        args=(draft, frozenset(names)),
    )


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
    for example in EXAMPLES.values():
        names.setdefault(example, f"{example} · {t('function')}")
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


def look(space: Workspace, draft: MetricDraft) -> dict[str, Any]:
    """Draw how the values are shown and judged, and return what is chosen."""
    values: dict[str, Any] = {}
    places = iter(st.columns(5, vertical_alignment="bottom"))
    values["unit"] = inputs.selectbox(
        t("Unit"),
        [*UNITS, OTHER_UNIT],
        format_func=lambda unit: t("Other") if unit == OTHER_UNIT else unit_name(unit),
        key=metric_draft.filled(draft, "unit"),
        place=next(places),
    )
    values["decimals"] = inputs.selectbox(
        t("Decimals"),
        [UNSET, *map(str, range(MAX_DECIMALS + 1))],
        format_func=lambda decimals: t("As the unit") if decimals == UNSET else decimals,
        key=metric_draft.filled(draft, "decimals"),
        place=next(places),
        help=t("Those of the value in files and answers: a share of 0.857 has three, and is shown as 85.7 %."),
    )
    values["better"] = inputs.selectbox(
        t("Direction"),
        [UNSET, *DIRECTIONS],
        format_func=lambda better: t("Neither") if better == UNSET else t(DIRECTIONS[better]),
        key=metric_draft.filled(draft, "better"),
        place=next(places),
    )
    values["minimum"] = next(places).number_input(
        t("Minimum sample"),
        0,
        MAX_MINIMUM,
        None,
        1,
        key=metric_draft.filled(draft, "minimum"),
        help=t("What rests on fewer evaluations is marked as a small sample."),
    )
    with next(places):
        target = target_inputs.value_field(draft)
    values["own_unit"] = ""
    if values["unit"] == OTHER_UNIT:
        values["own_unit"] = st.text_input(
            t("Unit of your own"),
            key=metric_draft.filled(draft, "own_unit"),
            max_chars=MAX_UNIT,
            placeholder="€",
            width=220,
        )
    values["target"] = target_inputs.group_fields(space, draft, target)
    values["description"] = st.text_area(
        t("Description"), key=metric_draft.filled(draft, "description"), max_chars=MAX_DESCRIPTION, height=68
    )
    return values
