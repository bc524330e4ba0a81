"""A browser that is watched: what it asked, of which hosts, and what a policy barred."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

COUNTING = "wasm-eval"
"""What a library tries for whole numbers of 64 bits, and does without where it may not: barred, and not missed."""

TELL = """document.addEventListener('securitypolicyviolation', e =>
    window.violated(`${e.effectiveDirective} bars ${e.blockedURI}: ${e.sourceFile} ${e.sample}`))"""


class Watched:
    """A visitor, all whose requests are noted, and whatever a policy barred."""

    def __init__(self, browser: Browser, address: str, **more: Any) -> None:
        self.address = address
        self.hosts: set[str] = set()
        self.requests = 0
        self.wrong: list[str] = []
        size: ViewportSize = {"width": 1440, "height": 1000}
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
        assert self.hosts == {urlsplit(self.address).netloc}
        assert self.requests > 50, self.requests  # scripts come joined in a few files
        assert self.wrong == []
