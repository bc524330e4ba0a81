"""Scorecards of other programs by the Data page alone, in a real Chromium: nested lists, and a column for each question."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from lib.access import api_keys
from lib.analytics.grants import EVERYTHING
from lib.catalog.catalog import BUILT_IN
from lib.settings import Settings
from lib.store.state import StateStore
from tests.browser.lists import choose
from tests.browser.patience import settle
from tests.browser.test_import_fields import violations
from tests.serving import served

QUESTIONS = {
    "Opening": ["Greets the customer", "Says own name"],
    "Compliance": ["Verifies the identity"],
    "Handling": ["Solves the problem", "Offers more help"],
}
CRITICAL = "Verifies the identity"


@dataclass(frozen=True)
class App:
    """A running app, and a key that may read its figures."""

    address: str
    key: str

    def criteria(self, page: Page) -> list[dict[str, Any]]:
        """Return what the API says of each criterion."""
        asked = f"{self.address}/v1/analytics/criteria?pageSize=100"
        found = page.request.get(asked, headers={"Authorization": f"Bearer {self.key}"})
        assert found.ok, found.text()
        rows: list[dict[str, Any]] = found.json()["data"]
        return rows

    def counts(self, page: Page) -> dict[tuple[str | None, str], tuple[int, int, int]]:
        """Return how many answers each criterion has, how many do not apply, and how many failed."""
        return {
            (row["section"], row["criterion"]): (
                *(row["answered"], row["notApplicable"]),
                round(row["answered"] * row["failed"]),
            )
            for row in self.criteria(page)
        }


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Give an app without data."""
    folder = tmp_path / "data"
    state = StateStore(Settings(data_dir=folder))
    key, _ = api_keys.create(state, "test", ["analytics:read"], "test", EVERYTHING, BUILT_IN)
    state.close()
    with served(folder, CALLBOARD_SAMPLE="off") as found:
        yield App(found, key)


def evaluation(number: int, chance: random.Random) -> dict[str, Any]:
    """Return an evaluation as a contact center's service exports it: sections that hold questions."""
    sections = []
    for title, names in QUESTIONS.items():
        questions = []
        for name in names:
            applies = chance.random() > 0.15
            share = chance.choice([0, 50, 100, 100]) if applies else 0
            score = {
                "percentage": share,
                "notApplicable": not applies,
                "automaticFail": name == CRITICAL and applies and share == 0,
            }
            answer = {"values": [{"valueText": "Yes" if share else "No"}], "notes": "" if share else "Look again"}
            questions.append({"questionText": name, "questionType": "SINGLESELECT", "answer": answer, "score": score})
        sections.append({"sectionTitle": title, "questions": questions})
    started = f"2026-03-{1 + number % 28:02}T10:00:00Z"
    return {
        "schemaVersion": "3.5",
        "evaluationId": f"ev-{number:04}",
        "metadata": {
            "agentId": f"agent-{number % 4}",
            "evaluator": f"qa{number % 3}@example.com",
            "evaluationDefinitionTitle": "Support v3",
            "evaluationStartTimestamp": started,
            "score": {"percentage": 100 - number % 40},
        },
        "sections": sections,
    }


