"""An analyst at work, in a real Chromium: open, filter, change granularity, share, download, upload."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pandas as pd
from playwright.sync_api import Page, expect

from tests.browser.lists import choose
from tests.browser.patience import settle

Visit = Callable[[str], Page]


def evaluations(page: Page) -> int:
    """Return the number of evaluations that the page says it shows."""
    told = page.locator(".cb-shown").first.inner_text()
    found = re.search(r"([\d,]+) evaluations", told)
    assert found, told
    return int(found[1].replace(",", ""))


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def until_asked(page: Page, holds: Callable[[dict[str, list[str]]], bool]) -> None:
    """Wait until the page's address says what a click asked for, and the page has it."""
    page.wait_for_url(lambda url: holds(parse_qs(urlsplit(url).query)))
    settle(page)


def narrow(page: Page, label: str, option: str) -> None:
    """Search in one of the sidebar's lists, and take what is found."""
    before = asked(page)
    choose(page, label, option, search=option)
    until_asked(page, lambda now: now != before)


def click_page(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    expect(page.locator("h1")).to_have_text(name)


def test_open_and_filter_and_share(visit: Visit) -> None:
    page = visit("?period=all")
    assert evaluations(page) == 200_000
    expect(page.get_by_text("Sample data.")).to_be_visible()
    narrow(page, "Campaigns", "Technical Support")
    assert asked(page) == {"campaignId": ["camp_702"], "period": ["all"]}
    filtered = evaluations(page)
    assert 0 < filtered < 200_000
    narrow(page, "Campaigns", "Retention")
    assert asked(page)["campaignId"] == ["camp_702", "camp_704"]
    assert evaluations(page) > filtered

    click_page(page, "Trends")
    assert asked(page)["campaignId"] == ["camp_702", "camp_704"]
    page.get_by_role("radio", name="Weekly").or_(page.get_by_role("button", name="Weekly")).first.click()
    until_asked(page, lambda now: "granularity" in now)
    assert asked(page)["granularity"] == ["weekly"]

    other = visit(page.url.split("/", 3)[3])  # a colleague opens the link
    assert other.locator("h1").inner_text() == "Trends"
    assert evaluations(other) == evaluations(page)
    assert asked(other) == asked(page)
    expect(other.get_by_test_id("stSidebar").get_by_text("Retention")).to_be_visible()

    page.reload()
    assert evaluations(page) == evaluations(other)
    page.get_by_role("button", name="Reset filters").click()
    until_asked(page, lambda now: "campaignId" not in now)


def test_the_first_view_is_compared_and_explained(visit: Visit) -> None:
    """It is the last 90 days; the pages it leads to show the same, and Back leads out of all of them."""
    page = visit("")
    shown = page.locator(".cb-shown").first
    expect(shown).to_contain_text("compared with")
    expect(page.locator(".cb-change").first).to_be_visible()
    expect(page.locator(".cb-told")).to_contain_text("The average score")
    assert 0 < evaluations(page) < 200_000 and asked(page) == {}
    period = shown.locator("b").first.inner_text()
    click_page(page, "Trends")
    settle(page)
    expect(shown.locator("b").first).to_have_text(period)
    assert asked(page) == {}
    page.go_back()
    expect(page.locator("h1")).to_have_text("Overview")
    assert asked(page) == {}
    page.go_back()
    page.wait_for_url("about:blank")


def test_a_link_with_dates(visit: Visit) -> None:
    page = visit("campaigns?dateFrom=2024-01-01&dateTo=2024-01-31&callCenterId=cc_scl")
    assert "1–31 Jan 2024 · Call center: Santiago Central" in page.locator(".cb-shown").first.inner_text()
    click_page(page, "Overview")
    assert asked(page) == {"dateFrom": ["2024-01-01"], "dateTo": ["2024-01-31"], "callCenterId": ["cc_scl"]}
    page.go_back()
    expect(page.locator("h1")).to_have_text("Campaigns")
    assert asked(page)["dateFrom"] == ["2024-01-01"]


def test_download_both_formats(visit: Visit, tmp_path: Path) -> None:
    page = visit("call_centers?dateFrom=2024-01-01&dateTo=2024-12-31")
    shown = evaluations(page)
    files = {}
    for label, button in (("CSV", "Download CSV"), ("XLSX", "Download workbook (XLSX)")):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=button).last.click()  # the first workbook is the whole page's
        files[label] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(files[label])
    frame = pd.read_csv(files["CSV"], encoding="utf-8-sig")
    *centers, total = frame["Evaluations"]
    assert sum(centers) == total == shown
    assert {*frame["Call center"]} >= {"Santiago Central", "Bogotá Centro", "Total"}
    book = openpyxl.load_workbook(io.BytesIO(files["XLSX"].read_bytes()))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    place = rows[0].index("Average score")
    assert [row[place] for row in rows[1:]] == frame["Average score"].tolist()
    about = {row[0]: row[1] for row in book.worksheets[1].iter_rows(values_only=True)}
    assert about["Shows"].startswith("1 Jan – 31 Dec 2024 · ") and about["Rows"] == str(len(centers))


def test_upload_a_file_with_bad_rows(visit: Visit, tmp_path: Path) -> None:
    """Comes last: what is uploaded replaces the sample data."""
    path = tmp_path / "calls of may.csv"
    path.write_text(
        "call id;When;Rating;Topic;Agent\n1;31/05/2024;7,5;Sales;Ann\n2;30/05/2024;11;Sales;Ann\n3;never;8;Care;=Bob\n4;29/05/2024;9;Care;Bob\n"
    )
    page = visit("data")
    page.set_input_files("input[type=file]", path)
    expect(page.get_by_role("heading", name="Columns", exact=True)).to_be_visible()
    page.get_by_text("How the file is read").click()
    choose(page, "Date formats", "31/01/2024 (%d/%m/%Y)", search="31/01/2024")
    settle(page)
    choose(page, "Date *", "When", search="When")
    settle(page)
    expect(page.get_by_role("button", name="Load", exact=True)).to_be_disabled()  # of 11, is it 20 or 100 at most?
    page.get_by_role("button", name="Options · × 0.5").click()
    page.get_by_label("Multiply by").fill("")  # neither: it is wrong
    page.get_by_label("Multiply by").press("Enter")
    page.keyboard.press("Escape")
    settle(page)

    page.get_by_role("button", name="Load", exact=True).click()
    page.get_by_role("button", name="Replace them").click()
    expect(page.get_by_text("2 bad rows")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the bad rows").click()
    waiting.value.save_as(tmp_path / "bad.csv")
    bad = pd.read_csv(tmp_path / "bad.csv", encoding="utf-8-sig", dtype=str)
    assert bad["call id"].tolist() == ["2", "3"]
    assert "Rating (averageNote) is outside 0 to 10" in bad["reason"][0]
    assert bad["Agent"][1] == "'=Bob"

    page.get_by_role("button", name="Load the 2 good rows").click()
    page.get_by_role("button", name="Replace them").click()
    expect(page.get_by_text("result: loaded; bad rows skipped")).to_be_visible()
    click_page(page, "Overview")
    assert evaluations(page) == 2
    expect(page.get_by_text("8.25")).to_be_visible()  # (7.5 + 9) / 2
    assert page.get_by_text("Sample data.").count() == 0

    again = visit("data")
    again.set_input_files("input[type=file]", path)
    expect(again.get_by_text("Reused your last mapping for this layout.")).to_be_visible()
