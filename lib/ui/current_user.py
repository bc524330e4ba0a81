"""The visitor: who acts, and what they may do. Without a login, whoever sits at the machine.

What runs first asks here: the entry script, what moves by itself, and what a button does, which runs before all else.
Each time the session's row is looked at, so that a log-out, a revocation or another role hold from the next action.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

import streamlit as st

from lib import i18n
from lib import workspace as workspaces
from lib.access.actors import SystemActor
from lib.access.audit_log import Action
from lib.access.users import LOCAL, Role, User
from lib.analytics import queries
from lib.errors import AccessError, CallboardError
from lib.i18n import t
from lib.reports import job_text
from lib.reports.pages import PAGES
from lib.sharing.saved_views import EVERYONE, SavedView
from lib.store.messages import failure_of
from lib.ui import language, script_run, streamlit_internals
from lib.ui.streamlit_internals import DownloadError
from lib.workspace import Workspace

log = logging.getLogger(__name__)

streamlit_internals.say_why_downloads_fail()

_PERSON, _SESSION, _ENDED = "_person", "_session", "_session_ended"

P = ParamSpec("P")


def enter(space: Workspace) -> User | None:
    """Return who acts, looked up anew; None where nobody is logged in or the session is no longer good."""
    session = st.session_state
    if not space.settings.has_login:
        session[_PERSON] = LOCAL
        return LOCAL
    person = None
    if st.user.is_logged_in:
        visit = space.sessions.enter(dict(st.user.to_dict()))
        person = visit.person
        session[_SESSION] = visit.session
    session[_ENDED] = st.user.is_logged_in and person is None
    if person is None:
        script_run.forget_at_close()
    if person is None or not person.may(Role.ADMIN):
        script_run.end_uploads()
    session[_PERSON] = person
    return person if person is not None and person.may(Role.VIEWER) else None


def current() -> User:
    """Return who acts. Raises AccessError where nobody may."""
    person: User | None = st.session_state.get(_PERSON)
    if person is None or not person.may(Role.VIEWER):
        raise AccessError(t("You are not logged in, or not any more."))
    return person


def actor() -> str:
    """Return what is written down as who did something."""
    person = current()
    return SystemActor.LOCAL.value if person is LOCAL else person.actor


def owner() -> str:
    """Return whose the views are that the visitor saves."""
    person = current()
    return EVERYONE if person is LOCAL else person.id


def can_view(space: Workspace, view: SavedView) -> bool:
    """Return whether a saved view is the visitor's, or names nothing beyond what they may see."""
    grant = current().grant
    if grant.everything or view.owner == owner():
        return True
    named = {dimension: set(view.parameters.get(dimension.parameter, ())) for dimension in space.catalog.dimensions}
    if view.parameters.get("open"):
        opened = PAGES[view.page].dimension if view.page in PAGES else None
        if opened is None:
            return False
        named[opened].update(view.parameters["open"])
    return all(
        ids
        <= {option.parameter_value for option in space.answers.run(queries.options, dimension, grant, space.catalog)}
        for dimension, ids in named.items()
        if ids
    )


def may(role: Role) -> bool:
    """Return whether the visitor may do what a role may."""
    return current().may(role)


def require_role(role: Role) -> None:
    """Raise AccessError where the visitor may not do what a role may."""
    if not may(role):
        raise AccessError(t("This takes the role {role}; an administrator can give it to you.", role=t(role.value)))


def begin_by_itself(role: Role) -> None:
    """Begin a run that goes without the entry script: language and visitor; without the role, begin the page anew."""
    language.choose()
    person = enter(workspaces.current())
    if person is None or not person.may(role):
        st.rerun()


def acting(act: Callable[P, object], role: Role = Role.VIEWER) -> Callable[P, None]:
    """Return what a button does for those who have a role by then; for others nothing, and the page is drawn anew."""

    def acted(*args: P.args, **kwargs: P.kwargs) -> None:
        person = enter(workspaces.current())
        if person is not None and person.may(role):
            act(*args, **kwargs)

    return acted


@dataclass(frozen=True, slots=True)
class _Taker:
    """Who takes a file away, or brings one: what is pressed in one run is done in a thread that knows no visitor."""

    space: Workspace
    session: str | None  # None without a login
    person: User
    actor: str
    role: Role

    def check(self) -> None:
        """Raise AccessError where the session has ended, or they may do or see less than when the button was drawn."""
        if self.session is None:
            return
        now = self.space.people.get(self.person.id)
        same = now is not None and now.may(self.role) and now.grant.covers(self.person.grant)
        if not same or not self.space.sessions.is_active(self.session):
            raise AccessError(t("This takes another role, or a session that has not ended; reload the page."))


def _taker(role: Role) -> _Taker:
    space = workspaces.current()
    session = st.session_state.get(_SESSION) if space.settings.has_login else None
    return _Taker(space, session, current(), actor(), role)


def allow_uploads() -> None:
    """Let this page bring files as long as the visitor's session is good, and they are an admin."""
    require_role(Role.ADMIN)
    script_run.allow_uploads(_taker(Role.ADMIN).check)


def taking(make: Callable[[], bytes | str], name: str, role: Role = Role.ANALYST) -> Callable[[], bytes]:
    """Return what makes a file for those who have a role by then, and writes down that they took it.

    Where it can't be made, the button says why, in the language of the page.
    """
    taker, code = _taker(role), i18n.current()

    def taken() -> bytes:
        with i18n.override_language(code):
            try:
                taker.check()
                made = make()
                content = made.encode() if isinstance(made, str) else made
                taker.space.audit.record(taker.actor, Action.DOWNLOAD, name, by="page", bytes=len(content))
            except CallboardError as error:
                raise DownloadError(job_text.in_words(failure_of(error))) from error
        return content

    return taken


def log_out(space: Workspace) -> None:
    """End the visitor's session, here and with the provider."""
    number, person = (st.session_state.get(name) for name in (_SESSION, _PERSON))
    st.session_state[_PERSON] = None
    script_run.end_uploads()
    if number is not None and person is not None:
        try:
            space.sessions.end(number, person.actor, Action.LOG_OUT)
        except CallboardError as error:  # the cookie at least has to go
            log.warning("A session could not be ended: %s", error.message)
    st.logout()


def ended() -> bool:
    """Return whether the visitor was logged in and is not any more."""
    return bool(st.session_state.get(_ENDED)) and st.session_state.get(_PERSON) is None


def waiting() -> User | None:
    """Return the visitor who is known and has no role yet."""
    person: User | None = st.session_state.get(_PERSON)
    return person if person is not None and not person.may(Role.VIEWER) else None
