"""Sessions of pages whose connection is gone: whose are kept, how many, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSessionState
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.script_data import ScriptData
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.runtime.session_manager import SessionClient
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from lib.ui.session_storage import ReconnectStorage
from tests.web.test_gateway import alone

ANN = {"email": "ann@example.com", "is_logged_in": True}


class Browser(SessionClient):
    """A browser that shows nothing."""

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        raise AssertionError(msg)


class Sessions:
    """The pages' own manager of sessions, over our storage."""

    def __init__(self, *, has_login: bool, seconds: float = 60.0, most: int = 128) -> None:
        self.storage = ReconnectStorage(has_login=has_login, seconds=seconds, most=most)
        files = MemoryUploadedFileManager("/_stcore/upload_file")
        self.manager = WebsocketSessionManager(self.storage, files, ScriptCache(), lambda: None)

    def leave(self, user: dict[str, object], back: str | None = None) -> tuple[str, Callable[[], bool]]:
        """Open a page and close it; return its session's id, and what says whether it has ended."""
        script = ScriptData("pages/main.py", is_hello=False)
        found = self.manager.connect_session(Browser(), script, dict(user), back)  # type: ignore[arg-type]
        info = self.manager.get_session_info(found)
        assert info is not None
        session = info.session
        self.manager.disconnect_session(found)
        return found, lambda: session._state is AppSessionState.SHUTDOWN_REQUESTED


def test_an_anonymous_session_ends_with_its_connection() -> None:
    async def steps() -> None:
        sessions = Sessions(has_login=True)
        number, has_ended = sessions.leave({})
        assert has_ended() and sessions.storage.list() == []
        assert sessions.leave({}, number)[0] != number

    alone(steps())


@pytest.mark.parametrize(("has_login", "user"), [(True, ANN), (False, {})])
def test_others_can_come_back(has_login: bool, user: dict[str, object]) -> None:
    async def steps() -> None:
        sessions = Sessions(has_login=has_login)
        number, has_ended = sessions.leave(user)
        assert not has_ended() and len(sessions.storage.list()) == 1
        assert sessions.leave(user, number)[0] == number
        assert sessions.leave({"email": "eve@example.com"}, number)[0] != number

    alone(steps())


def test_a_session_ends_by_itself_when_nobody_comes_back() -> None:
    async def steps() -> None:
        sessions = Sessions(has_login=True, seconds=0.01)
        _, has_ended = sessions.leave(ANN)
        for _ in range(1_000):
            if has_ended():
                break
            await asyncio.sleep(0.01)
        assert has_ended() and sessions.storage.list() == []

    alone(steps())


def test_the_newest_are_kept() -> None:
    async def steps() -> None:
        sessions = Sessions(has_login=True, most=2)
        left = [sessions.leave(ANN) for _ in range(3)]
        assert [has_ended() for _, has_ended in left] == [True, False, False]

    alone(steps())
