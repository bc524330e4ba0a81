"""Names that would be code: on every page they are seen as the text that they are, and nothing is made of them."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import urllib.parse
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, FilePayload, Locator, Page, Request, expect

from lib.access import api_keys
from lib.analytics.calendar import Granularity
from lib.analytics.grants import Grant
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN
from lib.exports.service import ExportRequest
from lib.jobs.queue import JobKind
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.sharing.annotations import Annotations
from lib.sharing.saved_views import SavedViews
from lib.store.state import StateStore
from lib.workspace import Workspace
from tests.browser.lists import open_list
from tests.filters import make_filters
from tests.hostile.names import INJECTIONS, NAMES
from tests.serving import served

LONGEST = 990
"""Characters of the names that hold many others; a text of ours holds a thousand."""


def _all_in_few() -> list[str]:
    """Return names that hold all the short injections, one after another."""
    found = [""]
    for each in INJECTIONS:
        if len(each) > 100 or not each.isprintable():
            continue
        if len(found[-1]) + len(each) > LONGEST:
            found.append("")
        found[-1] = f"{found[-1]} {each}".strip()
    return found


COMBINED = _all_in_few()
MARKED = ["**strong** :red[coloured] $latex$ <b>bold</b>", *COMBINED]
"""Names whose details are looked at one by one."""

FIRST_DAY = date(2024, 1, 1)


def _calls() -> bytes:
    """Return evaluations of two months: each name is a campaign, center, engagement, executive and audio file."""
    names = [*MARKED, *(name for name in NAMES if name.strip())]
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(
        ["id", "audioDate", "averageNote", "durationInSeconds", "campaignName", "callCenterName", "engagementName",
         "executiveName", "executiveId", "audioFileName"]
    )  # fmt: skip
    for number, name in enumerate(names):
        for turn in range(64 if number < len(MARKED) else 4):
            when = FIRST_DAY + timedelta(days=(number + turn * 7) % 60)
            score = (number % 5) + 4 + (turn % 3) / 2
            rows.writerow([f"{name[:900]} {number}-{turn}", when, score, 60 + turn, *[name] * 6])
    return out.getvalue().encode()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an app full of such names."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "calls.csv").write_bytes(_calls())
    (folder / "bad.csv").write_text(f"{MARKED[0]},x\n1,2\n")
    settings = Settings(data_dir=folder / "data", sample="off")
    workspace = Workspace(settings)
    payload = {"files": [(str(folder / "calls.csv"), f"{MARKED[0]}.csv")], "actor": MARKED[0]}
    assert TASKS["import"](workspace, payload, lambda *_: None)["added"] > 300
    with pytest.raises(Exception, match="no column"):
        TASKS["import"](workspace, {**payload, "files": [(str(folder / "bad.csv"), "a\n# b.csv")]}, lambda *_: None)
    filters = make_filters().narrowed(CAMPAIGN, *MARKED)
    order = ExportRequest("evaluations", "csv", filters, Granularity("daily"), f"Campaign: {MARKED[0]}")
    workspace.queue.add(JobKind.EXPORT, {**order.to_json(), "shown_in": {}}, MARKED[0])
    workspace.close()
    state = StateStore(settings)
    for number, name in enumerate([*MARKED, *(name for name in INJECTIONS if name.isprintable())]):
        Annotations(state).add(FIRST_DAY + timedelta(days=number), name[:200], MARKED[0])
        SavedViews(state, lambda: BUILT_IN).save(
            "everyone", name[:78] + f"{number:02}", "campaigns", {"campaignId": [name]}, shared=True
        )
        api_keys.create(
            state,
            name[:190] + str(number),
            ["analytics:read"],
            MARKED[0][:100],
            Grant.of({"callCenter": [name]}),
            BUILT_IN,
        )
    state.close()
    with served(folder / "data", CALLBOARD_SAMPLE="off") as found:
        yield found


MADE = """() => {
    const words = /^(strong|slanted|struck|code|heading|listed|quoted|latex.*|coloured|link|picture|bold|a|x)$/;
    const found = [];
    for (const each of document.querySelectorAll('*')) {
        const own = (each.textContent ?? '').trim(), name = each.tagName.toLowerCase();
        const styled = ['strong', 'b', 'em', 'i', 'del', 's', 'code', 'h2', 'h3', 'h4', 'h5', 'h6', 'li', 'blockquote', 'small'];
        if (styled.includes(name) && words.test(own)) found.push(each.outerHTML);
        if (each.dataset.testid === 'stIconMaterial' && /^(delete|smile)$/.test(own)) found.push(each.outerHTML);
        if (each.classList.contains('katex') || /^stMarkdown(Colored|Badge)/.test(each.className)) found.push(each.outerHTML);
        if (name === 'span' && words.test(own) && /color/.test(each.getAttribute('style') ?? '')) found.push(each.outerHTML);
        for (const attribute of each.attributes)
            if (/^on/.test(attribute.name)
                || (/^(src|href|action|formaction|xlink:href|data|poster)$/.test(attribute.name)
                    && /^\\s*(javascript:|https?:..hostile)/i.test(attribute.value)))
                found.push(each.outerHTML);
    }
    return found.map(each => each.slice(0, 300));
}"""
"""Finds what can only have been made of a name: styled words, icons, formulas, handlers, links."""


class Watched:
    """A visitor's page, and all that a name could have brought about on it."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
        self.page: Page = self._context.new_page()
        self._address = address
        self.found: list[str] = []
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def close(self) -> None:
        self._context.close()

    def go(self, path: str, **parameters: str | list[str]) -> Page:
        """Open a page, and look at it."""
        query = urllib.parse.urlencode(parameters, doseq=True)
        self.page.goto(f"{self._address}/{path}?{query}" if query else f"{self._address}/{path}")
        self.look(f"{path}?{query[:80]}")
        return self.page

    def look(self, where: str) -> None:
        """Note what was made of a name so far; nothing, if all is well."""
        self.found += [f"{where}: {each}" for each in self.page.evaluate(MADE)]
        if self.page.evaluate("window.hurt") is not None:
            self.found.append(f"{where}: a script ran")
        text = self.page.locator("body").inner_text()
        for sign in ("Something went wrong", "Traceback", "StreamlitAPIException", "stException"):
            if sign in text:
                self.found.append(f"{where}: {sign}")

    def _dialog(self, dialog: Dialog) -> None:
        self.found.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self._address, "data:", "blob:")):
            self.found.append(f"a request to {request.url}")


