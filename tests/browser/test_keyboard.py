"""What shuts people out: a page that takes a mouse. Every page is looked at by axe-core in `test_every_page.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screenshots import PAGES
from tests.browser.test_analyst import until_asked

Visit = Callable[[str], Page]


def test_by_keyboard_alone(visit: Visit) -> None:
    """Every control of the overview is reached by Tab, buttons and links in a ring; a filter is set without a mouse."""
    page = visit(PAGES["overview"])
    reached = list(_reach(page, 90))
    names = " | ".join(reached)
    for each in (
        "Overview",
        "Campaigns",
        "Period",
        "From",
        "Reset filters",
        "Help",
        "Share",
        "Download PDF",
        "Weekly",
        "Positive",
    ):
        assert each in names, (each, names)
    page.get_by_role("radio", name="Weekly").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    until_asked(page, lambda now: now.get("granularity") == ["monthly"])


@pytest.mark.parametrize("name", ["evaluations", "data", "settings"])
def test_focus_is_seen(visit: Visit, name: str) -> None:
    """On pages of tables and forms, too; the help is opened and closed without a mouse."""
    page = visit(PAGES[name])
    reached = list(_reach(page, 60))
    assert any("Help" in each for each in reached)
    page.locator(".st-key-cb-help button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cb-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".cb-help")).to_be_hidden()


def _reach(page: Page, times: int) -> Iterator[str]:
    """Press Tab so often, and yield the names of what it reaches; buttons and links must show that they have it."""
    for _ in range(times):
        page.keyboard.press("Tab")
        name, ringed = page.evaluate(
            """() => { const e = document.activeElement; if (!e || e === document.body) return ['', true];
            const shown = getComputedStyle(e);
            const ring = shown.outlineStyle !== 'none' || shown.boxShadow !== 'none';
            const name = [e.ariaLabel, e.innerText, e.getAttribute('role'), e.tagName].filter(Boolean).join(' ');
            return [name.replaceAll('\\n', ' '), ring || !['A', 'BUTTON'].includes(e.tagName)]; }"""
        )
        assert ringed, f"nothing shows that '{name}' has the keyboard"
        yield name
