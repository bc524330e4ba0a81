"""What an analyst asks, in a real Chromium: which calls, why it moved, who stands out, and what changed since."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.lists import choose
from tests.browser.patience import settle
from tests.browser.test_analyst import asked, click_page, evaluations, until_asked
from tests.serving import served

Visit = Callable[[str], Page]

LAST = datetime.now(UTC).date() - timedelta(days=1)
PERIOD = urlencode({"dateFrom": str(LAST - timedelta(days=89)), "dateTo": str(LAST)})
"""The last 90 days of the sample data, in which the mix hides an improvement."""


def heading(page: Page, text: str) -> None:
    expect(page.locator("h1")).to_have_text(text)
    settle(page)


def open_first(page: Page) -> str:
    """Click the name in the second row of the table, below the whole's; return what it opens."""
    drawn = page.get_by_test_id("stDataFrame").first.locator("canvas").first
    drawn.scroll_into_view_if_needed()
    box = drawn.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 60, box["y"] + 36 * 2 + 18)
    until_asked(page, lambda now: "open" in now)
    return page.locator("h1").inner_text()


# Links that are not understood


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("campaignid=a", "'campaignid' is not a parameter of a page (did you mean 'campaignId'?)."),
        ("&".join(f"campaignId=x{number}" for number in range(1_001)), "campaignId and the other filters name more"),
        ("dateFrom=2024-02-30", "dateFrom '2024-02-30' is not a date"),
    ],
)
@pytest.mark.parametrize("path", ["", "settings", "audit"])
def test_a_link_that_is_not_understood_says_so(visit: Visit, path: str, query: str, why: str) -> None:
    alert = visit(f"{path}?{query}").get_by_test_id("stAlert").first
    expect(alert).to_contain_text("Part of this link was ignored")
    assert why in alert.inner_text().replace("\u2060", "")


def test_what_the_server_of_the_pages_uses_is_no_mistake(visit: Visit) -> None:
    page = visit("?embed=true&embed_options=show_toolbar")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


# From a number to its calls


def test_a_row_opens_its_detail_and_back_works(visit: Visit) -> None:
    page = visit(f"campaigns?{PERIOD}")
    everything = evaluations(page)
    name = open_first(page)
    assert name != "Campaigns"
    opened = asked(page)["open"]
    one = evaluations(page)
    assert 0 < one < everything
    for part in ("Average score over time", "Sentiment", "Score distribution", "By call center", "By executive"):
        expect(page.get_by_role("heading", name=part)).to_be_visible()
    page.get_by_role("link", name=f"The evaluations of {name}").click()
    heading(page, "Evaluations")
    assert asked(page)["campaignId"] == opened
    assert evaluations(page) == one
    page.go_back()
    heading(page, name)
    assert evaluations(page) == one
    page.go_back()
    heading(page, "Campaigns")
    assert evaluations(page) == everything
    page.go_forward()
    heading(page, name)
    page.get_by_role("button", name="All campaigns").click()
    heading(page, "Campaigns")
    assert "open" not in asked(page)


def test_a_click_on_a_bar_opens_and_narrows(visit: Visit) -> None:
    page = visit(f"call_centers?{PERIOD}")
    page.locator(".st-key-ranking .mark-symbol path").first.click()
    until_asked(page, lambda now: "open" in now)
    name = page.locator("h1").inner_text()
    assert name != "Call centers" and asked(page)["open"]
    before = evaluations(page)
    page.locator(".st-key-by-campaign .mark-symbol path").first.click()  # another dimension's bar: the page is narrowed
    until_asked(page, lambda now: "campaignId" in now)
    assert page.locator("h1").inner_text() == name
    assert len(asked(page)["campaignId"]) == 1
    assert evaluations(page) < before


def test_a_click_on_a_point_makes_it_the_period(visit: Visit) -> None:
    page = visit(f"?{PERIOD}&granularity=weekly")
    before = asked(page)
    page.locator(".st-key-trend .mark-symbol path").nth(4).click(force=True)
    until_asked(page, lambda now: now != before)
    found = asked(page)
    first, last = (datetime.fromisoformat(found[name][0]).date() for name in ("dateFrom", "dateTo"))
    assert last - first == timedelta(days=6) and first.weekday() == 0


def test_back_takes_one_step(visit: Visit) -> None:
    """A click on a chart may lead to another page with other parameters."""
    page = visit(f"drivers?{PERIOD}")
    page.locator(".st-key-waterfall .mark-rect path").first.click(force=True)
    heading(page, "Evaluations")
    assert "campaignId" in asked(page)
    page.go_back()
    heading(page, "What changed")
    assert "campaignId" not in asked(page)


def test_a_row_of_the_trend_is_made_the_period_by_keyboard(visit: Visit) -> None:
    page = visit(f"trends?{PERIOD}&granularity=weekly")
    grid = page.get_by_test_id("stDataFrame").first.locator("canvas").first
    grid.focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):  # past the newest two
        page.keyboard.press(key)
    until_asked(page, lambda now: "dateFrom" in now and now["dateFrom"] != [str(LAST - timedelta(days=89))])
    found = asked(page)
    first, last = (datetime.fromisoformat(found[name][0]).date() for name in ("dateFrom", "dateTo"))
    assert last - first == timedelta(days=6) and first.weekday() == 0 and last < LAST


