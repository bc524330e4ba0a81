"""A metric of one's own in a real browser: from its formula to its second version, archived and brought back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.browser.conftest import served
from tests.browser.patience import settle

MAPPING = """
[fields]
resolved = { column = "Resolved", type = "yes_no", yes = ["Y"], no = ["N"], label = "Resolved" }
"""
LABEL = "Resolved on first contact"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an app whose evaluations say whether the caller's problem was resolved."""
    folder = tmp_path_factory.mktemp("metrics")
    rows = ["id,audioDate,averageNote,isAICall,Resolved"]
    rows += [
        f"e{row},{date(2024, 1, 1) + timedelta(days=row % 20)},{row % 10},{row % 2 == 0},{'YNY'[row % 3]}"
        for row in range(300)
    ]
    (folder / "calls.csv").write_text("\n".join(rows))
    workspace = Workspace(Settings(data_dir=folder / "data", sample="off"))
    payload = {"files": [(str(folder / "calls.csv"), "calls.csv")], "mapping": MAPPING, "actor": "test"}
    assert TASKS["import"](workspace, payload, lambda *_: None)["added"] == 300
    workspace.close()
    with served(folder / "data", CALLBOARD_SAMPLE="off") as found:
        yield found


def choose(page: Page, label: str, option: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.focus()  # a click would scroll to it, which closes what it opens
    field.press("ArrowDown")
    page.get_by_role("option", name=option, exact=True).click()


def write(page: Page, formula: str) -> Locator:
    field = page.get_by_label("Formula", exact=True)
    field.fill(formula)
    field.press("Control+Enter")
    settle(page)
    return field


def says(page: Page, words: str) -> None:
    expect(page.get_by_test_id("stMain")).to_contain_text(re.compile(re.escape(words)))


def names_in_list(page: Page) -> list[str]:
    cells = page.get_by_test_id("stDataFrame").first.locator("td[aria-colindex='2']").all_inner_texts()
    return [each for each in cells if each]


def test_a_metric_from_its_formula_to_the_archive_and_back(visit: Callable[[str], Page]) -> None:
    page = visit("own_metrics?period=all")
    says(page, "No metrics of your own yet")
    page.get_by_label("Label", exact=True).fill(LABEL)
    write(page, "share(field.resolved)")
    choose(page, "Unit", "Share (%)")
    says(page, "66.7 %")
    says(page, "n = 300")
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, f"{LABEL} is saved: version 1.")
    settle(page)
    assert names_in_list(page)[0] == "resolvedOnFirstContact"

    write(page, "share_if(field.resolved, is_ai)")
    says(page, "n = 150")
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, f"{LABEL} is saved: version 2.")
    expect(page.get_by_text("Versions (2)")).to_be_visible()

    page.get_by_role("button", name="Archive", exact=True).click()
    page.get_by_role("button", name=f"Archive {LABEL}", exact=True).click()
    says(page, "No metrics of your own yet")
    settle(page)
    page.get_by_text("Archived (1)").click()
    page.get_by_role("button", name="Bring back").click()
    expect(page.get_by_text("Archived (1)")).to_have_count(0)
    settle(page)
    assert names_in_list(page)[0] == "resolvedOnFirstContact"


def test_a_wrong_formula_shows_its_place(visit: Callable[[str], Page]) -> None:
    page = visit("own_metrics?period=all")
    write(page, "1 + avg(scor)")
    says(page, "There is no 'scor'")
    fault = page.locator("pre.cb-fault")
    assert fault.inner_text().split("\n") == ["1 + avg(scor)", "        ^"]
    assert "monospace" in fault.evaluate("each => getComputedStyle(each).fontFamily")
    serious = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert not [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in serious]
    write(page, "1 + avg(score)")
    expect(fault).to_have_count(0)
    says(page, "5.50")


def test_a_name_is_searched_and_put_into_the_formula(visit: Callable[[str], Page]) -> None:
    page = visit("own_metrics?period=all")
    box = page.get_by_label("Insert a name or function", exact=True)
    box.focus()
    box.press_sequentially("median")
    page.get_by_role("option", name="median(score) · function").click()
    settle(page)
    expect(page.get_by_label("Formula", exact=True)).to_have_value("median(score)")
    says(page, "Functions")
