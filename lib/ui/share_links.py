"""Links to saved views and pinned links: followed on arrival; a pinned one tells what changed since."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st
from streamlit.navigation.page import Page

from lib import workspace as workspaces
from lib.analytics.criteria import answer_totals
from lib.analytics.import_log import imports_since
from lib.analytics.queries import SelectionSummary
from lib.catalog.measures import MeasureTotals
from lib.catalog.own_fields import PARAMETER_PREFIX
from lib.i18n import t
from lib.reports import formatting
from lib.reports.context import PageContext
from lib.reports.page_links import PERIOD, with_period
from lib.reports.page_parameters import PINNED, SAVED_VIEW, VIEW_PARAMETERS
from lib.sharing import link_diff
from lib.sharing.pinned_links import PinnedLink
from lib.sharing.saved_views import resolved
from lib.ui import current_user, url_state
from lib.ui.saved_views import address
from lib.workspace import Workspace

_SEEN = "_arrived"


def follow(workspace: Workspace, pages: Sequence[Page]) -> None:
    """Go where a click or a link leads: to a saved view or a pinned link, or to the view that a visitor begins with."""
    session, query = st.session_state, st.query_params
    if going := url_state.going():
        _go(pages, *going)
    arrived = session.setdefault(_SEEN, False)
    session[_SEEN] = True
    asked: Mapping[str, str] = {name: query[name] for name in (SAVED_VIEW, PINNED) if list(query) == [name]}
    if SAVED_VIEW in asked:
        view = workspace.views.get(asked[SAVED_VIEW], current_user.owner())
        if view is not None and current_user.can_view(workspace, view):
            _go(pages, view.page, resolved(view, workspace.calendar))
        session["_unknown_link"] = asked[SAVED_VIEW]
    elif PINNED in asked:
        link = workspace.links.get(asked[PINNED])
        if link is not None and not current_user.current().grant.covers(link.grant):
            session["_foreign_link"] = True  # its ids and days are of what the visitor may not see
            return
        if link is not None:
            _go(pages, link.page, {**link.parameters, PINNED: [link.id]})
        session["_unknown_link"] = asked[PINNED]
    elif not arrived and not list(query) and session.get("_page", "") == "":
        view = workspace.views.default(current_user.owner())
        if view is not None and current_user.can_view(workspace, view):
            _go(pages, view.page, resolved(view, workspace.calendar))


def share(context: PageContext) -> None:
    """Draw the menu that makes links of what is shown."""
    parameters = url_state.parameters(context.calendar.zone)
    with st.popover(t("Share"), icon=":material/link:", key="share"):
        query = urlencode(url_state.shorten(parameters), doseq=True)
        st.code(address(query, st.session_state.get("_page", "")), language=None, wrap_lines=True)
        st.caption(t("This URL keeps your filters; figures update."))
        st.button(
            t("Create snapshot link"),
            key="pin",
            on_click=current_user.acting(_pin),
            args=(context, parameters),  # by the click, a filter may be another one
            width="stretch",
        )
        if made := st.session_state.get("_pinned_now"):
            st.code(address(f"{PINNED}={made}"), language=None, wrap_lines=True)
            st.caption(t("Opened later, it shows what has changed since."))


def banner(space: Workspace, context: PageContext) -> None:
    """Say of a link that can't be found, and what changed since a pinned link was made."""
    unknown = st.session_state.pop("_unknown_link", None)
    if unknown:
        st.warning(t("Link no longer valid. Showing all data."))
    if st.session_state.pop("_foreign_link", False):
        st.warning(t("This link was made by someone with different access. You see what your access allows."))
    number = st.session_state.get(PINNED)
    link = opened_link(space, context, number) if number else None
    if link is None:
        return
    if link.grant != context.filters.grant:
        other = t("The figures in this link belong to someone with different access.")
        st.html(f'<div class="cb-banner cb-pinned" role="note">{html.escape(other)}</div>')
        return
    limited = not link.grant.everything  # what was imported beyond it is not theirs to know
    imports = None if limited else context.answers.run(imports_since, link.data_changed_at)
    diff = link_diff.since(link, _summary(context), context.status, imports, context.catalog)
    zone = context.filters.zone(context.calendar.zone)
    lines = link_diff.in_words(diff, zone, formatting.value, context.catalog)
    made = formatting.instant(link.created_at.astimezone(zone))
    head = t("This link was made on {when}.", when=made)
    if not lines:
        body = html.escape(t("Nothing changed since: the figures are those of that day."))
    else:
        body = "<ul>" + "".join(f"<li>{html.escape(each)}</li>" for each in lines) + "</ul>"
    st.html(f'<div class="cb-banner cb-pinned" role="note"><b>{html.escape(head)}</b> {body}</div>')


def opened_link(space: Workspace, context: PageContext, number: str) -> PinnedLink | None:
    """Return the pinned link that the page was opened by, while the page still shows what it was made for."""
    link = space.links.get(number)
    if link is None:
        return None
    parameters = url_state.parameters(context.calendar.zone, filters_only=True)
    kept = {
        name: values
        for name, values in link.parameters.items()
        if name in parameters or name in context.catalog.parameters or name.startswith(PARAMETER_PREFIX)
    }
    return link if parameters == kept else None


def _summary(context: PageContext) -> SelectionSummary:
    """Return the summary of the selection, with what is counted and summed of its answers to criteria."""
    summary, answers = context.summary, context.answers.run(answer_totals, context.filters, context.calendar)
    values = (*summary.sums.values(), *answers.values())
    return replace(summary, sums=MeasureTotals.from_values(values, (*summary.sums, *answers)))


def _pin(context: PageContext, parameters: Mapping[str, Sequence[str]]) -> None:
    made = workspaces.current().links.make(
        st.session_state.get("_page", ""),
        parameters,
        _summary(context),
        context.status,
        current_user.owner(),
        context.filters.grant,
        VIEW_PARAMETERS - {PINNED, PERIOD},  # it remembers the days of all time
    )
    st.session_state["_pinned_now"] = made.id


def _go(pages: Sequence[Page], path: str, parameters: Mapping[str, Sequence[str]]) -> None:
    target = next((each for each in pages if each.url_path == path), pages[0])
    # By name, as of pairs of one name the last would be left; the period is said as in any link.
    st.switch_page(target, query_params={name: list(values) for name, values in with_period(parameters).items()})
