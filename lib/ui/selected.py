"""A selection told in full: figures, coverage, what moved it, its course, its sentiments and scores."""

from __future__ import annotations

import streamlit as st

from lib.analytics.measures import METRICS
from lib.languages import t
from lib.ui import cards, charts, page, why
from lib.ui.view import View


def show(view: View) -> None:
    """Draw all of it, as the overview and the detail of one group have it."""
    cards.key_figures(view)
    page.coverage(view)
    why.panel(view)
    title = t("Average score over time")
    page.trend_head(title)
    charts.course(view, title, METRICS["averageScore"], "trend")
    left, right = st.columns(2, gap="large")
    with left:
        cards.sentiment(view)
        cards.states(view)
    with right:
        charts.scores(view)
