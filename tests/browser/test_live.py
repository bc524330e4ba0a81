"""The page Live in a browser: values change in place after a post; pause, rest and kiosk; and the note on other pages."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from lib.access import api_keys
from lib.analytics.grants import EVERYTHING
from lib.catalog.catalog import BUILT_IN
from lib.settings import Settings
from lib.workspace import Workspace
from tests.browser.lists import choose
from tests.serving import served

ROWS = 60
NODES = ".cb-live-bars span, .cb-live-chart, .cb-value, .cb-live-card, .cb-live-pause"
"""What stays the same elements whatever changes."""

_number = itertools.count()

Post = Callable[..., None]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Give the address of an app with evaluations of today, and a key that writes."""
    data = tmp_path_factory.mktemp("live") / "data"
    space = Workspace(Settings(data_dir=data, sample="off"))
    now = datetime.now(UTC)
    rows = [evaluation(f"old-{number}", now - timedelta(minutes=number)) for number in range(ROWS)]
    space.write_evaluations(rows, "test", EVERYTHING)
    key, _ = api_keys.create(space.state, "test", ["evaluations:write"], "test", EVERYTHING, BUILT_IN)
    space.close()
    with served(data, CALLBOARD_SAMPLE="off") as address:
        yield address, key


@pytest.fixture
def visit(chromium: Browser, place: tuple[str, str]) -> Iterator[Callable[[str], Page]]:
    context = chromium.new_context(viewport={"width": 1440, "height": 700})
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))

    def go(path: str) -> Page:
        page = context.new_page()
        page.goto(f"{place[0]}/{path}")
        return page

    yield go
    context.close()
    assert not wrong


@pytest.fixture
def post(place: tuple[str, str]) -> Post:
    def send(**more: Any) -> None:
        body = evaluation(f"new-{next(_number)}", datetime.now(UTC)) | more
        headers = {"Authorization": f"Bearer {place[1]}"}
        answer = httpx.post(f"{place[0]}/v1/evaluations", json=[body], headers=headers, timeout=60)
        assert answer.is_success, answer.text

    return send


def evaluation(number: str, at: datetime) -> dict[str, Any]:
    scored = {"state": "Completed", "averageNote": "8", "campaignName": "Alpha", "executiveName": "Ann"}
    return {"id": number, "audioDate": at.isoformat(), **scored}


def count(page: Page) -> int:
    """Return how many evaluations of today the page shows."""
    return int(page.locator("[data-metric=totalEvaluations] .cb-value").inner_text().replace(",", ""))


def expect_count(page: Page, expected: int) -> None:
    expect(page.locator("[data-metric=totalEvaluations] .cb-value")).to_have_text(f"{expected}")


def test_values_change_in_place(visit: Callable[[str], Page], post: Post) -> None:
    page = visit("live")
    before = count(page)
    main = page.get_by_test_id("stMain")
    page.locator(".cb-live-pause").focus()
    main.evaluate("main => main.scrollTo(0, 300)")
    expect(page.locator(".cb-live-clock")).to_be_in_viewport()
    page.evaluate("selector => { window.nodes = [...document.querySelectorAll(selector)]; }", NODES)
    hours = page.locator("[data-region=hours]")
    drawn = hours.inner_html()
    page.evaluate(
        """() => {
            window.changed = [];
            new MutationObserver(all => window.changed.push(...all.map(each => each.target.nodeName)))
                .observe(document.querySelector('[data-region=hours]'), {subtree: true, childList: true});
        }"""
    )
    post(executiveName="Zoë <b>")
    expect_count(page, before + 1)
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("Zoë <b>")
    assert page.locator("tbody tr").count() == 50
    assert hours.inner_html() != drawn, "the hour has one more"
    same = "selector => [...document.querySelectorAll(selector)].every((each, place) => each === window.nodes[place])"
    assert page.evaluate(same, NODES)
    assert page.evaluate("() => window.changed") == [], "bars grow, none is made anew"
    assert main.evaluate("main => main.scrollTop") == 300
    expect(page.locator(".cb-live-pause")).to_be_focused()
    told = page.locator("[data-part=minutes] .cb-live-told")
    page.locator("[data-part=minutes] .cb-live-chart").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(told).to_contain_text(re.compile(r"\d\d:\d\d: \d evaluation"))
    last = told.inner_text()
    page.locator("[data-part=minutes] .cb-live-bars > div").first.click()
    expect(told).not_to_have_text(last)
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name=re.compile("Evaluation new-"))).to_be_visible()


def test_it_pauses_and_the_address_says_so(visit: Callable[[str], Page], post: Post) -> None:
    page = visit("live")
    before = count(page)
    page.get_by_role("button", name="Pause").click()
    expect(page).to_have_url(re.compile("paused=true"))
    expect(page.locator(".cb-live-clock")).to_contain_text("Paused at")
    asked = figures_asked(page)
    post()
    page.wait_for_timeout(2_500)
    assert not asked
    expect_count(page, before)
    page.reload()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect_count(page, before + 1)  # a page that is opened is as of then
    tallest = "bars => Math.max(...[...bars.querySelectorAll('.cb-live-now')].map(each => each.offsetHeight))"
    for chart in page.locator(".cb-live-bars").all():
        assert chart.evaluate(tallest) > 90, "and has its charts"
    post()
    page.get_by_role("button", name="Resume").click()
    expect_count(page, before + 2)
    expect(page).not_to_have_url(re.compile("paused"))


