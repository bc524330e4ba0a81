"""Evaluations that programs post over HTTP: single ones one after another and by many at once, and batches."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shutil
import statistics
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import sqlalchemy as sa

from bench import data
from bench.report import Report, timed
from lib.analytics import rollup
from lib.analytics.field_definitions import keep_sample_fields
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace
from tests.api_client import make_key
from tests.serving import served_by_command

RATE = 200
"""Posts a second that programs send together."""

SECONDS = 3 if data.IS_TRIAL else 60
KEYS = 4
BATCHES = 20
_LENGTH = re.compile(rb"(?i)content-length: (\d+)")


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Post to the running app, on a copy or so that the data are afterwards as they were."""
    if engine == "duckdb":
        chosen = data.copied(chosen, "posted")
    take_for_own(chosen)
    keys = [make_key(chosen.data_dir, settings={"database_url": chosen.database_url}) for _ in range(KEYS)]
    variables = {"CALLBOARD_RATE_LIMIT": "off", "CALLBOARD_SAMPLE": "off"}
    try:
        with served_by_command(chosen.data_dir, CALLBOARD_DATABASE_URL=chosen.database_url, **variables) as address:
            _one_by_one(report, engine, address, keys[0])
            took, failed = asyncio.run(at_a_rate(address, keys, SECONDS, []))
            late = statistics.quantiles(took, n=100)[94]
            report.add("posts", f"{RATE} single posts a second over {KEYS} keys; {failed} errors", engine, took)
            report.add("posts", "the same, 95th percentile", engine, [late], bound=400)
    finally:
        if engine == "duckdb":
            shutil.rmtree(chosen.data_dir, ignore_errors=True)
        else:
            take_back(chosen)


def take_for_own(chosen: Settings) -> None:
    """Take the sample data for a workspace's own, which programs may add to."""
    workspace = Workspace(chosen)
    with workspace.facts.write() as connection:
        connection.execute(sa.update(schema.workspace).values(is_sample=False))
        keep_sample_fields(connection)
    workspace.close()


def evaluation(number: int) -> dict[str, Any]:
    """Return an evaluation of now, as a program sends it."""
    return {
        "id": f"posted_{time.time_ns()}_{number}",
        "audioDate": datetime.now(UTC).isoformat(),
        "averageNote": "7.5",
        "campaignId": f"camp_70{number % 9 + 1}",
        "callCenterId": "cc_mad",
        "executiveId": f"exec_{1001 + number % 50}",
    }


def _one_by_one(report: Report, engine: str, address: str, key: str) -> None:
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        for rows, bound in ((1, 80 if engine == "duckdb" else 60), (100, 80 if engine == "duckdb" else 60)):

            def post(rows: int = rows) -> None:
                body = [evaluation(number) for number in range(rows)]
                client.post("/v1/evaluations", json=body).raise_for_status()

            what = "a single post, alone" if rows == 1 else f"a batch of {rows}, alone"
            report.add("posts", what, engine, timed(post, times=BATCHES), bound=bound)


async def at_a_rate(
    address: str, keys: Sequence[str], seconds: float, begun_at: list[float]
) -> tuple[list[float], int]:
    """Post at a steady rate, however long answers take; return what each took in ms, and how many were no success.

    When each began is put into `begun_at`. The requests are written as they are: a client library would take as much of
    a small machine as the server that is measured.
    """
    took: list[float] = []
    failed = 0
    where = urlsplit(address)
    free: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()

    async def post(number: int) -> None:
        nonlocal failed
        begun = time.perf_counter()
        begun_at.append(begun)
        body = json.dumps([evaluation(number)])
        head = f"POST /v1/evaluations HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
        key = f"Authorization: Bearer {keys[number % len(keys)]}\r\nContent-Length: {len(body)}\r\n\r\n"
        reader, writer = free.popleft() if free else await asyncio.open_connection(where.hostname, where.port)
        writer.write((head + key + body).encode())
        answered = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(_LENGTH.findall(answered)[0]))
        took.append((time.perf_counter() - begun) * 1000)
        failed += not answered.startswith(b"HTTP/1.1 200 ")
        free.append((reader, writer))

    async with asyncio.TaskGroup() as group:
        begun = time.perf_counter()
        for number in itertools.count():
            due = begun + number / RATE
            if due > begun + seconds:
                break
            await asyncio.sleep(max(0, due - time.perf_counter()))
            group.create_task(post(number))
    for _, writer in free:
        writer.close()
    return took, failed


def take_back(chosen: Settings) -> None:
    """Take out all that was posted."""
    workspace = Workspace(chosen)
    with workspace.facts.write() as connection:
        connection.execute(sa.delete(schema.evaluations).where(schema.evaluations.c.id.startswith("posted_")))
        rollup.rebuild(connection, workspace.catalog)
    workspace.close()
