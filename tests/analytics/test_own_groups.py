"""What groups of own fields come to, beside sums in plain Python: change, course, ranks, like for like, who sees what."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from lib.analytics import (
    breakdowns,
    decomposition,
    field_definitions,
    grouped_trends,
    metric_definitions,
    rank_ranges,
    records,
)
from lib.analytics.calendar import Granularity
from lib.analytics.dimensions_in_use import groupings_in_use, own_fields_in_use
from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.query_cache import QueryCache
from lib.analytics.records import RecordMatch
from lib.analytics.standardization import standardized_scores
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension
from lib.catalog.metrics import AVERAGE_SCORE
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.reports.figures import FunnelFigure
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

Row = dict[str, Any]

CATEGORY, FLAG = "field.channel", "field.resolved"
MAPPING = """
[fields]
channel = "channel"
resolved = { column = "resolved", type = "yes_no" }
csat = { column = "csat", type = "number" }
remark = { column = "remark", type = "text" }
unused = { column = "unused", type = "number" }
"""
FIRST = date(2024, 1, 1)
IDS = {"true": "true", "false": "false", "": None}


def rows(seed: int = 3, count: int = 900) -> list[Row]:
    """Return evaluations of two months whose channels differ, and whose mix changes."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        when = FIRST + timedelta(days=chance.randrange(60))
        weights = (5, 3, 2, 1) if when.month == 1 else (2, 6, 2, 1)
        channel = chance.choices(["chat", "phone", "mail", ""], weights)[0]
        tenths = min(100, max(0, int(chance.gauss({"chat": 60, "phone": 80, "mail": 70, "": 50}[channel], 12))))
        made.append(
            {
                "id": f"c{number}",
                "audioDate": when,
                "averageNote": f"{tenths / 10}" if chance.random() < 0.9 else "",
                "durationInSeconds": chance.choice([60, 200, 400, 900]),
                "isAICall": chance.choice(["true", "false"]),
                "campaignId": chance.choice("AB"),
                "callCenterId": chance.choice("XY"),
                "executiveId": chance.choice("KLMNO"),
                "channel": channel,
                "resolved": chance.choice(["true", "false", ""]),
                "csat": chance.choice(["", "3.5", "4"]),
                "remark": chance.choice(["", "called"]) if number > 5 else "",
                "unused": "",
            }
        )
    return made


@pytest.fixture
def made(load: Load) -> list[Row]:
    """Load the rows."""
    found = rows()
    lines = [",".join(found[0]), *(",".join(map(str, row.values())) for row in found)]
    assert load("\n".join(lines) + "\n", MAPPING).loaded.added == len(found)
    return found


def catalog_of(workspace: Workspace) -> Catalog:
    """Return the catalog as the import left it: a workspace that listens to nothing looks once a second."""
    with workspace.facts.read() as connection:
        return metric_definitions.stored_catalog(connection)


def dimension_of(workspace: Workspace, name: str) -> Dimension:
    return catalog_of(workspace).filters_by_name[name]


def key(name: str) -> Callable[[Row], str | None]:
    """Return what tells the id of a row's group."""
    return lambda row: (row["channel"] or None) if name == CATEGORY else IDS[row["resolved"]]


def grouped(made: Iterable[Row], name: str) -> dict[str | None, list[Row]]:
    found: dict[str | None, list[Row]] = defaultdict(list)
    for row in made:
        found[key(name)(row)].append(row)
    return dict(found)


def scores(made: Iterable[Row]) -> list[Fraction]:
    return [Fraction(row["averageNote"]) for row in made if row["averageNote"]]


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction()) / len(values)


MONTHS = ((date(2024, 1, 1), date(2024, 1, 31)), (date(2024, 2, 1), date(2024, 2, 29)))


