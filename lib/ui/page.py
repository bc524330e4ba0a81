"""The anatomy of a page: title and question, what is shown in words, the states of no data and error."""

from __future__ import annotations

import html
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from lib import workspace
from lib.analytics import format, wording
from lib.analytics.measures import METRICS
from lib.analytics.queries import Status
from lib.errors import CallboardError
from lib.languages import t
from lib.ui import plain, shared_links, state
from lib.ui.view import View, asked

log = logging.getLogger(__name__)


def begin(title: str, question: str) -> View:
    """Draw a page's head and return its view; where there is nothing to show, say so and end the page."""
    head(title, question)
    with ended_by_errors():
        space = workspace.current()
        view = asked(space, state.filters(space.settings.zone))
    st.html(f'<p class="cb-shown">{_shown(view)}</p>')
    notices(view.status)
    shared_links.banner(view)
    if not view.status.evaluations:
        empty(t("No evaluations yet"), t("Load a file on the Data page, or with: callboard import FILE"))
        st.stop()
    if not view.summary.sums.evaluations:
        empty(t("Nothing matches these filters"), t("Choose a longer period, or reset the filters in the sidebar."))
        st.stop()
    if st.session_state.get("_page") != "exports":
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="cb-actions"):
            st.page_link(
                "exports.py",
                label=t("Export these evaluations"),
                icon=":material/download:",
                query_params=query(view.filters.to_parameters()),
            )
            shared_links.share(view)
    return view


def head(title: str, question: str) -> None:
    """Draw a page's title, and the question that it answers."""
    st.title(t(title), anchor=False)
    st.html(f'<p class="cb-question">{html.escape(t(question))}</p>')


def query(parameters: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return URL parameters as pairs, as links of pages take them."""
    return [(name, value) for name in parameters for value in parameters[name]]


def notices(status: Status) -> None:
    """Say what a visitor must know: that a link was not understood, that the data are made up."""
    for told in state.refused():
        st.warning(t("The link was not understood in full: {told}", told=plain.text(told)))
    if status.is_sample:
        told = t("These evaluations are made up. Load your own on the Data page; they replace the sample.")
        label = html.escape(t("Sample data."))
        st.html(f'<div class="cb-banner" role="note"><b>{label}</b> {html.escape(told)}</div>')


def coverage(view: View) -> None:
    """Warn where the share of evaluations that are completed changed: scores then may have moved by that alone."""
    if view.compared is None:
        return
    rate, now, before = METRICS["completionRate"], view.summary.sums, view.compared.sums
    was, is_now = rate.value(before), rate.value(now)
    if was is None or is_now is None or not rate.differs(before, now) or abs(float(is_now) - float(was)) < SHIFT:
        return
    told = t(
        "Coverage changed: {now} of the evaluations are completed, {was} in {label}. A change of the scores may come "
        "from which calls have been evaluated, not from their quality.",
        now=format.metric(rate, now),
        was=format.metric(rate, before),
        label=view.compared.label,
    )
    st.html(f'<div class="cb-banner" role="note">{html.escape(told)}</div>')


SHIFT = 0.02
"""By how much the completion rate must differ before pages warn of it."""


@contextmanager
def ended_by_errors() -> Iterator[None]:
    """Show an error of ours in words, and end the page there."""
    try:
        yield
    except CallboardError as error:
        log.warning("A page could not be shown: %s", error.message)
        st.error(plain.problem(error), icon=":material/error:")
        st.stop()


def show_unexpected(error: Exception) -> bool:
    """Show that something went wrong, without what it was; the log has it."""
    log.error("A page failed", exc_info=error)
    st.error(t("Something went wrong on this page. The log of the server says what; reloading may help."))
    return True


def empty(what: str, hint: str) -> None:
    """Say that there is nothing to show, and what to do about it."""
    st.html(f'<div class="cb-empty"><b>{html.escape(what)}</b>{html.escape(hint)}</div>')


def _shown(view: View) -> str:
    words = [html.escape(word) for word in wording.selection(view.answers, view.filters, view.summary.period)]
    words[0] = f"<b>{words[0]}</b>"
    words.append(f"<b>{format.count(view.summary.sums.evaluations)}</b> {html.escape(t('evaluations'))}")
    if view.compared:
        words.append(html.escape(t("compared with {label}", label=view.compared.label)))
    zone = view.filters.zone(view.calendar.zone)
    as_of = format.instant(view.status.changed_at.astimezone(zone))
    words.append(html.escape(t("data as of {when} ({zone})", when=as_of, zone=zone.key)))
    return " · ".join(words)
