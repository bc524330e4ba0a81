"""A browser that is watched while a visitor does what can be done: no other host, nothing that the policy bars.

Every page is watched in `test_every_page.py`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.watching import Watched


@pytest.fixture
def visitor(chromium: Browser, address: str) -> Iterator[Watched]:
    found = Watched(chromium, address)
    yield found
    found.context.close()


def test_what_a_visitor_does(visitor: Watched, tmp_path: Path) -> None:
    """Saves pictures and files, makes a link, works with a table, uploads a file, gets a dialog, makes a key."""
    page = visitor.go("campaigns")
    for name in ("Download CSV", "Download workbook (XLSX)", "Download PDF"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name).last.click()
        assert waiting.value.failure() is None
    page.get_by_test_id("stVegaLiteChart").first.hover()
    page.get_by_role("button", name="Download chart").first.click()
    with page.expect_download() as waiting:
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
    expect(page.get_by_role("heading", name="Columns", exact=True)).to_be_visible()
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
