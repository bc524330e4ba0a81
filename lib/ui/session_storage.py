"""Sessions of pages whose connection is gone: kept a while for whoever comes back, by memory alone.

The pages' own storage frees what has expired only when the next session comes in, and keeps what anybody leaves.
"""

from __future__ import annotations

import asyncio

from streamlit.runtime.session_manager import SessionInfo, SessionStorage

MAX_KEPT = 128
KEPT_SECONDS = 120.0


class ReconnectStorage(SessionStorage):
    """Sessions that a browser may come back to. For the thread that serves alone."""

    def __init__(self, *, has_login: bool, seconds: float = KEPT_SECONDS, most: int = MAX_KEPT) -> None:
        """Keep the `most` newest for some seconds; where there is a login, none of visitors who never logged in."""
        self._has_login, self._seconds, self._most = has_login, seconds, most
        self._kept: dict[str, tuple[SessionInfo, asyncio.TimerHandle]] = {}

    def get(self, session_id: str) -> SessionInfo | None:
        """Return a session; None where there is none."""
        kept = self._kept.get(session_id)
        return None if kept is None else kept[0]

    def save(self, session_info: SessionInfo) -> None:
        """Keep a session; one of an anonymous visitor is marked as one that ends with its connection."""
        session = session_info.session
        if self._has_login and session.matches_user_info({}):
            session.clear_user_info()
            return
        self.delete(session.id)
        while len(self._kept) >= self._most:
            self._end(next(iter(self._kept)))
        timer = asyncio.get_running_loop().call_later(self._seconds, self._end, session.id)
        self._kept[session.id] = (session_info, timer)

    def delete(self, session_id: str) -> None:
        """Keep a session no more, as somebody came back to it, or it has ended."""
        if kept := self._kept.pop(session_id, None):
            kept[1].cancel()

    def list(self) -> list[SessionInfo]:
        """Return all that are kept."""
        return [session_info for session_info, _ in self._kept.values()]

    def _end(self, session_id: str) -> None:
        if session_info := self.get(session_id):
            self.delete(session_id)
            session_info.session.shutdown()
