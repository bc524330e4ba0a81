"""How are we doing?"""

import streamlit as st

from lib.analytics import queries
from lib.analytics.measures import METRICS
from lib.charts.distribution import distribution
from lib.charts.trend import trend
from lib.ui import cards, charts, page
from lib.ui.style import palette

view = page.begin("Overview", "How are we doing?")
course = view.answers.ask(queries.trend, view.filters, view.calendar, view.granularity)
sums, colours = view.summary.sums, palette()

cards.key_figures(view)

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.subheader("Average score over time", anchor=False, width="content")
    charts.granularity_toggle()
charts.show(trend({"": course}, METRICS["averageScore"], charts.look()), "trend")

left, right = st.columns(2, gap="large")
with left:
    cards.share_bar(
        "Sentiment",
        (
            ("Positive", sums.positive, colours.positive),
            ("Neutral", sums.neutral, colours.neutral),
            ("Negative", sums.negative, colours.negative),
        ),
    )
    cards.share_bar(
        "Coverage",
        (
            ("Completed", sums.completed, colours.positive),
            ("Processing", sums.processing, colours.muted),
            ("Pending", sums.pending, colours.neutral),
            ("Failed", sums.failed, colours.negative),
        ),
    )
with right:
    st.subheader("Score distribution", anchor=False)
    counts = view.answers.ask(queries.distribution, view.filters, view.calendar)
    charts.show(distribution(counts, charts.look()), "distribution")

cards.tops(view)