def test_a_card_leads_to_what_explains_its_number(visit: Visit) -> None:
    """All of it is a link, which the keyboard reaches too."""
    page = visit(f"?{PERIOD}&campaignId=camp_702&campaignId=camp_704")
    count, chosen = evaluations(page), asked(page)["campaignId"]
    page.locator('.cb-card[data-metric="netSentiment"] .cb-value').click(force=True)  # not on its words
    heading(page, "Trends")
    assert asked(page)["metric"] == ["netSentiment"] and evaluations(page) == count
    for metric, title in (("totalEvaluations", "Evaluations"), ("averageScore", "What changed")):
        page.go_back()
        heading(page, "Overview")
        page.locator(f".st-key-cb-card-{metric} a:visible").focus()
        page.keyboard.press("Enter")
        heading(page, title)
        assert evaluations(page) == count and asked(page)["campaignId"] == chosen
    page.locator(".st-key-cb-card-averageScore a:visible").focus()
    page.keyboard.press("Enter")  # what changed is said here, so that the way on is to the trend
    heading(page, "Trends")
    page.go_back()
    heading(page, "What changed")
    page.go_back()
    heading(page, "Overview")
    name = page.locator(".cb-top .cb-name").first.inner_text()
    page.locator(".cb-top .cb-name").first.click(force=True)
    heading(page, name)


def test_a_sentiment_leads_to_its_evaluations(visit: Visit) -> None:
    page = visit(f"?{PERIOD}")
    link = page.get_by_role("link", name=re.compile("^Negative"))
    count = re.search(r"([\d,]+) \(", link.inner_text())
    assert count
    link.click()
    heading(page, "Evaluations")
    assert asked(page)["sentiment"] == ["Negative"]
    expect(page.get_by_text(f"1 to 100 of {count[1]}, newest first.")).to_be_visible()


# What changed


def test_the_page_tells_what_the_mix_masks(visit: Visit) -> None:
    page = visit(f"drivers?{PERIOD}")
    page.get_by_role("button", name="View by engagement: mix masks what happened").click()
    until_asked(page, lambda now: now.get("by") == ["engagement"])
    told = page.locator(".cb-told").inner_text()
    assert "Mix masks an improvement: within the engagements, the score rose by" in told
    # The parts that the sentence names add up, as rounded, to the change that the card shows.
    change = re.search(r"fell by (\d\.\d\d)", told)
    card = page.locator('.cb-card[data-metric="averageScore"] .cb-change').inner_text()
    assert change and f"−{change[1]}" in card
    parts = re.search(r"Mix \([^)]*\): ([+−]\d\.\d\d)\. Performance[^:]*: ([+−]\d\.\d\d)\.", told)
    assert parts
    mix, within = (float(part.replace("−", "-")) for part in parts.groups())
    assert mix + within == pytest.approx(-float(change[1]), abs=1e-9)
    assert mix < 0 < within
    page.locator(".st-key-waterfall .mark-rect path").first.click()  # a part leads to its evaluations
    heading(page, "Evaluations")
    assert len(asked(page)["engagementId"]) == 1


def test_the_overview_tells_it_in_sentences(visit: Visit) -> None:
    page = visit(f"?{PERIOD}")
    expect(page.locator(".cb-told")).to_contain_text("Mix masks an improvement")
    page.get_by_role("link", name="See the breakdown").click()
    heading(page, "What changed")
    assert asked(page)["by"] == ["engagement"]
    expect(page.locator(".cb-told")).to_contain_text("Mix masks an improvement")


# Uncertainty


def test_what_is_uncertain_says_so(visit: Visit) -> None:
    page = visit(f"executives?{PERIOD}")
    card = page.locator('.cb-card[data-metric="averageScore"]').inner_text()
    assert re.search(r"95 % CI \d\.\d\d–\u2060\d\.\d\d", card) and re.search(r"n = [\d,]+", card)
    expect(page.get_by_text("fall outside the 95 % range by chance")).to_be_visible()
    funnel = page.locator(".st-key-funnel [role=graphics-document]").get_attribute("aria-label")
    assert re.search(
        r"\d+ above, \d+ within and \d+ below the expected range \(99\.8 %\), \d+ with few scores", funnel or ""
    )
    day = LAST - timedelta(days=LAST.weekday() - 2 if LAST.weekday() > 2 else LAST.weekday() + 5)  # a Wednesday
    few = visit(f"?dateFrom={day}&dateTo={day}&campaignId=camp_704&callCenterId=cc_mad")
    assert evaluations(few) < 30
    expect(few.locator('.cb-card[data-metric="averageScore"] .cb-few')).to_have_text("few evaluations")


