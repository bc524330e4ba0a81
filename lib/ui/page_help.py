"""The help of a page, and of a table's columns: opened by a button, so that a finger and a keyboard reach it, too."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from lib.i18n import t
from lib.reports.page_help import Topic
from lib.ui import tour


def page(topics: Sequence[Topic]) -> None:
    """Draw the button that opens a page's help."""
    with st.popover(t("Help"), icon=":material/help:", type="tertiary", key="cb-help"):
        st.html(tour.reopen() + _list(topics))


def columns(topics: Sequence[Topic], key: str) -> None:
    """Draw the button that opens what a table's columns mean; nothing where they need no words."""
    if topics:
        with st.popover(t("What the columns mean"), icon=":material/help:", type="tertiary", key=f"cb-columns-{key}"):
            st.html(_list(topics))


def _list(topics: Sequence[Topic]) -> str:
    parts = (f"<dt>{html.escape(str(topic.title))}</dt><dd>{html.escape(str(topic.meaning))}</dd>" for topic in topics)
    return f'<dl class="cb-help">{"".join(parts)}</dl>'
