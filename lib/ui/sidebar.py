"""The sidebar: pages, filters, and the reset."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.navigation.page import Page

from lib.analytics import queries
from lib.analytics.answers import Answers
from lib.analytics.calendar import Calendar
from lib.analytics.dimensions import CALL_CENTER, CAMPAIGN, ENGAGEMENT, EXECUTIVE, Dimension
from lib.ui import state

PRESET_LABELS = {
    "all": "All time",
    "last7": "Last 7 days",
    "last30": "Last 30 days",
    "last90": "Last 90 days",
    "thisWeek": "This week",
    "lastWeek": "Last week",
    "thisMonth": "This month",
    "lastMonth": "Last month",
    "thisQuarter": "This quarter",
    "lastQuarter": "Last quarter",
    "thisYear": "This year",
    "lastYear": "Last year",
    "own": "Own dates",
}


def show(pages: Sequence[Page], answers: Answers, calendar: Calendar) -> None:
    """Draw the sidebar, with links to the pages that keep what is chosen."""
    with st.sidebar:
        st.html('<div class="cb-brand"><span class="cb-mark" aria-hidden="true"></span>Callboard</div>')
        links = st.container(gap=None, key="cb-nav")
        with st.container(key="cb-filters", gap="small"):
            _period(calendar)
            for dimension in (CAMPAIGN, CALL_CENTER, ENGAGEMENT):
                _choice(answers, dimension)
            with st.expander("More filters", expanded=bool(st.session_state.get(EXECUTIVE.parameter))):
                _choice(answers, EXECUTIVE)
                st.segmented_control(
                    "Who spoke",
                    list(state.AI_CHOICES),
                    format_func=lambda choice: state.AI_CHOICES[choice],
                    key="isAICall",
                    on_change=state.first_page,
                )
            st.button("Reset filters", on_click=state.reset, width="stretch")
        state.save(calendar.zone)
        kept = state.parameters(calendar.zone)
        with links:
            for each in pages:
                st.page_link(each, query_params=[(name, value) for name in kept for value in kept[name]])


def _period(calendar: Calendar) -> None:
    presets = calendar.presets()
    ends = (st.session_state.get("dateFrom"), st.session_state.get("dateTo"))
    named = next((name for name, days in presets.items() if days == ends), "own")
    st.session_state["_preset"] = "all" if ends == (None, None) else named

    def chosen() -> None:
        choice = st.session_state["_preset"]
        if choice == "all":
            state.set_period(None, None)
        elif choice in presets:
            state.set_period(*presets[choice])

    st.selectbox("Period", list(PRESET_LABELS), format_func=PRESET_LABELS.__getitem__, key="_preset", on_change=chosen)
    for label, key in (("From", "dateFrom"), ("To", "dateTo")):
        st.date_input(label, value=None, key=key, format="YYYY-MM-DD", on_change=state.first_page)


def _choice(answers: Answers, dimension: Dimension) -> None:
    """Draw a searchable list of the dimension's groups; what a link names that is not there stays chosen."""
    labels = {named.parameter_value: named.name for named in answers.ask(queries.options, dimension)}
    for asked in st.session_state.get(dimension.parameter) or ():
        labels.setdefault(asked, f"{asked} (unknown)")
    st.multiselect(
        f"{dimension.plural[0].upper()}{dimension.plural[1:]}",
        list(labels),
        format_func=labels.__getitem__,
        key=dimension.parameter,
        placeholder="All",
        on_change=state.first_page,
    )
