"""Notes on the Trends page: lines pinned to a day, seen by all in the charts."""

from __future__ import annotations

import html
from datetime import date

import streamlit as st

from lib.access.users import Role
from lib.analytics.calendar import FIRST_DAY, LAST_DAY
from lib.analytics.query import local_date
from lib.errors import CallboardError
from lib.i18n import day, number, t
from lib.reports.context import PageContext
from lib.sharing.annotations import MAX_TEXT
from lib.ui import current_user, inputs
from lib.ui.outcome import Outcome
from lib.workspace import Workspace

MAX_LISTED = 50
"""Notes that are listed; charts show all."""

_OUTCOME = Outcome("note")


def show(space: Workspace, context: PageContext) -> None:
    """Draw the notes of the period, and the form that adds one."""
    points = context.trend.points
    if not points:
        return
    notes = space.notes.between(points[0].bucket.first, points[-1].bucket.last)
    expander = st.expander(t("Notes ({count})", count=len(notes)), key="cb-notes", on_change="rerun")
    if not expander.open:
        return
    with expander:
        if len(notes) > MAX_LISTED:
            latest = t("The latest {shown} of {count} notes.", shown=number(MAX_LISTED), count=number(len(notes)))
            st.caption(latest + " " + t("For others choose another period."))
        for note in notes[-MAX_LISTED:]:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.html(f"<b>{day(note.day)}</b> {html.escape(note.text)}", width="stretch")
                if current_user.may(Role.ADMIN) or note.author == current_user.owner():
                    taken = current_user.acting(_delete, Role.ANALYST)
                    st.button(t("Delete"), key=f"note-{note.id}", on_click=taken, args=(space, note.id))
        if not notes:
            st.caption(t("A note tells all who look at a chart what happened on a day: a new script, an outage."))
        if current_user.may(Role.ANALYST):
            _form(space, context, points[-1].bucket.last)
        _OUTCOME.draw()


def _form(space: Workspace, context: PageContext, last: date) -> None:
    with (
        st.form("add-note", border=False, clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        inputs.day_input(
            t("Day"),
            "_note_day",
            min(context.calendar.today, _last_day(context) or last),
            min_value=FIRST_DAY,
            max_value=LAST_DAY,
            width=150,
        )
        st.text_input(t("Note"), key="_note_text", max_chars=MAX_TEXT, placeholder=t("New script in use"))
        st.form_submit_button(t("Add note"), on_click=current_user.acting(_add, Role.ANALYST), args=(space,))


def _last_day(context: PageContext) -> date | None:
    last = context.summary.period.date_to
    return None if last is None else local_date(last, context.filters.zone(context.calendar.zone))


def _add(workspace: Workspace) -> None:
    session = st.session_state
    try:
        workspace.notes.add(
            session["_note_day"] or workspace.calendar.today, session["_note_text"], current_user.owner()
        )
    except CallboardError as error:
        _OUTCOME.failed(error)


def _delete(workspace: Workspace, number: str) -> None:
    try:
        workspace.notes.delete(number, None if current_user.may(Role.ADMIN) else current_user.owner())
    except CallboardError as error:  # somebody else was quicker
        _OUTCOME.failed(error)
