"""The anatomy of a page: title and question, what is shown in words, the states of no data and error."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction

import streamlit as st

from lib import workspace
from lib.access.users import Role
from lib.analytics import queries
from lib.analytics.queries import DatasetStatus
from lib.catalog.dimensions import Dimension, Member
from lib.catalog.metrics import Unit
from lib.errors import CallboardError
from lib.i18n import t
from lib.observability.prometheus import PAGES
from lib.observability.redaction import redact
from lib.reports import formatting
from lib.statistics import intervals
from lib.ui import charts, current_user, downloads, markdown, share_links, url_state
from lib.ui.page_context import PageContext, build_context
from lib.ui.printed import Printed
from lib.workspace import Workspace

log = logging.getLogger(__name__)


def begin(
    title: str,
    question: str,
    only: tuple[Dimension, Member] | None = None,
    whatever_is_shown: Callable[[Workspace], None] = lambda _: None,
) -> PageContext:
    """Draw a page's head and return its view; where there is nothing to show, say so and end the page.

    With `only`, the page is about one group of a dimension alone. `whatever_is_shown` is drawn before such an end.
    """
    if only is None:
        head(title, question)
    else:
        _head_of_one(*only)
    with stop_on_error():
        space = workspace.current()
        filters = url_state.filters(space.settings.zone)
        printed = Printed(
            t(title) if only is None else only[1].name, t(question) if only is None else _in_detail(only[0])
        )
        view = build_context(
            space, filters if only is None else filters.narrowed(only[0], only[1].parameter_value), printed
        )
    st.html(f'<p class="cb-shown">{_shown(view)}</p>')
    notices(view.status)
    if view.granularity is not view.asked_granularity:
        st.info(
            t(
                "For so long a period {chosen} buckets would be too many; these are {shown} ones.",
                chosen=t(view.asked_granularity.value),
                shown=t(view.granularity.value),
            )
        )
    share_links.banner(view)
    if not view.summary.sums["evaluations"]:
        _nothing(view)
        whatever_is_shown(space)
        st.stop()
    if st.session_state.get("_page") != "exports":
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="cb-actions"):
            if current_user.may(Role.ANALYST):
                st.page_link(
                    "exports.py",
                    label=t("Export these evaluations")
                    if not url_state.narrowed()
                    else t("Export the whole selection"),
                    icon=":material/download:",
                    query_params=query(view.filters.to_parameters()),
                )
            share_links.share(view)
            words = downloads.shown(view)
            downloads.paper_button(lambda: printed.paper(words, "Callboard"), printed.title)
    return view


def _nothing(view: PageContext) -> None:
    """Say that there is nothing to show, and what the visitor can do about it."""
    admin = current_user.may(Role.ADMIN)
    if not view.status.evaluations:
        load = t("Load a file on the Data page, or with: callboard import FILE")
        empty(t("No evaluations yet"), load if admin else t("An administrator loads them."))
        return
    hint = t("Choose a longer period, or reset the filters in the sidebar.")
    if not view.filters.grant.everything:
        hint += " " + t("You see some call centers or campaigns alone; an administrator can change that.")
    empty(t("Nothing matches these filters"), hint)


def opened(dimension: Dimension) -> Member | None:
    """Return the group whose detail the link asks for; None for all of them, and where there is none of that id."""
    asked_for = url_state.opened()
    if asked_for is None:
        return None
    with stop_on_error():
        known = workspace.current().answers.run(queries.options, dimension, current_user.current().grant)
    found = next((named for named in known if named.parameter_value == asked_for), None)
    if found is None:
        st.warning(t("The link opens {id}, which is not here; these are all.", id=markdown.text(asked_for[:60])))
    return found


def head(title: str, question: str) -> None:
    """Draw a page's title, and the question that it answers."""
    st.title(t(title), anchor=False)
    st.html(f'<p class="cb-question">{html.escape(t(question))}</p>')


_ALL = {"campaign": "All campaigns", "callCenter": "All call centers", "executive": "All executives"}


def _head_of_one(dimension: Dimension, named: Member) -> None:
    st.button(
        t(_ALL[dimension.name]),
        icon=":material/arrow_back:",
        type="tertiary",
        key="cb-back",
        on_click=url_state.open_detail,
        args=(None,),
    )
    st.title(markdown.text(formatting.member_name(named)), anchor=False)
    st.html(f'<p class="cb-question">{html.escape(_in_detail(dimension))}</p>')


def _in_detail(dimension: Dimension) -> str:
    return t("{dimension} in detail", dimension=t(dimension.label))


def trend_head(title: str) -> None:
    """Draw the title of a trend, and the choice of its buckets beside it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(title, anchor=False, width="content")
        charts.granularity_toggle()


def query(parameters: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return URL parameters as pairs, as links of pages take them."""
    return [(name, value) for name in parameters for value in parameters[name]]


def link_notices() -> None:
    """Say what of a link, or of a choice, can't be."""
    for problem in url_state.refused():
        why = markdown.text(redact(problem))
        if url_state.refused_by_link():
            st.warning(t("The link was not understood in full: {told}", told=why))
        else:
            st.warning(t("That can't be chosen; all is as it was. {why}", why=why))


def notices(status: DatasetStatus) -> None:
    """Say what a visitor must know: that a link was not understood, that the data are made up."""
    link_notices()
    if status.is_sample:
        told = t("These evaluations are made up.")
        if current_user.may(Role.ADMIN):
            told += " " + t("Load your own on the Data page; they replace the sample.")
        label = html.escape(t("Sample data."))
        st.html(f'<div class="cb-banner" role="note"><b>{label}</b> {html.escape(told)}</div>')


def coverage(view: PageContext) -> None:
    """Warn where other shares of the evaluations are completed or scored than before: that alone may move scores."""
    if view.compared is None:
        return
    now, before = view.summary.sums, view.compared.sums
    told = []
    if completed := _shift((now["completed"], now["evaluations"]), (before["completed"], before["evaluations"])):
        told.append(
            t(
                "{now} of the evaluations are completed, {was} in {label}.",
                now=completed[0],
                was=completed[1],
                label=view.compared.label,
            )
        )
    if scored := _shift((now["scored"], now["completed"]), (before["scored"], before["completed"])):
        told.append(
            t(
                "{now} of the completed evaluations have a score, {was} in {label}.",
                now=scored[0],
                was=scored[1],
                label=view.compared.label,
            )
        )
    if told:
        warned = t("A change of the scores may come from which calls have been evaluated, not from their quality.")
        label = html.escape(t("Coverage changed."))
        words = html.escape(" ".join([*told, warned]))
        st.html(f'<div class="cb-banner cb-coverage" role="note"><b>{label}</b> {words}</div>')


def _shift(now: tuple[int, int], before: tuple[int, int]) -> tuple[str, str] | None:
    """Return two shares in words, now and before, where they differ by more than chance and by SHIFT at least."""
    ends = intervals.newcombe_interval(before, now)
    if ends is None or ends[0] <= 0 <= ends[1]:
        return None
    shares = [Fraction(*share) for share in (now, before)]
    if abs(shares[0] - shares[1]) < SHIFT:
        return None
    return formatting.value(Unit.SHARE, shares[0]), formatting.value(Unit.SHARE, shares[1])


SHIFT = Fraction(1, 50)
"""By how much a share must differ before pages warn of it."""


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


def _shown(view: PageContext) -> str:
    words = [f"<b>{html.escape(word)}</b>" if word == view.counted else html.escape(word) for word in view.words]
    return " · ".join([f"<b>{words[0]}</b>", *words[1:]])
