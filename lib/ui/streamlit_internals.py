"""What is set, or read, inside Streamlit and the server that it starts, where no option and no public name does it.

Looked at: streamlit 1.67.0, uvicorn 0.54.0, websockets 17.4. Each function has a test in
tests/ui/test_streamlit_internals.py. When a version changes, run them, look whether there is a public way by now, and
write the new version here. What else depends on insides has a module and tests of its own: the protocols that extend
uvicorn's (lib/web/http_protocol.py, websocket_protocol.py), and the client of the log-in (lib/web/id_tokens.py).
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit
import streamlit.file_util
import streamlit.logger
import streamlit.runtime.state.query_params
from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.elements.widgets import multiselect
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse, DeferredFileResponsePayload
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.session_manager import SessionStorage
from streamlit.runtime.state.common import unpack_widget_state_value
from streamlit.runtime.state.session_state import WStates
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from uvicorn.lifespan.on import LifespanOn
from websockets import http11

from lib.observability import logging_config
from lib.web.http_protocol import MAX_ADDRESS, MAX_HEADERS, HttpProtocol
from lib.web.script_bundles import ScriptBundles
from lib.web.websocket_protocol import WebSocketProtocol

log = logging.getLogger(__name__)


KEPT_ALIVE_SECONDS = 65
"""Seconds that a connection without a request stays open: longer than proxies and clients keep theirs, a minute.

Who closes first must not be the server: a request that is sent at that moment would be lost.
"""


class ServerProtocols:
    """A middleware that lets all connections have our protocols and limits, once the application starts.

    The server is made before the application is loaded, and by Streamlit, which passes on few of its options. The
    server reads its protocols anew for each connection, and starts the application by a method of an object that
    knows its options.
    """

    def __init__(self, app: ASGIApp, message_bytes: int) -> None:
        """Wrap; a websocket's message has at most `message_bytes`."""
        self._app, self._message_bytes = app, message_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; where the server is another than the one that Streamlit starts, the application does not start."""
        if scope["type"] == "lifespan":
            server = getattr(receive, "__self__", None)
            if not isinstance(server, LifespanOn):
                await receive()
                words = "Callboard can't set the limits of this server. Right would be: streamlit run app.py"
                await send({"type": "lifespan.startup.failed", "message": words})
                return
            server.config.http_protocol_class = HttpProtocol
            server.config.ws_protocol_class = WebSocketProtocol
            server.config.ws_max_size = self._message_bytes
            server.config.timeout_keep_alive = KEPT_ALIVE_SECONDS
        await self._app(scope, receive, send)


def accept_long_headers() -> None:
    """Let a websocket begin with headers as long as other requests may have; cookies of a log-in pass 8 KB.

    There is a variable of the environment for it, which is read before the application is loaded.
    """
    http11.MAX_LINE_LENGTH = max(MAX_ADDRESS, MAX_HEADERS) + 1024


def accept_long_queries() -> None:
    """Let an address have as many parameters as fit; the pages say what is wrong with them.

    By itself Streamlit passes over a query of more than 1,000 as a whole, and the page shows everything.
    """
    streamlit.runtime.state.query_params.CLIENT_STATE_QUERY_STRING_MAX_FIELDS = MAX_ADDRESS  # type: ignore[misc]


def adopt_loggers() -> None:
    """Let the loggers that Streamlit makes from now on write as all others do."""
    streamlit.logger.setup_formatter = logging_config.adopt


def keep_sessions(storage: SessionStorage) -> None:
    """Let the running pages keep their sessions in a storage."""
    runtime.get_instance()._session_mgr._session_storage = storage  # type: ignore[attr-defined]


def read_lists_by_index() -> None:
    """Let what is sent for a list be found by its index; Streamlit looks through all options for each value."""
    multiselect.MultiSelectSerde = _IndexedSerde  # type: ignore[misc]


class _IndexedSerde(multiselect.MultiSelectSerde[Any]):
    def deserialize(self, ui_value: list[str] | None) -> list[Any]:
        if ui_value is None:
            return super().deserialize(None)
        places = self.formatted_option_to_option_index
        return [self.options[places[label]] if label in places else label for label in ui_value]


def pass_over_unreadable_values() -> None:
    """Let what is sent for a widget and can't be read, such as a number for a list, leave it as it was.

    By itself Streamlit ends the run with an error, and each later one of the session: the value stays unread.
    """
    WStates.set_widget_from_proto = _set_if_readable  # type: ignore[assignment, method-assign]
    WStates.__getitem__ = _get_or_forget  # type: ignore[method-assign]


_set_widget, _get_widget = WStates.set_widget_from_proto, WStates.__getitem__
_PLAIN_VALUES = (
    *("bool_value", "int_value", "double_value", "string_value"),
    *("int_array_value", "double_array_value", "string_array_value"),
)
"""Kinds of values that may be read more than once; files are taken as they are read."""


def _set_if_readable(states: WStates, sent: WidgetState) -> None:
    metadata, kind = states.widget_metadata.get(sent.id), sent.WhichOneof("value")
    if metadata is not None and kind is not None and (kind in _PLAIN_VALUES or metadata.value_type in _PLAIN_VALUES):
        try:
            if not _is_of_kind(metadata.value_type, kind):
                raise TypeError(kind)
            metadata.deserializer(unpack_widget_state_value(sent))
        except (TypeError, ValueError, OverflowError, LookupError, AttributeError) as error:
            log.warning("What was sent for a widget can't be read and is passed over: %s", type(error).__name__)
            return
    _set_widget(states, sent)


def _get_or_forget(states: WStates, key: str) -> Any:
    """Return a widget's value. What came before it was known what the widget reads, and can't be read, is forgotten."""
    try:
        return _get_widget(states, key)
    except KeyError:
        raise
    except (TypeError, ValueError, OverflowError, LookupError, AttributeError) as error:
        log.warning("What was sent for a widget can't be read and is forgotten: %s", type(error).__name__)
        del states.states[key]
        raise KeyError(key) from error


def _is_of_kind(wanted: str, sent: str) -> bool:
    """Return whether a value is of the kind that a widget takes.

    For a field of whole numbers browsers send these, though Streamlit calls its values decimal.
    """
    return wanted not in _PLAIN_VALUES or wanted == sent or {wanted, sent} == {"int_value", "double_value"}


DOWNLOAD_FAILED = "Failed to generate file for download"
"""What Streamlit says where a file can't be made."""


