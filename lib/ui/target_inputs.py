"""The inputs of a metric's target: a number for all, and others for groups of one dimension."""

from __future__ import annotations

import streamlit as st

from lib.analytics import queries
from lib.catalog.dimensions import Dimension
from lib.i18n import t
from lib.reports import catalog_words, formatting
from lib.ui import current_user, inputs, markdown, metric_draft
from lib.ui.metric_draft import MOST_GROUPS, TARGET_OF, UNSET, MetricDraft, UndatedTarget
from lib.workspace import Workspace


def value_field(draft: MetricDraft) -> float | None:
    """Draw the field of the target of all; of one that is more than the inputs hold, say that it stays as it is."""
    if draft.target is None:
        st.caption(t("Its target differs by date, or by many groups: change it with the API or callboard metrics set."))
        return None
    return inputs.number_field(
        t("Target"),
        metric_draft.filled(draft, "target"),
        placeholder=t("Not set"),
        help=t("A share of 80 % is 0.8."),
    )


def group_fields(space: Workspace, draft: MetricDraft, value: float | None) -> UndatedTarget | None:
    """Draw the targets of groups under that of all, `value`, and return both; None where it stays as it is."""
    if draft.target is None:
        return None
    dimensions = {each.name: each for each in space.catalog.dimensions}
    with st.expander(t("Targets of groups"), expanded=bool(draft.target.groups), key=draft.key("targets")):
        by = inputs.selectbox(
            t("Other targets by"),
            [UNSET, *dimensions],
            format_func=lambda name: t("No groups") if name == UNSET else str(catalog_words.label(dimensions[name])),
            key=metric_draft.filled(draft, "target_by"),
        )
        groups = {} if by == UNSET else _groups(space, draft, dimensions[by])
        if by != UNSET and not groups:
            st.caption(t("Choose a group and give it a target: without one, nothing is saved of this."))
    return UndatedTarget(value, by, groups)


def _groups(space: Workspace, draft: MetricDraft, dimension: Dimension) -> dict[str, float]:
    """Draw the choice of groups of a dimension and a field for each; return their targets, by id."""
    grant = current_user.current().grant
    members = space.answers.run(queries.options, dimension, grant, space.catalog)
    names = {each.id: formatting.member_name(each) for each in members if each.id is not None}
    key = metric_draft.filled(draft, f"{TARGET_OF}{dimension.name}")
    for id_ in st.session_state[key]:
        names.setdefault(id_, t("{id} (unknown)", id=id_))
    chosen = inputs.multiselect(
        t("Groups with a target of their own"),
        list(names),
        format_func=names.__getitem__,
        key=key,
        placeholder=t("Choose groups"),
        max_selections=MOST_GROUPS,
    )
    groups: dict[str, float] = {}
    for id_ in chosen:
        label = t("Target of {group}", group=markdown.text(names[id_]))
        field = metric_draft.filled(draft, f"{TARGET_OF}{dimension.name}:{id_}")
        value = inputs.number_field(label, field, placeholder=t("As for all"))
        if value is not None:
            groups[id_] = value
    return groups
