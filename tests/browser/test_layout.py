"""What does not fit: names without an end, a page at twice its size, bars that appear over a chart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.serving import served

NAMES = [f"{number}{'Unbroken_name' * 20}"[:200] for number in range(2)] + [f"{'many words ' * 20}"[:199]]

CUT = """() => [...document.querySelectorAll('[data-testid=stMain] *')]
    .filter(each => !each.children.length && !each.closest('[data-testid=stDataFrame], .vega-embed, .cb-unseen'))
    .map(each => [each.textContent, each.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.right > document.documentElement.clientWidth + 1)
    .map(([text]) => text.slice(0, 40))
    .concat(document.querySelector('[data-testid=stMain]').scrollWidth
        > document.querySelector('[data-testid=stMain]').clientWidth ? ['the page scrolls sideways'] : [])"""

COVERED = """() => [...document.querySelectorAll('[data-testid=stElementToolbar]')].flatMap(bar => {
    const over = bar.getBoundingClientRect();
    return [...document.querySelectorAll('[data-testid=stMain] :is(button, a, input, summary)')]
        .filter(each => !bar.contains(each) && each.offsetParent)
        .filter(each => {
            const box = each.getBoundingClientRect();
            return box.left < over.right && box.right > over.left && box.top < over.bottom && box.bottom > over.top;
        })
        .map(each => each.textContent);
})"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an app with names of 200 characters."""
    folder: Path = tmp_path_factory.mktemp("layout")
    lines = ["id,audioDate,averageNote,campaignName,callCenterName,engagementName,executiveName"]
    for number in range(240):
        name = NAMES[number % len(NAMES)]
        day = f"2024-0{1 + number % 2}-{1 + number // 10:02}"
        lines.append(f"{number},{day},{number % 5 + 5 - number % 2},{name},{name},{name},{name}")
    (folder / "calls.csv").write_text("\n".join(lines))
    workspace = Workspace(Settings(data_dir=folder / "data", sample="off"))
    TASKS["import"](workspace, {"files": [(str(folder / "calls.csv"), "calls.csv")], "actor": "test"}, lambda *_: None)
    workspace.close()
    with served(folder / "data", CALLBOARD_SAMPLE="off") as found:
        yield found


def page_of(browser: Browser, width: int) -> Page:
    return browser.new_context(viewport={"width": width, "height": 900}).new_page()


@pytest.mark.parametrize("width", [1440, 720, 390])
def test_long_names_wrap(chromium: Browser, address: str, width: int) -> None:
    """720 pixels are what a screen of 1440 has for a page at 200 %."""
    page = page_of(chromium, width)
    for path in ("", "drivers", f"executives?open={NAMES[0]}"):
        page.goto(f"{address}/{path}")
        assert not (cut := page.evaluate(CUT)), f"{path}: {cut}"
    page.context.close()


def test_the_bar_of_a_chart_covers_no_control(chromium: Browser, address: str) -> None:
    page = page_of(chromium, 1440)
    for path in ("", "trends", "?lang=es"):
        page.goto(f"{address}/{path}")
        page.locator("[data-testid=stVegaLiteChart]").first.hover()
        bar = page.locator("[data-testid=stElementToolbar]").first
        assert bar.get_by_role("button").filter(visible=True).count() == 1
        assert not (covered := page.evaluate(COVERED)), f"{path}: {covered}"
    page.context.close()
