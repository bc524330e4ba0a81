"""Exports, paper and keys by hand, in a real Chromium."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pandas as pd
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.lists import choose
from tests.browser.patience import settle
from tests.browser.test_analyst import click_page, evaluations
from tests.waiting import until

Visit = Callable[[str], Page]


def test_export_these_evaluations(visit: Visit, tmp_path: Path) -> None:
    page = visit("campaigns?dateFrom=2024-01-01&dateTo=2024-01-07")
    shown = evaluations(page)
    page.get_by_role("link", name="Export these evaluations").click()
    expect(page.locator("h1")).to_have_text("Exports")
    assert evaluations(page) == shown
    page.get_by_role("button", name="Start export").click()
    link = page.get_by_role("link", name="Download")
    expect(link).to_be_visible()  # without a reload
    with page.expect_download() as waiting:
        link.click()
    assert waiting.value.suggested_filename == "callboard-evaluations-2024-01-01-2024-01-07.csv"
    waiting.value.save_as(tmp_path / "out.csv")
    assert len(pd.read_csv(tmp_path / "out.csv")) == shown
    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_text("No export yet")).to_be_visible()


def test_a_page_on_paper_has_its_tables_and_nothing_to_click(visit: Visit) -> None:
    page = visit("campaigns?dateFrom=2024-01-01&dateTo=2024-01-31")
    expect(page.locator(".cb-print")).to_have_count(1)
    settle(page)
    names = page.locator(".cb-print tbody td:first-child").all_text_contents()
    expect(page.locator(".cb-print")).to_be_hidden()
    text = " ".join(PdfReader(io.BytesIO(page.pdf(format="A4"))).pages[-1].extract_text().split())
    page.emulate_media(media="print")
    expect(page.locator(".cb-print")).to_be_visible()
    assert page.locator(".cb-tour-offer").count() and not page.locator(".cb-tour-offer").first.is_visible()
    for hidden in ("stSidebar", "stDataFrame", "stDownloadButton", "stPopover"):
        assert not any(each.is_visible() for each in page.get_by_test_id(hidden).all()), hidden
    assert len(names) > 2 and names[-1] in text


def test_a_key_is_made_used_and_revoked(visit: Visit, address: str) -> None:
    page = visit("")
    click_page(page, "Settings")
    page.get_by_label("Name", exact=True).fill("report <b>")
    page.get_by_role("button", name="Create key").click()
    shown = page.get_by_test_id("stCode")
    expect(shown).to_be_visible()
    found = re.search(r"cb_live_\w+", shown.inner_text())
    assert found
    headers = {"Authorization": f"Bearer {found[0]}"}
    assert (
        httpx.get(f"{address}/v1/analytics/summary", headers=headers, timeout=60).json()["totalEvaluations"] == 200_000
    )
    page.reload()
    assert found[0] not in page.content()
    choose(page, "Revoke", re.compile("report <b>"))
    page.get_by_role("button", name="Revoke for good").click()
    until(lambda: httpx.get(f"{address}/v1/analytics/summary", headers=headers, timeout=60).status_code == 401)
