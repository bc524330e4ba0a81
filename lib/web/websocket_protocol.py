"""The server's end of a websocket, with limits where the server's own has none.

Its library counts the bytes of a message, but neither its fragments nor the messages that wait for the application,
and what it has to send to one who does not read grows without end.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

MAX_FRAGMENTS = 128
"""Parts that a message may come in; browsers cut one of 1 MB in eight at most."""

MAX_WAITING = 256
"""Messages that may wait for the application. More than one waits only where they came in one packet."""

CLOSE_SECONDS = 10.0
"""How long the other end may take to read why it was closed."""

DISCARD_PAUSE = 0.02
"""Seconds between what is read of a message that is thrown away, which comes in parts of 256 KB."""

_POLICY_VIOLATION, _TOO_BIG = 1008, 1009


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A websocket that takes a bounded amount of memory, whatever the other end sends or does not read.

    The application finds `limit_messages` in the scope's state: called with a number of bytes, it lets no larger
    message come together.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Begin without a connection."""
        super().__init__(*arguments, **options)
        self._fragments = 0

    def data_received(self, data: bytes) -> None:
        """Take what comes; after a close for a fault, throw it away until the other end has read why.

        It is read slowly: at full speed, what comes of large messages would keep everybody else waiting.
        """
        if self.close_sent and self.conn.parser_exc is not None:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(DISCARD_PAUSE, self._read_on)
        else:
            super().data_received(data)

    def handle_connect(self, event: Request) -> None:
        """Begin the application, and read nothing more before it asks for it."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["state"]["limit_messages"] = self._limit_messages
            self.read_paused = True
            self.transport.pause_reading()

    def handle_text(self, event: Frame) -> None:
        """Begin a message."""
        self._fragments = 0
        super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Begin a message."""
        self._fragments = 0
        super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """Go on with a message."""
        self._fragments += 1
        if self._fragments >= MAX_FRAGMENTS:
            self._fail(_TOO_BIG, "too many fragments")
        else:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer a ping, unless the answers before it are not read."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.transport.abort()

    def handle_parser_exception(self) -> None:
        """Close for a fault, so that the other end can read which."""
        if self.conn.close_sent is None:  # it came before the connection was accepted
            self.transport.abort()
            return
        closed = self.conn.close_sent
        self.queue.put_nowait({"type": "websocket.disconnect", "code": closed.code, "reason": closed.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.transport.can_write_eof():
            with suppress(OSError):  # the other end is gone already
                self.transport.write_eof()
        self._read_on()
        self._abort_later()

    def send_receive_event_to_app(self) -> None:
        """Hand a message to the application; where too many wait for it already, close."""
        super().send_receive_event_to_app()
        if self.queue.qsize() > MAX_WAITING and not self.close_sent:
            while not self.queue.empty():
                self.queue.get_nowait()
            self._fail(_POLICY_VIOLATION, "too many messages")

    def keepalive_timeout(self) -> None:
        """Close where the other end does not answer."""
        super().keepalive_timeout()
        self._abort_later()

    async def send(self, message: Any) -> None:
        """Send what the application has to say; a close does not wait for one who does not read.

        After a close for a fault nothing is sent: the application learns of it when it receives the next time.
        """
        if self.close_sent and self.conn.parser_exc is not None:
            return
        closes = message["type"] == "websocket.close" and self.handshake_complete
        if closes and not self.writable.is_set():
            self.transport.abort()
            return
        await super().send(message)
        if closes:
            self._abort_later()

    def _fail(self, code: int, reason: str) -> None:
        self.conn.fail(code, reason)
        self.conn.parser_exc = self.conn.parser_exc or ValueError(reason)
        self.handle_parser_exception()

    def _read_on(self) -> None:
        self.read_paused = False
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def _limit_messages(self, size: int) -> None:
        self.conn.max_message_size = size

    def _abort_later(self) -> None:
        """End the connection soon, whether or not what was written is read."""
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.transport.abort)
