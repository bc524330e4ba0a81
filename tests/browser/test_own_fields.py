"""Own fields in a real browser: groups that a click narrows to, and labels that would be code on every page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from lib.analytics.field_definitions import MAX_LABEL
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.browser.patience import settle
from tests.browser.test_analyst import until_asked
from tests.browser.test_hostile_names import Watched, plain, says
from tests.hostile.names import INJECTIONS
from tests.serving import served

LABELS = [each for each in INJECTIONS if len(each) <= MAX_LABEL and each.isprintable()]
TYPES = ("category", "yes_no", "number", "text")
FIRST_DAY = date(2024, 1, 1)


def _type(number: int) -> str:
    return TYPES[number % len(TYPES)]


def _value(number: int, row: int) -> str:
    values = {"category": LABELS[number] if row % 2 else "b", "yes_no": "true" if row % 3 else "false"}
    return values.get(_type(number), str(row % 5) if _type(number) == "number" else LABELS[number])


def _calls() -> str:
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["id", "audioDate", "averageNote", "isAICall", *(f"c{number}" for number in range(len(LABELS)))])
    for row in range(400):
        cells = [_value(number, row) for number in range(len(LABELS))]
        rows.writerow([f"e{row}", FIRST_DAY + timedelta(days=row % 60), row % 10, row % 2 == 0, *cells])
    return out.getvalue()


def _mapping() -> str:
    quoted = [label.replace("\\", "\\\\").replace('"', '\\"') for label in LABELS]
    lines = [
        f'f{number} = {{ column = "c{number}", type = "{_type(number)}", label = "{label}" }}'
        for number, label in enumerate(quoted)
    ]
    return "[fields]\n" + "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an app whose fields have such labels."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "calls.csv").write_text(_calls())
    workspace = Workspace(Settings(data_dir=folder / "data", sample="off"))
    payload = {"files": [(str(folder / "calls.csv"), "calls.csv")], "mapping": _mapping(), "actor": "test"}
    assert TASKS["import"](workspace, payload, lambda *_: None)["added"] == 400
    workspace.close()
    with served(folder / "data", CALLBOARD_SAMPLE="off") as found:
        yield found


@pytest.fixture
def watched(chromium: Browser, address: str) -> Iterator[Watched]:
    opened = Watched(chromium, address)
    yield opened
    assert not opened.found, "\n".join(dict.fromkeys(opened.found))
    opened.close()


FEBRUARY = {"dateFrom": "2024-02-01", "dateTo": "2024-02-29"}
COLUMNS = [f"field.f{number}" for number in range(len(LABELS))]


def test_labels_are_seen_as_they_are(watched: Watched) -> None:
    """On pages that group by a field, filter by it, measure it or show it."""
    marked = LABELS.index(":red[coloured] :blue-background[x] :small[x]")
    for place in (0, marked - marked % len(TYPES)):
        own = {"by": f"field.f{place}", "split": f"field.f{place + 1}", "metric": f"field.f{place + 2}"}
        for path in ("breakdown", "drivers", "trends"):
            page = watched.go(path, **FEBRUARY, **own)
            expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
            watched.look(path)
        page = watched.go("", **FEBRUARY, **{f"field.f{place}": [LABELS[place], "b"]})
        says(page.locator(".cb-shown").first, f"{LABELS[place]}: {LABELS[place]}, b")


def test_all_of_them_at_once(watched: Watched) -> None:
    for path, more in (("", {}), ("evaluations", {"columns": COLUMNS}), ("evaluations", {"open": "e3"})):
        page = watched.go(path, lang="es", period="all", **more)
        for summary in page.locator("details summary").all():
            summary.click()
        settle(page)
        watched.look(f"{path}, all opened")
    seen = plain(page.locator("body").inner_text())
    sidebar = page.get_by_test_id("stSidebar")
    for label in LABELS[:: len(TYPES)]:
        says(sidebar, label)
    assert "Sus propios campos" in seen


def test_a_group_of_a_breakdown_is_narrowed_to_by_keyboard(watched: Watched) -> None:
    for by, parameter in (("field.f0", "field.f0"), ("isAICall", "isAICall")):
        page = watched.go("breakdown", by=by, period="all")
        grid = page.get_by_test_id("stDataFrame").first
        first = grid.locator("td[aria-colindex='1']").all_inner_texts()[1]
        grid.locator("canvas").first.focus()
        for key in ("ArrowDown", "Enter"):  # below the total
            page.keyboard.press(key)
        until_asked(page, partial(_is_narrowed, parameter))
        settle(page)
        assert grid.locator("td[aria-colindex='1']").all_inner_texts() == ["Total", first]
        expect(page.locator(".cb-shown")).to_contain_text("200 evaluations")


def _is_narrowed(parameter: str, now: dict[str, list[str]]) -> bool:
    return len(now.get(parameter, ())) == 1


def test_a_field_of_the_overview_leads_to_its_trend(watched: Watched) -> None:
    page = watched.go("", period="all")
    page.get_by_test_id("stDataFrame").first.locator("canvas").first.focus()
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    until_asked(page, lambda now: now.get("metric") == ["field.f2"])
    expect(page.get_by_role("heading", name="Trends", exact=True)).to_be_visible()


@pytest.mark.parametrize("path", ["breakdown?by=field.f0&period=all", "evaluations?columns=field.f2"])
def test_nobody_is_shut_out(watched: Watched, address: str, path: str) -> None:
    page = watched.page
    page.goto(f"{address}/{path}")
    settle(page)
    for summary in page.locator("details summary").all():
        summary.click()
    settle(page)
    serious = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert not [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in serious]