def test_nested_sections_and_questions(chromium: Browser, app: App, tmp_path: Path) -> None:
    chance = random.Random(5)
    made = [evaluation(number, chance) for number in range(60)]
    path = tmp_path / "evaluations.json"
    path.write_text(json.dumps(made, indent=2), "utf-8")
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(f"{app.address}/data")
    page.set_input_files("input[type=file]", path)
    expect(page.get_by_role("checkbox", name="Keep the answers in the file's lists")).to_be_checked()
    expect(page.get_by_text("Answers to criteria come from the lists in: sections.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_text("answers to criteria: 300")).to_be_visible()
    expected: dict[tuple[str, str], tuple[int, int, int]] = {}
    for section in (section for each in made for section in each["sections"]):
        for question in section["questions"]:
            key = section["sectionTitle"], question["questionText"]
            answered, not_applicable, failed = expected.get(key, (0, 0, 0))
            applies = not question["score"]["notApplicable"]
            is_failed = applies and question["score"]["percentage"] == 0
            expected[key] = answered + applies, not_applicable + (not applies), failed + is_failed
    assert app.counts(page) == expected
    answers = tmp_path / "answers.csv"
    answers.write_text("evaluationId,criterion,points,maxPoints,form\nev-0000,Farewell,1,5,\nev-0001,Farewell,0,5,\n")
    page.goto(f"{app.address}/data")
    page.set_input_files("input[type=file]", answers)
    expect(page.get_by_text("A file of answers to criteria, a row each.")).to_be_visible()
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_text("answers to criteria: 2")).to_be_visible()
    assert app.counts(page)[None, "Farewell"] == (2, 0, 1)
    answers.write_text("evaluationId,criterion,points,maxPoints\nev-0000,Farewell,6,5\nnone,Farewell,0,5\n")
    page.goto(f"{app.address}/data")
    page.set_input_files("input[type=file]", answers)
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_role("heading", name="bad row")).to_be_visible()
    expect(page.get_by_role("button", name="good row")).to_have_count(0)
    assert app.counts(page)[None, "Farewell"] == (2, 0, 1)
    page.close()


def test_a_column_for_each_question(chromium: Browser, app: App, tmp_path: Path) -> None:
    """A CSV whose header says sections and points of most questions; one has words, and is chosen by hand."""
    chance = random.Random(6)
    header = [
        *("Ticket ID", "Ticket Date", "Agent", "Grader", "Rubric"),
        *("Opening: Greets the customer (5)", "Handling: Solves the problem (10)", "Identity checked", "Channel"),
    ]
    rows = [
        [
            *(f"T{number:03}", f"2026-04-{1 + number % 28:02}", f"Agent {number % 3}", f"QA {number % 2}", "Care v1"),
            *(chance.choice(["5", "4", "0", "N/A"]), chance.choice(["10", "7.5", "2", "0"])),
            *(chance.choice(["Pass", "Pass", "Fail", "Not needed"]), chance.choice(["chat", "phone"])),
        ]
        for number in range(80)
    ]
    path = tmp_path / "wide.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(f"{app.address}/data")
    page.set_input_files("input[type=file]", path)
    expect(page.get_by_text("Columns that are questions of a scorecard")).to_be_visible()
    expect(page.get_by_label("Section", exact=True).first).to_have_value("Opening")
    settle(page)
    choose(page, "Columns that are questions of a scorecard", "Identity checked", search="Identity")
    identity = page.locator("[class*=cb-criterion]").filter(has_text="Identity checked")
    expect(identity.get_by_label("Pass", exact=True)).to_have_value("1")
    expect(identity.get_by_label("Fail", exact=True)).to_have_value("0")
    expect(identity.get_by_label("Not needed")).to_have_value("")
    identity.get_by_label("Not needed").fill("0.5")
    identity.get_by_label("Most points").fill("2")
    page.keyboard.press("Enter")
    expect(identity.get_by_label("Pass", exact=True)).to_have_value("2")
    expect(identity.get_by_label("Not needed")).to_have_value("0.5")
    identity.get_by_label("Not needed").fill("")
    page.keyboard.press("Enter")
    identity.get_by_text("Critical", exact=True).click()
    expect(identity.get_by_role("checkbox", name="Critical")).to_be_checked()
    assert violations(page) == []
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_text("answers to criteria: 240")).to_be_visible()
    expected = {}
    for place, key in enumerate(
        [("Opening", "Greets the customer"), ("Handling", "Solves the problem"), (None, "Identity checked")], 5
    ):
        values = [row[place] for row in rows]
        nothing = sum(value in ("N/A", "Not needed") for value in values)
        expected[key] = len(rows) - nothing, nothing, sum(value in ("0", "Fail") for value in values)
    assert app.counts(page) == expected
    fails = app.criteria(page)
    assert {row["criterion"]: row["criticalFails"] for row in fails}["Identity checked"] == expected[
        None, "Identity checked"
    ][2]
    page.set_input_files("input[type=file]", [])
    page.set_input_files("input[type=file]", path)
    expect(page.get_by_text("Reused your last mapping for this layout.")).to_be_visible()
    expect(identity.get_by_role("checkbox", name="Critical")).to_be_checked()
    page.close()
