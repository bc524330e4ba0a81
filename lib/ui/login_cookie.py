"""The cookie of a log-in, read where no page runs: at the door, when a page opens its connection."""

from __future__ import annotations

import json
import logging

import anyio.to_thread
from starlette.requests import HTTPConnection
from starlette.types import Scope
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from lib import workspace
from lib.access import sessions
from lib.errors import CallboardError

log = logging.getLogger(__name__)


async def identify(scope: Scope) -> str | None:
    """Return the session that the cookies of a request name; None without a log-in, or where the session has ended.

    Where the database does not answer, the signature of the cookie has to do.
    """
    cookies = HTTPConnection(scope).cookies
    if USER_COOKIE_NAME not in cookies:
        return None

    def decode(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(get_cookie_secret(), name, value.encode("latin-1"))

    try:
        claims = json.loads(get_cookie_with_chunks(decode, USER_COOKIE_NAME) or b"null")
    except (ValueError, TypeError):
        claims = None
    if not isinstance(claims, dict):
        return None
    space = workspace.opened()
    if space is None:
        return sessions.session_id(claims)
    try:
        return await anyio.to_thread.run_sync(space.sessions.admit, claims)
    except CallboardError as error:
        log.warning("Whether a session is good could not be looked up: %s", error.message)
        return sessions.session_id(claims)
