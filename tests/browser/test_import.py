"""Files as people have them, by the Data page alone, in a real Chromium: mapped, loaded, undone, deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lib.catalog.catalog import BUILT_IN
from lib.ingest.mapping_toml import read_mapping
from tests.conftest import SHARED
from tests.serving import served

DATA = SHARED / "data"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an app without sample data."""
    with served(tmp_path_factory.mktemp("import") / "data", CALLBOARD_SAMPLE="off") as found:
        yield found


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    opened = context.new_page()
    opened.goto(f"{address}/data")
    yield opened
    context.close()


def bring(page: Page, tmp_path: Path, **files: str) -> None:
    paths = []
    for name, content in files.items():
        path = tmp_path / name.replace("_", ".")
        path.write_text(content)
        paths.append(path)
    page.set_input_files("input[type=file]", paths)
    expect(page.get_by_role("button", name="Download mapping (TOML)")).to_be_visible()


def load(page: Page) -> None:
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_text("result: loaded")).to_be_visible()


def holds(page: Page, count: int) -> None:
    expect(page.locator(".cb-shown").first).to_contain_text(re.compile(rf"^{count} evaluations"))


def test_a_mapping_is_shown_and_comes_back_as_it_went_in(page: Page, tmp_path: Path) -> None:
    toml = (
        '[columns]\nid = "call_id"\naudioDate = "WHEN"\ncallCenterName = { value = "Denver" }\n'
        "averageNote = { column = 'Grade', scale = -2, offset = 12 }\n"
    )
    bring(page, tmp_path, calls_csv="Call ID,When,Grade,Team\na1,2024-01-31,1,x\na2,2024-01-31,5,y\n", map_toml=toml)
    expect(page.get_by_label("Call center in every row")).to_have_value("Denver")
    readings = page.locator(".cb-readings")
    expect(readings.filter(has_text="31 Jan 2024")).to_be_visible()
    expect(readings.filter(has_text=re.compile(r"1\s*→\s*10\s*5\s*→\s*2"))).to_be_visible()
    expect(page.get_by_text("Not kept: Team.")).to_be_visible()
    page.get_by_role("button", name="Options · × -2 · + 12").click()
    expect(page.get_by_label("Multiply by")).to_have_value("-2")
    page.keyboard.press("Escape")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download mapping (TOML)").click()
    waiting.value.save_as(tmp_path / "back.toml")
    assert read_mapping((tmp_path / "back.toml").read_text(), BUILT_IN) == read_mapping(toml, BUILT_IN)


def test_an_import_is_undone_and_all_data_deleted(page: Page, tmp_path: Path) -> None:
    bring(page, tmp_path, first_csv="id,audioDate,averageNote\n1,2024-01-31,8\n2,2024-02-01,7\n")
    load(page)
    page.reload()
    holds(page, 2)
    bring(page, tmp_path, second_csv="id,audioDate,averageNote\n2,2024-02-01,9\n3,2024-02-02,9\n")
    load(page)
    page.reload()
    holds(page, 3)
    page.get_by_role("button", name="Undo this import").click()
    page.get_by_role("button", name="Undo it").click()
    expect(page.get_by_text("restored: 1")).to_be_visible()
    holds(page, 2)
    page.get_by_text("Delete all data").first.click()
    page.get_by_label("To delete them").fill("Callboard")
    page.get_by_label("To delete them").press("Enter")
    page.get_by_role("button", name="Delete all data").click()
    expect(page.get_by_text("All data deleted: 2 evaluations.")).to_be_visible()
    holds(page, 0)


@pytest.mark.skipif(not DATA.exists(), reason="the real data sets lie beside the repository, not in it")
@pytest.mark.parametrize(("name", "most_clicks"), [("rwfd", 1), ("phonenow", 2), ("consumidor", 2)])
def test_real_files_take_few_clicks(chromium: Browser, tmp_path: Path, name: str, most_clicks: int) -> None:
    expected = json.loads((DATA / name / "expected.json").read_text())
    files = sorted(path for path in (DATA / name).iterdir() if path.suffix in (".csv", ".xlsx"))
    with served(tmp_path / "data", CALLBOARD_SAMPLE="off") as own_address:
        page = chromium.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(f"{own_address}/data")
        page.set_input_files("input[type=file]", files)
        button = page.get_by_role("button", name="Load", exact=True)
        answers = page.get_by_test_id("stRadio").get_by_text("0 to 5 (multiplied by 2)")
        expect(answers.or_(page.get_by_role("button", name="Load", exact=True, disabled=False)).first).to_be_visible()
        clicks = 0
        for answer in answers.all():
            answer.click()
            clicks += 1
        button.click()
        clicks += 1
        expect(page.get_by_text(f"added: {expected['evaluations']:,}")).to_be_visible()
        assert clicks <= most_clicks
        page.goto(f"{own_address}/?period=all")
        expect(page.locator("[data-metric=averageScore] .cb-value")).to_contain_text(f"{expected['averageScore']:.2f}")
        page.close()
