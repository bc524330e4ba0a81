"""A browser that is watched: every page, with all that a visitor does there; no other host, nothing that the policy bars."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.screenshots import PAGES

COUNTING = "wasm-eval"
"""What a library tries for whole numbers of 64 bits, and does without where it may not: barred, and not missed."""

TELL = """document.addEventListener('securitypolicyviolation', e =>
    window.violated(`${e.effectiveDirective} bars ${e.blockedURI}: ${e.sourceFile} ${e.sample}`))"""


class Watched:
    """A visitor, all whose requests are noted, and whatever a policy barred."""

    def __init__(self, browser: Browser, address: str, **more: object) -> None:
        self.address = address
        self.hosts: set[str] = set()
        self.requests = 0
        self.wrong: list[str] = []
        size = {"width": 1440, "height": 1000}
        self.context: BrowserContext = browser.new_context(viewport=size, accept_downloads=True, **more)
        self.context.expose_binding("violated", lambda _, told: self._bar(told))
        self.context.add_init_script(TELL)
        self.context.on("request", lambda request: self._ask(request.url))
        self.context.on("weberror", lambda error: self.wrong.append(f"error: {error.error}"))
        self.context.on("console", lambda said: self._bar(said.text) if "Content Security" in said.text else None)
        self.page: Page = self.context.new_page()
        self.page.on("websocket", lambda opened: self._ask(opened.url))

    def _ask(self, url: str) -> None:
        self.requests += 1
        if not url.startswith(("data:", "blob:")):
            self.hosts.add(urlsplit(url).netloc)

    def _bar(self, told: str) -> None:
        if COUNTING not in told:
            self.wrong.append(told)

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.address}/{path}")
        return self.page

    def check(self) -> None:
        assert self.hosts == {urlsplit(self.address).netloc} and self.requests > 100
        assert self.wrong == []


@pytest.fixture
def visitor(chromium: Browser, address: str) -> Iterator[Watched]:
    found = Watched(chromium, address)
    yield found
    found.context.close()


def test_every_page(chromium: Browser, address: str) -> None:
    dark = Watched(chromium, address, color_scheme="dark")
    for name, path in PAGES.items():
        if name == "overview-es":
            continue
        page = dark.go(path)
        if name in ("overview", "campaign", "trends", "why"):
            expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
        if name in ("campaigns", "executives", "trends", "evaluations"):
            expect(page.get_by_test_id("stDataFrame").locator("canvas").first).to_be_visible()
    dark.check()
    dark.context.close()


def test_what_a_visitor_does(visitor: Watched, tmp_path: Path) -> None:
    """Saves pictures and files, makes a link, works with a table, uploads a file, gets a dialog, makes a key."""
    page = visitor.go("campaigns")
    for name in ("Download CSV", "Download XLSX", "Page as PDF"):
        with page.expect_download(timeout=60_000) as waiting:
            page.get_by_role("button", name=name).click()
        assert waiting.value.failure() is None
    page.get_by_test_id("stVegaLiteChart").first.hover()
    page.get_by_role("button", name="Save the picture").first.click()
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("button", name="SVG").click()
    assert waiting.value.failure() is None
    page.keyboard.press("Escape")
    table = page.get_by_test_id("stDataFrame").first
    table.hover()
    table.get_by_role("button", name="Search").or_(page.get_by_label("Search")).first.click()
    page.keyboard.type("a")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Share").click()

    path = tmp_path / "calls.csv"
    path.write_text("id,audioDate,averageNote\n1,2024-05-31,7.5\n")
    visitor.go("data").set_input_files("input[type=file]", path)
    expect(page.get_by_text("First rows")).to_be_visible()
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")

    visitor.go("settings").get_by_label("Name", exact=True).fill("watched")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_test_id("stCode")).to_be_visible()
    visitor.check()


def test_the_description_of_the_api(visitor: Watched) -> None:
    page = visitor.page
    page.goto(f"{visitor.address}/v1/docs")
    operation = page.locator(".opblock").filter(has_text="/analytics/summary").first
    expect(operation).to_be_visible()
    operation.click()
    page.get_by_role("button", name="Try it out").first.click()
    page.get_by_role("button", name="Execute").first.click()
    expect(page.get_by_text("UNAUTHENTICATED").first).to_be_visible()
    assert visitor.hosts == {urlsplit(visitor.address).netloc}
    assert visitor.wrong == []


def test_the_policy_bars_what_is_not_ours(visitor: Watched) -> None:
    """The proof that the watching sees: a script within the page, another host, a frame; each is barred and told."""
    page = visitor.go("settings")
    page.evaluate(
        """() => { const script = document.createElement('script'); script.textContent = 'window.broken = 1';
        document.body.append(script); const image = new Image(); image.src = 'http://elsewhere.example/x.png';
        const frame = document.createElement('iframe'); frame.src = '/'; document.body.append(frame); }"""
    )
    expected = ("script-src-elem bars inline", "img-src bars http://elsewhere.example", "frame-src")
    until, told = time.monotonic() + 20, ""
    while not all(each in told for each in expected) and time.monotonic() < until:
        page.wait_for_timeout(100)
        told = "\n".join(visitor.wrong)
    assert page.evaluate("() => window.broken") is None
    assert [each for each in expected if each not in told] == []
