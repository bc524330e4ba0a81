"""How are we doing?"""

import streamlit as st

from lib.analytics import queries
from lib.analytics.measures import METRICS
from lib.charts.distribution import distribution
from lib.charts.trend import trend
from lib.languages import t
from lib.ui import cards, charts, page

view = page.begin("Overview", "How are we doing?")
course = view.answers.ask(queries.trend, view.filters, view.calendar, view.granularity)
sums = view.summary.sums

cards.key_figures(view)
page.coverage(view)

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.subheader(t("Average score over time"), anchor=False, width="content")
    charts.granularity_toggle()
charts.show(trend({"": course}, METRICS["averageScore"], charts.look()), "trend")

left, right = st.columns(2, gap="large")
with left:
    cards.sentiment(view)
    cards.states(view)
with right:
    st.subheader(t("Score distribution"), anchor=False)
    counts = view.answers.ask(queries.distribution, view.filters, view.calendar)
    charts.show(distribution(counts, charts.look()), "distribution")

cards.tops(view)
