"""The questions, on rows that one can add up by hand, on both engines."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from lib.analytics import breakdowns, grouped_trends, queries, records
from lib.analytics.calendar import Granularity
from lib.analytics.grants import EVERYTHING
from lib.analytics.planner import needs_facts
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE, IS_AI, SENTIMENT, STATE, Dimension
from lib.catalog.metrics import METRICS
from lib.errors import InvalidParameterError
from lib.workspace import Workspace
from tests.analytics.seven_rows import ROWS, parsed
from tests.conftest import Load
from tests.filters import make_filters


@pytest.fixture(autouse=True)
def _rows(load: Load) -> None:
    report = load(ROWS)
    assert (report.loaded.added, report.bad) == (7, 0)


def test_summary(workspace: Workspace, answers: QueryCache) -> None:
    found = answers.run(queries.summary, make_filters(), workspace.calendar)
    sums = found.sums
    assert (found.period.date_from, found.period.date_to) == (date(2024, 1, 1), date(2024, 1, 9))
    assert (sums["evaluations"], sums["completed"], sums["pending"], sums["processing"], sums["failed"]) == (
        7,
        4,
        1,
        1,
        1,
    )
    assert (sums["scored"], sums["timed"], sums["ai_calls"]) == (3, 3, 3)
    assert (sums["positive"], sums["neutral"], sums["negative"]) == (1, 1, 1)  # the pending one's does not count
    assert METRICS["averageScore"].value(sums) == Fraction(41, 6)  # (9 + 4.5 + 7) / 3
    assert METRICS["averageScore"].rounded(sums) == 6.83
    assert METRICS["averageDurationSeconds"].value(sums) == 120
    assert METRICS["completionRate"].value(sums) == Fraction(4, 7)
    assert METRICS["failureRate"].value(sums) == Fraction(1, 5)
    assert METRICS["netSentiment"].value(sums) == 0
    bins = answers.run(queries.distribution, make_filters(), workspace.calendar)
    assert [place for place, count in enumerate(bins) if count] == [9, 14, 18]
    assert (found.top_campaign, found.top_call_center) == ("Beta", "South")  # 7 is more than (9 + 4.5) / 2


def test_nothing_to_divide_by(workspace: Workspace, answers: QueryCache) -> None:
    found = answers.run(queries.summary, parsed(workspace, campaignId="nobody"), workspace.calendar)
    assert found.sums["evaluations"] == 0
    assert [metric.value(found.sums) for metric in METRICS.values() if metric.unit.decimals] == [None] * 4
    assert (found.top_campaign, found.top_call_center) == (None, None)


def test_filters(workspace: Workspace, answers: QueryCache) -> None:
    def count(**parameters: str) -> int:
        return answers.run(queries.summary, parsed(workspace, **parameters), workspace.calendar).sums["evaluations"]

    assert count(campaignId="a") == 2
    assert count(campaignId="(none)") == 2
    assert count(isAICall="true") == 3
    assert count(executiveId="Ann", callCenterId="South") == 1
    assert count(dateFrom="2024-01-02", dateTo="2024-01-03") == 2
    assert count(dateFrom="2024-01-09") == 3


def test_instants_are_inclusive(workspace: Workspace, answers: QueryCache) -> None:
    def count(**parameters: str) -> int:
        return answers.run(queries.summary, parsed(workspace, **parameters), workspace.calendar).sums["evaluations"]

    assert count(dateFrom="2024-01-01T08:00:00Z", dateTo="2024-01-03T12:00:00Z") == 4
    assert count(dateFrom="2024-01-01T08:00:01Z", dateTo="2024-01-03T11:59:59Z") == 1
    assert count(dateTo="2024-01-09T23:59:59.4Z") == 6
    assert count(dateTo="2024-01-09T20:59:59.5-03:00") == 7


def test_another_zone_moves_the_days(workspace: Workspace, answers: QueryCache) -> None:
    asked = parsed(workspace, timezone="Asia/Tokyo", dateFrom="2024-01-02", dateTo="2024-01-02")
    found = answers.run(queries.summary, asked, workspace.calendar)
    assert (found.sums["evaluations"], found.sums["score_sum"]) == (1, 45_000)  # 23:30 UTC is 08:30 the day after
    course = answers.run(queries.trend, parsed(workspace, timezone="Asia/Tokyo"), workspace.calendar)
    days = {point.bucket.first.day: point.sums["evaluations"] for point in course.points if point.sums["evaluations"]}
    assert days == {1: 1, 2: 1, 3: 2, 9: 2, 10: 1}
    assert sum(point.sums["completed"] for point in course.points) == 4


def test_trend_has_no_gaps(workspace: Workspace, answers: QueryCache) -> None:
    course = answers.run(queries.trend, make_filters(), workspace.calendar)
    assert [point.bucket.first.day for point in course.points] == list(range(1, 10))
    assert [point.sums["evaluations"] for point in course.points] == [2, 0, 2, 0, 0, 0, 0, 0, 3]
    assert METRICS["averageScore"].value(course.points[1].sums) is None
    weeks = answers.run(queries.trend, make_filters(), workspace.calendar, Granularity.WEEKLY).points
    assert [(point.bucket.first.isoformat(), point.sums["evaluations"], point.bucket.partial) for point in weeks] == [
        ("2024-01-01", 4, False),
        ("2024-01-08", 3, True),
    ]


def test_an_instant_within_a_bucket_cuts_it(workspace: Workspace, answers: QueryCache) -> None:
    def points(date_from: str, date_to: str, granularity: Granularity) -> list[tuple[int, bool]]:
        asked = parsed(workspace, dateFrom=date_from, dateTo=date_to)
        found = answers.run(queries.trend, asked, workspace.calendar, granularity)
        return [(point.sums["evaluations"], point.bucket.partial) for point in found.points]

    def months(date_from: str, date_to: str) -> list[tuple[int, bool]]:
        return points(date_from, date_to, Granularity.MONTHLY)

    whole, cut = [(7, False)], [(7, True)]
    assert months("2024-01-01", "2024-01-31") == whole
    assert months("2024-01-01", "2024-01-31T23:59:59.999999Z") == whole
    assert months("2024-01-01", "2024-01-31T23:59:59.999998Z") == cut
    assert months("2024-01-01", "2024-01-31T20:59:59.999999-03:00") == whole
    assert months("2024-01-01T00:00:00Z", "2024-01-31") == whole
    assert months("2024-01-01T00:00:00.000001Z", "2024-01-31") == cut
    assert months("2024-01-01", "2024-01-09T12:00:00Z") == [(6, True)]
    last_days = points("2024-01-08", "2024-01-09T12:00:00Z", Granularity.DAILY)
    assert [partial for _, partial in last_days] == [False, True] and last_days[1][0] == 2
    assert not any(partial for _, partial in points("2024-01-08", "2024-01-09", Granularity.DAILY))


def test_the_last_bucket_of_a_trend_is_that_of_its_last_instant(workspace: Workspace, answers: QueryCache) -> None:
    def days(date_to: str) -> dict[int, int]:
        asked = parsed(workspace, dateFrom="2024-01-08", dateTo=date_to)
        points = answers.run(queries.trend, asked, workspace.calendar).points
        return {point.bucket.first.day: point.sums["evaluations"] for point in points}

    assert days("2024-01-09T00:00:00Z") == {8: 0, 9: 2}
    assert days("2024-01-09T23:59:59.4Z") == {8: 0, 9: 2}
    assert days("2024-01-09T23:00:00-01:00") == {8: 0, 9: 3, 10: 0}
    assert days("2024-01-08T23:59:59Z") == {8: 0}


def test_a_trend_has_as_many_points_as_it_may_and_none_more(workspace: Workspace, answers: QueryCache) -> None:
    def trend(days: int, granularity: Granularity = Granularity.DAILY) -> int:
        """Ask for so many days from the first Monday on; return how many points there are."""
        first = date(1970, 1, 5)
        asked = make_filters(first, first + timedelta(days=days - 1))
        return len(answers.run(queries.trend, asked, workspace.calendar, granularity).points)

    assert trend(5_000) == 5_000
    with pytest.raises(InvalidParameterError, match=r"has 5,001 daily points.*granularity=weekly"):
        trend(5_001)
    assert trend(35_000, Granularity.WEEKLY) == 5_000
    with pytest.raises(InvalidParameterError, match=r"has 35,000 daily points.*granularity=weekly"):
        trend(35_000)
    with pytest.raises(InvalidParameterError, match=r"has 35,001 daily points.*granularity=monthly"):
        trend(35_001)
    with pytest.raises(InvalidParameterError, match=r"has 5,001 weekly points.*granularity=monthly"):
        trend(35_001, Granularity.WEEKLY)


def test_a_trend_has_its_limits(workspace: Workspace, answers: QueryCache) -> None:
    asked = parsed(workspace, dateFrom="1970-01-01", dateTo="2099-12-31")
    with pytest.raises(InvalidParameterError) as caught:
        answers.run(queries.trend, asked, workspace.calendar)
    assert caught.value.parameter == "granularity"
    months = answers.run(queries.trend, asked, workspace.calendar, Granularity.MONTHLY)
    assert len(months.points) == 130 * 12


def test_records(workspace: Workspace, answers: QueryCache) -> None:
    found = answers.run(records.records, make_filters(), workspace.calendar, 1, 4)
    assert [record.id for record in found.records] == ["7", "5", "6", "3"]
    assert found.total_count == 7
    assert found.records[3].score == 7.0
    assert found.records[1].members["campaign"].name == "Beta"
    pages = [answers.run(records.records, make_filters(), workspace.calendar, page, 3) for page in (1, 2, 3, 4)]
    assert [[record.id for record in page.records] for page in pages] == [["7", "5", "6"], ["3", "4", "2"], ["1"], []]
    assert {(page.total_count, page.page_size) for page in pages} == {(7, 3)}
    assert [page.page for page in pages] == [1, 2, 3, 4]
    pending = answers.run(records.records, parsed(workspace, state="pending", sentiment="Positive"), workspace.calendar)
    assert [record.id for record in pending.records] == ["4"]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"state": "failed"}, "5"),
        ({"state": "Completed", "sentiment": "(none)"}, "7"),
        ({"sentiment": "(none)"}, "567"),
        ({"sentiment": "Positive"}, "14"),
        ({"state": "Completed", "isAICall": "true"}, "17"),
        ({"sentiment": "Positive", "dateFrom": "2024-01-02", "campaignId": "b"}, "4"),
        ({"sentiment": "Positive", "timezone": "Asia/Tokyo", "dateTo": "2024-01-01"}, "1"),
    ],
    ids=str,
)
def test_states_and_sentiments_are_filters_of_every_question(
    workspace: Workspace, answers: QueryCache, asked: dict[str, str], ids: str
) -> None:
    filters, calendar = parsed(workspace, **asked), workspace.calendar
    assert {record.id for record in answers.run(records.records, filters, calendar).records} == set(ids)
    assert answers.run(queries.summary, filters, calendar).sums["evaluations"] == len(ids)
    assert answers.run(breakdowns.breakdown, filters, calendar, EXECUTIVE).total["evaluations"] == len(ids)
    for granularity in Granularity:
        points = answers.run(queries.trend, filters, calendar, granularity).points
        assert sum(point.sums["evaluations"] for point in points) == len(ids)
    scored = answers.run(queries.summary, filters, calendar).sums["scored"]
    assert sum(answers.run(queries.distribution, filters, calendar)) == scored
    assert needs_facts(filters)


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        (STATE, {"Completed": 4, "Pending": 1, "Failed": 1, "Processing": 1}),
        (SENTIMENT, {"(none)": 3, "Positive": 2, "Negative": 1, "Neutral": 1}),
        (IS_AI, {"AI": 3, "Human": 4}),
    ],
    ids=str,
)
def test_fixed_values_are_groups_like_others(
    workspace: Workspace, answers: QueryCache, dimension: Dimension, expected: dict[str, int]
) -> None:
    calendar = workspace.calendar
    found = answers.run(breakdowns.breakdown, make_filters(), calendar, dimension)
    assert {group.named.name: group.sums["evaluations"] for group in found.groups} == expected
    names = tuple(group.named for group in found.groups)
    assert answers.run(breakdowns.totals_of, make_filters(), calendar, dimension, names).groups == {
        group.named: group.sums for group in found.groups
    }
    assert {named.name for named in answers.run(queries.options, dimension, EVERYTHING, BUILT_IN)} == set(expected)
    courses = answers.run(grouped_trends.split, make_filters(), calendar, dimension, Granularity.MONTHLY).largest
    assert {named.name: course.points[0].sums["evaluations"] for named, course in courses} == expected
    for group in found.groups:
        alone = make_filters().narrowed(dimension, group.named.parameter_value)
        assert answers.run(queries.summary, alone, calendar).sums == group.sums


def test_tops_want_thirty(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    lines = ["id,audioDate,averageNote,campaignName,callCenterName"]
    lines += [f"big{n},2024-02-01,6,Big,One" for n in range(30)]
    lines += [f"top{n},2024-02-01,9.9,Small,One" for n in range(29)]
    load("\n".join(lines))
    asked = parsed(workspace, dateFrom="2024-02-01")
    assert answers.run(queries.summary, asked, workspace.calendar).top_campaign == "Big"
    load("id,audioDate,averageNote,campaignName,callCenterName\ntop29,2024-02-01,9.9,Small,One\n")
    assert answers.run(queries.summary, asked, workspace.calendar).top_campaign == "Small"


def test_options_are_what_there_is(answers: QueryCache) -> None:
    assert [named.name for named in answers.run(queries.options, CALL_CENTER, EVERYTHING, BUILT_IN)] == [
        "(none)",
        "North",
        "South",
    ]


def test_what_is_kept_is_counted_with_its_question(load: Load, workspace: Workspace) -> None:
    """Long questions with short answers must not fill the memory beyond the bound of what is kept."""
    load("id,audioDate\na,2024-01-01\n")
    ids = tuple(f"{number}{'x' * 990}" for number in range(1_000))
    before = workspace.answers.kept()
    workspace.answers.run(queries.summary, make_filters().narrowed(CAMPAIGN, *ids), workspace.calendar)
    count, size = workspace.answers.kept()
    assert count == before[0] + 1 and size - before[1] > sum(map(len, ids))
