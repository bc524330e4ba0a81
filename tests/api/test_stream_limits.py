"""Streams that are many, that stop with the server, or whose client or database does not go along."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from lib.access import api_keys
from lib.analytics.grants import EVERYTHING
from lib.api.event_stream import EventStream, StreamedQuestion
from lib.api.serializers import AnswerBody, prepared
from lib.api.throttle import MAX_STREAMS, MAX_STREAMS_IN_ALL
from lib.settings import Settings
from lib.web.http_protocol import HttpProtocol
from lib.workspace import Workspace
from tests import postgres
from tests.api.event_client import EventClient
from tests.api_client import make_key
from tests.serving import served
from tests.waiting import LONG_SECONDS
from tests.web.test_gateway import alone


@dataclass(frozen=True)
class Opened:
    """A stream that was asked for, and the status of the answer."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int


async def opened(address: str, key: str) -> Opened:
    """Ask for a stream."""
    where = urlsplit(address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    asked = f"GET /v1/analytics/stream HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {key}\r\n\r\n"
    writer.write(asked.encode())
    line = await reader.readline()
    return Opened(reader, writer, int(line.split()[1]))


def test_ten_of_a_key_and_500_in_all_which_the_server_says_goodbye_to(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", sample="off")
    workspace = Workspace(settings)
    keys = [
        api_keys.create(workspace.state, "test", ["analytics:read"], "test", EVERYTHING, workspace.catalog)[0]
        for _ in range(MAX_STREAMS_IN_ALL // MAX_STREAMS + 1)
    ]
    workspace.close()
    first, *others, beyond = keys
    is_full = threading.Event()

    async def fill(address: str) -> list[str]:
        """Open as many as there may be, and one more; return what each of them said until its end."""
        streams = [await opened(address, first) for _ in range(MAX_STREAMS)]
        await refused(address, first, f"{MAX_STREAMS} streams of this key")
        for key in others:
            streams += await asyncio.gather(*(opened(address, key) for _ in range(MAX_STREAMS)))
        assert len(streams) == MAX_STREAMS_IN_ALL and {each.status for each in streams} == {200}
        await refused(address, beyond, f"{MAX_STREAMS_IN_ALL} streams")
        async with httpx.AsyncClient(timeout=LONG_SECONDS) as client:
            assert (await client.get(f"{address}/healthz")).status_code == 200
        is_full.set()
        said = [each.decode() for each in await asyncio.gather(*(stream.reader.read() for stream in streams))]
        for stream in streams:
            stream.writer.close()
        return said

    async def refused(address: str, key: str, words: str) -> None:
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=LONG_SECONDS) as client:
            answer = await client.get(f"{address}/v1/analytics/stream")
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (429, "TOO_MANY_CONCURRENT") and words in error["message"]
        assert answer.headers["retry-after"] == str(error["retryAfter"])

    with ThreadPoolExecutor(1) as pool:
        with served(settings.data_dir, CALLBOARD_SAMPLE="off", CALLBOARD_RATE_LIMIT="off") as address:
            reading = pool.submit(lambda: asyncio.run(fill(address)))
            while not is_full.wait(0.1) and not reading.done():
                pass
        told = reading.result()
    assert all("event: summary\n" in each and "event: bye\ndata: {}\n\n" in each for each in told)
    assert "Application shutdown complete" in (tmp_path / "data.log").read_text()


def test_a_database_that_is_away_for_a_while(tmp_path: Path) -> None:
    with postgres.controlled() as server:
        with psycopg.connect(postgres.url(server.folder, "postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE away")
        url = postgres.url(server.folder, "away")
        settings = Settings(data_dir=tmp_path / "data", database_url=url, sample="off")
        Workspace(settings).close()
        key = make_key(tmp_path / "data", settings={"database_url": url})
        variables = {"CALLBOARD_DATABASE_URL": url, "CALLBOARD_SAMPLE": "off", "CALLBOARD_RATE_LIMIT": "off"}
        with served(settings.data_dir, **variables) as address, EventClient(address, key) as stream:
            assert stream.summary()["totalEvaluations"] == 0
            server.stop("fast")
            said = stream.block()
            assert said and said.name is None and "the database does not answer" in said.comments[0]
            with EventClient(address, key) as other:
                assert (other.status, other.body()["error"]["code"]) == (503, "DATABASE_UNAVAILABLE")
            server.start()
            rows = [{"id": "1", "audioDate": "2024-01-05"}]
            with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=LONG_SECONDS) as client:
                while client.post(f"{address}/v1/evaluations", json=rows).status_code != 200:
                    pass
            assert stream.summary()["totalEvaluations"] == 1
    assert "Traceback" not in (tmp_path / "data.log").read_text()


@pytest.fixture
def space(workspace: Workspace) -> Iterator[Workspace]:
    """Give a workspace whose changes are told of."""
    workspace.facts.start_listener()
    workspace.changes.start()
    assert workspace.changes.wait(None, LONG_SECONDS)
    yield workspace
    workspace.changes.stop()


@asynccontextmanager
async def streaming(
    space: Workspace, compute: Callable[[], tuple[AnswerBody, int]], **options: Any
) -> AsyncIterator[Any]:
    """Serve streams of one answer at a port; give that, and the server's state."""
    _, key = api_keys.create(space.state, "test", ["analytics:read"], "test", EVERYTHING, space.catalog)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked = StreamedQuestion("asked", compute, None, has_formulas=False)
        await EventStream(asked, key, space.watched_questions, space.key_watch, **options)(scope, receive, send)

    config, state = uvicorn.Config(app, interface="asgi3", log_config=None), ServerState()
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: HttpProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1], state


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_quiet_stream_has_a_heartbeat(space: Workspace) -> None:
    async def listen() -> None:
        async with streaming(space, lambda: (prepared(b"{}"), 1), heartbeat_seconds=0.05) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            async with asyncio.timeout(LONG_SECONDS):
                read = b"".join([await reader.readuntil(b": heartbeat\n\n") for _ in range(3)])
            writer.close()
        assert read.count(b"event: summary\nid: 1\ndata: {}\n\n") == 1

    alone(listen())


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_client_that_takes_nothing_is_left(space: Workspace) -> None:
    """What waits for it is one event, and it is let go once it has taken nothing for too long, or the server stops."""
    body = prepared(json.dumps({"x": "y" * 2**22}).encode())

    async def ignore() -> None:
        options = {"heartbeat_seconds": 0.05, "patience_seconds": 0.3}
        async with streaming(space, lambda: (body, 1), **options) as (port, state), asyncio.timeout(LONG_SECONDS):
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            while not state.tasks:
                await asyncio.sleep(0.01)
            while state.tasks or state.connections:
                for each in state.connections:
                    assert each.transport.get_write_buffer_size() < 2 * len(body.content)
                await asyncio.sleep(0.01)
            writer.close()
        options = {"heartbeat_seconds": 0.05}
        async with streaming(space, lambda: (body, 1), **options) as (port, state), asyncio.timeout(LONG_SECONDS):
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            while not any(each.flow.write_paused for each in state.connections):
                await asyncio.sleep(0.01)
            for each in tuple(state.connections):
                each.shutdown()
            while state.tasks or state.connections:
                await asyncio.sleep(0.01)
            writer.close()

    alone(ignore())
