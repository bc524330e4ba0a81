"""Reports in a browser: from a filtered page to the mail that arrived, in English, in Spanish and on a phone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.lists import choose
from tests.browser.patience import settle
from tests.browser.watching import Watched
from tests.mail_server import Inbox, mail_server
from tests.serving import served

ME = "me@example.com"


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    with mail_server() as running:
        yield running


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path, inbox: Inbox) -> Iterator[str]:
    """Give the address of an app with sample data that sends mail."""
    data = shutil.copytree(sample_folder, tmp_path_factory.mktemp("reports") / "data")
    settings = {
        "CALLBOARD_SMTP_URL": inbox.url,
        "CALLBOARD_MAIL_FROM": "Callboard <calls@example.com>",
        "CALLBOARD_MAIL_DOMAINS": "example.com",
    }
    with served(data, None, **settings) as running:
        yield running


def add_address(page: Page, label: str, address: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.focus()
    field.press_sequentially(address)
    field.press("Enter")
    page.keyboard.press("Escape")


def says(page: Page, words: str) -> None:
    # Addresses have a joiner without width, so that they are made no links.
    expect(page.get_by_test_id("stMain")).to_contain_text(re.compile(re.escape(words).replace("@", "@\u2060?")))


def cells(table: Locator, column: int) -> list[str]:
    return [each for each in table.locator(f"td[aria-colindex='{column}']").all_inner_texts() if each]


def mail(page: Page) -> Locator:
    """Return what the frame of a mail shows."""
    return page.frame_locator("[data-testid=stIFrame]").locator("body")


def test_from_a_filtered_page_to_its_history(chromium: Browser, address: str, inbox: Inbox) -> None:
    watched = Watched(chromium, address)
    page = watched.go("campaigns?campaignId=camp_702&dateFrom=2026-08-01&dateTo=2026-08-31")
    page.get_by_role("button", name="Send by mail").click()
    expect(page.locator("h1")).to_have_text("Reports")
    says(page, "Filters: Campaign: Technical Support")
    page.get_by_label("Name", exact=True).fill("Support in August")
    choose(page, "When", "Every weekday")
    says(page, "08:00 (UTC)")
    add_address(page, "Other addresses", "team@example.com")
    says(page, "team@example.com has no account here")

    page.get_by_role("button", name="Preview").click()
    expect(mail(page)).to_contain_text("Technical Support")
    picture = mail(page).locator("img").first
    assert picture.evaluate("each => each.complete && each.naturalWidth > 400")
    link = mail(page).get_by_role("link", name="Open in Callboard")
    assert link.evaluate("each => each.href").startswith(f"{address}/campaigns?")
    with page.context.expect_page() as opened:
        link.click()
    opened.value.close()

    page.get_by_role("button", name="Save", exact=True).click()
    says(page, "Support in August is saved.")
    page.get_by_role("button", name="Send to me now").click()
    page.get_by_label("Your address", exact=True).fill(ME)
    page.get_by_role("button", name="Send", exact=True).click()
    says(page, f"Support in August is on its way to {ME}.")
    history = page.get_by_test_id("stDataFrame").nth(1)
    expect(history).to_contain_text("Sent")
    settle(page)
    (message,) = inbox.to(ME)
    assert str(message["Subject"]).startswith("Support in August") and not inbox.to("team@example.com")
    recipients = page.get_by_test_id("stDataFrame").nth(2)
    assert (cells(recipients, 1), cells(recipients, 3)) == ([ME], ["250 OK"])
    assert cells(recipients, 5) == [message["Message-ID"]]
    page.get_by_text("Show the mail").click()
    settle(page)
    expect(page.get_by_test_id("stIFrame").last).to_be_visible()
    expect(page.frame_locator("[data-testid=stIFrame] >> nth=-1").locator("body")).to_contain_text("Technical Support")
    serious = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert not [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in serious]
    assert not watched.wrong and watched.hosts == {urlsplit(address).netloc}
    watched.context.close()


def test_pause_duplicate_delete(visit: Callable[[str], Page]) -> None:
    page = visit("reports")
    page.get_by_label("Name", exact=True).fill("Daily")
    choose(page, "When", "Every day")
    add_address(page, "Other addresses", "team@example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, "Daily is saved.")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    settle(page)
    assert "Paused" in cells(page.get_by_test_id("stDataFrame").first, 5)
    page.get_by_role("button", name="Duplicate", exact=True).click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Daily (copy)")
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, "Daily (copy) is saved.")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete Daily (copy)", exact=True).click()
    says(page, "Daily (copy) is deleted.")
    settle(page)
    names = cells(page.get_by_test_id("stDataFrame").first, 1)
    assert "Daily" in names and "Daily (copy)" not in names


def test_in_spanish(visit: Callable[[str], Page]) -> None:
    page = visit("reports?lang=es")
    expect(page.locator("h1")).to_have_text("Informes")
    page.get_by_label("Nombre", exact=True).fill("Calidad")
    choose(page, "Cuándo", "Cada semana")
    choose(page, "Día de la semana", "miércoles")
    add_address(page, "Otras direcciones", "equipo@example.com")
    says(page, "equipo@example.com no tiene cuenta aquí")
    page.get_by_role("button", name="Vista previa").click()
    expect(mail(page)).to_contain_text("Puntaje promedio")
    page.get_by_role("button", name="Guardar", exact=True).click()
    says(page, "Calidad se guardó.")
    settle(page)
    assert "Los miércoles a las 08:00, UTC" in cells(page.get_by_test_id("stDataFrame").first, 3)


def test_on_a_phone(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/reports")
    page.get_by_label("Name", exact=True).fill("Phone")
    page.get_by_role("button", name="Preview").click()
    expect(mail(page)).to_contain_text("Average score")
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    frame = page.get_by_test_id("stIFrame")
    assert frame.evaluate("each => each.contentDocument.documentElement.scrollWidth <= each.clientWidth")
    context.close()
