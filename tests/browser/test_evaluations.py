"""The list of evaluations in a real Chromium: sorted, searched and narrowed as a whole, not the page that is drawn."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.patience import settle
from tests.browser.test_analyst import asked, until_asked
from tests.browser.test_questions import heading

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


def test_a_row_opens_its_evaluation(visit: Visit) -> None:
    page = visit("evaluations?dateFrom=2025-01-01&dateTo=2025-06-30&sort=averageNote")
    page.get_by_test_id("stDataFrame").first.locator("canvas").first.focus()
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    until_asked(page, lambda now: "open" in now)
    expect(page.get_by_role("heading", name=f"Evaluation {asked(page)['open'][0]}")).to_be_visible()
    facts = page.get_by_test_id("stDataFrame").first.locator("td").all_inner_texts()
    assert facts[:2] == ["When", facts[1]] and "2025" in facts[1]
    assert any(each.endswith(".wav") for each in facts)
    page.get_by_role("link", name="Executive: ").click()
    until_asked(page, lambda now: now["open"][0].startswith("exec_"))
    page.go_back()
    page.get_by_role("button", name="All evaluations").click()
    until_asked(page, lambda now: "open" not in now)
    assert asked(page)["sort"] == ["averageNote"]
    page = visit("evaluations?open=nothing")
    expect(page.get_by_text("Evaluation nothing is not here")).to_be_visible()


def test_a_square_of_the_week_lists_its_evaluations(visit: Visit) -> None:
    page = visit("trends?dateFrom=2025-01-01&dateTo=2025-06-30&search=nobody")
    page.locator(".st-key-heat .role-mark path").last.click(force=True)
    heading(page, "Evaluations")
    assert asked(page)["weekday"] == ["7"] and asked(page)["hour"] == ["23"] and "search" not in asked(page)
    grid = page.get_by_test_id("stDataFrame").first
    whens = grid.locator("td[aria-colindex='1']").all_inner_texts()
    assert len(whens) > 5
    for when in whens:
        moment = datetime.strptime(when, "%d %b %Y, %H:%M")
        assert (moment.isoweekday(), moment.hour) == (7, 23)
    page.go_back()
    heading(page, "Trends")
