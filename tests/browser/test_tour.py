"""The tour: offered beside the sample data, taken by keyboard, remembered, and opened again from the help."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.patience import settle

Visit = Callable[[str], Page]

STEPS = (
    ("The figures", "/", ".st-key-cb-cards"),
    ("Filters", "/", ".st-key-cb-filters"),
    ("Comparison", "/", ".st-key-compare"),
    ("From a name to its calls", "/campaigns", "[data-testid=stDataFrame]"),
    ("Share and download", "/campaigns", ".st-key-cb-actions"),
)


def test_five_steps(visit: Visit) -> None:
    """Each step names a part of a page, and rings it; the tour is not offered twice."""
    page = visit("")
    card, offer = page.get_by_role("dialog"), page.locator(".cb-tour-offer")
    offer.get_by_role("button", name="Take the tour").click()
    expect(card).to_be_visible()
    faults = Axe().run(page).response["violations"]
    assert not [each["help"] for each in faults if each["impact"] in ("serious", "critical")]
    for title, path, part in STEPS:
        settle(page)
        expect(card.get_by_role("heading", name=title)).to_be_visible()
        expect(page.locator(".cb-toured").and_(page.locator(part))).to_be_in_viewport()
        assert page.url.partition("?")[0].endswith(path)
        page.keyboard.press("Enter")
    expect(card).to_have_count(0)
    page.reload()
    expect(page.get_by_text("Sample data.")).to_be_visible()
    expect(offer).to_be_hidden()
    page.get_by_role("button", name="Help").click()
    page.get_by_role("button", name="Take the tour in five steps").click()
    expect(card.get_by_role("heading", name="The figures")).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(page.locator(".cb-toured")).to_have_count(0)


@pytest.mark.parametrize("path", ["", "trends"])
def test_declined(visit: Visit, path: str) -> None:
    """It is not offered again, on no page."""
    page = visit(path)
    page.get_by_role("button", name="No, thanks").click()
    expect(page.locator(".cb-tour-offer")).to_be_hidden()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Executives").click()
    expect(page.locator("h1")).to_have_text("Executives")
    expect(page.locator(".cb-tour-offer")).to_be_hidden()
