"""Where is it going?"""

import streamlit as st

from lib.analytics import queries
from lib.analytics.measures import METRICS
from lib.ui import charts, page, state, tables

view = page.begin("Trends", "Where is it going?")
course = view.answers.ask(queries.trend, view.filters, view.calendar, view.granularity)

state.default("metric", "averageScore")
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    st.selectbox("Metric", list(METRICS), format_func=lambda name: METRICS[name].label, key="metric", width=260)
    charts.granularity_toggle()
charts.trend(course, METRICS[st.session_state["metric"]], height=380)
st.subheader("All figures", anchor=False)
tables.trend(view, course)
