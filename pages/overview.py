"""How are we doing?"""

import streamlit as st

from lib.analytics.measures import METRICS
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
    charts.scores(view)

cards.tops(view)