@pytest.fixture
def watched(chromium: Browser, address: str) -> Iterator[Watched]:
    opened = Watched(chromium, address)
    yield opened
    assert not opened.found, "\n".join(dict.fromkeys(opened.found))
    opened.close()


def plain(text: str) -> str:
    """Return a text without what can't be seen: spaces that are one, joiners, marks."""
    return " ".join(re.sub("[\u2060\u200b\ufeff]", "", text).split())


def says(place: Locator, text: str) -> None:
    """Hold that a place says a text as it is."""
    expect(place).to_be_visible()
    wanted, seen = plain(text), plain(place.inner_text())
    at = next((at for at, sign in enumerate(wanted) if at >= len(seen) or sign != seen[at]), 0)
    assert wanted in seen, (wanted[max(0, at - 20) : at + 40], seen[max(0, at - 20) : at + 40])


PAGES = (
    "",
    "campaigns",
    "call_centers",
    "executives",
    "evaluators",
    "criteria",
    "breakdown",
    "trends",
    "drivers",
    "evaluations",
    "live",
    "exports",
    "reports",
    "alerts",
    "data",
    "audit",
    "settings",
)
SPLIT = {"split": "campaign", "by": "executive", "scores": "alike", "granularity": "weekly"}


def test_every_page(watched: Watched) -> None:
    for path in PAGES:
        page = watched.go(path, dateFrom="2024-02-01", dateTo="2024-03-15", **SPLIT)
        for summary in page.locator("details summary").all():
            summary.click()
        watched.look(f"{path}, all opened")
        if path in ("campaigns", "trends", "drivers"):  # of executives, none has calls like another's
            expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()


@pytest.mark.parametrize(
    "path, kind", [("campaigns", "campaignId"), ("call_centers", "callCenterId"), ("executives", "executiveId")]
)
def test_a_detail_is_titled_with_the_name_as_it_is(watched: Watched, path: str, kind: str) -> None:
    for name in MARKED:
        page = watched.go(path, open=name)
        says(page.locator("h1"), name)
        says(page.get_by_role("link", name=re.compile("The evaluations of")), name[:60])
    page = watched.go("evaluations", **{kind: MARKED})
    chosen = page.get_by_role("group", name="Selected values").first
    for name in MARKED:
        says(chosen, name)
    says(page.locator(".cb-shown").first, MARKED[0])


