"""The list of evaluations in a real Chromium: sorted, searched and narrowed as a whole, not the page that is drawn."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.patience import settle
from tests.browser.test_analyst import asked, until_asked

Visit = Callable[[str], Page]


def test_the_worst_calls_of_a_search(visit: Visit) -> None:
    page = visit("evaluations?dateFrom=2025-01-01&dateTo=2025-06-30")
    expect(page.get_by_text("newest first")).to_be_visible()
    grid = page.get_by_test_id("stDataFrame").first
    box = grid.bounding_box()
    assert box is not None
    # Headers are painted: the one of the score is found by asking along the row of headers.
    for x in range(100, 420, 20):
        page.mouse.click(box["x"] + x, box["y"] + 15)
        settle(page)
        page.keyboard.press("Escape")  # a click on the menu of a column opens it
        if asked(page).get("sort") == ["averageNote"]:
            break
    until_asked(page, lambda now: now.get("sort") == ["averageNote"])
    expect(page.get_by_text("lowest score first")).to_be_visible()
    page.get_by_label("Search", exact=True).fill("lucía")
    page.keyboard.press("Enter")
    until_asked(page, lambda now: now.get("search") == ["lucía"])
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(taken.value.path()).read_text("utf-8-sig"))))
    scores = [float(row["Score"]) for row in rows if row["Score"]]
    assert len(rows) > 100 and scores == sorted(scores)
    assert all("Lucía" in row["Executive"] for row in rows)
