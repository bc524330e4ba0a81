"""How days and executives spread, held against the same sums over single rows in plain Python, on both engines."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta

import pytest

from lib.analytics import cluster_spreads
from lib.analytics.calendar import Granularity
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE
from lib.statistics.clusters import ClusterSpread, SharedSpread
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

NAMES = ("averageScore", "netSentiment", "completionRate", "failureRate")
FIRST, MIDDLE, LAST = date(2024, 1, 20), date(2024, 2, 20), date(2024, 3, 31)

Row = dict[str, object]
Value = Callable[[Row], float | None]


def make_rows() -> list[Row]:
    rng = random.Random(7)
    rows: list[Row] = []
    for number in range(900):
        state = rng.choices(["Completed", "Failed", "Pending"], [8, 1, 1])[0]
        rows.append(
            {
                "id": number,
                "day": FIRST + timedelta(days=int(rng.random() ** 1.5 * 72)),
                "state": state,
                "score": rng.randrange(8, 21) / 2 if state == "Completed" and rng.random() < 0.9 else None,
                "sentiment": rng.choice(["Positive", "Neutral", "Negative", ""]) if state == "Completed" else "",
                "campaign": rng.choice(["Alpha", "Beta", "Gamma"]),
                "center": rng.choice(["North", "South"]),
                "executive": rng.choice(["", "Ann", "Bob", "Bob", "Cid", "Dan"]),
            }
        )
    return rows


ROWS = make_rows()

VALUES: dict[str, Value] = {
    "averageScore": lambda row: row["score"],  # type: ignore[dict-item, return-value]
    "netSentiment": lambda row: {"Positive": 1, "Neutral": 0, "Negative": -1}.get(str(row["sentiment"])),
    "completionRate": lambda row: float(row["state"] == "Completed"),
    "failureRate": lambda row: None if row["state"] == "Pending" else float(row["state"] == "Failed"),
}


@pytest.fixture(autouse=True)
def _rows(load: Load) -> None:
    lines = ["id,audioDate,state,sentiment,averageNote,campaignName,callCenterName,executiveName"]
    for row in ROWS:
        score = "" if row["score"] is None else row["score"]
        lines.append(
            f"{row['id']},{row['day']}T12:00:00Z,{row['state']},{row['sentiment']},{score},{row['campaign']},"
            f"{row['center']},{row['executive']}"
        )
    report = load("\n".join(lines) + "\n")
    assert (report.loaded.added, report.bad) == (len(ROWS), 0)


def days_of(rows: Iterable[Row], name: str) -> ClusterSpread:
    """Return the sums over days by the formulas of `ClusterSpread`."""
    sums: dict[object, list[float]] = defaultdict(lambda: [0, 0.0])
    for row in rows:
        value = VALUES[name](row)
        if value is not None:
            sums[row["day"]][0] += 1
            sums[row["day"]][1] += value
    whole = sum(n for n, _ in sums.values())
    mean = sum(total for _, total in sums.values()) / whole
    shares = [n / whole for n, _ in sums.values()]
    leverages = [share**2 / (1 - share) for share in shares]
    variance = sum((total - n * mean) ** 2 / (1 - n / whole) for n, total in sums.values()) / whole**2
    squares = sum(share**2 for share in shares)
    degrees = 1 / (squares + sum(leverages) ** 2 - sum(each**2 for each in leverages))
    return ClusterSpread(len(shares), variance, max(1.0, degrees), squares)


def is_same(found: ClusterSpread, expected: ClusterSpread) -> bool:
    return (found.clusters, found.variance, found.degrees, found.concentration) == pytest.approx(
        (expected.clusters, expected.variance, expected.degrees, expected.concentration), rel=1e-9
    )


@pytest.mark.parametrize(
    "filters",
    [
        make_filters(),
        make_filters(date_from=date(2024, 2, 1), date_to=date(2024, 2, 29)),
        make_filters(date_from=date(2024, 1, 25), date_to=date(2024, 3, 9)).narrowed(CAMPAIGN, "Beta"),
        make_filters(date_from=date(2024, 1, 25)).narrowed(EXECUTIVE, "Ann", "Bob"),
    ],
)
def test_days_of_a_selection(workspace: Workspace, answers: QueryCache, filters: Filters) -> None:
    found = answers.run(cluster_spreads.day_spreads, filters, workspace.calendar, NAMES)
    rows = [
        row
        for row in ROWS
        if (filters.date_from or FIRST) <= row["day"] <= (filters.date_to or LAST)  # type: ignore[operator]
        and (not filters.ids(CAMPAIGN) or row["campaign"] in filters.ids(CAMPAIGN))
        and (not filters.ids(EXECUTIVE) or row["executive"] in filters.ids(EXECUTIVE))
    ]
    assert len(rows) > 50
    for name in NAMES:
        assert is_same(found[name], days_of(rows, name)), name


def test_days_of_groups(workspace: Workspace, answers: QueryCache) -> None:
    every = answers.run(cluster_spreads.day_spreads_by, make_filters(), workspace.calendar, NAMES, EXECUTIVE).groups
    assert {member.name for member in every} == {"(none)", "Ann", "Bob", "Cid", "Dan"}
    for member, spreads in every.items():
        rows = [row for row in ROWS if row["executive"] == ("" if member.id is None else member.name)]
        for name in NAMES:
            assert is_same(spreads[name], days_of(rows, name)), (member, name)
    some = tuple(member for member in every if member.name in ("Ann", "(none)"))
    found = answers.run(
        cluster_spreads.day_spreads_by, make_filters(), workspace.calendar, NAMES, EXECUTIVE, some
    ).groups
    assert set(found) == set(some)
    assert all(is_same(found[member][name], every[member][name]) for member in some for name in NAMES)


def test_days_of_months(workspace: Workspace, answers: QueryCache) -> None:
    asked = (make_filters(), workspace.calendar, NAMES, Granularity.MONTHLY)
    found = answers.run(cluster_spreads.day_spreads_over_time, *asked).buckets
    assert sorted(found) == [date(2024, month, 1) for month in (1, 2, 3)]
    for first, spreads in found.items():
        rows = [row for row in ROWS if row["day"].month == first.month]  # type: ignore[attr-defined]
        for name in NAMES:
            assert is_same(spreads[name], days_of(rows, name)), (first, name)


def test_one_day_has_no_spread(workspace: Workspace, answers: QueryCache) -> None:
    one = make_filters(date_from=date(2024, 2, 1), date_to=date(2024, 2, 1))
    assert answers.run(cluster_spreads.day_spreads, one, workspace.calendar, NAMES) == {}
    none = make_filters(date_from=date(2023, 2, 1), date_to=date(2023, 2, 1))
    assert answers.run(cluster_spreads.day_spreads, none, workspace.calendar, NAMES) == {}


def executives_of(rows: Iterable[Row], name: str) -> SharedSpread:
    """Return the sums over executives by the formulas of `SharedSpread`, with the periods split at MIDDLE."""
    kept = [(row, VALUES[name](row)) for row in rows if VALUES[name](row) is not None]
    sides = [
        [each for each in kept if (each[0]["day"] >= MIDDLE) is is_now]  # type: ignore[operator]
        for is_now in (False, True)
    ]
    means = [sum(value for _, value in side) / len(side) for side in sides]
    squares = weights = weight_squares = 0.0
    known = [0.0, 0.0]
    for executive in {row["executive"] for row, _ in kept} - {""}:
        parts, shares = [0.0, 0.0], [0.0, 0.0]
        for place, side in enumerate(sides):
            values = [value for row, value in side if row["executive"] == executive]
            shares[place] = len(values) / len(side)
            parts[place] = (sum(values) - len(values) * means[place]) / len(side)
            known[place] += shares[place]
        squares += (parts[1] - parts[0]) ** 2
        weights += shares[0] ** 2 + shares[1] ** 2
        weight_squares += (shares[0] ** 2 + shares[1] ** 2) ** 2
    return SharedSpread(squares, weights**2 / weight_squares, *known)


def is_same_shared(found: SharedSpread, expected: SharedSpread) -> bool:
    return (found.squares, found.clusters, found.known_before, found.known_now) == pytest.approx(
        (expected.squares, expected.clusters, expected.known_before, expected.known_now), rel=1e-9
    )


@pytest.mark.parametrize("last", [LAST, date(2024, 3, 30)])
def test_executives_of_a_change(workspace: Workspace, answers: QueryCache, last: date) -> None:
    """To a day of the last month's, the days of the month come from another table than whole months."""
    now, before = (
        make_filters(date_from=MIDDLE, date_to=last),
        make_filters(date_from=FIRST, date_to=MIDDLE - timedelta(1)),
    )
    rows = [row for row in ROWS if row["day"] <= last]  # type: ignore[operator]
    found = answers.run(cluster_spreads.executive_spreads, now, before, workspace.calendar, NAMES)
    for name in NAMES:
        assert is_same_shared(found[name], executives_of(rows, name)), name
    asked = (now, before, workspace.calendar, NAMES, CALL_CENTER)
    groups = answers.run(cluster_spreads.executive_spreads_by, *asked).groups
    assert {member.name for member in groups} == {"North", "South"}
    for member, spreads in groups.items():
        for name in NAMES:
            expected = executives_of([row for row in rows if row["center"] == member.name], name)
            assert is_same_shared(spreads[name], expected), (member, name)
    some = tuple(member for member in groups if member.name == "South")
    found_some = answers.run(cluster_spreads.executive_spreads_by, *asked, some).groups
    assert set(found_some) == set(some)
    assert all(is_same_shared(found_some[some[0]][name], groups[some[0]][name]) for name in NAMES)
    own = answers.run(cluster_spreads.executive_spreads_by, now, before, workspace.calendar, NAMES, EXECUTIVE)
    assert own.groups == {}


def test_executives_of_periods_without_evaluations(workspace: Workspace, answers: QueryCache) -> None:
    none = make_filters(date_from=date(2023, 2, 1), date_to=date(2023, 2, 28))
    every = make_filters()
    asked = workspace.calendar, NAMES
    assert answers.run(cluster_spreads.executive_spreads, none, none, *asked) == {}
    assert answers.run(cluster_spreads.executive_spreads_by, none, none, *asked, CALL_CENTER).groups == {}
    found = answers.run(cluster_spreads.executive_spreads, every, none, *asked)
    assert {spread.known_before for spread in found.values()} == {0.0} and set(found) == set(NAMES)