def test_it_rests_while_nobody_sees_it_unless_it_is_kept_awake(visit: Callable[[str], Page], post: Post) -> None:
    page = visit("live")
    before = count(page)
    see(page, is_seen=False)
    asked = figures_asked(page)
    post()
    page.wait_for_timeout(2_500)
    assert len(asked) <= 1  # one may have been under way
    expect_count(page, before)
    see(page, is_seen=True)
    expect_count(page, before + 1)

    page.get_by_label("Keep awake").check()
    expect(page).to_have_url(re.compile("awake=true"))
    see(page, is_seen=False)
    post()
    expect_count(page, before + 2)
    see(page, is_seen=True)

    sidebar = page.get_by_test_id("stSidebar")
    choose(sidebar, "Campaigns", "Alpha")
    expect(page).to_have_url(re.compile("live.*campaignId=Alpha"))
    expect(page).to_have_url(re.compile("awake=true"))
    sidebar.get_by_role("link", name="Campaigns").click()
    expect(page).to_have_url(re.compile("campaigns.*campaignId=Alpha"))
    expect(page).not_to_have_url(re.compile("awake"))
    sidebar.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_label("Keep awake")).to_be_checked()
    expect(page).to_have_url(re.compile("live.*awake=true"))


def test_the_kiosk_view(visit: Callable[[str], Page], post: Post) -> None:
    page = visit("live?campaignId=Alpha")
    sidebar, button = page.get_by_test_id("stSidebar"), page.locator(".cb-live-kiosk")
    size = page.locator(".cb-value").first.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
    expect(sidebar).to_be_visible()
    button.click()
    expect(sidebar).to_be_hidden()
    expect(button).to_be_focused()
    expect(page).to_have_url(re.compile("kiosk=true"))
    page.reload()
    expect(page.get_by_role("button", name="Leave the kiosk view")).to_be_visible()
    expect(sidebar).to_be_hidden()
    assert page.locator(".cb-value").first.evaluate("each => parseFloat(getComputedStyle(each).fontSize)") > 1.5 * size
    before = count(page)
    post()
    expect_count(page, before + 1)
    page.keyboard.press("Escape")
    expect(sidebar).to_be_visible()
    expect(page).not_to_have_url(re.compile("kiosk"))
    sidebar.get_by_role("link", name="Overview").click()
    expect(page).not_to_have_url(re.compile("live"))
    expect(page).to_have_url(re.compile("campaignId=Alpha"))


def test_it_says_why_the_figures_are_late(visit: Callable[[str], Page]) -> None:
    page = visit("live")
    shown = page.locator(".cb-value").all_inner_texts()
    page.route("**/live/figures*", lambda route: route.abort())
    bar = page.locator(".cb-live-bar")
    expect(bar).to_have_attribute("data-state", "late")
    expect(bar).to_contain_text("The server can't be reached.")
    assert page.locator(".cb-value").all_inner_texts() == shown
    violations = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert not violations
    page.unroute("**/live/figures*")
    expect(bar).to_have_attribute("data-state", "current")
    expect(page.locator(".cb-live-reason")).to_be_empty()


def test_what_is_heard_is_polite(visit: Callable[[str], Page], post: Post) -> None:
    page = visit("live")
    before = count(page)
    said = page.locator(".cb-live [aria-live=polite]")
    expect(said).to_be_empty()
    page.evaluate(
        """() => {
            window.heard = [];
            const said = document.querySelector('.cb-live [aria-live=polite]');
            new MutationObserver(() => window.heard.push(performance.now())).observe(said, {childList: true, subtree: true});
        }"""
    )
    for _ in range(3):
        post()
    expect(said).to_contain_text(f"{before + 3} evaluations today")
    post()
    expect(said).to_contain_text(f"{before + 4} evaluations today")
    times = page.evaluate("() => window.heard")
    assert len(times) == 2 and times[1] - times[0] >= 10_000


def test_other_pages_say_that_there_are_new_data(visit: Callable[[str], Page], post: Post) -> None:
    page = visit("campaigns?period=all")
    shown = page.locator(".cb-shown b").nth(1).inner_text()
    note = page.locator(".cb-new-data")
    expect(note).to_be_empty()
    post()
    button = note.get_by_role("button", name=re.compile(r"New data, \d\d:\d\d – refresh"))
    expect(button).to_be_visible()
    assert page.locator(".cb-shown b").nth(1).inner_text() == shown, "by itself nothing changes"
    button.press("Enter")
    expect(page.locator(".cb-shown b").nth(1)).not_to_have_text(shown)
    expect(note).to_be_empty()
    expect(page.get_by_role("heading", name="Campaigns", level=1)).to_be_focused()
    for name in ("Data", "Reports", "Alerts"):
        page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        expect(note).to_be_attached()
    post()
    expect(button).to_be_visible()


def figures_asked(page: Page) -> list[str]:
    """Return the list to which each question for figures is added from here on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "live/figures" in request.url else None)
    return asked


def see(page: Page, *, is_seen: bool) -> None:
    """Let the page be told that it is seen, or is not."""
    page.evaluate(
        """isSeen => {
            Object.defineProperty(document, 'hidden', {value: !isSeen, configurable: true});
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        is_seen,
    )
