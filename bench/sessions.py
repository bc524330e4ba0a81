"""Many open pages at once, each changing its period now and then, as their browsers would ask for it."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench import data
from bench.report import Report
from lib.settings import Settings
from tests.serving import served_by_command

SESSIONS = 10 if data.IS_TRIAL else 100
SECONDS = 30 if data.IS_TRIAL else 180
PAUSE = 10
MEGABYTES = 1536


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Start the app over one engine, and measure what its sessions wait for and what they take."""
    variables = {"CALLBOARD_SAMPLE": "off", "CALLBOARD_DATABASE_URL": chosen.database_url}
    with served_by_command(chosen.data_dir, **variables) as address:
        timed, unfinished, memory = asyncio.run(open_all(address))
    took = [each.took for each in timed]
    what = f"{SESSIONS} sessions, a new period every {PAUSE} s each, for {SECONDS} s; wanted of the 95th percentile"
    report.add("sessions", f"{what}; {unfinished} errors", engine, took, bound=500)
    early = statistics.median(memory[len(memory) // 3 : len(memory) // 2])
    late = statistics.median(memory[-len(memory) // 6 :])
    report.add("sessions", "memory of the server in the second minute", engine, [early], unit="MB", bound=MEGABYTES)
    report.add("sessions", "memory of the server at the end", engine, [late], unit="MB", bound=MEGABYTES)


@dataclass(frozen=True, slots=True)
class Change:
    """When a page was asked for, in seconds from the beginning, and what it took, in ms."""

    at: float
    took: float


async def open_all(
    address: str, pause: float = PAUSE, at_half: Callable[[], object] | None = None
) -> tuple[list[Change], int, list[float]]:
    """Return the changes, how many scripts did not end well, and the server's memory in MB.

    Each session asks for a new period every `pause` seconds. `at_half` is called, in a thread, when half of the time is
    over.
    """
    server = server_process()
    began = time.perf_counter()
    ends = began + SECONDS
    took: list[Change] = []
    memory: list[float] = []
    unfinished = 0

    async def session(number: int) -> None:
        nonlocal unfinished
        await asyncio.sleep(number * pause / SESSIONS)
        days = itertools.cycle(f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29))
        where = f"ws://{urlsplit(address).netloc}/_stcore/stream"
        async with connect(where, subprotocols=[Subprotocol("streamlit")], max_size=None) as page:
            unfinished += not await _drawn(page, "")
            due = time.perf_counter()
            for day in itertools.islice(days, number, None):
                due += pause  # by the clock: waiting after each answer would make all of them ask at once in the end
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                if time.perf_counter() > ends:
                    return
                begun = time.perf_counter()
                unfinished += not await _drawn(page, f"dateFrom={day}&dateTo=2025-12-31")
                took.append(Change(begun - began, (time.perf_counter() - begun) * 1000))

    async def watch() -> None:
        while time.perf_counter() < ends:
            memory.append(_megabytes(server))
            await asyncio.sleep(2)

    async def interfere() -> None:
        if at_half is not None:
            await asyncio.sleep(SECONDS / 2)
            await asyncio.to_thread(at_half)

    await asyncio.gather(watch(), interfere(), *(session(number) for number in range(SESSIONS)))
    return took, unfinished, memory


async def _drawn(page: ClientConnection, query: str) -> bool:
    """Ask for the page with a query, wait until all of it has come; return whether its script ended well."""
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.is_history_navigation = bool(query)
    await page.send(message.SerializeToString())
    while True:
        found = ForwardMsg.FromString(await page.recv(decode=False))
        if found.WhichOneof("type") == "script_finished":
            return bool(found.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY)


def server_process() -> int:
    """Return the process of the app that was started last."""
    children = [int(each) for path in Path("/proc/self/task").glob("*/children") for each in path.read_text().split()]
    return max(each for each in children if b"streamlit" in Path(f"/proc/{each}/cmdline").read_bytes())


def _megabytes(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
