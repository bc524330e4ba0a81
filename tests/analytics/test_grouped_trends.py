"""Courses of groups: they add up to the whole's, and are what each group's own trend says."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from lib.analytics import breakdowns, grouped_trends, queries
from lib.analytics.calendar import Granularity
from lib.analytics.grants import Grant
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.queries import Trend
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, DIMENSIONS, ENGAGEMENT, EXECUTIVE, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS
from lib.jobs.tasks import TASKS
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

UNCERTAIN = [metric for metric in METRICS.values() if metric.uncertainty]


def intervals(trend: Trend) -> list[object]:
    """Return the intervals of all metrics of a trend's points."""
    return [metric.interval(point.sums) for point in trend.points for metric in UNCERTAIN]


HEADER = "id,audioDate,averageNote,campaignName,callCenterName\n"
SCORE = METRICS["averageScore"]


def test_by_hand(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(
        HEADER
        + "1,2024-01-01,9,Alpha,North\n"
        + "2,2024-01-01,5,Beta,North\n"
        + "3,2024-01-03,6,Alpha,South\n"
        + "4,2024-01-03,8,,North\n"
    )
    found = answers.run(grouped_trends.split, make_filters(), workspace.calendar, CAMPAIGN, Granularity.DAILY)
    assert [named.name for named, _ in found.largest] == ["Alpha", "Beta", "(none)"]
    assert found.rest is None and not found.rest_members
    counts = [[point.sums["evaluations"] for point in course.points] for _, course in found.largest]
    assert counts == [[1, 0, 1], [1, 0, 0], [0, 0, 1]]
    brief = answers.run(grouped_trends.sparklines, make_filters(), workspace.calendar, CAMPAIGN)
    assert brief.buckets == (date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3))
    assert brief.groups[Member("Alpha", "Alpha")] == (9.0, None, 6.0)
    assert brief.groups[Member(None, "(none)")] == (None, None, 8.0)
    # Who may see one call center sees no course of another.
    limited = answers.run(
        grouped_trends.sparklines, make_filters(grant=Grant.of({"callCenter": ["South"]})), workspace.calendar, CAMPAIGN
    )
    assert dict(limited.groups) == {Member("Alpha", "Alpha"): (6.0,)}


def test_some_groups_alone(workspace: Workspace, answers: QueryCache) -> None:
    TASKS["sample"](workspace, {"rows": 2_000, "seed": 5, "until": "2024-06-30"}, lambda *_: None)
    filters = make_filters(date(2024, 1, 10), date(2024, 6, 20))
    for dimension in DIMENSIONS:
        all_ = answers.run(grouped_trends.sparklines, filters, workspace.calendar, dimension)
        names = (*list(all_.groups)[::2], Member(None, "(none)"), Member("nobody", "Nobody"))
        some = answers.run(grouped_trends.sparklines, filters, workspace.calendar, dimension, names)
        assert dict(some.groups) == {named: course for named, course in all_.groups.items() if named in names}
        groups = answers.run(breakdowns.breakdown, filters, workspace.calendar, dimension, page_size=1_000).groups
        totals = answers.run(breakdowns.totals_of, filters, workspace.calendar, dimension, names)
        assert dict(totals.groups) == {group.named: group.sums for group in groups if group.named in names}


def test_nothing(workspace: Workspace, answers: QueryCache) -> None:
    found = answers.run(grouped_trends.split, make_filters(), workspace.calendar, CAMPAIGN, Granularity.DAILY)
    assert found == grouped_trends.GroupedTrend(ResolvedPeriod(None, None), (), None, ())
    assert not answers.run(grouped_trends.sparklines, make_filters(), workspace.calendar, CAMPAIGN).groups


def test_courses_are_the_groups_own_trends(workspace: Workspace, answers: QueryCache) -> None:
    TASKS["sample"](workspace, {"rows": 3_000, "seed": 3, "until": "2024-06-30"}, lambda *_: None)
    filters = make_filters(date(2024, 1, 10), date(2024, 6, 20))
    for dimension, granularity in itertools.product(DIMENSIONS, Granularity):
        found = answers.run(grouped_trends.split, filters, workspace.calendar, dimension, granularity)
        groups = answers.run(breakdowns.breakdown, filters, workspace.calendar, dimension, page_size=1_000).groups
        assert [named for named, _ in found.largest] == [group.named for group in groups[: grouped_trends.LARGEST]]
        assert len(found.rest_members) == max(0, len(groups) - grouped_trends.LARGEST)
        for named, course in found.largest:
            alone = filters.narrowed(dimension, named.parameter_value)
            own = answers.run(queries.trend, alone, workspace.calendar, granularity)
            assert course.points == own.points and intervals(course) == intervals(own)
        whole = answers.run(queries.trend, filters, workspace.calendar, granularity)
        shown = [course for _, course in found.largest] + ([found.rest] if found.rest else [])
        for place, point in enumerate(whole.points):
            assert sum((course.points[place].sums for course in shown), MeasureTotals()) == point.sums
        if found.rest:
            others = filters.narrowed(dimension, *(named.parameter_value for named in found.rest_members))
            own = answers.run(queries.trend, others, workspace.calendar, granularity)
            assert found.rest.points == own.points and intervals(found.rest) == intervals(own)


def test_in_brief_a_group_has_its_own_averages(workspace: Workspace, answers: QueryCache) -> None:
    TASKS["sample"](workspace, {"rows": 2_000, "seed": 4, "until": "2024-12-31"}, lambda *_: None)
    lasts = (date(2024, 1, 20), date(2024, 3, 31), date(2024, 12, 31))
    for dimension, last in itertools.product((CALL_CENTER, ENGAGEMENT, EXECUTIVE), lasts):
        filters = make_filters(date(2024, 1, 1), last)
        brief = answers.run(grouped_trends.sparklines, filters, workspace.calendar, dimension)
        assert 2 < len(brief.buckets) <= grouped_trends.MOST_POINTS
        for named, course in list(brief.groups.items())[:5]:
            alone = filters.narrowed(dimension, named.parameter_value)
            own = next(
                trend
                for granularity in Granularity
                for trend in [answers.run(queries.trend, alone, workspace.calendar, granularity)]
                if [point.bucket.first for point in trend.points] == list(brief.buckets)
            )
            values = [SCORE.value(point.sums) for point in own.points]
            assert course == tuple(None if value is None else pytest.approx(float(value)) for value in values)
