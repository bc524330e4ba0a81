"""Every page, in both modes: it shuts nobody out, says in words what it draws, and asks no other host for anything."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.screenshots import PAGES
from tests.browser.watching import Watched

TABLES = ("campaigns", "call-centers", "executives", "evaluators", "breakdown", "trends", "why", "evaluations")
CHARTS = (
    "overview",
    "campaigns",
    "campaign",
    "call-centers",
    "executives",
    "executives-alike",
    "evaluators",
    "breakdown",
    "trends",
    "why",
)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_page(chromium: Browser, address: str, mode: str) -> None:
    """No violation that axe-core calls serious or critical; words for each chart and table; nothing that a policy bars."""
    visitor = Watched(chromium, address, color_scheme=mode)
    found = []
    for name, path in PAGES.items():
        page = visitor.go(path)
        for kind, pages in (("stVegaLiteChart", CHARTS), ("stDataFrame", TABLES)):
            if name in pages:
                expect(page.get_by_test_id(kind).locator("canvas, svg").first).to_be_visible()
            found += [f"{name}: {kind} {place} has no words" for place in _wordless(page, kind)]
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:300] for node in violation["nodes"]]
                found.append(f"{name}: {violation['id']} ({violation['help']}): {nodes}")
    visitor.check()
    visitor.context.close()
    assert not found, "\n".join(found)


def _wordless(page: Page, kind: str) -> list[int]:
    """Return which of a page's charts or tables say nothing, or next to nothing."""
    words = page.get_by_test_id(kind).evaluate_all(
        "all => all.map(each => (each.closest('[aria-label]') ?? each.querySelector('[aria-label]'))?.ariaLabel ?? '')"
    )
    return [place for place, each in enumerate(words) if len(each) <= 20]
