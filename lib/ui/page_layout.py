"""The anatomy of a page: title and question, what is shown in words, the states of no data and error."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from lib import workspace
from lib.access.users import Role
from lib.analytics import queries
from lib.analytics.queries import DatasetStatus
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import FAILED_CRITERION, Dimension, Member
from lib.errors import CallboardError
from lib.i18n import t
from lib.observability.prometheus import PAGES
from lib.observability.redaction import redact
from lib.reports import catalog_words, formatting
from lib.reports.context import PageContext
from lib.reports.page import PageValue
from lib.reports.page_help import Topic
from lib.reports.page_links import pairs
from lib.reports.words import Words, text
from lib.sharing.validation import PATHS
from lib.ui import (
    alert_draft,
    current_user,
    downloads,
    markdown,
    new_data,
    page_help,
    report_draft,
    share_links,
    tour,
    url_state,
)
from lib.ui.page_context import current_context
from lib.workspace import Workspace

MOST_NAMED = 5
"""So many ids that are not there are named."""

log = logging.getLogger(__name__)


def begin(
    title: Words,
    question: Words,
    topics: Sequence[Topic] = (),
    subject: tuple[Dimension, Member] | None = None,
    whatever_is_shown: Callable[[Workspace], None] = lambda _: None,
    *,
    is_compared: bool = True,
    needs_data: bool = True,
) -> PageContext:
    """Draw a page's head and return its context; where it needs data and there are none, say so and end the page.

    `topics` are what its help explains. With a subject, the page is about one group of a dimension alone.
    `whatever_is_shown` is drawn before such an end.
    """
    if subject is None:
        head(title, question, topics)
    else:
        _head_of_one(*subject, topics)
    with stop_on_error():
        space = workspace.current()
        context = current_context(space, subject, is_compared=is_compared)
    st.html(f'<p class="cb-shown">{_shown(context)}</p>{new_data.place(context.status.data_version)}')
    new_data.refresh()
    notices(context.status)
    if context.granularity is not context.asked_granularity:
        st.info(
            t(
                "The period is too long for {chosen} points; {shown} points are shown.",
                chosen=t(context.asked_granularity.value),
                shown=t(context.granularity.value),
            )
        )
    share_links.banner(space, context)
    if needs_data and not context.summary.sums["evaluations"]:
        _nothing(context)
        if report_draft.is_changing() and st.session_state.get("_page", "") in PATHS:
            _mail_button()  # there may be evaluations by the time that the report goes out
        whatever_is_shown(space)
        st.stop()
    return context


def actions(context: PageContext, title: str, page: Callable[[], PageValue]) -> None:
    """Draw what can be done with a page: export its evaluations, share it, take it along as a file."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="cb-actions"):
        if current_user.may(Role.ANALYST):
            st.page_link(
                "exports.py",
                label=t("Export these evaluations"),
                icon=":material/download:",
                query_params=pairs(context.filters.to_parameters()),
            )
        share_links.share(context)
        _mail_button()
        _alert_button()
        downloads.page_files(page, title)


def _mail_button() -> None:
    """Draw what makes a report of the page, or brings its filters back to the report for which they are chosen."""
    if not current_user.may(Role.ANALYST):
        return
    is_changing = report_draft.is_changing()
    words = t("Brings this page with its filters back to the report that you are writing.")
    if not is_changing:
        words = t("Makes a report of this page: it goes out by mail as often as you choose.")
    st.button(
        t("Use for the report") if is_changing else t("Send by mail"),
        icon=":material/schedule_send:",
        key="send-by-mail",
        type="primary" if is_changing else "secondary",
        help=words,
        on_click=current_user.acting(report_draft.take_page, Role.ANALYST),
        args=(workspace.current(),),
    )


def _alert_button() -> None:
    """Draw what begins an alert with the page's filters."""
    if not current_user.may(Role.ANALYST):
        return
    st.button(
        t("Set an alert"),
        icon=":material/notifications:",
        key="set-an-alert",
        help=t("Begins an alert that watches what this page selects."),
        on_click=current_user.acting(alert_draft.take_page, Role.ANALYST),
        args=(workspace.current(),),
    )


def _nothing(context: PageContext) -> None:
    """Say that there is nothing to show, and what the visitor can do about it."""
    admin = current_user.may(Role.ADMIN)
    if not context.status.evaluations:
        load = t("Load a file on the Data page, or with: callboard import FILE")
        empty(t("No evaluations yet"), load if admin else t("An administrator loads them."))
        if admin:
            st.page_link("data.py", label=t("Go to Data"), icon=":material/database:")
        return
    if say_unknown(context.answers, context.filters):
        return
    hint = t("Choose a longer period, or reset the filters in the sidebar.")
    if not context.filters.grant.everything:
        hint += " " + t("Your access is limited to some call centers or campaigns. An administrator can change that.")
    empty(t("Nothing matches these filters"), hint)


