"""The context of the page that a visitor looks at: what the session says, as the pages' values take it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from lib.analytics.calendar import Granularity
from lib.catalog.dimensions import Dimension, Member
from lib.reports import page_parameters
from lib.reports.context import PageContext, ViewOptions, build_context
from lib.reports.figures import TrendNote
from lib.reports.page_links import OPENED
from lib.ui import url_state
from lib.workspace import Workspace


def current_context(
    space: Workspace, subject: tuple[Dimension, Member] | None = None, *, is_compared: bool = True
) -> PageContext:
    """Ask what every page shows of the filters in force; with a subject, of this group of a dimension alone.

    The width of buckets that is shown is what its parameter says from then on.
    """
    filters = url_state.filters(space.settings.zone)
    opened = None
    if subject is not None:
        dimension, opened = subject
        filters = filters.narrowed(dimension, opened.parameter_value)

    def notes(first: date, last: date) -> Sequence[TrendNote]:
        return [TrendNote(note.day, note.text) for note in space.notes.between(first, last)]

    context = build_context(
        space.answers, space.calendar, filters, _view_options(space, is_compared=is_compared), notes, opened
    )
    url_state.default("granularity", context.suited_granularity.value)
    if context.granularity is not context.asked_granularity:
        st.session_state["granularity"] = context.granularity.value
    return context


def _view_options(space: Workspace, *, is_compared: bool) -> ViewOptions:
    session = st.session_state
    chosen = session.get("granularity")
    is_own = chosen and chosen != session.get("_default_granularity")
    parameters = url_state.parameters(space.calendar.zone)
    links = {
        name: values
        for name, values in parameters.items()
        if name in page_parameters.VIEW_PARAMETERS and name not in (OPENED, page_parameters.PAGE)
    }
    return ViewOptions(
        (session.get("compare") or "previous") if is_compared else "none",
        url_state.compared_days(),
        Granularity(chosen) if is_own else None,
        {name: session[name] for name in page_parameters.SELECT_OPTIONS if session.get(name)},
        {name: session[name] for name in page_parameters.NUMBERS if session.get(name)},
        url_state.chosen_texts(),
        {name: tuple(session[name]) for name in page_parameters.LISTS if session.get(name)},
        session.get(page_parameters.PAGE, 1),
        url_state.opened() or "",
        links,
    )
