"""What the hostile do, each for so many seconds: every attack is bounded in size and in how often it comes."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.hostile.siege.pages import Place, drawn, rerun, socket

SOCKETS = 16
FRAME_MB = 25
QUESTIONS_AT_ONCE = 60
BODY_MB = 31

_GONE = (ConnectionClosed, InvalidHandshake, TimeoutError, OSError, httpx.HTTPError, AttributeError)
"""How a server gets rid of who is hostile; the last where the client's library closes what is closed already."""

Seen = Counter[str]
"""What came back, by attack and status."""


async def visitor(place: Place, ends: float, seen: Seen) -> None:
    """Attack as someone without a log-in: large frames, floods of reruns, long addresses, forged uploads and hosts."""
    await asyncio.gather(
        _repeat(ends, lambda: _forged_frames(place, seen)),
        _repeat(ends, lambda: _rerun_flood(place, seen)),
        _repeat(ends, lambda: _strange_requests(place, seen)),
    )


async def viewer(place: Place, ends: float, seen: Seen) -> None:
    """Attack as a logged-in viewer: forged widget values, links of all sizes, pages that are not theirs."""
    await asyncio.gather(
        _repeat(ends, lambda: _forged_widgets(place, seen)),
        _repeat(ends, lambda: _strange_links(place, seen)),
        _repeat(ends, lambda: _rerun_flood(place, seen)),
    )


async def key(place: Place, text: str, ends: float, seen: Seen) -> None:
    """Attack as a program with a key of all scopes: long questions at once, bodies that amplify, floods of orders."""
    limits = httpx.Limits(max_connections=QUESTIONS_AT_ONCE + 10)
    headers = {"Authorization": f"Bearer {text}"}
    async with httpx.AsyncClient(
        base_url=f"http://{place.netloc}/v1", headers=headers, timeout=60, limits=limits
    ) as client:
        await asyncio.gather(
            _repeat(ends, lambda: _long_questions(client, seen)),
            _repeat(ends, lambda: _amplifying_bodies(client, seen)),
            _repeat(ends, lambda: _orders(client, seen)),
        )


async def _repeat(ends: float, attack: Callable[[], Awaitable[None]]) -> None:
    while time.monotonic() < ends:
        with suppress(*_GONE):
            await attack()
        await asyncio.sleep(0.5)


def _frame(widget: str, megabytes: int) -> BackMsg:
    message = rerun()
    state = message.rerun_script.widget_states.widgets.add()
    state.id = widget
    state.string_value = "x" * (megabytes * 2**20)
    return message


async def _forged_frames(place: Place, seen: Seen) -> None:
    content = _frame("$$ID-00000000000000000000000000000000-campaignId", FRAME_MB).SerializeToString()

    async def one() -> None:
        try:
            async with socket(place) as page:
                await page.send(content)
                await asyncio.wait_for(page.recv(), 5)
                seen["frame: answered"] += 1
        except _GONE as error:
            seen[f"frame: {type(error).__name__}"] += 1

    await asyncio.gather(*(one() for _ in range(SOCKETS)))


async def _rerun_flood(place: Place, seen: Seen) -> None:
    content = rerun(f"dateFrom=2024-01-{random.randint(1, 28):02}").SerializeToString()

    async def read(page: ClientConnection) -> None:
        async for _ in page:
            pass

    try:
        async with socket(place) as page:
            reading = asyncio.create_task(read(page))
            for _ in range(500):
                await page.send(content)
            await asyncio.sleep(1)
            seen["flood: endured"] += 1
            reading.cancel()
    except _GONE as error:
        seen[f"flood: {type(error).__name__}"] += 1


async def _strange_requests(place: Place, seen: Seen) -> None:
    async with httpx.AsyncClient(base_url=f"http://{place.netloc}", timeout=10) as client:
        asked: tuple[tuple[str, str, dict[str, str], bytes | None], ...] = (
            ("GET", "/", {"Host": "evil.example"}, None),
            ("GET", "/_stcore/metrics", {}, None),
            ("PUT", "/_stcore/upload_file/forged/forged", {}, b"x" * 100_000),
            ("POST", "/auth/logout", {"Sec-Fetch-Site": "cross-site"}, b""),
            ("GET", "/oauth2callback?code=forged&state=forged", {}, None),
            ("GET", "/v1/analytics/summary", {"Authorization": "Bearer cb_live_" + "x" * 1_000}, None),
            ("GET", "/v1/downloads/job_x/y.csv?expires=1&signature=z", {}, None),
        )
        for method, path, headers, body in asked:
            try:
                found = await client.request(method, path, headers=headers, content=body)
                seen[f"request: {found.status_code}"] += 1
            except httpx.HTTPError as error:
                seen[f"request: {type(error).__name__}"] += 1
    for path in ("/", "/v1/analytics/summary"):
        seen[f"long address: {await _raw_status(place, path + '?dateFrom=' + 'x' * 200_000)}"] += 1


