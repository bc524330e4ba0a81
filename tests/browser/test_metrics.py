"""A metric of one's own in a real browser: from its formula to its second version, archived and brought back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.browser.lists import choose
from tests.browser.patience import settle
from tests.conftest import ROOT
from tests.serving import served
from tests.waiting import LONG_SECONDS

MAPPING = """
[fields]
resolved = { column = "Resolved", type = "yes_no", yes = ["Y"], no = ["N"], label = "Resolved" }
"""
LABEL = "Resolved on first contact"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("metrics")


def resolved(row: int) -> str:
    """Return whether a call was resolved: two of three are, and in the second ten days every other one."""
    if row % 6 == 0 and row % 20 >= 10:
        return "N"
    return "Y" if row % 6 == 1 and row % 20 < 10 else "YNY"[row % 3]


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Give the address of an app whose evaluations say whether the caller's problem was resolved."""
    rows = ["id,audioDate,averageNote,isAICall,campaignName,Resolved"]
    rows += [
        f"e{row},{date(2024, 1, 1) + timedelta(days=row % 20)},{row % 10},{row % 2 == 0},"
        f"{'Alpha' if row % 3 else 'Beta'},{resolved(row)}"
        for row in range(300)
    ]
    (folder / "calls.csv").write_text("\n".join(rows))
    workspace = Workspace(Settings(data_dir=folder / "data", sample="off"))
    payload = {"files": [(str(folder / "calls.csv"), "calls.csv")], "mapping": MAPPING, "actor": "test"}
    assert TASKS["import"](workspace, payload, lambda *_: None)["added"] == 300
    workspace.close()
    with served(folder / "data", CALLBOARD_SAMPLE="off") as found:
        yield found


@pytest.fixture
def callboard(folder: Path, address: str) -> Callable[..., str]:  # noqa: ARG001 - the app runs
    """Give what runs a command beside the app."""

    def call(*arguments: str) -> str:
        environment = {**os.environ, "CALLBOARD_DATA_DIR": str(folder / "data"), "CALLBOARD_SAMPLE": "off"}
        command = [sys.executable, "-m", "lib", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONG_SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def write(page: Page, formula: str) -> Locator:
    field = page.get_by_label("Formula", exact=True)
    field.fill(formula)
    field.press("Control+Enter")
    settle(page)
    return field


def fill_number(page: Page, label: str, number: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(number)
    field.press("Enter")
    settle(page)


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
    choose(page, "Insert a name or function", "median(score) · function", search="median")
    settle(page)
    expect(page.get_by_label("Formula", exact=True)).to_have_value("median(score)")
    says(page, "Functions")


SECOND_TEN_DAYS = "dateFrom=2024-01-11&dateTo=2024-01-20"
FIRST = "First contact"


def cells(page: Page) -> list[str]:
    """Return what stands in the last columns of a page's grid, which draws those alone that are in sight."""
    grid = page.get_by_test_id("stDataFrame").last
    grid.locator(".dvn-scroller").evaluate("each => { each.scrollLeft = each.scrollWidth }")
    expect(grid.locator("th").last).to_have_text("Pending, processing")
    return [each for each in grid.locator("td").all_inner_texts() if each]


def test_a_metric_with_targets_by_campaign_on_every_page(
    visit: Callable[[str], Page], callboard: Callable[..., str]
) -> None:
    """Alpha: 75 of 100 calls, then 50 of 100; Beta: all 50, then 25 of 50, of which each day has all or none."""
    page = visit("own_metrics?period=all")
    page.get_by_label("Label", exact=True).fill(FIRST)
    write(page, "share(field.resolved)")
    choose(page, "Unit", "Share (%)")
    settle(page)
    choose(page, "Direction", "Higher is better")
    settle(page)
    fill_number(page, "Target", "0.6")
    page.get_by_text("Targets of groups").click()
    choose(page, "Other targets by", "Campaign")
    settle(page)
    for campaign, target in (("Alpha", "0.9"), ("Beta", "0.45")):
        choose(page, "Groups with a target of their own", campaign)
        page.keyboard.press("Escape")
        settle(page)
        fill_number(page, f"Target of {campaign}", target)
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, f"{FIRST} is saved: version 1.")
    assert json.loads(callboard("metrics", "show", "firstContact"))["target"] == {
        "value": 0.6,
        "campaign": {"Alpha": 0.9, "Beta": 0.45},
    }
    expect(page.get_by_label("Target of Beta")).to_have_value("0.45")
    page = visit(f"?{SECOND_TEN_DAYS}")
    card = page.locator(".cb-card[data-metric='firstContact']")
    expect(card).to_contain_text("50.0 %")
    expect(card).to_contain_text("target 60.0 %: not yet sure")
    page.get_by_test_id("stPopoverButton").filter(has_text="Share").click()
    page.get_by_role("button", name="Create snapshot link").click()
    settle(page)
    snapshot = next(each for each in page.get_by_test_id("stCode").all_inner_texts() if "?link=" in each).strip()

    page = visit(f"campaigns?{SECOND_TEN_DAYS}")
    settle(page)
    assert {"missed · 90.0 %", "not yet sure · 45.0 %", "not yet sure · 60.0 %"} <= set(cells(page))

    page = visit(f"trends?{SECOND_TEN_DAYS}&metric=firstContact")
    says(page, "Dotted line: target.")
    page.goto(page.url.split("?")[0] + f"?{SECOND_TEN_DAYS}&metric=firstContact&split=campaign")
    expect(page.locator(".st-key-trend svg").get_by_text("Alpha").first).to_be_visible()
    page.get_by_role("link", name="See what changed").last.click()
    says(page, "First contact fell by 33.3 pp, from 83.3 % to 50.0 %. Mix (shares of the campaigns): no change.")
    says(page, "Alpha −16.7 pp (mix 0.0 pp, performance −16.7 pp)")
    expect(page.locator(".st-key-waterfall .mark-rect path").first).to_be_visible()

    lower = json.dumps({"value": 0.6, "campaign": {"Alpha": 0.3, "Beta": 0.45}})
    changed = callboard("metrics", "set", "firstContact", "share_if(field.resolved, is_ai)", "--target", lower)
    assert "version 2" in changed
    page = visit(f"campaigns?{SECOND_TEN_DAYS}")
    settle(page)
    assert "met · 30.0 %" in cells(page)
    pinned = page.locator(".cb-pinned")
    page.goto(snapshot)
    expect(pinned).to_contain_text(
        "First contact means something else now. Then: share(field.resolved) (version 1) "
        "Now: share_if(field.resolved, is_ai) (version 2)"
    )

    assert callboard("metrics", "archive", "firstContact").strip() == "archived: firstContact"
    page.goto(snapshot)
    expect(pinned).to_contain_text("It meant: share(field.resolved) (version 1)")
    expect(page.locator(".cb-card[data-metric='firstContact']")).to_have_count(0)
    callboard("metrics", "archive", "firstContact", "--undo")
    page.goto(snapshot)
    expect(page.locator(".cb-card[data-metric='firstContact']")).to_contain_text("target 60.0 %")
