"""`make siege`: two minutes of one hostile visitor, viewer and key beside ten honest pages; ends with 1 on a fault.

Holds that no honest page fails, that the 95th percentile of their actions is at most twice what it is without the
hostile, that the log tells of no fault, and that the server's memory is back within 20 % a while after they left.
Those who attack run at a lower priority, as their machines are not the server's.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.queues import Queue
from pathlib import Path

import httpx

from lib.access.users import Role
from lib.analytics.grants import EVERYTHING
from lib.settings import Settings
from lib.workspace import Workspace
from tests.api_client import make_key
from tests.hostile.siege import attacks, pages
from tests.hostile.siege.pages import Place, Work
from tests.page_client import log_in
from tests.serving import free_port, served_by_command
from tests.web.conftest import KEY

HOSTILE = "viewer"
HONEST = tuple(f"analyst{number}" for number in range(10))
"""Ten people, each with a page open."""

QUIET_SECONDS = 60
AFTER_SECONDS = 150
"""How long the server gets to be as it was: longer than it keeps the session of a page that was closed."""

WORST_RATIO, MOST_MEMORY = 2.0, 1.2
FAULTS = ("Traceback", "A page failed", "A request failed", "A page's connection failed", "MemoryError")


def place_of(address: str, settings: Settings, who: str) -> Place:
    """Log somebody in; return where they ask, and with which cookies."""
    visitor, _claims = log_in(address, settings, who)
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    return Place(address.removeprefix("http://"), cookies)


def attack(netloc: str, cookies: str, key: str, ends: float, seen: Queue[Counter[str]]) -> None:
    """Play the hostile, in a process of their own."""
    os.nice(10)
    counted: Counter[str] = Counter()

    async def all_three() -> None:
        with suppress(TimeoutError):  # some of them are kept waiting, and give up
            async with asyncio.timeout(ends - time.monotonic()):
                await asyncio.gather(
                    attacks.visitor(Place(netloc), ends, counted),
                    attacks.viewer(Place(netloc, cookies), ends, counted),
                    attacks.key(Place(netloc), key, ends, counted),
                )

    try:
        asyncio.run(all_three())
    finally:  # a socket that the server has just closed may fail the end of those who use it
        seen.put(counted)


async def work(places: Sequence[Place], seconds: float) -> Work:
    """Have honest people work for so many seconds, each at their own place."""
    done, ends = Work(), time.monotonic() + seconds
    await asyncio.gather(*(pages.work(place, number, ends, done) for number, place in enumerate(places)))
    return done


def p95(seconds: list[float]) -> float:
    """Return the 95th percentile in ms."""
    return statistics.quantiles(seconds, n=20)[-1] * 1000


def megabytes(process: int) -> float:
    """Return the memory of a process."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def server_process() -> int:
    """Return the process of the app that was started last."""
    children = [int(each) for path in Path("/proc/self/task").glob("*/children") for each in path.read_text().split()]
    return max(each for each in children if b"streamlit" in Path(f"/proc/{each}/cmdline").read_bytes())


def main() -> int:
    """Do what the arguments say; return 1 where something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.siege")
    parser.add_argument("--seconds", type=int, default=120)
    seconds = parser.parse_args().seconds
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        settings = Settings(data_dir=data_dir, secret_key=KEY)
        workspace = Workspace(settings)
        workspace.fill_with_sample()
        workspace.people.add(f"{HOSTILE}@example.com", Role.VIEWER, EVERYTHING, "siege")
        for who in HONEST:
            workspace.people.add(f"{who}@example.com", Role.ANALYST, EVERYTHING, "siege")
        workspace.close()
        variables = {
            "CALLBOARD_SECRET_KEY": KEY,
            "CALLBOARD_BASE_URL": f"http://127.0.0.1:{port}",
            "CALLBOARD_OIDC_ISSUER": "http://127.0.0.1:1",
            "CALLBOARD_OIDC_CLIENT_ID": "callboard",
            "CALLBOARD_OIDC_CLIENT_SECRET": "a secret that nobody asks for",
        }
        with served_by_command(data_dir, port, **variables) as address:
            while httpx.get(f"{address}/readyz", timeout=60).status_code != 200:
                time.sleep(0.2)
            netloc, server = address.removeprefix("http://"), server_process()
            hostile, *honest = (place_of(address, settings, who) for who in (HOSTILE, *HONEST))
            key = make_key(data_dir)
            asyncio.run(work(honest, 20))
            quiet = asyncio.run(work(honest, QUIET_SECONDS))
            before = megabytes(server)
            seen: Queue[Counter[str]] = multiprocessing.Queue()
            ends = time.monotonic() + seconds
            hostile_ones = multiprocessing.Process(target=attack, args=(netloc, hostile.cookies, key, ends, seen))
            hostile_ones.start()
            under = asyncio.run(work(honest, seconds))
            peak = megabytes(server)
            counted = seen.get(timeout=120)
            hostile_ones.join()
            time.sleep(AFTER_SECONDS)
            again = asyncio.run(work(honest, 20))
            after = megabytes(server)
            ready = httpx.get(f"{address}/readyz", timeout=60).status_code
        log = (Path(folder) / "data.log").read_text()
    faults = [*quiet.failures, *under.failures, *again.failures]
    faults += [f"the log tells of {count} × {sign!r}" for sign in FAULTS if (count := log.count(sign))]
    ratio, growth = p95(under.seconds) / p95(quiet.seconds), after / before
    faults += [] if ratio <= WORST_RATIO else [f"honest pages are {ratio:.2f} times as slow"]
    faults += [] if growth <= MOST_MEMORY else [f"memory is {growth:.2f} times what it was"]
    faults += [] if ready == 200 else [f"/readyz answers {ready}"]
    print(f"honest pages, ms: quiet median {statistics.median(quiet.seconds) * 1000:.0f}, p95 {p95(quiet.seconds):.0f}")
    print(f"  under siege: median {statistics.median(under.seconds) * 1000:.0f}, p95 {p95(under.seconds):.0f}")
    print(f"  ratio of p95: {ratio:.2f}, of {len(under.seconds)} actions")
    print(f"memory, MB: before {before:.0f}, at the end of the siege {peak:.0f}, after {after:.0f} ({growth:.2f})")
    print("what the hostile saw:", ", ".join(f"{what} × {count}" for what, count in sorted(counted.items())))
    print("\n".join(faults) or "no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
