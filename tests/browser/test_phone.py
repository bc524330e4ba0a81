"""A phone: the filter bar says what is set and opens the filters, and nothing is wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.patience import settle
from tests.browser.screenshots import PAGES

HEIGHT = 44
"""Pixels that a finger needs."""


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


def test_filters_are_a_sheet(phone: Page, address: str) -> None:
    """The bar opens them; the button at their end, and the choice of a page, close them."""
    phone.goto(f"{address}/?dateFrom=2026-08-01&dateTo=2026-08-31&campaignId=camp_702")
    bar, sheet = phone.locator(".cb-filter-bar"), phone.get_by_test_id("stSidebar")
    expect(bar).to_contain_text("1–31 Aug 2026 · 1 filter")
    expect(sheet).to_have_attribute("data-collapsed", "true")
    bar.tap()
    expect(sheet).to_have_attribute("data-collapsed", "false")
    expect(phone.get_by_label("Period", exact=True)).to_be_in_viewport()
    phone.get_by_role("button", name="Show the page").tap()
    expect(sheet).to_have_attribute("data-collapsed", "true")
    expect(bar).to_be_focused()
    phone.get_by_test_id("stExpandSidebarButton").tap()
    sheet.get_by_role("link", name="Executives").tap()
    settle(phone)
    expect(phone.locator("h1")).to_have_text("Executives")
    expect(sheet).to_have_attribute("data-collapsed", "true")
    expect(bar).to_contain_text("1 filter")


@pytest.mark.parametrize(
    "path",
    [PAGES["overview"], PAGES["executives"], PAGES["evaluations"], "live", "reports", "alerts", "data", "settings"],
)
def test_a_page_fits(phone: Page, address: str, path: str) -> None:
    """Nothing scrolls sideways but tables, and what is pressed is as high as a finger needs."""
    phone.goto(f"{address}/{path}")
    wide = phone.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390
    low = phone.evaluate(
        """least => [...document.querySelectorAll(
            '.stApp a, .stApp button, .stApp summary, [data-testid=stSelectbox] div:has(> input),'
            + '[data-testid=stMultiSelect] div:has(> [data-testid=stMultiSelectTagsContainer])')].filter(each => {
                const {width, height} = each.getBoundingClientRect();
                return width > 1 && height < least && getComputedStyle(each).visibility === 'visible'
                    && !each.closest('[data-testid=stElementToolbar], [data-testid=stMarkdownContainer], label');
            }).map(each => `${each.ariaLabel ?? each.innerText}: ${each.getBoundingClientRect().height}`)""",
        HEIGHT - 0.5,
    )
    assert not low


def test_a_legend_goes_on_in_a_second_line(phone: Page, address: str) -> None:
    """What does not fit beside each other was cut off, the last names as a whole."""
    phone.goto(f"{address}/{PAGES['evaluators']}")
    names = phone.locator(".vega-embed").last.locator(".role-legend-label text")
    expect(names.first).to_be_visible()
    ends = names.evaluate_all("all => all.map(each => each.getBoundingClientRect().right)")
    assert len(ends) > 4 and max(ends) <= 390
    assert len(set(names.evaluate_all("all => all.map(each => Math.round(each.getBoundingClientRect().top))"))) > 1


def test_choices_that_go_on_in_a_second_line_are_whole(phone: Page, address: str) -> None:
    """Each has its four sides and corners, with room to the next."""
    phone.goto(f"{address}/{PAGES['evaluators']}&lang=es")
    choices = phone.get_by_test_id("stMain").get_by_test_id("stButtonGroup").first.locator("button")
    expect(choices).to_have_count(2)
    boxes = choices.evaluate_all("all => all.map(each => each.getBoundingClientRect().toJSON())")
    assert boxes[1]["top"] > boxes[0]["bottom"], "they stand below each other"
    sides = "['Top', 'Right', 'Bottom', 'Left'].map(side => style[`border${side}Color`])"
    corners = "['TopLeft', 'TopRight', 'BottomLeft', 'BottomRight'].map(corner => style[`border${corner}Radius`])"
    for choice in choices.all():
        for values in (sides, corners):
            found = choice.evaluate(f"each => {{ const style = getComputedStyle(each); return {values}; }}")
            assert len(set(found)) == 1 and found[0] not in ("0px", "rgba(0, 0, 0, 0)")
