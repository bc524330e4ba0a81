"""The server's parser of HTTP, made to answer what it refuses.

By itself it answers an address of any length past 64 KB with 400, and closes before the other end has sent all of it,
who then reads no answer but a reset connection. Here the gateway says what is wrong, as it does of all else, and what
still comes, of a body that is refused, too, is thrown away until the answer has been read.
"""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import h11
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from lib.errors import RefusedError

MAX_ADDRESS = 32 * 1024
MAX_HEADERS = 32 * 1024
"""Bytes that an address, and all headers, may have."""

MAX_SOCKET_HEADERS = 128
"""Headers that a request for a websocket may have: its library takes no more."""

MAX_DISCARDED = 16 * 2**20
LINGER_SECONDS = 5.0
"""Bytes that a request that is refused may still send, and for how long, until its answer has been read."""

REFUSED = "refused"
"""Where in a scope's state the gateway finds why a request is refused."""

CONNECTION = "connection"
"""Where in a scope's state an answer that goes on for long finds its connection."""

MAX_UNSENT = 64 * 1024
"""Bytes of such an answer that the system keeps for a client that does not take them."""

GONE_MS = 30_000
"""Milliseconds after which a client that confirms nothing of such an answer is taken to be gone."""

_SHOWN = 300
"""Bytes of the beginning of a request, by which one that is refused is answered and written down."""

_BEGINNING = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}) (/[\x21-\x7e]*)")


class HttpProtocol(H11Protocol):
    """A connection that answers also what is no request that can be served, before it ends."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Begin without a connection."""
        super().__init__(*arguments, **options)
        self.app_state = {**self.app_state, CONNECTION: self}  # of which each request has a copy
        self._beginning = b""
        self._discards = False
        self._discarded = 0
        self._stops = False
        self._at_shutdown: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, and have the system send answers as they are written: held back, a small one takes 40 ms longer.

        The pages' server listens by a socket that names no protocol, so that asyncio does not see to this by itself.
        """
        connection = transport.get_extra_info("socket")
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Take what comes; once the request is refused, throw it away."""
        if self._discards:
            self._discarded += len(data)
            if self._discarded > MAX_DISCARDED:
                self.transport.abort()
            return
        if self.conn.their_state is h11.IDLE:
            self._beginning += data[: _SHOWN - len(self._beginning)]
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before and self.conn.their_state is h11.SEND_BODY:
            self.cycle.transport = self._lingering()  # it may be answered before its body has come

    def call_at_shutdown(self, callback: Callable[[], None]) -> None:
        """Have a function called when the server stops: it waits for the answer under way to end."""
        self._at_shutdown = callback
        if self._stops:
            callback()

    def shutdown(self) -> None:
        """End once the answer under way has ended, which is told of that."""
        self._stops = True
        super().shutdown()
        if self._at_shutdown is not None:
            self._at_shutdown()

    def abort_after(self, seconds: float) -> asyncio.TimerHandle:
        """Give the connection up after so many seconds, whatever has not been sent by then."""
        return self.loop.call_later(seconds, self.transport.abort)

    def keep_lean(self) -> None:
        """Have the system keep little for the client, and notice soon where it is gone without a word."""
        if self.transport.is_closing():
            return
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MAX_UNSENT)
        if connection.family in (socket.AF_INET, socket.AF_INET6) and hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - in words of our own
        """Refuse what can't be parsed; called while the parser's error is handled."""
        error = sys.exc_info()[1]
        if getattr(error, "error_status_hint", 400) != 431:
            self._refuse(RefusedError(400, "The request is not HTTP as it should be."))
        elif b"\n" in self.conn.trailing_data[0]:
            self._refuse(headers_too_long())
        else:
            self._refuse(address_too_long())

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        self._beginning = b""
        self._at_shutdown = None
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over, unless its request is one that the websocket's library would not answer."""
        if len(event.target) > MAX_ADDRESS:
            self._refuse(address_too_long())
        elif sum(len(name) + len(value) for name, value in self.headers) > MAX_HEADERS:
            self._refuse(headers_too_long())
        elif len(self.headers) > MAX_SOCKET_HEADERS:
            self._refuse(RefusedError(431, f"There are more than {MAX_SOCKET_HEADERS} headers, the most that may be."))
        else:
            super().handle_websocket_upgrade(event)

    def _refuse(self, error: RefusedError) -> None:
        """Let the gateway answer with an error, and end the connection."""
        if self.cycle is not None and not self.cycle.response_complete:  # its request was still coming in
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # an answer has begun
            self.transport.close()
            return
        line = _BEGINNING.match(self._beginning)
        method, target = line.groups() if line else (b"GET", b"/")
        path, _, query = target.partition(b"?")
        self.scope = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme or "http",
            "method": method.decode(),
            "root_path": self.root_path,
            "path": self.root_path + path.decode(),
            "raw_path": self.root_path.encode() + path,
            "query_string": query,
            "headers": [CLOSE_HEADER],
            "state": {**self.app_state, REFUSED: error},
        }
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            conn=self.conn,
            transport=self._lingering(),
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            on_response=lambda: None,
        )
        self.cycle.keep_alive = self.cycle.more_body = False
        task = self.loop.create_task(self.cycle.run_asgi(self.app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _lingering(self) -> asyncio.Transport:
        def discard() -> None:
            self._discards = True
            self.flow.resume_reading()
            self.loop.call_later(LINGER_SECONDS, self.transport.abort)

        return _LingeringTransport(self.transport, self._has_all, discard)

    def _has_all(self) -> bool:
        """Return whether the whole request has come."""
        return self.conn.their_state not in (h11.SEND_BODY, h11.ERROR)


def address_too_long() -> RefusedError:
    """Return the error of an address that is too long."""
    return RefusedError(414, f"The address is longer than {MAX_ADDRESS // 1024} KB, the most that it may be.")


def headers_too_long() -> RefusedError:
    """Return the error of headers that are too long together."""
    return RefusedError(431, f"The headers are longer than {MAX_HEADERS // 1024} KB, the most that they may be.")


class _LingeringTransport(asyncio.Transport):
    """A connection that is closed for writing first, where its request is still coming in."""

    def __init__(self, transport: asyncio.Transport, has_all: Callable[[], bool], discard: Callable[[], None]) -> None:
        super().__init__()
        self._transport, self._has_all, self._discard = transport, has_all, discard
        self._closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._closed or self._transport.is_closing()

    def close(self) -> None:
        if self._has_all():
            self._transport.close()
        elif not self.is_closing():
            self._closed = True
            if self._transport.can_write_eof():
                with suppress(OSError):  # the other end is gone already
                    self._transport.write_eof()
            self._discard()
