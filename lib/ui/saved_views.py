"""Saved views in the sidebar: open one, save what is shown, choose the one to begin with."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from lib.access.users import Role
from lib.errors import CallboardError
from lib.i18n import number, t
from lib.reports import page_parameters
from lib.reports.period_presets import PRESETS
from lib.sharing.saved_views import MAX_NAME, SavedView, resolved
from lib.ui import current_user, markdown, url_state
from lib.ui.outcome import Outcome
from lib.workspace import Workspace

_OUTCOME = Outcome("view")
_OPEN = "_views_open"

MAX_LISTED = 50
"""Views that are listed; the others are found by their name."""


def chooser(workspace: Workspace, *, can_save: bool) -> None:
    """Draw the saved views: links to them, and, where the page is one of a selection, the form that saves it."""
    session = st.session_state
    # Another page begins with the expander as it was left, which Streamlit forgets.
    key = f"cb-views-{session.get('_page', '')}"
    expander = st.expander(t("Saved views"), expanded=session.get(_OPEN, False), key=key, on_change="rerun")
    session[_OPEN] = expander.open
    if not expander.open:
        return  # there may be hundreds, and every page has them
    with expander:
        saved = [view for view in workspace.views.all(current_user.owner()) if current_user.can_view(workspace, view)]
        listed = saved
        if len(saved) > MAX_LISTED:
            sought = st.text_input(t("Find a view"), key="_view_sought", max_chars=MAX_NAME)
            listed = [view for view in saved if sought.casefold() in view.name.casefold()][:MAX_LISTED]
            st.caption(t("{shown} of {count} views.", shown=number(len(listed)), count=number(len(saved))))
        for view in listed:
            _entry(workspace, view)
        if not saved:
            st.caption(t("A view keeps a page with its filters under a name."))
        if can_save:
            _form(workspace)
        _OUTCOME.draw()


def address(query: str, page: str = "") -> str:
    """Return the absolute address of a page, by its URL path, with a query."""
    try:
        parts = urlsplit(st.context.url or "")
    except ValueError:  # brackets that hold no address
        parts = urlsplit("")
    root = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return f"{root}/{page}?{query}" if query else f"{root}/{page}"


def _form(workspace: Workspace) -> None:
    with st.form("save-view", border=False, clear_on_submit=True):
        st.text_input(t("Name of the view"), key="_view_name", max_chars=MAX_NAME, placeholder=t("Monday meeting"))
        if st.session_state.get("_preset") in PRESETS:
            st.checkbox(t("Update dates automatically"), value=True, key="_view_relative")
        if workspace.settings.has_login:
            st.checkbox(t("Show it to everybody"), value=False, key="_view_shared")
        st.form_submit_button(
            t("Save this view"), on_click=current_user.acting(_save), args=(workspace,), width="stretch"
        )


def _entry(workspace: Workspace, view: SavedView) -> None:
    name = markdown.text(view.name) + (" ★" if view.is_default else "")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(name, key=f"open-{view.id}", type="tertiary", on_click=_open, args=(workspace, view), width="stretch")
        with st.popover("⋯", type="tertiary", help=t("Link, start page, delete"), key=f"more-{view.id}"):
            st.caption(t("A link to this view:"))
            st.code(address(f"{page_parameters.SAVED_VIEW}={view.id}"), language=None, wrap_lines=True)
            if view.owner != current_user.owner():
                sharer = workspace.people.get(view.owner)
                if sharer is not None:
                    st.caption(t("Shared by {who}.", who=markdown.text(sharer.actor)))
            else:
                chosen = None if view.is_default else view.id
                label = t("Remove as start page") if view.is_default else t("Set as start page")
                default = current_user.acting(workspace.views.set_default)
                st.button(label, key=f"default-{view.id}", on_click=default, args=(chosen, view.owner))
            if view.owner == current_user.owner() or current_user.may(Role.ADMIN):
                gone = current_user.acting(_delete)
                st.button(t("Delete"), key=f"delete-{view.id}", on_click=gone, args=(workspace, view))


def _open(workspace: Workspace, view: SavedView) -> None:
    url_state.go(view.page, resolved(view, workspace.calendar))


def _delete(workspace: Workspace, view: SavedView) -> None:
    if view.owner != current_user.owner():
        current_user.require_role(Role.ADMIN)
    try:
        workspace.views.delete(view.id, view.owner)
    except CallboardError as error:  # somebody else was quicker
        _OUTCOME.failed(error)


def _save(workspace: Workspace) -> None:
    session = st.session_state
    preset = session.get("_preset")
    relative = preset in PRESETS and session.get("_view_relative")
    try:
        workspace.views.save(
            current_user.owner(),
            session["_view_name"],
            session.get("_page", ""),
            url_state.parameters(workspace.settings.zone),
            view_parameters=page_parameters.VIEW_PARAMETERS,
            period=preset if relative else None,
            shared=bool(session.get("_view_shared", True)),
        )
    except CallboardError as error:
        _OUTCOME.failed(error)
