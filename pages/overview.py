"""How are we doing?"""

import streamlit as st

from lib.analytics import queries
from lib.analytics.measures import METRICS
from lib.charts.distribution import distribution
from lib.languages import t
from lib.ui import cards, charts, page, why

view = page.begin("Overview", "How are we doing?")

cards.key_figures(view)
page.coverage(view)
why.panel(view)
page.trend_head(t("Average score over time"))
charts.course(view, t("Average score over time"), METRICS["averageScore"], "trend")

left, right = st.columns(2, gap="large")
with left:
    cards.sentiment(view)
    cards.states(view)
with right:
    counts = view.answers.ask(queries.distribution, view.filters, view.calendar)
    charts.section(view, t("Score distribution"), distribution(counts, charts.look()), "distribution", narrow=True)

cards.tops(view)
