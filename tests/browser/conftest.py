"""A running app, as `make run` starts it, and a real Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.serving import served


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Iterator[str]:
    """Give the address of an app with sample data."""
    with served(shutil.copytree(sample_folder, tmp_path_factory.mktemp("app") / "data")) as found:
        yield found


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Callable[[str], Page]]:
    """Open a page as a new visitor, who has no session and no cookie yet."""
    contexts: list[BrowserContext] = []

    def go(path: str) -> Page:
        context = chromium.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{address}/{path}")
        return page

    yield go
    for context in contexts:
        context.close()