def test_the_lists_and_what_they_offer(watched: Watched) -> None:
    page = watched.go("")
    offered = open_list(page.get_by_test_id("stMultiSelect").first.locator("input"), "strong")
    says(offered.filter(has_text="$latex$ <b>").first, MARKED[0])
    watched.look("the list of campaigns")
    page.keyboard.press("Escape")
    page.get_by_text("Saved views").click()
    for name in (MARKED[0], "$latex^2$", "[link](javascript:alert(1))"):
        says(page.get_by_role("button", name=plain(name)[:12]).first, name)
    watched.look("saved views")
    page = watched.go("trends", dateFrom="2024-01-01", dateTo="2024-03-01")
    page.locator(".st-key-cb-notes summary").click()
    for name in (MARKED[0], "<script>window.hurt = 1; alert(1)</script>"):
        says(page.locator(".st-key-cb-notes").get_by_text(name).first, name)
    watched.look("notes")
    page = watched.go("settings")
    keys = page.get_by_test_id("stSelectbox").filter(has_text="Revoke").locator("input")
    says(open_list(keys, "**strong** :red").first, MARKED[0])
    watched.look("keys")


def test_a_tooltip_is_text(watched: Watched) -> None:
    """One campaign, one mark: the mouse goes over the chart until its tooltip shows."""
    for name in MARKED[:2]:
        page = watched.go("campaigns", campaignId=name)
        chart = page.get_by_test_id("stVegaLiteChart").first
        expect(chart).to_be_visible()
        box = chart.bounding_box()
        assert box
        tip = page.locator("#vg-tooltip-element.visible")
        for down, across in itertools.product((18, 14, 22), range(200, int(box["width"]), 5)):
            page.mouse.move(box["x"] + across, box["y"] + down)
            if tip.count():
                break
        says(tip, name[:60])
        watched.look("tooltip")
        assert not tip.locator("b, img, script, svg, a, strong").count()


def test_a_link_that_asks_for_nonsense(watched: Watched) -> None:
    for name in (*COMBINED, "\x00", "\ud7ff\uffff", "x" * 1_500):
        asked = dict.fromkeys(("dateFrom", "dateTo", "campaignId", "callCenterId", "engagementId", "executiveId", "isAICall", "timezone", "granularity", "metric", "compare", "split", "by", "scores", "lang", "state", "sentiment", "compareFrom", "open", "page", name[:50]), name)  # fmt: skip
        for path in ("campaigns", "evaluations"):
            page = watched.go(path, **asked)
            told = page.get_by_test_id("stAlert")
            expect(told.first).to_be_visible()
        for only in ("view", "link"):
            watched.go("", **{only: name})
    watched.go("evaluations", page="9" * 5_000)


def test_a_file_with_such_names_is_brought(watched: Watched, tmp_path: Path) -> None:
    page = watched.go("data")
    name = "**strong** :red[coloured] <img src=x onerror=alert(1)> $latex$"
    header = ["id", "audioDate", "state", "sentiment", *COMBINED, "=1+1", "# heading"]
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(header)
    for number, each in enumerate(NAMES):
        known = ("Completed", "Positive") if number % 2 else (each, each)
        rows.writerow([number, "2024-01-01", *known, *[each] * (len(header) - 4)])
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(
        {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": out.getvalue().encode()}
    )
    expect(page.get_by_role("heading", name="Columns", exact=True)).to_be_visible()
    watched.look("the columns of a file")
    says(page.get_by_test_id("stSelectbox").filter(has_text="strong").first, "**strong** _slanted_ ~~struck~~ `code`")
    page.get_by_role("button", name="Validate").click()
    expect(page.get_by_role("heading", name=re.compile("bad rows"))).to_be_visible()
    watched.look("bad rows")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the bad rows").click()
    waiting.value.save_as(tmp_path / "bad.csv")
    with (tmp_path / "bad.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]

    for content, mapping in ((f"{MARKED[0]}\n1\n", None), ("id\n1\n", f"[columns]\nid = {json.dumps(MARKED[1])}\n")):
        page = watched.go("data")
        files: list[FilePayload] = [{"name": f"{name}.csv", "mimeType": "text/csv", "buffer": content.encode()}]
        if mapping:
            files.append({"name": "m.toml", "mimeType": "application/toml", "buffer": mapping.encode()})
        page.get_by_test_id("stFileUploader").locator("input").set_input_files(files)
        expect(page.get_by_role("button", name="Validate")).to_be_disabled()
        says(page.get_by_test_id("stAlert").last, name if mapping else "choose where it comes from")
        watched.look("a file or a mapping that is refused")
