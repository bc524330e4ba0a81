"""The page Criteria in a browser: table, map, course and parts, the way to evaluations and to their answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from lib.settings import Settings
from tests import scorecards
from tests.browser.test_analyst import asked, until_asked
from tests.scorecards import LAST, TURN
from tests.serving import served

PERIOD = f"dateFrom={TURN}&dateTo={LAST}"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an app with the four weeks of tests/scorecards.py."""
    folder = tmp_path_factory.mktemp("criteria") / "data"
    scorecards.fill(Settings(data_dir=folder, sample="off"))
    with served(folder, CALLBOARD_SAMPLE="off") as found:
        yield found


def open_page(browser: Browser, address: str, path: str, width: int = 1440, mode: str = "light") -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 1000},
        color_scheme="dark" if mode == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{address}/{path}")
    expect(page.get_by_test_id("stVegaLiteChart").last.locator("canvas, svg").first).to_be_visible()
    return page


def violations(page: Page) -> list[str]:
    return [
        f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}"
        for each in Axe().run(page).response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("width", "mode"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_the_page_shuts_nobody_out(chromium: Browser, address: str, width: int, mode: str) -> None:
    page = open_page(chromium, address, f"criteria?{PERIOD}", width, mode)
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.get_by_role("heading", name="Which criteria moved the score")).to_be_visible()
    page.context.close()


def test_from_the_map_to_the_evaluations_and_their_answers(chromium: Browser, address: str) -> None:
    page = open_page(chromium, address, f"criteria?{PERIOD}")
    squares = page.locator(".st-key-criteria-map .role-mark path")
    squares.last.click(force=True)  # Bob's greetings, of which none failed
    expect(page.get_by_text("Where there are none, nothing opens.").first).to_be_visible()
    assert "failedCriterion" not in asked(page)
    squares.nth(squares.count() - 2).click(force=True)
    until_asked(page, lambda now: "failedCriterion" in now)
    expect(page.get_by_role("heading", name="Evaluations", exact=True)).to_be_visible()
    assert asked(page)["executiveId"] == ["Bob"] and asked(page)["failedCriterion"] == ["Identity checked"]
    page.go_back()
    expect(page.get_by_role("heading", name="A criterion over time")).to_be_visible()
    page.context.close()


def test_a_row_leads_there_by_keyboard(chromium: Browser, address: str) -> None:
    page = open_page(chromium, address, f"criteria?{PERIOD}")
    page.get_by_test_id("stDataFrame").first.locator("canvas").first.focus()
    for key in ("ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    until_asked(page, lambda now: now.get("failedCriterion") == ["Identity checked"])
    expect(page.get_by_text("14 evaluations").first).to_be_visible()
    page.get_by_test_id("stDataFrame").first.locator("canvas").first.focus()
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    until_asked(page, lambda now: "open" in now)
    answers = page.get_by_test_id("stDataFrame").nth(1).locator("td").all_inner_texts()
    assert answers[:4] == ["Compliance", "Identity checked", "0 of 1", "critical, failed"]
    page.context.close()


def test_the_answers_of_an_evaluation(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 900}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}/evaluations?{PERIOD}&failedCriterion=Identity+checked&open=e059")
    expect(page.get_by_role("heading", name="Answers to criteria")).to_be_visible()
    assert not violations(page)
    context.close()


def test_in_spanish(chromium: Browser, address: str) -> None:
    page = open_page(chromium, address, f"criteria?{PERIOD}&lang=es&criterion=Greeting")
    expect(page.get_by_role("heading", name="Qué criterios movieron el puntaje")).to_be_visible()
    expect(page.get_by_text("Greeting: cumplimiento promedio")).to_be_visible()
    expect(page.get_by_text("El puntaje promedio pasó de 7,00")).to_be_visible()
    page.context.close()
