"""The filter bar of phones: it says above the page what is set, and opens the sidebar, which is its sheet.

What opens and closes the sheet is `pages/static/page.js`; on wider screens the sidebar stands beside the page, and
`style.css` hides the bar.
"""

from __future__ import annotations

import html
from datetime import date

import streamlit as st

from lib.analytics.planner import ResolvedPeriod
from lib.i18n import number, t
from lib.reports import filter_text

SCRIPT = '<script src="app/static/page.js"></script>'
"""What a page does in the browser alone; from this server, as the policy of pages demands."""


def bar(period: str, filters: int) -> None:
    """Draw the bar: the period in words, and how many filters are set."""
    words = [period]
    if filters:
        words.append(t("1 filter") if filters == 1 else t("{count} filters", count=number(filters)))
    label = html.escape(t("Change the filters"))
    st.html(
        f'<button type="button" class="cb-filter-bar"><span>{html.escape(" · ".join(words))}</span>'
        f'<span class="cb-unseen">. {label}</span></button>'
    )


def done() -> None:
    """Draw the button at the end of the sheet that goes back to the page."""
    st.html(f'<button type="button" class="cb-sheet-done">{html.escape(t("Show the page"))}</button>')


def own_dates(first: date | None, last: date | None) -> str:
    """Return a period of own dates, of which one may be open, in words."""
    if first is None and last is None:
        return t("All time")
    if first is not None and last is not None:
        first, last = min(first, last), max(first, last)
    return filter_text.period(ResolvedPeriod(first, last))
