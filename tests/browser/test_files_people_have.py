"""The small files of `../shared/data/files` by the Data page alone, in a real Chromium: what each needs, what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api_client import Client, make_key
from tests.browser.lists import choose
from tests.ingest.test_files_people_have import CASES, FILES, Row, at, scores
from tests.serving import served

pytestmark = pytest.mark.skipif(not FILES.exists(), reason="these files lie beside the repository, not in it")

Act = Callable[[Page], None]


@dataclass(frozen=True)
class Upload:
    """What comes of a folder's files: rows by id, or how many bad ones; what is in sight before and what is done."""

    rows: dict[str, Row] | None = None
    bad: int = 0
    shown: tuple[str, ...] = ()
    act: Act = lambda _: None
    warned: str = ""


def choose_spanish(page: Page) -> None:
    page.get_by_text("How the file is read").click()
    choose(page, "Language of dates", "Spanish (es)")


def choose_clock_format(page: Page) -> None:
    page.get_by_test_id("stColumn").filter(has_text="Talk Time").get_by_role("button", name="Options").click()
    choose(page, "Times such as 05:12 are", "minutes and seconds (mm:ss)")
    page.keyboard.press("Escape")


def choose_month_first(page: Page) -> None:
    page.get_by_test_id("stRadio").get_by_text("month first").click()


def leave_out_mapping(page: Page) -> None:
    page.get_by_test_id("stFileChip").filter(has_text="mapping.toml").get_by_role("button").click()


PLAIN = (
    "utf16-named-le-with-bom", "short-rows", "trailing-comma-header", "fraction", "percent-cells",
    "hidden-first-sheet", "long-number-ids", "parquet-nested-unmapped", "jsonl-ctr-nested-mapped",
    "jsonl-decimal-comma", "backslash-quotes", "scale1-fraction", "xlsx-float-noise", "negative-scale",
    "mapping-other-case",
)  # fmt: skip
"""Folders whose files are loaded without a question."""

UPLOADS = {
    "cover-first": Upload(scores(a1=8), shown=("The sheet 'Data' is read",)),  # before another file of this header
    **{name: Upload(CASES[name].rows) for name in PLAIN},
    "mmss": Upload(CASES["mmss, with its format"].rows, shown=("may be minutes and seconds",), act=choose_clock_format),
    "formula-no-value": Upload(bad=2, shown=("open and save it in the spreadsheet first",)),
    "error-cells": Upload(bad=2, shown=("is the error #N/A", "is the error #DIV/0!")),
    "sci-ids": Upload(bad=5, shown=("is a number that a spreadsheet cut",)),
    "int96-wraps": Upload(bad=1, shown=("means 2608-08-20",)),
    "spanish-ampm": Upload(CASES["spanish-ampm"].rows, act=choose_spanish),
    "H-with-p": Upload(
        at(a1="2024-01-31T15:15", a2="2024-01-31T23:59"), shown=("%p (a.m. or p.m.) needs %I",), act=leave_out_mapping
    ),
    "es-months": Upload(CASES["es-months"].rows, shown=("31-ene-2024",), act=choose_spanish),
    "ambiguous-us": Upload(
        at(c0="2024-01-02", c5="2024-02-07"), shown=("→ 1 Feb 2024", "→ 2 Jan 2024"), act=choose_month_first
    ),
    "names": Upload(CASES["names"].rows, warned="names that differ by case or accents alone (1): 'VENTAS', 'Ventas'"),
    "epoch": Upload(CASES["epoch, in seconds and milliseconds"].rows, shown=("dates seconds since 1970 (UTC)",)),
    "serials": Upload(CASES["serials, of Excel"].rows, shown=("dates numbers of days, as in spreadsheets",)),
    "thousands": Upload(bad=2, shown=('decimal = "." with thousands = ","', 'decimal = "," with thousands = "."')),
    "guess-es": Upload(
        {
            "c1": {"at": datetime(2024, 1, 31, 9, 15), "score": 8.5, "seconds": 312, "executive": "Ana"},
            "c2": {"at": datetime(2024, 2, 1, 10, 0), "score": 7.0, "seconds": 240, "executive": "Luis"},
        },
        shown=("delimiter “;”", "decimal sign “,”"),
    ),
    "guess-us-long": Upload(at(c0="2024-01-01T10:00"), shown=("are read month first",)),
    "guess-dup-id": Upload(
        CASES["guess-dup-id"].rows, shown=("3 different values in 9 rows",), warned="Such ids are 'T0', 'T1', 'T2'."
    ),
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files") / "data"


@pytest.fixture(scope="module")
def page(chromium: Browser, data_dir: Path) -> Iterator[Page]:
    """Open the app without sample data, on one engine for all files."""
    with served(data_dir, CALLBOARD_SAMPLE="off") as address:
        context = chromium.new_context(viewport={"width": 1440, "height": 1000}, base_url=address)
        yield context.new_page()
        context.close()


@pytest.fixture(scope="module")
def client(page: Page, data_dir: Path) -> Iterator[Client]:
    page.goto("/data")
    address = page.url.removesuffix("/data")
    with Client(address, make_key(data_dir)) as opened:
        yield opened


def stored(client: Client) -> dict[str, Row]:
    """Return what is stored, by the API."""
    found: list[dict[str, Any]] = client.get("/v1/evaluations", pageSize=1000, sort="audioDate")["data"]
    return {
        each["id"]: {
            "score": each["averageNote"],
            "seconds": each["durationInSeconds"],
            "at": datetime.fromisoformat(each["audioDate"]).replace(tzinfo=None),
            "executive": None if each["executiveName"] == "(none)" else each["executiveName"],
        }
        for each in found
    }


def test_every_folder_is_brought() -> None:
    assert UPLOADS.keys() == {path.name for path in FILES.iterdir() if path.is_dir()}


@pytest.mark.parametrize("name", UPLOADS)
def test_a_file_by_the_page_alone(name: str, page: Page, client: Client) -> None:
    expected = UPLOADS[name]
    before = stored(client)
    page.goto("/data")
    page.set_input_files("input[type=file]", [path for path in (FILES / name).iterdir() if path.name != "again.csv"])
    main = page.get_by_test_id("stMain")
    for words in expected.shown:
        expect(main).to_contain_text(words)
    expected.act(page)
    page.get_by_role("button", name="Load", exact=True).click()
    if expected.bad:
        expect(main).to_contain_text("result: nothing loaded")
        expect(page.get_by_role("heading", name=f"{expected.bad} bad row")).to_be_visible()
        assert stored(client) == before
        return
    expect(main).to_contain_text("result: loaded")
    expect(main).to_contain_text(expected.warned)
    found = stored(client)
    for number, row in (expected.rows or {}).items():
        assert {key: found[number][key] for key in row} == row, number
