"""Where is it going?"""

import streamlit as st

from lib.analytics import heat
from lib.analytics.measures import METRICS
from lib.charts import heat as heats
from lib.languages import t
from lib.ui import cards, charts, inputs, notes, page, splits, state, tables

view = page.begin("Trends", "Where is it going?")
cards.key_figures(view)

state.default("metric", "averageScore")
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    with st.container(horizontal=True, width="content"):
        inputs.selectbox(
            t("Metric"), list(METRICS), format_func=lambda name: t(METRICS[name].label), key="metric", width=220
        )
        dimension = splits.choice()
    charts.granularity_toggle()
metric = METRICS[st.session_state["metric"]]
if dimension is None:
    charts.course(view, t(metric.label), metric, "trend", height=380)
else:
    splits.show(view, metric, dimension)
notes.show(view)

st.subheader(t("By weekday and hour"), anchor=False)
week = st.container()
st.subheader(t("All figures"), anchor=False)
tables.trend(view, view.trend)
with week:  # drawn last: it alone reads the evaluations themselves
    drawing = heats.heat(view.answers.ask(heat.by_hour, view.filters, view.calendar), metric, charts.look())
    charts.section(view, t("By weekday and hour"), drawing, "heat", headed=False)
