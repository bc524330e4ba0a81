"""Times and bytes of a first and a second visit over a slow network.

    python -m tests.browser.slow_network ADDRESS [VISITS]

The network is the "Slow 4G" of Chromium's developer tools. Each pair of visits has a browser profile of its own, so the
second finds in the cache what the first left there. What is printed are medians; without skeleton, "–".
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence

from playwright.sync_api import BrowserContext, sync_playwright

from tests.conftest import ARGUMENTS

SLOW_4G = {"offline": False, "latency": 562.5, "downloadThroughput": 180_000, "uploadThroughput": 84_375}
"""Milliseconds until an answer begins, and bytes a second, as the preset has them."""

STEPS = ("paint", "skeleton", "content", "settled", "requests", "kilobytes")

_WATCH = """(() => {
    window.seen = {};
    const note = (name, is) => { if (!(name in window.seen) && is) window.seen[name] = performance.now(); };
    const look = () => {
        note('paint', performance.getEntriesByName('first-contentful-paint').length);
        note('skeleton', document.querySelector('#skeleton'));
        note('content', document.querySelector('.st-key-cb-cards .cb-value'));
        requestAnimationFrame(look);
    };
    look();
})()"""

_SETTLED = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
    && document.querySelector('.st-key-cb-cards') && document.querySelector('canvas, .vega-embed svg')
    && !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')"""


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    address, visits = arguments[0], int(arguments[1]) if len(arguments) > 1 else 5
    measured: dict[str, list[dict[str, float]]] = {"first": [], "second": []}
    with sync_playwright() as playwright:
        for _ in range(visits):
            with tempfile.TemporaryDirectory() as profile:
                for rows in measured.values():
                    context = playwright.chromium.launch_persistent_context(
                        profile,
                        executable_path=shutil.which("chromium"),
                        args=ARGUMENTS,
                        viewport={"width": 1440, "height": 900},
                    )
                    rows.append(_visit(context, address))
                    context.close()
    lines = [f"{'visit':8}" + "".join(f"{step:>11}" for step in STEPS)]
    lines += [
        f"{visit:8}" + "".join(f"{_median(rows, step):>11}" for step in STEPS) for visit, rows in measured.items()
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _visit(context: BrowserContext, address: str) -> dict[str, float]:
    """Return seconds by step, and what went over the network."""
    page = context.new_page()
    page.add_init_script(_WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    received = {"requests": 0.0, "bytes": 0.0}

    def finish(event: dict[str, float]) -> None:
        received["bytes"] += event["encodedDataLength"]
        received["requests"] += event["encodedDataLength"] > 0

    session.on("Network.loadingFinished", finish)
    started = time.perf_counter()
    page.goto(address, wait_until="commit", timeout=120_000)
    page.wait_for_function(_SETTLED, timeout=120_000)
    settled = time.perf_counter() - started
    seen: dict[str, float] = page.evaluate("window.seen")
    steps = {name: at / 1000 for name, at in seen.items()}
    return {
        **steps,
        "settled": settled,
        "requests": received["requests"],
        "kilobytes": received["bytes"] / 1000,
    }


def _median(rows: Sequence[dict[str, float]], step: str) -> str:
    values = [row[step] for row in rows if step in row]
    if not values:
        return "–"
    return (
        f"{statistics.median(values):.0f}" if step in ("requests", "kilobytes") else f"{statistics.median(values):.2f}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
