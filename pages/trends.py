"""Where is it going?"""

import streamlit as st

from lib.analytics import heatmap
from lib.catalog.metrics import METRICS
from lib.charts import heatmap as heats
from lib.i18n import t
from lib.ui import annotations, charts, inputs, kpi_cards, page_layout, split_trend, tables, url_state

view = page_layout.begin("Trends", "Where is it going?")
kpi_cards.key_figures(view)

url_state.default("metric", "averageScore")
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    with st.container(horizontal=True, width="content"):
        inputs.selectbox(
            t("Metric"), list(METRICS), format_func=lambda name: t(METRICS[name].label), key="metric", width=220
        )
        dimension = split_trend.choice()
    charts.granularity_toggle()
metric = METRICS[st.session_state["metric"]]
if dimension is None:
    charts.course(view, t(metric.label), metric, "trend", height=380)
else:
    split_trend.show(view, metric, dimension)
annotations.show(view)

st.subheader(t("By weekday and hour"), anchor=False)
week = st.container()
st.subheader(t("All figures"), anchor=False)
tables.trend(view, view.trend)
with week:  # drawn last: it alone reads the evaluations themselves
    drawing = heats.heatmap(view.answers.run(heatmap.by_hour, view.filters, view.calendar), metric, charts.look())
    charts.figure(view, t("By weekday and hour"), drawing, "heat")