class DownloadError(Exception):
    """Why the file of a button can't be made, in the words that the button shows."""


def say_why_downloads_fail() -> None:
    """Let a button whose file can't be made say why; by itself Streamlit says that it can't, and logs the rest."""
    DeferredFileHandler.handle = _make_or_say_why  # type: ignore[assignment, method-assign]


async def _make_or_say_why(
    handler: DeferredFileHandler, request: BackendOperationRequest, _session_id: str
) -> BackendOperationResponse:
    files = handler._get_media_file_mgr()
    try:
        url = await asyncio.to_thread(files.execute_deferred, request.deferred_file.file_id)
    except MediaFileStorageError as error:
        why = error.__cause__
        if isinstance(why, DownloadError):
            log.warning("A file for a download could not be made: %s", why.__cause__)
            return BackendOperationResponse(request_id=request.request_id, error_msg=str(why))
        log.exception("A file for a download could not be made.")
        return BackendOperationResponse(request_id=request.request_id, error_msg=DOWNLOAD_FAILED)
    file = DeferredFileResponsePayload(url=url)
    return BackendOperationResponse(request_id=request.request_id, deferred_file=file)


def static_folder() -> Path:
    """Return the folder with the files that pages are made of."""
    return Path(streamlit.file_util.get_static_dir())


def page_html() -> str:
    """Return the HTML that Streamlit begins every page with."""
    return (static_folder() / "index.html").read_text("utf-8")


def page_sheet() -> str:
    """Return the style sheet of that page."""
    file: str
    (file,) = re.findall(r'<link rel="stylesheet"[^>]* href="\./([^"]+)"', page_html())
    return (static_folder() / file).read_text("utf-8")


LOOKED_AT = "1.67.0"
"""The version of Streamlit whose scripts tests have gone through."""

_ASSIGNED_LATER = ("space-separated-tokens",)
"""Modules that give some of what they export its value after they have run."""


def script_bundles(groups: Mapping[str, Sequence[str]]) -> ScriptBundles | None:
    """Return Streamlit's scripts, of which some are joined: by group, components, and `index`, where all begins.

    None for a version whose scripts nobody has looked at: they are then served as they are.
    """
    if streamlit.__version__ != LOOKED_AT:
        log.warning("Streamlit is %s, not %s: its scripts are not joined", streamlit.__version__, LOOKED_AT)
        return None
    manifest: dict[str, dict[str, Any]] = json.loads((static_folder() / "manifest.json").read_text("utf-8"))
    files = {each["name"]: Path(each["file"]).name for each in manifest.values() if "name" in each}
    files |= {each["name"]: Path(each["file"]).name for each in manifest.values() if each.get("isEntry")}
    joined = {group: [files[name] for name in names] for group, names in groups.items()}
    return ScriptBundles(static_folder() / "static" / "js", joined, [files[name] for name in _ASSIGNED_LATER])


def login_claims(cookies: Mapping[str, str]) -> dict[str, Any] | None:
    """Return what the cookies of a log-in say of who logged in; None without them, or where the signature is wrong."""

    def decode(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(get_cookie_secret(), name, value.encode("latin-1"))

    if USER_COOKIE_NAME not in cookies:
        return None
    try:
        claims = json.loads(get_cookie_with_chunks(decode, USER_COOKIE_NAME) or b"null")
    except (ValueError, TypeError):
        return None
    return claims if isinstance(claims, dict) else None


def forget_at_close(session: str) -> None:
    """Keep nothing of a session once its connection is gone."""
    if runtime.exists():
        runtime.get_instance().mark_session_nonresumable(session)


def count_values(message: bytes) -> int:
    """Return how many values of widgets, and names of what the browser has kept, a page's message holds.

    Raises ValueError where it is no such message.
    """
    try:
        run = BackMsg.FromString(message).rerun_script
    except DecodeError as error:
        raise ValueError(str(error)) from error
    return len(run.widget_states.widgets) + len(run.cached_message_hashes)
