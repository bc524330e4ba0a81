"""The anatomy of a page: title and question, what is shown in words, the states of no data and error."""

from __future__ import annotations

import html
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from lib import workspace
from lib.analytics import format, queries, wording
from lib.analytics.answers import Answers
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.filters import Filters, local_date
from lib.analytics.queries import Status, Summary
from lib.errors import CallboardError
from lib.ui import state
from lib.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class View:
    """What a page is about: the filters in force, and whom to ask."""

    workspace: Workspace
    answers: Answers
    calendar: Calendar
    filters: Filters
    status: Status
    summary: Summary

    @property
    def shown(self) -> str:
        """What is shown, in words."""
        return in_words(self)

    @property
    def zone_name(self) -> str:
        """The zone that days are meant in."""
        return self.filters.zone(self.calendar.zone).key

    @property
    def granularity(self) -> Granularity:
        """The width of a trend's buckets that suits the period, or the one chosen."""
        first, last = self.summary.period.date_from, self.summary.period.date_to
        days = 0
        if first is not None and last is not None:
            zone = self.filters.zone(self.calendar.zone)
            days = (local_date(last, zone) - local_date(first, zone)).days
        suits = Granularity.DAILY if days <= 62 else Granularity.WEEKLY if days <= 400 else Granularity.MONTHLY
        state.default("granularity", suits.value)
        return Granularity(st.session_state["granularity"])


def begin(title: str, question: str) -> View:
    """Draw a page's head and return its view; where there is nothing to show, say so and end the page."""
    st.title(title, anchor=False)
    st.html(f'<p class="cb-question">{html.escape(question)}</p>')
    with ended_by_errors():
        view = _view()
    st.html(f'<p class="cb-shown">{_head(view)}</p>')
    notices(view.status)
    if not view.status.evaluations:
        empty("No evaluations yet", "Load a file on the Data page, or with: callboard import FILE")
        st.stop()
    if not view.summary.sums.evaluations:
        empty("Nothing matches these filters", "Choose a longer period, or reset the filters in the sidebar.")
        st.stop()
    if title != "Exports":
        kept = view.filters.to_parameters()
        st.page_link(
            "exports.py",
            label="Export these evaluations",
            icon=":material/download:",
            query_params=[(name, value) for name in kept for value in kept[name]],
        )
    return view


def notices(status: Status) -> None:
    """Say what a visitor must know: that a link was not understood, that the data are made up."""
    for told in state.refused():
        st.warning(f"The link was not understood in full: {plain(told)}")
    if status.is_sample:
        st.html(
            '<div class="cb-banner" role="note"><b>Sample data.</b> These evaluations are made up. Load your own on '
            "the Data page; they replace the sample.</div>"
        )


def _view() -> View:
    space = workspace.current()
    calendar = space.calendar
    asked = state.filters(calendar.zone)
    summary = space.answers.ask(queries.summary, asked, calendar)
    return View(space, space.answers, calendar, asked, space.answers.ask(queries.status), summary)


@contextmanager
def ended_by_errors() -> Iterator[None]:
    """Show an error of ours in words, and end the page there."""
    try:
        yield
    except CallboardError as error:
        log.warning("A page could not be shown: %s", error.message)
        st.error(plain(error.message), icon=":material/error:")
        st.stop()


def show_unexpected(error: Exception) -> bool:
    """Show that something went wrong, without what it was; the log has it."""
    log.error("A page failed", exc_info=error)
    st.error("Something went wrong on this page. The log of the server says what; reloading may help.")
    return True


def empty(what: str, hint: str) -> None:
    """Say that there is nothing to show, and what to do about it."""
    st.html(f'<div class="cb-empty"><b>{html.escape(what)}</b>{html.escape(hint)}</div>')


def in_words(view: View) -> str:
    """Return the selection in one line: `1–31 Jan 2024 · Campaign: Q1 Outbound Sales`."""
    return " · ".join(wording.selection(view.answers, view.filters, view.summary.period))


def _head(view: View) -> str:
    words = [html.escape(word) for word in wording.selection(view.answers, view.filters, view.summary.period)]
    words[0] = f"<b>{words[0]}</b>"
    zone = view.filters.zone(view.calendar.zone)
    as_of = format.instant(view.status.changed_at.astimezone(zone))
    count = format.count(view.summary.sums.evaluations)
    return " · ".join([*words, f"<b>{count}</b> evaluations", f"data as of {as_of} ({html.escape(zone.key)})"])


def plain(text: str) -> str:
    """Return a text with nothing in it that Markdown would take for its own."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]()<>#+-.!|~$:" else character for character in text)
