"""Single posts at a steady rate beside streams and open Live pages: what they take, and when their numbers are seen."""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from bench import data, posts
from bench.report import Report
from bench.sessions import server_process
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.api_client import make_key
from tests.serving import served_by_command

SECONDS = 5 if data.IS_TRIAL else 300
QUIET_SECONDS = SECONDS / 5
STREAMS, PAGES = 20, 20
ASK_EVERY, LOOK_EVERY = 0.5, 1.0
_TODAY = re.compile(r'class="cb-value">([0-9,]+)')
_TOTAL = re.compile(rb'"totalEvaluations":\s*(\d+)')


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Measure on a copy, or so that the data are afterwards as they were; then hold the rollups to the facts."""
    if engine == "duckdb":
        chosen = data.copied(chosen, "live")
    posts.take_for_own(chosen)
    keys = [make_key(chosen.data_dir, settings={"database_url": chosen.database_url}) for _ in range(posts.KEYS)]
    variables = {"CALLBOARD_RATE_LIMIT": "off", "CALLBOARD_SAMPLE": "off"}
    try:
        with served_by_command(chosen.data_dir, CALLBOARD_DATABASE_URL=chosen.database_url, **variables) as address:
            asyncio.run(_Load(report, engine, address, keys).measure())
        workspace = Workspace(chosen)
        found = TASKS["check"](workspace, {}, lambda *_: None)
        print(f"check after the posts: {found['differences']} differences in {found['evaluations']} evaluations")
        workspace.close()
    finally:
        if engine == "duckdb":
            shutil.rmtree(chosen.data_dir, ignore_errors=True)
        else:
            posts.take_back(chosen)


class _Load:
    """Programs that post, streams, pages that look, and who asks for summaries, on one running server."""

    def __init__(self, report: Report, engine: str, address: str, keys: list[str]) -> None:
        self._report, self._engine, self._address, self._keys = report, engine, address, keys
        self._client = httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {keys[0]}"}, timeout=60)
        self._days = itertools.cycle(f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29))
        self._begun_at: list[float] = []
        self._before = 0

    async def measure(self) -> None:
        """Ask a quiet server, then one with all of it; say what posts took, and how late their numbers were."""
        self._before = await self._total()
        quiet: list[float] = []
        await self._ask(QUIET_SECONDS, quiet)
        memory = _resident_mb()
        streamed, seen, asked = list[float](), list[float](), list[float]()
        beside: list[Awaitable[None]] = [self._listen(key, streamed) for key in self._keys * (STREAMS // posts.KEYS)]
        beside += [self._look(seen) for _ in range(PAGES)]
        tasks = [asyncio.ensure_future(each) for each in beside]
        (took, failed), _ = await asyncio.gather(
            posts.at_a_rate(self._address, self._keys, SECONDS, self._begun_at), self._ask(SECONDS, asked)
        )
        await asyncio.sleep(3)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        broken = [each for each in ended if not isinstance(each, asyncio.CancelledError)]
        kept = await self._total() - self._before
        await self._client.aclose()
        what = f"{posts.RATE} posts a second, {STREAMS} streams, {PAGES} pages"
        acknowledged = len(took) - failed
        self._add(f"{what}: a post ({acknowledged} acknowledged, {kept} there, {failed + len(broken)} errors)", took)
        self._add("the same: a post, 95th percentile", [_late(took)], bound=400)
        self._add("the same: from a post to its event", streamed, bound=1500)
        self._add("the same: from a post to the page's number", seen, bound=1500)
        self._add("a summary, uncached, 95th percentile", [_late(asked)], yardstick=_late(quiet))
        self._report.add("live", "growth of the server's memory", self._engine, [_resident_mb() - memory], "MB")

    def _add(self, what: str, took: list[float], **more: float) -> None:
        self._report.add("live", what, self._engine, took, "ms", **more)

    async def _total(self) -> int:
        answer = await self._client.get("/v1/analytics/summary")
        return int(answer.json()["totalEvaluations"])

    async def _ask(self, seconds: float, took: list[float]) -> None:
        until = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < until:
            answer = await self._client.get("/v1/analytics/summary", params={"dateFrom": next(self._days)})
            answer.raise_for_status()
            took.append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(max(0.0, ASK_EVERY - (time.perf_counter() - begun)))

    def _note(self, count: int, late: list[float]) -> None:
        """Note how long ago the post began that made it so many evaluations."""
        if 0 < count <= len(self._begun_at):
            late.append((time.perf_counter() - self._begun_at[count - 1]) * 1000)

    async def _listen(self, key: str, late: list[float]) -> None:
        where = urlsplit(self._address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        line = f"GET /v1/analytics/stream HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {key}\r\n\r\n"
        writer.write(line.encode())
        try:
            while True:
                if found := _TOTAL.search(await reader.readuntil(b"\n")):
                    self._note(int(found[1]) - self._before, late)
        finally:
            writer.close()

    async def _look(self, late: list[float]) -> None:
        have, known = "", -1
        first = self._today(await self._figures(have))
        while True:
            begun = time.perf_counter()
            answer = await self._figures(have)
            have = answer["have"]
            if "regions" in answer and (count := self._today(answer)) != known:
                known = count
                self._note(count - first, late)
            await asyncio.sleep(max(0.0, LOOK_EVERY - (time.perf_counter() - begun)))

    async def _figures(self, have: str) -> dict[str, Any]:
        answer = await self._client.get("/live/figures", params={"have": have, "lang": "en"})
        answer.raise_for_status()
        figures: dict[str, Any] = answer.json()
        return figures

    def _today(self, answer: dict[str, Any]) -> int:
        found = _TODAY.search(answer["regions"]["cards"])
        return int(found[1].replace(",", "")) if found else 0


def _late(took: list[float]) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * 0.95))]


def _resident_mb() -> float:
    """Return the memory that the server holds, in MB."""
    status = Path(f"/proc/{server_process()}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0
