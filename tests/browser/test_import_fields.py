"""A wide file of another program by the Data page alone, in a real Chromium: its own columns kept, loaded and counted."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.serving import served

HEADER = "Ticket ID,Date,Agent,QA Score,Contact channel,Language,CSAT (1-5),Resolved on first contact,Remark,Unused"
ROWS = 240


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Give the address of an app without data."""
    with served(tmp_path / "data", CALLBOARD_SAMPLE="off") as found:
        yield found


def rows() -> list[list[str]]:
    chance = random.Random(7)
    return [
        [
            *(f"T{number:04}", f"2024-0{1 + number % 6}-{1 + number % 28:02} 10:00", chance.choice(["Ana", "Eva"])),
            *(str(chance.randrange(40, 100) / 10), chance.choice(["chat", "phone", "email", ""])),
            *(
                chance.choice(["en", "es"]),
                chance.choice(["1", "4.5", "5", "N/A", ""]),
                chance.choice(["Sí", "No", ""]),
            ),
            *(f"Remark {number}: " + "a long one " * chance.randrange(12), ""),
        ]
        for number in range(ROWS)
    ]


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def test_columns_that_nobody_mapped_are_kept_and_counted(chromium: Browser, address: str, tmp_path: Path) -> None:
    made = rows()
    path = tmp_path / "export.csv"
    path.write_text("\n".join([HEADER, *(",".join(row) for row in made)]) + "\n", "utf-8")
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(f"{address}/data")
    page.set_input_files("input[type=file]", path)
    expect(page.get_by_text("0 of 5 columns are kept.")).to_be_visible()
    expect(page.get_by_text("Not kept: Contact channel, Language, CSAT (1-5), Resolved")).to_be_visible()
    page.get_by_role("button", name="Keep all").focus()  # without a mouse
    page.keyboard.press("Enter")
    expect(page.get_by_text("5 of 5 columns are kept.")).to_be_visible()
    expect(page.get_by_text("Not kept: Unused.")).to_be_visible()
    expect(page.get_by_text("Yes: Sí · No: No")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("checkbox", name="Language").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("4 of 5 columns are kept.")).to_be_visible()
    page.get_by_role("button", name="Name: csat").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Unit").fill("points")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Name: csat · points")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Validate").click()
    named = (
        "contactChannel (category, “Contact channel”), csat (number, “CSAT (1-5)”), "
        "resolvedOnFirstContact (yes or no, “Resolved on first contact”), remark (text, “Remark”)"
    )
    expect(page.get_by_text(f"fields that would be defined: {named}")).to_be_visible()
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_text(f"fields defined: {named}")).to_be_visible()
    expect(page.get_by_text("4 of 5 columns are kept.")).to_be_visible()
    channels = Counter(row[4] for row in made)
    satisfied = sum(row[6] in ("4.5", "5") for row in made)
    resolved = sum(row[7] == "Sí" for row in made)
    for asked, count in (
        ("field.contactChannel=chat", channels["chat"]),
        ("field.contactChannel=phone&field.contactChannel=(none)", channels["phone"] + channels[""]),
        ("field.resolvedOnFirstContact=true", resolved),
        ("field.csat.min=4", satisfied),
    ):
        page.goto(f"{address}/?period=all&{asked}")
        expect(page.locator(".cb-card[data-metric=totalEvaluations] .cb-value")).to_have_text(str(count))
    page.goto(f"{address}/data")
    page.set_input_files("input[type=file]", path)
    expect(page.get_by_text("Reused your last mapping for this layout.")).to_be_visible()
    expect(page.get_by_text("4 of 5 columns are kept.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Language")).not_to_be_checked()
    page.close()
