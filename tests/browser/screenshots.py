"""Pictures of every page, in both modes and at the widths of a desk and of a phone: `make screenshots`.

    python -m tests.browser.screenshots [ADDRESS] [PAGE ...]

Without an address the app is started on sample data of fixed days, so that the pictures change only with the app.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.patience import settle
from tests.conftest import ARGUMENTS, ROOT
from tests.serving import served

FOLDER = ROOT / "docs" / "screens"

LAST_DAY = "2026-09-30"
"""Of the sample data."""

PERIOD = "dateFrom=2026-07-03&dateTo=2026-09-30"

PAGES = {
    "overview": f"?{PERIOD}",
    "campaigns": f"campaigns?{PERIOD}",
    "campaign": f"campaigns?{PERIOD}&open=camp_702",
    "call-centers": f"call_centers?{PERIOD}",
    "executives": f"executives?{PERIOD}",
    "executives-alike": f"executives?{PERIOD}&scores=alike",
    "evaluators": f"evaluators?{PERIOD}",
    "evaluators-alike": f"evaluators?{PERIOD}&scores=alike",
    "criteria": f"criteria?{PERIOD}",
    "breakdown": f"breakdown?{PERIOD}&by=field.channel",
    "trends": f"trends?{PERIOD}",
    "trends-split": f"trends?{PERIOD}&split=callCenter&granularity=weekly",
    "trends-usual-range": f"trends?{PERIOD}&chart=control",
    "why": f"drivers?{PERIOD}&by=engagement",
    "sample-size": f"sample_size?{PERIOD}&callsHandled=50000",
    "evaluations": f"evaluations?{PERIOD}",
    "live": "live",
    "metrics": f"own_metrics?{PERIOD}",
    "exports": f"exports?{PERIOD}",
    "reports": "reports",
    "alerts": "alerts",
    "data": "data",
    "audit": "audit",
    "settings": "settings",
    "overview-es": f"?{PERIOD}&lang=es",
}
"""Every page by the name of its picture, and its address."""

WIDTHS = {1440: 900, 390: 844}
COLORS = 256


def main(arguments: Sequence[str]) -> None:
    """Take the pictures."""
    address = next((each for each in arguments if each.startswith("http")), None)
    asked = [each for each in arguments if each != address] or list(PAGES)
    with sync_playwright() as playwright, _app(address) as found:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for mode in ("light", "dark"):
            for width, height in WIDTHS.items():
                _take(browser, found, asked, mode, width, height)
        browser.close()


@contextmanager
def _app(address: str | None) -> Iterator[str]:
    if address is not None:
        yield address
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        command = [sys.executable, "-m", "lib", "sample", "--rows", "200000", "--seed", "1", "--until", LAST_DAY]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "CALLBOARD_DATA_DIR": str(data)}, check=True)
        with served(data) as started:
            yield started


def _take(browser: Browser, address: str, asked: Sequence[str], mode: str, width: int, height: int) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if mode == "dark" else "light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.add_init_script("localStorage.setItem('callboard-tour-seen', 'yes')")
    page = context.new_page()
    for name in asked:
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{address}/{PAGES[name]}")
        settle(page)
        whole = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": width, "height": max(height, min(int(whole), 6000))})
        settle(page)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture = picture.quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        picture.save(FOLDER / f"{name}-{mode}-{width}.png", optimize=True)
    context.close()


if __name__ == "__main__":
    main(sys.argv[1:])
