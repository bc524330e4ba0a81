"""A program that opens pages as a browser would, over a real websocket."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import sqlalchemy as sa
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME, XSRF_COOKIE_NAME
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from lib.access import signing
from lib.access.sessions import session_id
from lib.settings import Settings
from lib.store.schema import sessions
from lib.store.state import StateStore


def rerun(values: int = 0, size: int = 0, query: str = "", page: str = "") -> bytes:
    """Return the message that asks for a page, with so many forged values of widgets, of `size` bytes each."""
    message = BackMsg()
    message.rerun_script.query_string, message.rerun_script.page_name = query, page
    for number in range(values):
        widget = message.rerun_script.widget_states.widgets.add()
        widget.id, widget.string_value = f"{number:x}", "x" * size
    content: bytes = message.SerializeToString()
    return content


@dataclass
class PageClient:
    """An open page."""

    connection: ClientConnection
    session: str = field(default="")
    redirect: str = field(default="")

    def draw(self, message: bytes | None = None) -> str:
        """Ask for the page, wait until all of it has come, and return the texts of what it shows."""
        self.connection.send(rerun() if message is None else message)
        drawn = ""
        while True:
            answer = ForwardMsg.FromString(self.connection.recv(timeout=60))
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.session = answer.new_session.initialize.session_id
            if kind == "auth_redirect":
                self.redirect = answer.auth_redirect.url
            drawn += str(answer.delta) if kind == "delta" else ""
            if kind == "script_finished":
                return drawn

    def closed_with(self) -> int:
        """Return the code that the server closes the connection with."""
        try:
            while True:
                self.connection.recv(timeout=60)
        except ConnectionClosed as error:
            assert error.rcvd is not None, "the connection was reset"
            return error.rcvd.code


@dataclass(frozen=True)
class Visitor:
    """A browser: its cookies, and the token that it repeats."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    @contextmanager
    def page(self, session: str = "", **options: Any) -> Iterator[PageClient]:
        """Open a page; with `session`, as one that comes back."""
        protocols = ["streamlit", *([self.token or "none", session] if self.token or session else [])]
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        with connect(
            self.address.replace("http", "ws") + "/_stcore/stream",
            subprotocols=[Subprotocol(each) for each in protocols if each],
            origin=Origin(self.address),
            additional_headers=headers if self.cookies else None,
            max_size=None,
            **options,
        ) as connection:
            yield PageClient(connection)


def log_in(
    address: str, settings: Settings, who: str, started: float | None = None
) -> tuple[Visitor, dict[str, object]]:
    """Return a browser that has just logged in, and the claims of its log-in; the provider is left out."""
    token = httpx.get(f"{address}/_stcore/health", timeout=60).cookies[XSRF_COOKIE_NAME]
    claims: dict[str, object] = {
        "iss": "https://provider.example",
        "sub": who,
        "email": f"{who}@example.com",
        "email_verified": True,
        "iat": int(time.time() if started is None else started),
        "nonce": f"{who}-{time.monotonic_ns()}",
    }
    kept = {**claims, "origin": address, "is_logged_in": True, "provider": "default"}
    value = create_signed_value(signing.cookie_secret(settings), USER_COOKIE_NAME, json.dumps(kept)).decode()
    return Visitor(address, {USER_COOKIE_NAME: value, XSRF_COOKIE_NAME: token}, token), claims


def end_session(settings: Settings, claims: dict[str, object]) -> None:
    """End the session of a log-in, as another process does."""
    state = StateStore(settings)
    with state.transaction() as connection:
        mine = sessions.c.id == session_id(claims)
        connection.execute(sa.update(sessions).where(mine).values(ended_at=datetime.now(UTC)))
    state.close()


def metric(address: str, name: str) -> float:
    """Return what a server counts under a name, in all."""
    lines = httpx.get(f"{address}/metrics", timeout=60).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.partition("{")[0].partition(" ")[0] == name)
