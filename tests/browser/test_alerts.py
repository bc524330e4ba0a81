"""Alerts in a browser: made on a page, firing, acknowledged, snoozed, paused and deleted; in Spanish, and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.lists import choose
from tests.browser.patience import settle


def says(page: Page, words: str) -> None:
    expect(page.get_by_test_id("stMain")).to_contain_text(re.compile(re.escape(words)))


def fill(page: Page, label: str, value: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")
    settle(page)


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()
    settle(page)


def cells(table: Locator, column: int) -> list[str]:
    return [each for each in table.locator(f"td[aria-colindex='{column}']").all_inner_texts() if each]


def tables(page: Page) -> Locator:
    return page.get_by_test_id("stDataFrame")


def test_from_a_page_to_its_history(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.goto(f"{address}/campaigns?campaignId=camp_702")
    page.get_by_role("button", name="Set an alert").click()
    expect(page.locator("h1")).to_have_text("Alerts")
    says(page, "Filters: Campaign: Technical Support")
    fill(page, "Name", "Support")
    fill(page, "Value", "9.9")
    choose(page, "Period", "Last 90 days")
    settle(page)
    press(page, "Try it on the last 90 days")
    says(page, "days it would have fired")
    assert page.locator(".cb-days .cb-day").count() == 90

    press(page, "Save")
    says(page, "Support is saved.")
    listed, members, history = tables(page).nth(0), tables(page).nth(1), tables(page).last
    assert (cells(listed, 1), cells(listed, 2)) == (["Support"], ["Firing"])
    value, n = cells(members, 2)[0], cells(members, 4)[0]
    assert float(value) < 9.9 and int(n.replace(",", "")) > 30 and cells(members, 5) == ["9.90"]
    assert (cells(history, 2), cells(history, 3), cells(history, 5)) == (["OK → Firing"], [value], [n])

    press(page, "Acknowledge")
    fill(page, "Remark", "on it")
    press(page, "Acknowledge now")
    says(page, "Support is acknowledged.")
    assert cells(members, 7) == ["this machine: on it"]
    press(page, "Snooze")
    press(page, "Snooze now")
    says(page, "Snoozed until")
    press(page, "End the snooze")
    press(page, "Check now")
    says(page, "Support is checked.")
    serious = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert not [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in serious]

    press(page, "Pause")
    expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    assert cells(listed, 5) == ["Paused"]
    press(page, "Delete")
    press(page, "Delete Support")
    says(page, "Support is deleted.")
    says(page, "No alerts yet")
    context.close()


def test_in_spanish(visit: Callable[[str], Page]) -> None:
    page = visit("alerts?lang=es")
    expect(page.locator("h1")).to_have_text("Alertas")
    fill(page, "Nombre", "Calidad")
    fill(page, "Valor", "9.9")
    choose(page, "Período", "Últimos 90 días")
    choose(page, "Por cada", "Campaña")
    settle(page)
    press(page, "Guardar")
    says(page, "Calidad se guardó.")
    assert cells(tables(page).nth(0), 2)[0].startswith("Activa: ")
    press(page, "Eliminar")
    press(page, "Eliminar Calidad")
    says(page, "Aún no hay alertas")


def test_on_a_phone(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{address}/alerts")
    fill(page, "Name", "Phone")
    fill(page, "Value", "9.9")
    choose(page, "Period", "Last 90 days")
    settle(page)
    press(page, "Save")
    says(page, "Phone is saved.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    press(page, "Delete")
    press(page, "Delete Phone")
    says(page, "No alerts yet")
    context.close()