async def _raw_status(place: Place, target: str) -> str:
    """Ask for what no client library would send; return the status, or that there was none."""
    host, _, port = place.netloc.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n".encode())
        line = await asyncio.wait_for(reader.readline(), 10)
        return line.decode("latin-1").partition(" ")[2][:3] or "none"
    finally:
        writer.close()


async def _forged_widgets(place: Place, seen: Seen) -> None:
    async with socket(place) as page:
        _, widgets = await drawn(page, rerun(page="campaigns"))
        filters = [each for each in widgets if each.rpartition("-")[2] in ("campaignId", "executiveId", "callCenterId")]
        values = (
            [f"forged {n}" for n in range(100_000)],
            [f"forged {n}" for n in range(4_000)],
            ["x" * 2**20 for _ in range(20)],
            ["\x00", "\udfff".encode("utf-8", "replace").decode(), "=1+1", "<script>"],
        )
        for value in values:
            message = rerun(page="campaigns")
            for widget in filters:
                state = message.rerun_script.widget_states.widgets.add()
                state.id = widget
                state.string_array_value.data.extend(value)
            well, _ = await drawn(page, message)
            seen[f"widgets: {'drawn' if well else 'ended'}"] += 1


async def _strange_links(place: Place, seen: Seen) -> None:
    async with socket(place) as page:
        for query in (
            "&".join(f"campaignId=forged{n}" for n in range(1_200)),
            "campaignid=a&dateFrom=yesterday&page=-1&open=%00&compare=x&metric=__class__",
            "dateFrom=1970-01-01&dateTo=2099-12-31&granularity=daily&timezone=Asia/Tokyo",
            "link=../../etc&lang=xx&split=none&by=x",
        ):
            for path in (
                "",
                "trends",
                "drivers",
                "evaluations",
                "live",
                "own_metrics",
                "exports",
                "reports",
                "alerts",
                "data",
                "audit",
                "settings",
            ):
                well, _ = await drawn(page, rerun(query, path))
                seen[f"link: {'drawn' if well else 'ended'}"] += 1


async def _long_questions(client: httpx.AsyncClient, seen: Seen) -> None:
    async def one(number: int) -> None:
        asked = {
            "dateFrom": "2011-06-01",
            "dateTo": f"2024-10-{number % 28 + 1:02}",
            "timezone": random.choice(("Asia/Tokyo", "Europe/Madrid", "America/Lima")),
        }
        try:
            found = await client.get("/analytics/trends", params=asked)
            seen[f"question: {found.status_code}"] += 1
        except httpx.HTTPError as error:
            seen[f"question: {type(error).__name__}"] += 1

    await asyncio.gather(*(one(number) for number in range(QUESTIONS_AT_ONCE)))


async def _amplifying_bodies(client: httpx.AsyncClient, seen: Seen) -> None:
    empty = b"[" + b"{}," * (BODY_MB * 2**20 // 3) + b"{}]"
    lines = b"\n" * (BODY_MB * 2**20)
    nested = b"[" * 100_000
    for content, kind in ((empty, "json"), (lines, "x-ndjson"), (nested, "json")):
        found = await client.post("/evaluations", content=content, headers={"Content-Type": f"application/{kind}"})
        seen[f"body: {found.status_code}"] += 1


async def _orders(client: httpx.AsyncClient, seen: Seen) -> None:
    large = json.dumps({"format": "csv", "campaignId": ["x" * 1_000] * 28_000}).encode()
    found = await client.post("/analytics/export", content=large, headers={"Content-Type": "application/json"})
    seen[f"order: {found.status_code}"] += 1
    for _ in range(20):
        found = await client.post("/analytics/export", json={"format": "xlsx", "report": "executives"})
        seen[f"order: {found.status_code}"] += 1
