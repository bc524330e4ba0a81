"""What shuts people out: axe-core on every page, in both modes; the keyboard; words for every picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.screenshots import PAGES
from tests.browser.test_analyst import until_asked

Visit = Callable[[str], Page]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_no_page_shuts_anybody_out(chromium: Browser, address: str, mode: str) -> None:
    """No violation that axe-core calls serious or critical, on any page."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 1000}, color_scheme="dark" if mode == "dark" else "light"
    )
    page = context.new_page()
    found = []
    for name, path in PAGES.items():
        page.goto(f"{address}/{path}")
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:300] for node in violation["nodes"]]
                found.append(f"{name}: {violation['id']} ({violation['help']}): {nodes}")
    context.close()
    assert not found, "\n".join(found)


TABLES = ("campaigns", "call-centers", "executives", "trends", "why", "evaluations")
CHARTS = ("overview", "campaigns", "campaign", "call-centers", "executives", "executives-alike", "trends", "why")


def test_every_chart_and_table_says_what_it_shows(visit: Visit, address: str) -> None:
    page = visit("")
    for name, path in PAGES.items():
        page.goto(f"{address}/{path}")
        for kind, pages in (("stVegaLiteChart", CHARTS), ("stDataFrame", TABLES)):
            drawn = page.get_by_test_id(kind)
            if name in pages:
                expect(drawn.first).to_be_visible()
            for place in range(drawn.count()):
                words = drawn.nth(place).evaluate(
                    "each => (each.closest('[aria-label]') ?? each.querySelector('[aria-label]'))?.ariaLabel"
                )
                assert len(words or "") > 20, f"{name}: {kind} {place}"


def test_by_keyboard_alone(visit: Visit) -> None:
    """Every control of the overview is reached by Tab, buttons and links in a ring; a filter is set without a mouse."""
    page = visit(PAGES["overview"])
    reached = []
    for _ in range(90):
        page.keyboard.press("Tab")
        name, ringed = page.evaluate(
            """() => { const e = document.activeElement; if (!e || e === document.body) return ['', true];
            const shown = getComputedStyle(e);
            const ring = shown.outlineStyle !== 'none' || shown.boxShadow !== 'none';
            const name = [e.ariaLabel, e.innerText, e.getAttribute('role'), e.tagName].filter(Boolean).join(' ');
            return [name.replaceAll('\\n', ' '), ring || !['A', 'BUTTON'].includes(e.tagName)]; }"""
        )
        reached.append(name)
        assert ringed, f"nothing shows that '{name}' has the keyboard"
    names = " | ".join(reached)
    for each in (
        "Overview",
        "Campaigns",
        "Period",
        "From",
        "Reset filters",
        "Share",
        "Page as PDF",
        "Weekly",
        "Positive",
    ):
        assert each in names, (each, names)
    page.get_by_role("radio", name="Weekly").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    until_asked(page, lambda now: now.get("granularity") == ["monthly"])
