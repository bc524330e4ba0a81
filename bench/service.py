"""The running app: the API over HTTP, the Overview in Chromium, many connections at once."""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import statistics
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Page, sync_playwright

from bench import data
from bench.report import Report, timed
from lib.api.throttle import MAX_CONCURRENT
from lib.settings import Settings
from tests.api_client import make_key
from tests.conftest import ARGUMENTS
from tests.serving import served_by_command

DRAWN = (
    "() => !document.querySelector('[data-testid=stStatusWidget]') && !document.querySelector('[data-stale=true]')"
    " && document.querySelectorAll('[data-testid=stVegaLiteChart] svg').length >= 2"
)
PRESETS = ("Last 30 days", "Last 90 days", "This year", "Last year", "All time", "Last month", "Last quarter")
LOAD_SECONDS = 5 if data.IS_TRIAL else 60
CONNECTIONS = 200


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Start the app over one engine and measure what its users wait for."""
    # A key may have so many questions under way, so the load comes by several.
    keys = [
        make_key(chosen.data_dir, settings={"database_url": chosen.database_url})
        for _ in range(CONNECTIONS // MAX_CONCURRENT)
    ]
    variables = {"CALLBOARD_RATE_LIMIT": "off", "CALLBOARD_SAMPLE": "off"}
    with served_by_command(chosen.data_dir, CALLBOARD_DATABASE_URL=chosen.database_url, **variables) as address:
        _api(report, engine, address, keys[0])
        _pages(report, engine, address)
        _load(report, engine, address, keys)


def _days() -> Any:
    return itertools.cycle(f"2025-{month:02}-{day:02}" for month in range(8, 12) for day in range(1, 29))


def _api(report: Report, engine: str, address: str, key: str) -> None:
    bound = 20 if engine == "duckdb" else 40
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}) as client:
        for path in ("summary", "campaigns", "executives", "trends"):
            days = _days()

            def ask(path: str = path, days: Any = days) -> None:
                client.get(f"/v1/analytics/{path}", params={"dateFrom": next(days)}).raise_for_status()

            def again(path: str = path) -> None:
                client.get(f"/v1/analytics/{path}", params={"dateFrom": "2025-07-01"}).raise_for_status()

            report.add("API", f"{path}, uncached", engine, timed(ask, times=40), bound=bound)
            report.add("API", f"{path}, cached", engine, timed(again, times=60), bound=4)


def _pages(report: Report, engine: str, address: str) -> None:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)

        def visit() -> Page:
            page = browser.new_context(viewport={"width": 1440, "height": 1200}).new_page()
            page.goto(address)
            page.wait_for_selector(".st-key-cb-tops")
            page.wait_for_function(DRAWN)
            return page

        first = timed(visit, times=5, warm=0)
        report.add("pages", "first visit, cold browser cache, until drawn", engine, first, bound=2500)
        page = visit()
        took = []
        for preset in PRESETS * 2:
            before = page.locator(".cb-shown").first.inner_text()
            page.get_by_test_id("stSelectbox").filter(has_text="Period").locator("input").click()
            option = page.get_by_role("option", name=preset, exact=True)
            option.wait_for()
            begun = time.perf_counter()
            option.click()
            page.wait_for_function("b => document.querySelector('.cb-shown')?.innerText !== b", arg=before)
            page.wait_for_function(DRAWN)
            took.append((time.perf_counter() - begun) * 1000)
            page.wait_for_timeout(500)
        bound = 600 if engine == "duckdb" else 700
        report.add("pages", "filter change until the Overview is drawn", engine, took, bound=bound)
        browser.close()


def _load(report: Report, engine: str, address: str, keys: Sequence[str]) -> None:
    """Ask over many connections for a minute, three of four questions again, one new."""
    took, failed = asyncio.run(_asked(address, keys))
    rate = len(took) / LOAD_SECONDS
    late = statistics.quantiles(took, n=100)[98]
    report.add("load", f"requests a second over {CONNECTIONS} connections", engine, [rate], unit="/s", bound=600)
    report.add("load", f"the same, 99th percentile; {failed} errors", engine, [late], bound=400)


async def _asked(address: str, keys: Sequence[str]) -> tuple[list[float], int]:
    """Ask from one thread, and read no more of an answer than its status and its end, as asker and server share cores.

    Returns what each took in ms, and how many were no success.
    """
    where = urlsplit(address)
    took: list[float] = []
    failed = 0
    ends = time.perf_counter() + LOAD_SECONDS

    async def ask(number: int) -> None:
        nonlocal failed
        key = keys[number % len(keys)]
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        for turn in itertools.count(number):
            begun = time.perf_counter()
            if begun > ends:
                break
            day = turn % 28 + 1 if turn % 4 else 1
            month = 1 + (number + turn // 28) % 12 if turn % 4 == 0 else 7
            question = f"GET /v1/analytics/summary?dateFrom=2025-{month:02}-{day:02} HTTP/1.1"
            writer.write(f"{question}\r\nHost: {where.netloc}\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\ncontent-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            took.append((time.perf_counter() - begun) * 1000)
            failed += not head.startswith(b"HTTP/1.1 200 ")
        writer.close()

    await asyncio.gather(*(ask(number) for number in range(CONNECTIONS)))
    return took, failed
