"""The Settings page's part about people: who may log in, what they may do and see, their sessions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from lib.access.actors import actor_in_words
from lib.access.sessions import end_all
from lib.access.users import Role, User
from lib.analytics.grants import EVERYTHING, Grant
from lib.errors import CallboardError
from lib.i18n import t, t_plural
from lib.reports import formatting
from lib.reports.table import MOST_ROWS
from lib.ui import current_user, data_grid, grant_form, inputs, page_layout
from lib.ui.login import ROLES
from lib.ui.outcome import Outcome
from lib.workspace import Workspace

_OUTCOME = Outcome("people")
_CHOSEN, _DRAWN = "_person_chosen", "_person_drawn"


def show(space: Workspace) -> None:
    """Draw everyone, the form that changes what one may do, and the one that lets someone in."""
    found = space.people.all()
    _table(space, found)
    _OUTCOME.draw()
    if found:
        _change(space, found)
    _add(space)


def _table(space: Workspace, found: Sequence[User]) -> None:
    if not found:
        page_layout.empty(t("Nobody yet"), t("People are listed here after they log in, and wait for a role."))
        return
    zone, sessions = space.settings.zone, space.sessions.open_ones()
    frame = pd.DataFrame(
        [
            {
                t("Who"): person.actor,
                t("Name"): person.name,
                t("Role"): t(person.role.value),
                **grant_form.columns(space, person.grant),
                t("Open sessions"): sessions.get(person.id, 0),
                t("Last seen"): person.seen_at.astimezone(zone).replace(tzinfo=None) if person.seen_at else None,
                t("Added by"): t("the settings") if person.fixed else actor_in_words(person.created_by),
            }
            for person in found[:MOST_ROWS]
        ]
    )
    told = t_plural("{count} person", "{count} people", len(found))
    st.dataframe(frame, hide_index=True, width="stretch", placeholder=formatting.NOTHING, alt=told)
    data_grid.say_cut(len(frame), len(found), t("those who wait for a role first, then by name"))


def _change(space: Workspace, found: Sequence[User]) -> None:
    """Draw the choice of a person, and what can be done with them."""
    by_id = {person.id: person for person in found if not person.fixed and person.id != current_user.current().id}
    if not by_id:
        return
    number = inputs.selectbox(
        t("Change what someone may do"),
        list(by_id),
        None,
        format_func=lambda number: by_id[number].actor,
        key=_CHOSEN,
        width=420,
        placeholder=t("Choose a person"),
    )
    if number is None:
        return
    person = by_id[number]
    # What somebody else changes meanwhile is not to be changed back by what is still in the fields.
    stored = (number, person.role, person.grant)
    if st.session_state.get(_DRAWN, (None,))[0] == number and st.session_state[_DRAWN] != stored:
        st.info(t("Someone changed this person meanwhile: this is how it is now."))
    st.session_state[_DRAWN] = stored
    key = hashlib.sha256(repr(stored).encode()).hexdigest()[:16]
    with st.form(f"person-{key}", border=True):
        role, grant = _rights(space, person.role, person.grant, key)
        with st.container(horizontal=True):
            save = st.form_submit_button(t("Save"), type="primary")
            end = st.form_submit_button(t("End their sessions"))
            remove = st.form_submit_button(t("Remove"))
    by = current_user.actor()
    try:
        if save:
            space.people.change(number, role, grant, by)
        elif end:
            end_all(space.state, person, by)
        elif remove:
            space.people.remove(number, by)
    except CallboardError as error:
        _OUTCOME.failed(error)
    if save or end or remove:
        del st.session_state[_DRAWN]
        st.rerun()


def _add(space: Workspace) -> None:
    with st.form("add-person", border=True, clear_on_submit=True):
        email = st.text_input(t("Add someone by e-mail"), max_chars=320)
        role, grant = _rights(space, Role.VIEWER, EVERYTHING, "new")
        added = st.form_submit_button(t("Add person"))
    if added:
        try:
            space.people.add(email, role, grant, current_user.actor())
        except CallboardError as error:
            _OUTCOME.failed(error)
        st.rerun()


def _rights(space: Workspace, role: Role, grant: Grant, key: str) -> tuple[Role, Grant]:
    """Draw the choice of a role and of limits; an admin sees everything, whatever is chosen."""
    chosen = inputs.selectbox(
        t("Role"), list(Role), list(Role).index(role), format_func=lambda each: t(ROLES[each]), key=f"role-{key}"
    )
    limits = grant_form.choose(space, grant, key)
    return chosen, EVERYTHING if chosen is Role.ADMIN else limits
