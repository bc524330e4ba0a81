"""Which calls?"""

import html

import streamlit as st

from lib.analytics import records
from lib.i18n import t, t_in_context
from lib.reports import formatting
from lib.store.enums import Sentiment, State
from lib.ui import inputs, page_layout, tables, url_state
from lib.ui.page_parameters import RECORD_CHOICES

PAGE_SIZE = 100

view = page_layout.begin("Evaluations", "Which calls are behind the numbers?")
left, right = st.columns(2)
for place, (name, options) in zip((left, right), RECORD_CHOICES.items(), strict=True):
    inputs.multiselect(
        t(name.capitalize()),
        options,
        place=place,
        format_func=lambda choice: t_in_context("evaluation", choice),
        key=name,
        placeholder=t("All"),
        on_change=url_state.first_page,
    )

found = view.answers.run(
    records.records,
    view.filters,
    view.calendar,
    tuple(State[name] for name in st.session_state["state"]),
    tuple(Sentiment[name] for name in st.session_state["sentiment"]),
    st.session_state["page"],
    PAGE_SIZE,
)
pages = max(1, -(-found.total_count // PAGE_SIZE))
if found.page > pages:  # by a link to what was longer once, or is for someone else
    st.session_state["page"] = pages
    st.rerun()
if not found.total_count:
    page_layout.empty(t("Nothing matches these filters"), t("Choose other states or sentiments."))
    st.stop()
if url_state.narrowed():
    chosen = [t_in_context("evaluation", each) for name in RECORD_CHOICES for each in st.session_state[name]]
    of = t("{count} of them are shown: {chosen}.", count=formatting.count(found.total_count), chosen=", ".join(chosen))
    st.html(f'<p class="cb-shown"><b>{html.escape(of)}</b></p>')
first = (found.page - 1) * PAGE_SIZE + 1
st.caption(
    t(
        "{first} to {last} of {count}, newest first.",
        first=formatting.count(first),
        last=formatting.count(first + len(found.records) - 1),
        count=formatting.count(found.total_count),
    )
)
tables.records(view, found.records)
if pages > 1:
    st.number_input(t("Page of {count}", count=formatting.count(pages)), 1, pages, key="page", width=180)
