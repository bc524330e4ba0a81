"""Campaigns, call centers and executives: who stands where, and one of them in detail."""

from __future__ import annotations

from functools import partial

import streamlit as st

from lib.analytics import standardization
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE, Dimension, Member
from lib.charts.funnel import funnel
from lib.charts.ranking import ranking
from lib.charts.standardized import standardized
from lib.i18n import t
from lib.ui import breakdown_table, charts, kpi_cards, markdown, page_layout, selection_overview, url_state
from lib.ui.breakdown_table import Groups
from lib.ui.page_context import PageContext

BY = {"campaign": "By campaign", "callCenter": "By call center", "executive": "By executive"}

SCORES = {"raw": "As it is", "alike": "Like for like"}


def show(dimension: Dimension, title: str, question: str) -> None:
    """Draw the page of a dimension: all its groups, or the one that the link opens."""
    opened = page_layout.opened(dimension)
    if opened is not None:
        _detail(page_layout.begin(title, question, (dimension, opened)), dimension, opened)
        return
    view = page_layout.begin(title, question)
    groups = breakdown_table.ask(view, dimension)
    kpi_cards.key_figures(view)
    page_layout.coverage(view)
    like_for_like = None
    if dimension is not CAMPAIGN and _scores() == "alike":
        like_for_like = view.answers.run(standardization.standardized_scores, view.filters, view.calendar, dimension)
        st.subheader(t("Like for like"), anchor=False)
        st.caption(t(breakdown_table.ALIKE_HELP))
        drawing = standardized(like_for_like, dimension.label, charts.look())
        charts.figure(view, t("Like for like"), drawing, "alike", url_state.open_detail)
    else:
        _standing(view, groups)
    st.subheader(t("All figures"), anchor=False)
    rows = {row.named: row for row in like_for_like.rows} if like_for_like else None
    breakdown_table.table(view, title, groups, rows)


def _standing(view: PageContext, groups: Groups) -> None:
    dimension, found = groups.dimension, groups.found
    if dimension is EXECUTIVE:
        drawing = funnel(found.groups, found.total, dimension.label, charts.look())
        charts.section(view, t("Volume against score"), drawing, "funnel", url_state.open_detail)
        if drawing is not None:
            return
    drawing = ranking(found.groups, found.total, dimension.label, charts.look(), groups.before)
    charts.section(view, t("Average score"), drawing, "ranking", url_state.open_detail)


def _scores() -> str:
    """Draw the choice between the scores as they are and like for like; return what is chosen."""
    url_state.default("scores", "raw")
    st.segmented_control(
        t("Scores"),
        list(SCORES),
        format_func=lambda name: t(SCORES[name]),
        key="scores",
        required=True,
        label_visibility="collapsed",
    )
    return str(st.session_state["scores"])


def _detail(view: PageContext, dimension: Dimension, opened: Member) -> None:
    """Draw one group: its figures, course, distribution, its own breakdowns, and the way to its evaluations."""
    selection_overview.show(view)
    for other in (CAMPAIGN, CALL_CENTER, EXECUTIVE):
        if other is dimension:
            continue
        groups = breakdown_table.ask(view, other)
        if len(groups.found.groups) < 2:
            continue
        found = groups.found
        drawing = ranking(found.groups, found.total, other.label, charts.look(), groups.before)
        picked = partial(url_state.choose, other)
        charts.section(view, t(BY[other.name]), drawing, f"by-{other.name}", picked)
    st.page_link(
        "evaluations.py",
        label=t("The evaluations of {name}", name=markdown.text(opened.name)),
        icon=":material/list:",
        query_params=page_layout.query(view.filters.to_parameters()),
    )
