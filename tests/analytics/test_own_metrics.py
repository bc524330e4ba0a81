"""Metrics of own fields, beside sums in plain Python: of a selection, over time, by group, by the hour; asked alone."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy.engine import Connection

from lib.analytics import cluster_spreads, grouped_trends, heatmap, queries
from lib.analytics.calendar import Granularity
from lib.analytics.planner import source
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.catalog.measures import PLAIN_MEASURES
from lib.catalog.own_metrics import unfilled
from lib.workspace import Workspace
from tests.analytics.test_own_groups import Row, catalog_of, made, rows
from tests.conftest import Load
from tests.filters import make_filters

AVERAGE, SUM, SHARE = NAMES = ("field.csat", "field.csat.sum", "field.resolved")
__all__ = ["made"]  # a fixture


def everything(workspace: Workspace) -> Filters:
    return make_filters(catalog=catalog_of(workspace))


def numbers(found: Iterable[Row]) -> list[Fraction]:
    return [Fraction(row["csat"]) for row in found if row["csat"]]


def wanted(found: list[Row]) -> dict[str, Fraction | None]:
    """Return the metrics of rows as they come out here."""
    csat, answers = numbers(found), [row["resolved"] for row in found if row["resolved"]]
    return {
        AVERAGE: sum(csat, Fraction()) / len(csat) if csat else None,
        SUM: sum(csat, Fraction()),
        SHARE: Fraction(answers.count("true"), len(answers)) if answers else None,
    }


def test_of_a_selection(workspace: Workspace, answers: QueryCache, made: list[Row]) -> None:
    filters = everything(workspace)
    found = answers.run(queries.own_totals, filters, workspace.calendar, NAMES)
    metrics = filters.catalog.own_metrics
    assert {name: metrics[name].value(found) for name in NAMES} == wanted(made)
    csat = numbers(made)
    assert metrics[AVERAGE].n(found) == len(csat) and metrics[SUM].n(found) is None
    assert metrics[SUM].interval(found) is None
    # The interval allows for days: half a day's mean away from the whole at random, of sixty days.
    by_day: dict[date, list[Fraction]] = defaultdict(list)
    for row in made:
        if row["csat"]:
            by_day[row["audioDate"]].append(Fraction(row["csat"]))
    mean, n = sum(csat, Fraction()) / len(csat), len(csat)
    variance = sum(float(sum(each) - len(each) * mean) ** 2 / (1 - len(each) / n) / n**2 for each in by_day.values())
    spread = found.days[AVERAGE]
    assert spread.clusters == len(by_day) and math.isclose(spread.variance, variance, rel_tol=1e-8)
    ends = metrics[AVERAGE].interval(found)
    assert ends is not None and math.isclose(sum(ends) / 2, float(mean), rel_tol=1e-9)


@pytest.mark.parametrize("granularity", [Granularity.MONTHLY, Granularity.WEEKLY])
def test_over_time(workspace: Workspace, answers: QueryCache, made: list[Row], granularity: Granularity) -> None:
    filters, calendar = everything(workspace), workspace.calendar
    found = answers.run(queries.trend, filters, calendar, granularity, NAMES)
    buckets: dict[date, list[Row]] = defaultdict(list)
    for row in made:
        buckets[calendar.bucket_start(row["audioDate"], granularity)].append(row)
    metrics = filters.catalog.own_metrics
    assert {
        point.bucket.first: {name: metrics[name].value(point.sums) for name in NAMES} for point in found.points
    } == {first: wanted(each) for first, each in buckets.items()}
    plain = answers.run(queries.trend, filters, calendar, granularity)
    assert [dict(point.sums) for point in plain.points] == [
        {name: point.sums[name] for name in PLAIN_MEASURES} for point in found.points
    ]
    assert all(AVERAGE in point.sums.days for point in found.points if len(point.sums.days) > 1)


def test_by_group_and_by_the_hour(workspace: Workspace, answers: QueryCache, made: list[Row]) -> None:
    filters, calendar = everything(workspace), workspace.calendar
    metrics = filters.catalog.own_metrics
    dimension = filters.catalog.filters_by_name["field.channel"]
    monthly = Granularity.MONTHLY
    found = answers.run(grouped_trends.split, filters, calendar, dimension, monthly, NAMES)
    for named, course in found.largest:
        for point in course.points:
            own = [
                row
                for row in made
                if (row["channel"] or None) == named.id and row["audioDate"].month == point.bucket.first.month
            ]
            assert {name: metrics[name].value(point.sums) for name in NAMES} == wanted(own)
    hours = answers.run(heatmap.by_hour, filters, calendar, NAMES)
    for cell in hours.cells:
        own = [row for row in made if row["audioDate"].isoweekday() == cell.weekday] if cell.hour == 0 else []
        assert {name: metrics[name].value(cell.sums) for name in NAMES} == wanted(own)


def test_changes_are_tested(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    """A rise by a point is told from chance, and none is not."""
    found = rows()
    for row in found:
        row["csat"] = f"{Decimal(row['csat'] or 3) + (row['audioDate'].month == 2)}"
    lines = [",".join(found[0]), *(",".join(map(str, row.values())) for row in found)]
    load("\n".join(lines) + "\n", '[fields]\ncsat = { column = "csat", type = "number" }\n')
    catalog, calendar = catalog_of(workspace), workspace.calendar
    months = [
        make_filters(date(2024, month, 1), date(2024, month, last), catalog=catalog)
        for month, last in ((1, 31), (2, 29))
    ]
    before, now = (answers.run(queries.own_totals, each, calendar, (AVERAGE,)) for each in months)
    spreads = answers.run(cluster_spreads.executive_spreads, months[1], months[0], calendar, (AVERAGE,))
    metric = catalog.own_metrics[AVERAGE]
    assert metric.differs(before, now, spreads.get(AVERAGE)) is True
    assert metric.differs(before, before, spreads.get(AVERAGE)) is False


def test_sums_that_64_bits_do_not_hold(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    """Each number is the largest there may be: three days of a thousand of them come to more than 2 ** 63."""
    largest = "999999999999"
    lines = [f"c{n},2024-01-{n % 3 + 1:02},{largest if n % 2 else '-1'}" for n in range(3_000)]
    load("id,audioDate,field.amount\n" + "\n".join(lines) + "\n")
    filters = everything(workspace)
    found = answers.run(queries.own_totals, filters, workspace.calendar, ("field.amount", "field.amount.sum"))
    metrics = filters.catalog.own_metrics
    assert metrics["field.amount.sum"].value(found) == 1_500 * int(largest) - 1_500
    ends = metrics["field.amount"].interval(found)
    assert ends is not None and ends[0] < int(largest) / 2 < ends[1]


def test_other_questions_stay_on_the_rollups(workspace: Workspace, made: list[Row]) -> None:
    assert made
    filters = everything(workspace)
    assert filters.catalog.measure_names(()) is PLAIN_MEASURES
    assert filters.catalog.measure_names(("averageScore",)) is PLAIN_MEASURES
    with workspace.facts.read() as connection:
        for names, has_facts in (((), False), ((SHARE,), True)):
            asked = filters.catalog.measure_names(names)
            assert source(connection, filters, workspace.calendar, (), asked).has_facts is has_facts


@pytest.mark.usefixtures("made")
def test_what_reads_evaluations_until_rollups_are_made_takes_turns(workspace: Workspace, answers: QueryCache) -> None:
    filters = everything(workspace)
    assert AVERAGE in unfilled(filters.catalog) and "averageScore" not in unfilled(filters.catalog)
    begun: list[int] = []
    under_way: list[int] = []
    meeting = threading.Barrier(2)

    def alone(_connection: Connection, _filters: Filters, _names: tuple[str, ...], number: int) -> int:
        under_way.append(number)
        time.sleep(0.05)
        assert under_way == [number]
        under_way.clear()
        begun.append(number)
        return number

    def together(_connection: Connection, _filters: Filters, _names: tuple[str, ...], number: int) -> int:
        meeting.wait(timeout=60)
        return number

    with ThreadPoolExecutor(4) as threads:
        numbers_asked_for = [1, 2, 3, 3]
        answered = threads.map(lambda each: answers.run(alone, filters, (AVERAGE,), each), numbers_asked_for)
        assert [*answered] == numbers_asked_for
        assert sorted(begun) == [1, 2, 3]  # who waited is given what the one before has asked
        of_score = ("averageScore",)
        assert [*threads.map(lambda each: answers.run(together, filters, of_score, each), (1, 2))] == [1, 2]
