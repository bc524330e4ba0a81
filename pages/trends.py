"""Where is it going?"""

import streamlit as st

from lib.analytics import queries
from lib.analytics.measures import METRICS
from lib.charts.trend import trend
from lib.languages import t
from lib.ui import charts, page, state, tables

view = page.begin("Trends", "Where is it going?")
course = view.answers.ask(queries.trend, view.filters, view.calendar, view.granularity)

state.default("metric", "averageScore")
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    st.selectbox(t("Metric"), list(METRICS), format_func=lambda name: t(METRICS[name].label), key="metric", width=260)
    charts.granularity_toggle()
charts.show(trend({"": course}, METRICS[st.session_state["metric"]], charts.look(), height=380), "trend")
st.subheader(t("All figures"), anchor=False)
tables.trend(view, course)
