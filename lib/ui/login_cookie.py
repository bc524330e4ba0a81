"""The cookie of a log-in, read where no page runs: at the door, when a page opens its connection."""

from __future__ import annotations

import logging

import anyio.to_thread
from starlette.requests import HTTPConnection
from starlette.types import Scope

from lib import workspace
from lib.access import sessions
from lib.errors import CallboardError
from lib.ui import streamlit_internals

log = logging.getLogger(__name__)


async def identify(scope: Scope) -> str | None:
    """Return the session that the cookies of a request name; None without a log-in, or where the session has ended.

    Where the database does not answer, the signature of the cookie has to do.
    """
    claims = streamlit_internals.login_claims(HTTPConnection(scope).cookies)
    if claims is None:
        return None
    space = workspace.opened()
    if space is None:
        return sessions.session_id(claims)
    try:
        return await anyio.to_thread.run_sync(space.sessions.admit, claims)
    except CallboardError as error:
        log.warning("Whether a session is good could not be looked up: %s", error.message)
        return sessions.session_id(claims)