@pytest.mark.parametrize("name", [CATEGORY, FLAG])
def test_what_moved_the_score(workspace: Workspace, answers: QueryCache, made: list[Row], name: str) -> None:
    before, now = (
        [row for row in made if first <= row["audioDate"] <= last and row["averageNote"]] for first, last in MONTHS
    )
    asked = [make_filters(*month, catalog=catalog_of(workspace)) for month in MONTHS]
    dimension = dimension_of(workspace, name)
    found = answers.run(decomposition.decomposition, asked[1], asked[0], workspace.calendar, dimension)
    whole = mean(scores(before)), mean(scores(now))
    assert found.change == whole[1] - whole[0] == sum(part.total for part in found.parts)
    was, is_now = grouped(before, name), grouped(now, name)
    assert {part.named.id for part in found.parts} == set(was) | set(is_now)
    for part in found.parts:
        of_group = scores(was[part.named.id]), scores(is_now[part.named.id])
        shares = Fraction(len(of_group[0]), len(before)), Fraction(len(of_group[1]), len(now))
        change = mean(of_group[1]) - mean(of_group[0])
        assert part.within == change * (shares[0] + shares[1]) / 2
        middle = (mean(of_group[0]) + mean(of_group[1])) / 2 - (whole[0] + whole[1]) / 2
        assert part.mix == (shares[1] - shares[0]) * middle


