"""What is set, or read, inside Streamlit and its server: each still does what it is for, and nothing else does such."""

from __future__ import annotations

import gc
import importlib
import json
import logging
import math
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import streamlit.logger
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.elements.widgets import multiselect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state import query_params
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import WStates
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from uvicorn.lifespan.on import LifespanOn
from websockets import http11
from websockets.http11 import Request
from websockets.server import ServerProtocol

from lib.ui import streamlit_internals
from lib.ui.session_storage import ReconnectStorage
from lib.web.http_protocol import HttpProtocol
from lib.web.websocket_protocol import WebSocketProtocol
from tests.conftest import ROOT
from tests.test_architecture import SOURCES, imports, module
from tests.ui.test_session_storage import Browser
from tests.web.test_gateway import alone


@pytest.mark.parametrize("name", ["streamlit", "uvicorn", "websockets"])
def test_the_versions_were_looked_at(name: str) -> None:
    assert f"{name} {metadata.version(name)}" in str(streamlit_internals.__doc__).replace("\n", " ")


async def _starts(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "lifespan"
    await receive()
    await send({"type": "lifespan.startup.complete"})


def _started(app: ASGIApp) -> tuple[uvicorn.Config, bool]:
    """Start an application as the server does; return its options, and whether it started."""
    options = uvicorn.Config(app, log_config=None, lifespan="on")
    gc.freeze()  # what is made before one is not among what the collector lists
    try:
        server = LifespanOn(options)
        alone(server.startup())
    finally:
        gc.unfreeze()
    return options, not server.should_exit


def test_connections_have_our_protocols() -> None:
    options, started = _started(streamlit_internals.ServerProtocols(_starts, 1_234))
    assert started and options.ws_max_size == 1_234
    assert (options.http_protocol_class, options.ws_protocol_class) == (HttpProtocol, WebSocketProtocol)


def test_no_other_server_is_served_without_limits(caplog: pytest.LogCaptureFixture) -> None:
    inner = streamlit_internals.ServerProtocols(_starts, 1_234)

    async def between(scope: Scope, receive: Receive, send: Send) -> None:
        async def received() -> Any:
            return await receive()

        await inner(scope, received, send)

    caplog.set_level(logging.ERROR, "uvicorn.error")
    options, started = _started(between)
    assert not started and options.http_protocol_class is not HttpProtocol
    assert "streamlit run app.py" in caplog.text


def test_a_websocket_begins_with_long_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> list[Any]:
        server = ServerProtocol()
        server.receive_data(b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 20_000 + b"\r\n\r\n")
        return [*server.events_received()]

    monkeypatch.setattr(http11, "MAX_LINE_LENGTH", 8_192)
    assert read() == []
    streamlit_internals.accept_long_headers()
    (request,) = read()
    assert isinstance(request, Request) and len(request.headers["Cookie"]) == 20_000


def test_a_query_of_many_parameters_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    query = "&".join(["campaignId=x"] * 2_000)
    monkeypatch.setattr(query_params, "CLIENT_STATE_QUERY_STRING_MAX_FIELDS", 1_000)
    assert query_params.sanitize_query_string(query) == ""
    streamlit_internals.accept_long_queries()
    assert query_params.sanitize_query_string(query) == query


def test_loggers_made_later_write_as_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamlit.logger, "setup_formatter", streamlit.logger.setup_formatter)
    streamlit_internals.adopt_loggers()
    logger = streamlit.logger.get_logger("streamlit.made_by_a_test")
    assert logger.handlers == [] and logger.propagate


def test_sessions_are_kept_in_our_storage_unless_they_are_to_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime.Runtime, "_instance", None)
    pages = st.App(ROOT / "pages" / "main.py")._create_runtime()
    storage = ReconnectStorage(has_login=False)
    streamlit_internals.keep_sessions(storage)

    async def leave_twice() -> tuple[str, list[str]]:
        await pages.start()
        first = pages.connect_session(Browser(), {})
        pages.disconnect_session(first)
        second = pages.connect_session(Browser(), {})
        streamlit_internals.forget_at_close(second)
        pages.disconnect_session(second)
        kept = [each.session.id for each in storage.list()]
        pages.stop()
        return first, kept

    first, kept = alone(leave_twice())
    assert kept == [first]


class _Labels(list[str]):
    """Labels that can't be looked through."""

    def index(self, *_: Any) -> int:
        raise AssertionError("looked through all options for one value")


def test_what_is_sent_for_a_list_is_read_by_its_index() -> None:
    """Streamlit's own way takes a second for a thousand of thirty thousand options."""
    importlib.import_module("lib.ui.inputs")  # which draws all lists
    labels = _Labels(["A", "B"])
    serde: Any = multiselect.MultiSelectSerde(
        ["a", "b"], formatted_options=labels, formatted_option_to_option_index={"A": 0, "B": 1}
    )
    assert serde.deserialize(["B", "x", "A"]) == ["b", "x", "a"] and serde.deserialize(None) == []


def test_the_html_of_pages_is_found() -> None:
    assert '<div id="root">' in streamlit_internals.page_html()


def test_claims_are_read_from_a_cookie_that_is_signed() -> None:
    claims = {"sub": "ann", "name": "Ann"}
    name = "_streamlit_user"

    def read(secret: str, said: object) -> Any:
        signed = create_signed_value(secret, name, json.dumps(said)).decode("latin-1")
        return streamlit_internals.login_claims({name: signed})

    secret = config.get_option("server.cookieSecret")
    assert read(secret, claims) == claims
    assert read("another", claims) is None
    assert read(secret, ["ann"]) is None
    assert streamlit_internals.login_claims({}) is None


def test_values_of_a_message_are_counted() -> None:
    message = BackMsg()
    message.rerun_script.widget_states.widgets.add(id="a")
    message.rerun_script.cached_message_hashes.append("b")
    assert streamlit_internals.count_values(message.SerializeToString()) == 2
    with pytest.raises(ValueError, match="parsing"):
        streamlit_internals.count_values(b"\xff")


ELSEWHERE = {
    "streamlit.runtime.scriptrunner.get_script_run_ctx",  # documented, for threads
    "streamlit.runtime.session_manager.SessionStorage",  # the form that a storage has
    "streamlit.runtime.session_manager.SessionInfo",
    "streamlit.navigation.page.Page",  # a type
}
"""What other modules take from within Streamlit."""

PROTOCOLS = ("http_protocol", "websocket_protocol")
"""The modules that extend the server's own protocols."""


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_nothing_else_reaches_into_streamlit_or_its_server(path: Path) -> None:
    if path.stem == "streamlit_internals":
        return
    inside = {name for name in imports(path) if name.startswith("streamlit.")}
    assert {name for name in inside if not any(known.startswith(name) for known in ELSEWHERE)} == set()
    if path.stem not in PROTOCOLS:
        assert not {name for name in imports(path) if name.partition(".")[0] in ("uvicorn", "websockets")}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [({"double_value": 2.0}, 2), ({"double_value": math.nan}, None), ({"string_value": "2"}, None)],
)
def test_what_a_widget_can_not_read_is_passed_over(sent: dict[str, Any], kept: int | None) -> None:
    streamlit_internals.pass_over_unreadable_values()
    states = WStates()
    states.set_widget_metadata(WidgetMetadata("w", deserializer=int, serializer=float, value_type="double_value"))
    states.set_widget_from_proto(WidgetState(id="w", **sent))
    assert states.get("w") == kept