def test_like_for_like_stands_beside_the_raw_scores(visit: Visit) -> None:
    page = visit(f"call_centers?{PERIOD}")
    page.get_by_role("radio", name="Adjusted (like for like)").or_(
        page.get_by_role("button", name="Adjusted (like for like)")
    ).first.click()
    until_asked(page, lambda now: now.get("scores") == ["alike"])
    drawn = page.locator(".st-key-alike [role=graphics-document]").get_attribute("aria-label")
    assert drawn and "like for like" in drawn and "beside the unadjusted averages" in drawn


# Saved views and links that last


def test_a_view_is_saved_opened_and_begun_with(chromium: Browser, tmp_path: Path, sample_folder: Path) -> None:
    with served(shutil.copytree(sample_folder, tmp_path / "data")) as address:
        page = chromium.new_page()
        page.goto(f"{address}/executives?campaignId=camp_704&campaignId=camp_701&scores=alike")
        page.get_by_text("Saved views").click()
        choose(page, "Period", "Last 30 days")
        page.get_by_label("Name of the view").fill("Retention <b>*team*</b>")
        page.get_by_role("button", name="Save this view").click()
        expect(page.get_by_role("button", name="Retention <b>*team*</b>")).to_be_visible()
        page.get_by_role("button", name="Reset filters").click()
        click_page(page, "Trends")
        page.get_by_role("button", name="Retention <b>*team*</b>").click()
        heading(page, "Executives")
        found = asked(page)
        today = datetime.now(UTC).date()
        assert found["campaignId"] == ["camp_704", "camp_701"] and found["scores"] == ["alike"]
        assert found["dateFrom"] == [str(today - timedelta(days=29))] and found["dateTo"] == [str(today)]

        page.locator('[class*="st-key-more-"] button').first.click()
        link = page.get_by_test_id("stCode").first.inner_text().strip()
        assert re.fullmatch(rf"{re.escape(address)}/\?view=\w{{8}}", link)
        page.get_by_role("button", name="Set as start page").click()
        expect(page.get_by_role("button", name="Retention <b>*team*</b> ★")).to_be_visible()
        for start in (link, f"{address}/"):  # a short link, and what a new visitor begins with
            other = chromium.new_context().new_page()
            other.goto(start)
            other.wait_for_selector("h1")
            heading(other, "Executives")
            assert asked(other)["campaignId"] == ["camp_704", "camp_701"]
            other.close()
        page.close()


def test_a_pinned_link_says_what_changed_since(chromium: Browser, tmp_path: Path) -> None:
    rows = "id,audioDate,averageNote,campaignName,sentiment\n"
    first = rows + "".join(f"{n},2024-03-{n % 28 + 1:02},{6 + n % 3},Alpha,Positive\n" for n in range(60))
    second = rows + "".join(f"x{n},2024-03-10,2,Alpha,Negative\n" for n in range(40))
    (tmp_path / "first.csv").write_text(first)
    (tmp_path / "second.csv").write_text(second)
    with served(tmp_path / "data", CALLBOARD_SAMPLE="off") as address:
        page = chromium.new_page()

        def load(name: str) -> None:
            page.goto(f"{address}/data")
            page.set_input_files("input[type=file]", tmp_path / name)
            page.get_by_role("button", name="Load", exact=True).click()
            expect(page.get_by_text("result: loaded")).to_be_visible()

        load("first.csv")
        page.goto(f"{address}/?dateFrom=2024-03-01&dateTo=2024-03-31&campaignId=Alpha")
        page.get_by_role("button", name="Share").click()
        page.get_by_role("button", name="Create snapshot link").click()
        link = page.get_by_test_id("stCode").filter(has_text="link=").inner_text().strip()
        assert re.fullmatch(rf"{re.escape(address)}/\?link=\w{{8}}", link)

        def opened() -> Page:
            other = chromium.new_page()
            other.goto(link)
            other.wait_for_selector(".cb-pinned")
            return other

        same = opened()
        assert asked(same)["campaignId"] == ["Alpha"] and evaluations(same) == 60
        expect(same.locator(".cb-pinned")).to_contain_text("Nothing changed since")
        load("second.csv")
        later = opened()
        assert evaluations(later) == 100
        told = later.locator(".cb-pinned").inner_text()
        assert "second.csv imported by this machine" in told and "40 added" in told
        assert "Evaluations was 60 and is 100 now." in told
        assert "Average score was 7.00 and is 5.00 now." in told
        for each in (same, later, page):
            each.close()


def test_numbers_are_typed(visit: Visit) -> None:
    """Browsers send whole numbers for a field of them, though Streamlit calls its values decimal."""
    page = visit(f"sample_size?{PERIOD}")
    field = page.get_by_test_id("stMain").get_by_test_id("stNumberInputField")
    field.fill("20000")
    field.press("Enter")
    until_asked(page, lambda now: now.get("callsHandled") == ["20000"])
    page = visit(f"evaluations?{PERIOD}")
    field = page.get_by_test_id("stMain").get_by_test_id("stNumberInputField")
    field.fill("3")
    field.press("Enter")
    until_asked(page, lambda now: now.get("page") == ["3"])
