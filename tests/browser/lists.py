"""The lists that fields of a page open: opened again where they close, since one closes as soon as the page moves below it."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Locator, Page, TimeoutError

from tests.browser.patience import settle
from tests.waiting import LONG_SECONDS, until

_CLICK_MS = LONG_SECONDS * 1000 / 8


def open_list(field: Locator, search: str = "") -> Locator:
    """Open the list of a field, or what a search in it finds, and return the options once the list stays open."""
    field.evaluate("field => field.scrollIntoView({block: 'center'})")
    settle(field.page)

    def is_open() -> bool:
        field.focus()  # a click could scroll the page
        if search:
            field.fill("")
            field.fill(search)
        else:
            field.press("ArrowDown")
        return field.get_attribute("aria-expanded") == "true"

    until(is_open)
    return field.page.get_by_role("option")


def choose(place: Page | Locator, label: str, option: str | re.Pattern[str], search: str = "") -> None:
    """Choose an option, by its whole name or a pattern, of the list with a label, and leave the list closed."""
    field = place.get_by_role("combobox", name=label, exact=True)
    offered = field.page.get_by_role("option", name=option, exact=True)
    began = time.monotonic()
    while True:
        open_list(field, search)
        try:
            offered.click(timeout=_CLICK_MS)
            break
        except TimeoutError:
            if time.monotonic() - began > LONG_SECONDS:
                raise
    if field.get_attribute("aria-expanded") == "true":  # one that takes several options
        field.press("Escape")
