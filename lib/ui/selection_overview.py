"""A selection told in full: figures, coverage, what moved it, its course, its sentiments and scores."""

from __future__ import annotations

import streamlit as st

from lib.catalog.metrics import AVERAGE_SCORE
from lib.i18n import t
from lib.ui import charts, decomposition_page, kpi_cards, page_layout
from lib.ui.page_context import PageContext


def show(view: PageContext) -> None:
    """Draw all of it, as the overview and the detail of one group have it."""
    kpi_cards.key_figures(view)
    page_layout.coverage(view)
    decomposition_page.panel(view)
    title = t("Average score over time")
    page_layout.trend_head(title)
    charts.course(view, title, AVERAGE_SCORE, "trend")
    left, right = st.columns(2, gap="large")
    with left:
        kpi_cards.sentiment(view)
        kpi_cards.states(view)
    with right:
        charts.scores(view)
