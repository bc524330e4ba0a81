"""The part of forms that chooses a grant: a list for each dimension that one may be limited to."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lib.analytics import queries
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.dimensions import Dimension
from lib.i18n import t
from lib.reports import catalog_words
from lib.ui import inputs
from lib.workspace import Workspace


def label_text(dimension: Dimension) -> str:
    """Return the message id of what a dimension's list is called."""
    return f"Limit to {dimension.plural}"


def choose(space: Workspace, grant: Grant, key: str) -> Grant:
    """Draw the lists, with what a grant holds; return what is chosen: where that is nothing, all may be seen.

    A limit that shows nothing, whose list is empty too, stays as it is until something is chosen.
    """
    chosen: dict[str, Sequence[str] | None] = dict(grant.limits)
    for place, dimension in zip(
        st.columns(len(space.catalog.grant_dimensions)), space.catalog.grant_dimensions, strict=True
    ):
        ids = grant.ids(dimension) or ()
        named = {
            each.id: each.name
            for each in space.answers.run(queries.options, dimension, EVERYTHING, space.catalog)
            if each.id
        }
        for known in ids:
            named.setdefault(known, t("{id} (unknown)", id=known))
        listed = inputs.multiselect(
            t(label_text(dimension)),
            list(named),
            list(ids),
            place=place,
            format_func=named.__getitem__,
            placeholder=str(catalog_words.all_label(dimension)),
            key=f"{dimension.name}-{key}",
        )
        chosen[dimension.name] = listed or (ids if grant.ids(dimension) == () else None)
    return Grant.of(chosen)


def columns(space: Workspace, grant: Grant) -> dict[str, str]:
    """Return what a table says of a grant, by the heads of its columns."""
    ids_by_head = {}
    for dimension in space.catalog.grant_dimensions:
        ids = grant.ids(dimension)
        head = t(dimension.plural_label)
        ids_by_head[head] = t("all") if ids is None else ", ".join(ids) or t("none of them")
    return ids_by_head