def _unknown_values(answers: QueryCache, filters: Filters) -> dict[Dimension, tuple[str, ...]]:
    """Return what filters ask for that no evaluation in sight belongs to, by dimension."""
    found: dict[Dimension, tuple[str, ...]] = {}
    for dimension in (*filters.catalog.dimensions, FAILED_CRITERION):
        asked = filters.ids(dimension)
        members = answers.run(queries.options, dimension, filters.grant, filters.catalog) if asked else ()
        known = {member.parameter_value for member in members}
        if unknown := tuple(each for each in asked if each not in known):
            found[dimension] = unknown
    return found


def say_unknown(answers: QueryCache, filters: Filters) -> bool:
    """Say where filters ask for what is not there, and offer to remove it from them; return whether they do."""
    unknown = _unknown_values(answers, filters)
    if not unknown:
        return False
    shown = {dimension: ", ".join(each[:60] for each in ids[:MOST_NAMED]) for dimension, ids in unknown.items()}
    names = "; ".join(f"{catalog_words.label(dimension)}: {ids}" for dimension, ids in shown.items())
    if filters.grant.everything:
        hint = t("No evaluation belongs to it any more, or ever did. Remove it from the filters.")
    else:
        hint = t("No evaluation that you may see belongs to it. Remove it from the filters.")
    empty(t("Not in the data: {names}", names=names), hint)
    st.button(
        t("Remove from the filters"), icon=":material/filter_alt_off:", on_click=url_state.remove, args=(unknown,)
    )
    return True


def opened(dimension: Dimension) -> Member | None:
    """Return the group whose detail the link asks for; None for all of them, and where there is none of that id."""
    asked_for = url_state.opened()
    if asked_for is None:
        return None
    with stop_on_error():
        known = workspace.current().answers.run(
            queries.options, dimension, current_user.current().grant, workspace.current().catalog
        )
    found = next((named for named in known if named.parameter_value == asked_for), None)
    if found is None:
        st.warning(t("The link opens {id}, which is not here. Showing all.", id=markdown.text(asked_for[:60])))
    return found


def head(title: Words, question: Words, topics: Sequence[Topic] = ()) -> None:
    """Draw a page's title with its help, and the question that it answers."""
    _title(str(title), topics)
    st.html(f'<p class="cb-question">{html.escape(str(question))}</p>')


def _title(words: str, topics: Sequence[Topic]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="cb-title"):
        st.title(words, anchor=False, width="content")
        page_help.page(topics)


def _head_of_one(dimension: Dimension, named: Member, topics: Sequence[Topic]) -> None:
    st.button(
        str(catalog_words.all_label(dimension)),
        icon=":material/arrow_back:",
        type="tertiary",
        key="cb-back",
        on_click=url_state.open_detail,
        args=(None,),
    )
    _title(markdown.text(formatting.member_name(named)), topics)
    st.html(f'<p class="cb-question">{html.escape(str(in_detail(dimension)))}</p>')


def in_detail(dimension: Dimension) -> Words:
    """Return the question that the detail of a group answers."""
    return text("{dimension} in detail", dimension=catalog_words.label(dimension))


def link_notices() -> None:
    """Say what of a link, or of a choice, can't be."""
    for problem in url_state.refused():
        why = markdown.text(redact(problem))
        if url_state.refused_by_link():
            ignored(why)
        else:
            st.warning(t("This can't be chosen. Nothing was changed. {why}", why=why))


def ignored(why: str) -> None:
    """Say what of a link was passed over, in Markdown."""
    st.warning(t("Part of this link was ignored: {told}", told=why))


def notices(status: DatasetStatus, *, is_data: bool = False) -> None:
    """Say what a visitor must know: that a link was not understood, that the data are made up.

    `is_data` is for the page on which others are loaded.
    """
    link_notices()
    if status.is_sample:
        told = t("These evaluations are made up.")
        if current_user.may(Role.ADMIN):
            elsewhere = t("Load your own on the Data page; they replace the sample.")
            told += " " + (t("Load your own below; they replace the sample.") if is_data else elsewhere)
        label = html.escape(t("Sample data."))
        st.html(f'<div class="cb-banner" role="note"><b>{label}</b> {html.escape(told)} {tour.offer()}</div>')


@contextmanager
def stop_on_error() -> Iterator[None]:
    """Show an error of ours in words, and end the page there."""
    try:
        yield
    except CallboardError as error:
        log.warning("A page could not be shown: %s", error.message)
        st.error(markdown.problem(error), icon=":material/error:")
        st.stop()


def show_unexpected(error: Exception) -> bool:
    """Show an error of ours in words; that something else went wrong, without what it was, which the log has."""
    if isinstance(error, CallboardError):
        log.warning("A page could not be shown: %s", error.message)
        st.error(markdown.problem(error), icon=":material/error:")
        return True
    log.error("A page failed", exc_info=error)
    PAGES.count_failure()
    st.error(t("Something went wrong on this page. The log of the server says what; reloading may help."))
    return True


def empty(what: str, hint: str) -> None:
    """Say that there is nothing to show, and what to do about it."""
    st.html(f'<div class="cb-empty"><b>{html.escape(what)}</b>{html.escape(hint)}</div>')


def _shown(context: PageContext) -> str:
    bold = {0, context.shown.index(context.counted)}
    words = [html.escape(str(word)) for word in context.shown]
    return " · ".join(f"<b>{word}</b>" if place in bold else word for place, word in enumerate(words))