@pytest.mark.parametrize("name", [CATEGORY, FLAG])
def test_courses(workspace: Workspace, answers: QueryCache, made: list[Row], name: str) -> None:
    filters = make_filters(catalog=catalog_of(workspace))
    dimension = dimension_of(workspace, name)
    for granularity in (Granularity.MONTHLY, Granularity.DAILY):
        found = answers.run(grouped_trends.split, filters, workspace.calendar, dimension, granularity)
        counted = {
            named.id: {
                point.bucket.first: (point.sums["evaluations"], AVERAGE_SCORE.value(point.sums))
                for point in course.points
                if point.sums["evaluations"]
            }
            for named, course in found.largest
        }
        wanted: dict[str | None, dict[date, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in made:
            day = row["audioDate"].replace(day=1) if granularity is Granularity.MONTHLY else row["audioDate"]
            wanted[key(name)(row)][day].append(row)
        assert counted == {
            id_: {day: (len(each), mean(scores(each)) if scores(each) else None) for day, each in days.items()}
            for id_, days in wanted.items()
        }
    brief = answers.run(grouped_trends.sparklines, filters, workspace.calendar, dimension)
    assert {named.id for named in brief.groups} == set(grouped(made, name))


@pytest.mark.parametrize("name", [CATEGORY, FLAG])
def test_ranks_and_the_funnel(workspace: Workspace, answers: QueryCache, made: list[Row], name: str) -> None:
    filters = make_filters(catalog=catalog_of(workspace))
    dimension = dimension_of(workspace, name)
    ranks = answers.run(rank_ranges.ranks, filters, workspace.calendar, dimension, answers)
    means = {id_: mean(scores(each)) for id_, each in grouped(made, name).items() if id_ is not None}
    assert {named.id for named in ranks.groups} == set(means)
    for low, high in ranks.groups.values():
        assert 1 <= low <= high <= len(means)
    if name == CATEGORY:  # a point and more apart
        assert {named.id: ends for named, ends in ranks.groups.items()} == {
            "phone": (1, 1),
            "mail": (2, 2),
            "chat": (3, 3),
        }
    whole = answers.run(breakdowns.all_groups, filters, workspace.calendar, dimension)
    assert {group.named.id: group.sums["scored"] for group in whole.groups} == {
        id_: len(scores(each)) for id_, each in grouped(made, name).items()
    }
    assert FunnelFigure(dimension, whole.groups, whole.total).has_limits == (name == CATEGORY)


@pytest.mark.parametrize("name", [CATEGORY, FLAG])
def test_like_for_like(workspace: Workspace, answers: QueryCache, made: list[Row], name: str) -> None:
    """As the method says: the groups' own calls against the others' of the same campaign, kind and duration."""
    filters = make_filters(catalog=catalog_of(workspace))
    found = answers.run(standardized_scores, filters, workspace.calendar, dimension_of(workspace, name))
    scored = [row for row in made if row["averageNote"]]

    def stratum(row: Row) -> tuple[Any, ...]:
        return row["campaignId"], row["isAICall"], row["durationInSeconds"]

    whole = mean(scores(scored))
    for adjusted in found.rows:
        own = [row for row in scored if key(name)(row) == adjusted.named.id]
        differences, weights = [], []
        for each in {stratum(row) for row in own}:
            mine = scores(row for row in own if stratum(row) == each)
            others = scores(row for row in scored if stratum(row) == each and key(name)(row) != adjusted.named.id)
            if others:
                weights.append(Fraction(len(mine) * len(others), len(mine) + len(others)))
                differences.append(mean(mine) - mean(others))
        weighted = sum((w * d for w, d in zip(weights, differences, strict=True)), Fraction()) / sum(weights)
        assert adjusted.adjusted == whole + (1 - Fraction(len(own), len(scored))) * weighted
        assert adjusted.comparable >= FEW_EVALUATIONS and adjusted.interval is not None
        assert adjusted.interval[0] < adjusted.adjusted < adjusted.interval[1]


def test_a_grant_limits_groups_of_own_fields(workspace: Workspace, answers: QueryCache, made: list[Row]) -> None:
    grant = Grant.of({"callCenter": ["X"], "campaign": ["A"]})
    seen = [row for row in made if row["callCenterId"] == "X" and row["campaignId"] == "A"]
    for name in (CATEGORY, FLAG):
        filters = make_filters(catalog=catalog_of(workspace), grant=grant)
        found = answers.run(breakdowns.all_groups, filters, workspace.calendar, dimension_of(workspace, name))
        assert {group.named.id: group.sums["evaluations"] for group in found.groups} == {
            id_: len(each) for id_, each in grouped(seen, name).items()
        }


def test_what_is_in_use(workspace: Workspace, answers: QueryCache, made: list[Row]) -> None:
    assert made
    catalog = catalog_of(workspace)
    names = [each.name for each in answers.run(groupings_in_use, EVERYTHING, catalog)]
    assert names == ["campaign", "callCenter", "executive", "isAICall", "state", "sentiment", CATEGORY, FLAG]
    nobody = Grant.of({"callCenter": ["Z"]})
    used = [own.name for own in answers.run(own_fields_in_use, EVERYTHING, catalog)]
    assert used == ["channel", "resolved", "csat", "remark"]
    assert answers.run(own_fields_in_use, nobody, catalog) == ()
    assert [each.name for each in answers.run(groupings_in_use, nobody, catalog)] == ["isAICall", "state", "sentiment"]


@pytest.mark.parametrize(
    ("search", "wanted"),
    [
        ("CALLED", lambda row: row["remark"] == "called"),
        ("called c12", lambda row: row["remark"] == "called" and "c12" in row["id"]),
        ("calle_", lambda _: False),
        ("chat", lambda _: False),
    ],
)
def test_a_search_looks_in_remarks(
    workspace: Workspace, answers: QueryCache, made: list[Row], search: str, wanted: Callable[[Row], bool]
) -> None:
    filters = make_filters(catalog=catalog_of(workspace))
    match = RecordMatch(search)
    found = answers.run(records.records, filters, workspace.calendar, 1, 1_000, match=match)
    assert {each.id for each in found.records} == {row["id"] for row in made if wanted(row)}


def test_a_search_looks_in_no_archived_field(workspace: Workspace, answers: QueryCache, made: list[Row]) -> None:
    assert made
    with workspace.facts.write() as connection:
        field_definitions.change(connection, "remark", archived=True)
    filters = make_filters(catalog=catalog_of(workspace))
    found = answers.run(records.records, filters, workspace.calendar, match=RecordMatch("called"))
    assert found.total_count == 0
