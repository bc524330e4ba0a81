"""The page Live as a value and as HTML: figures beside earlier days, words, what is escaped, what there is without data."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import CAMPAIGN
from lib.i18n import override_language
from lib.reports.live_page import NEWEST, LivePage, live_page
from lib.ui import live_html
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

NOW = datetime(2024, 5, 15, 14, 3, tzinfo=UTC)  # a Wednesday
CALLS = """\
id,audioDate,state,averageNote,durationInSeconds,campaignId,campaignName,executiveName
a,2024-05-15T14:02:00Z,Completed,9,100,c,Alpha <i>,Ann & Bob
b,2024-05-15T09:00:00Z,Completed,6,300,c,Alpha <i>,Ann & Bob
c,2024-05-15T08:00:00Z,Pending,,,d,Beta,Zoë
d,2024-05-14T14:02:59Z,Completed,7,200,c,Alpha <i>,Zoë
e,2024-05-14T14:04:00Z,Completed,1,200,c,Alpha <i>,Zoë
f,2024-05-08T09:30:00Z,Completed,8,200,c,Alpha <i>,Zoë
g,2024-05-08T09:40:00Z,Processing,,,c,Alpha <i>,Zoë
"""


@pytest.fixture
def engine() -> str:
    return "duckdb"


def words(drawn: str) -> str:
    """Return what a reader sees of HTML."""
    return " ".join(re.sub(r"<title>.*?</title>|<[^>]+>", " ", drawn).split())


def page_at(workspace: Workspace, answers: QueryCache, now: datetime = NOW) -> LivePage:
    return live_page(answers, workspace.calendar, make_filters(), now)


def test_today_beside_earlier_days(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(CALLS)
    page = page_at(workspace, answers)
    cards = {card.metric.name: card for card in page.cards}
    count, score = cards["totalEvaluations"], cards["averageScore"]
    said = [(str(each.day), str(each.value), str(each.change)) for each in count.earlier]
    assert (str(count.value), said) == ("3", [("Yesterday", "1", "+200.0 %"), ("Wed", "2", "+50.0 %")])
    said = [(str(each.day), str(each.value), str(each.change)) for each in score.earlier]
    assert (str(score.value), said) == ("7.50", [("Yesterday", "7.00", "+0.50"), ("Wed", "8.00", "−0.50")])
    assert [each.few for each in score.earlier] == ["few evaluations"] * 2 and score.few == "few evaluations"
    assert not any(each.few for each in count.earlier)
    assert str(page.until) == "Until 14:03, beside yesterday and Wed 8 May until the same time. Changes are not tested."
    assert str(page.said) == "3 evaluations today, average score 7.50."
    assert [(bar.label, bar.count, bar.before) for bar in page.hours if bar.count or bar.before] == [
        ("08:00", 1, 0),
        ("09:00", 1, 2),
        ("14:00", 1, 0),
    ]
    assert str(page.hours[9].hint) == "09:00: 1 evaluation, average score 6.00; a week ago: 2"
    assert [bar.label for bar in page.minutes if bar.count] == ["14:02"]
    assert (page.backlog.pending, page.backlog.processing, str(page.oldest)) == (
        1,
        1,
        "Oldest: 8 May 2024, 09:40 (7 days)",
    )
    assert page.late is None
    assert [row.record.id for row in page.rows] == ["a", "b", "c", "e", "d", "g", "f"]
    assert dict(page.rows[0].link) == {"open": "a", "period": "all"}


def test_filters_go_along_and_the_period_does_not(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(CALLS)
    chosen = make_filters(NOW.date().replace(year=2020), NOW.date().replace(year=2020)).narrowed(CAMPAIGN, "d")
    page = live_page(answers, workspace.calendar, chosen, NOW)
    assert page.evaluations == 1
    assert dict(page.rows[0].link) == {"campaignId": "d", "open": "c", "period": "all"}


def test_it_is_drawn_in_each_language_and_escaped(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(CALLS)
    page = page_at(workspace, answers)
    drawn = live_html.regions(page)
    assert "Average score 7.50 / 10" in words(drawn["cards"]).replace("few evaluations ", "")
    assert "<i>" not in drawn["newest"] and "Alpha &lt;i&gt;" in drawn["newest"] and "Ann &amp; Bob" in drawn["newest"]
    assert 'href="evaluations?open=a&amp;period=all"' in drawn["newest"]
    assert "Pending 1 Processing 1 Oldest: 8 May 2024, 09:40 (7 days)" in words(drawn["backlog"])
    assert 'aria-label="Evaluations by minute from 13:04 to 14:03: 1 in all, 1 at most."' in drawn["minutes"]
    with override_language("es"):
        assert "La más antigua: 8 may 2024, 09:40 (7 días)" in words(live_html.regions(page)["backlog"])
    again = live_html.regions(page_at(workspace, answers))
    assert again == drawn, "what did not change is drawn as it was"


def test_without_evaluations_of_today_it_says_so(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    drawn = live_html.regions(page_at(workspace, answers))
    assert "No evaluations yet today" in words(drawn["cards"]) and "few" not in words(drawn["cards"])
    assert words(drawn["late"]) == "No evaluation in the last hour."
    assert (words(drawn["newest"]), words(drawn["backlog"])) == (
        "There are none.",
        "Pending 0 Processing 0 Nothing waits.",
    )
    load(CALLS)
    for now, told in (
        (NOW.replace(hour=16), "No evaluation in the last hour. The newest is of 15 May 2024, 14:02, 2 h 1 min ago."),
        (NOW.replace(day=25), "No evaluation in the last hour. The newest is of 15 May 2024, 14:02, 10 days ago."),
    ):
        assert words(live_html.regions(page_at(workspace, answers, now))["late"]) == told
    drawn = live_html.regions(page_at(workspace, answers, NOW.replace(day=25)))
    assert "No evaluations yet today" in words(drawn["cards"]) and "Ann &amp; Bob" in drawn["newest"]


def test_of_many_the_newest_are_listed(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    lines = "".join(f"{number:03},2024-05-{1 + number // 24:02}T{number % 24:02}:00:00Z\n" for number in range(200))
    load("id,audioDate\n" + lines)
    for day, newest in ((8, 182), (9, 199), (20, 199)):  # on the 8th, what is later than 14:03 is not yet listed
        rows = page_at(workspace, answers, NOW.replace(day=day)).rows
        assert [row.record.id for row in rows] == [f"{number:03}" for number in range(newest, newest - NEWEST, -1)]


def test_alerts_that_fire_are_named() -> None:
    assert words(live_html.alerts([])) == "No alert fires."
    drawn = live_html.alerts([("Low <b>", "Firing: 3 of 40")])
    assert words(drawn) == "Low &lt;b&gt; Firing: 3 of 40 See alerts" and "<b>Low" in drawn
