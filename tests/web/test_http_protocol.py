"""The parser of HTTP, by itself; what it answers is held where the whole server is asked."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from lib.web.http_protocol import HttpProtocol
from tests.web.test_gateway import alone


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """Be the application that nobody asks."""


def test_answers_are_sent_as_they_are_written() -> None:
    """The listening socket names no protocol, as the one of the pages' server."""
    options: list[int] = []

    async def accept() -> None:
        config, state = uvicorn.Config(_nothing, interface="asgi3", log_config=None), ServerState()
        config.load()
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.bind(("127.0.0.1", 0))
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: HttpProtocol(config=config, server_state=state, app_state={}), sock=listening
        )
        async with server:
            _, writer = await asyncio.open_connection(*listening.getsockname())
            while not state.connections:
                await asyncio.sleep(0.01)
            protocol: Any = next(iter(state.connections))
            accepted = protocol.transport.get_extra_info("socket")
            options.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()
            protocol.transport.close()
            await writer.wait_closed()

    alone(accept())
    assert options == [1]
