"""Hundreds of streams of one question, with changes beside them: what they cost the server and those who ask it."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bench import changes, data
from bench.report import Report
from bench.sessions import server_process
from lib.api.throttle import MAX_STREAMS, MAX_STREAMS_IN_ALL
from lib.settings import Settings
from lib.workspace import Workspace
from tests.api_client import make_key
from tests.serving import served_by_command

SECONDS = 5 if data.IS_TRIAL else 60
ASK_EVERY, WRITE_EVERY = 0.2, 1.0


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Measure a quiet server, one that is written to, and one with all streams open, too."""
    if engine == "duckdb":
        chosen = data.copied(chosen, "streamed")
    workspace = Workspace(chosen)
    changes.take_for_own(workspace)
    workspace.close()
    database = {"database_url": chosen.database_url}
    keys = [make_key(chosen.data_dir, settings=database) for _ in range(MAX_STREAMS_IN_ALL // MAX_STREAMS)]
    variables = {"CALLBOARD_RATE_LIMIT": "off", "CALLBOARD_SAMPLE": "off"}
    try:
        with served_by_command(chosen.data_dir, CALLBOARD_DATABASE_URL=chosen.database_url, **variables) as address:
            asyncio.run(_Streams(report, engine, address, keys).measure())
    finally:
        if engine == "duckdb":
            shutil.rmtree(chosen.data_dir, ignore_errors=True)
        else:
            workspace = Workspace(chosen)
            changes.take_back(workspace)
            workspace.close()


class _Streams:
    """Streams that are open, and when each of them was told how many evaluations there are."""

    def __init__(self, report: Report, engine: str, address: str, keys: list[str]) -> None:
        self._report, self._engine = report, engine
        self._address, self._keys = urlsplit(address), keys
        headers = {"Authorization": f"Bearer {keys[0]}"}
        self._client = httpx.AsyncClient(base_url=address, headers=headers, timeout=60)
        self._days = itertools.cycle(f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29))
        self._ids = itertools.count()
        self._posted: dict[int, float] = {}  # when the post began that made it so many evaluations
        self._late: list[float] = []
        self._open = 0

    async def measure(self) -> None:
        quiet = await self._phase("a quiet server", self._ask)
        await self._phase(f"a post every {WRITE_EVERY:g} s", self._ask, self._write, yardstick=quiet)
        streams = [asyncio.create_task(self._listen(key)) for key in self._keys for _ in range(MAX_STREAMS)]
        while self._open < len(streams):
            await asyncio.sleep(0.1)
        await self._phase(f"{len(streams)} streams of one question", self._ask, yardstick=quiet)
        await self._phase(f"{len(streams)} streams, and the posts", self._ask, self._write, yardstick=quiet)
        self._report.add("streams", "from a post to its event", self._engine, self._late, bound=1500)
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
        await self._client.aclose()

    async def _phase(self, what: str, *acts: Callable[[float, list[float]], Awaitable[None]], **more: float) -> float:
        """Do some things for a while; return the median of what a summary that is not kept took, in ms."""
        took: list[float] = []
        process, began = server_process(), time.perf_counter()
        used = _processor_seconds(process)
        await asyncio.gather(*(act(began + SECONDS, took) for act in acts))
        share = (_processor_seconds(process) - used) / (time.perf_counter() - began) * 100
        self._report.add("streams", f"{what}: a summary, uncached", self._engine, took, "ms", **more)
        self._report.add("streams", f"{what}: the server's share of a core", self._engine, [share], unit="%")
        return sorted(took)[len(took) // 2]

    async def _ask(self, until: float, took: list[float]) -> None:
        while (begun := time.perf_counter()) < until:
            answer = await self._client.get("/v1/analytics/summary", params={"dateFrom": next(self._days)})
            answer.raise_for_status()
            took.append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(max(0.0, ASK_EVERY - (time.perf_counter() - begun)))

    async def _write(self, until: float, _took: list[float]) -> None:
        count = (await self._client.get("/v1/analytics/summary")).json()["totalEvaluations"]
        while (begun := time.perf_counter()) < until:
            row = {"id": f"batch_stream_{os.getpid()}_{next(self._ids)}", "audioDate": "2026-06-01"}
            count += 1
            self._posted[count] = begun
            (await self._client.post("/v1/evaluations", json=[row])).raise_for_status()
            await asyncio.sleep(max(0.0, WRITE_EVERY - (time.perf_counter() - begun)))

    async def _listen(self, key: str) -> None:
        reader, writer = await asyncio.open_connection(self._address.hostname, self._address.port)
        head = (
            f"GET /v1/analytics/stream HTTP/1.1\r\nHost: {self._address.netloc}\r\nAuthorization: Bearer {key}\r\n\r\n"
        )
        writer.write(head.encode())
        try:
            await reader.readuntil(b"\ndata: ")
            self._open += 1
            while True:
                said = await reader.readuntil(b"\n\n")
                count = json.loads(said)["totalEvaluations"]
                if count in self._posted:
                    self._late.append((time.perf_counter() - self._posted[count]) * 1000)
                await reader.readuntil(b"\ndata: ")
        finally:
            writer.close()


def _processor_seconds(process: int) -> float:
    """Return how many seconds of processors a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
