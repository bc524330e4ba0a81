"""Like for like: by hand, where the raw order is the wrong way round, and whatever the rows are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lib.analytics import rollup
from lib.analytics.grants import Grant
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.analytics.standardization import StandardizedRow, StandardizedScores, standardized_scores
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE, IS_AI, Dimension
from lib.catalog.metrics import METRICS
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

HEADER = "id,audioDate,state,averageNote,durationInSeconds,isAICall,campaignId,callCenterName,executiveName\n"


def lines(*calls: tuple[Any, ...]) -> str:
    """Return calls as a CSV: score, seconds, AI, campaign, center, executive and, where not that, day and state."""
    rows = []
    for number, (score, seconds, ai, campaign, center, executive, *more) in enumerate(calls):
        day, state = more + ["2024-01-10", "Completed"][len(more) :]
        values = (number, day, state, score, seconds, "true" if ai else "false", campaign, center, executive)
        rows.append(",".join(map(str, values)))
    return HEADER + "\n".join(rows)


# Ann has the hard calls: 6 of 5 (mean 5) and 2 easy ones of 9. Bob has 2 hard ones of 4 and 6 easy ones of 8.
# Raw: Ann (30 + 18) / 8 = 6, Bob (8 + 48) / 8 = 7. In each stratum Ann is better by one point.
# Each stratum weighs 8 of 16, so that Ann comes to (5 + 9) / 2 = 7 and Bob to (4 + 8) / 2 = 6.
SIMPSON = lines(
    *[(5, 300, False, "hard", "North", "Ann")] * 4,
    *[(score, 300, False, "hard", "South", "Ann") for score in (4, 6)],
    *[(9, 60, False, "easy", "North", "Ann")] * 2,
    *[(4, 300, False, "hard", "North", "Bob")] * 2,
    *[(8, 60, False, "easy", "South", "Bob")] * 4,
    *[(score, 60, False, "easy", "South", "Bob") for score in (7, 9)],
)


ALL = make_filters()


def ask(workspace: Workspace, filters: Filters = ALL, dimension: Dimension = EXECUTIVE) -> StandardizedScores:
    return QueryCache(workspace.facts).run(standardized_scores, filters, workspace.calendar, dimension)


def by_name(found: StandardizedScores) -> dict[str, StandardizedRow]:
    return {row.named.name: row for row in found.rows}


def test_the_order_turns_round(workspace: Workspace, load: Load) -> None:
    load(SIMPSON)
    found = ask(workspace)
    assert [(row.named.name, row.adjusted) for row in found.rows] == [("Ann", 7), ("Bob", 6)]
    assert [METRICS["averageScore"].value(row.sums) for row in found.rows] == [6, 7]
    assert METRICS["averageScore"].value(found.total) == Fraction(13, 2)
    ann = found.rows[0]
    assert (ann.covered, ann.thin_weight, ann.thin) == (1, Fraction(1, 2), True)  # her 2 easy calls carry a half
    # Squares within cells: (4 − 5)² + (6 − 5)² over 5 + 1 degrees; √(2/6 · (8²/6 + 8²/2)) / 16; t(0.975, 6) = 2.4469.
    assert ann.interval == pytest.approx((7 - 0.57675, 7 + 0.57675), abs=1e-4)


def test_strata(workspace: Workspace, load: Load) -> None:
    # One campaign; what tells calls apart is the band, and AI or human. The bounds belong to the band above.
    seconds = {"": 1, 0: 2, 119: 2, 120: 3, 299: 3, 300: 4, 599: 4, 600: 5, 7000: 5}
    calls: list[tuple[object, ...]] = [(5, each, False, "c", "North", "Ann") for each in seconds]
    load(lines(*calls, (9, 60, True, "c", "North", "Bob"), (8, 0, False, "c", "North", "Cid")))
    rows = by_name(ask(workspace))
    assert rows["Ann"].covered == Fraction(10, 11)
    # Bob's stratum is his alone; Cid's has two of Ann's calls too.
    assert (rows["Bob"].covered, rows["Bob"].adjusted) == (Fraction(1, 11), 9)
    assert (rows["Cid"].covered, rows["Cid"].adjusted, rows["Cid"].interval) == (Fraction(3, 11), 8, None)
    for band in range(1, 6):
        length = next(each for each, other in seconds.items() if other == band)
        load(f"{HEADER}one,2024-01-10,Completed,10,{length},false,c,North,Dan\n")
        dan = by_name(ask(workspace))["Dan"]
        # Of 12 scored, those of his band: Ann's, his own, and Cid's in the second, Bob being an AI.
        shared = list(seconds.values()).count(band) + 1 + (band == 2)
        assert dan.covered == Fraction(shared, 12)


def test_filters_grants_and_zones(workspace: Workspace, load: Load) -> None:
    load(
        lines(
            (2, 60, False, "easy", "North", "Ann", "2024-01-09T23:30:00Z"),
            (4, 60, False, "easy", "North", "Ann", "2024-01-10T12:00:00Z"),
            (6, 60, False, "easy", "South", "Ann", "2024-01-10T23:30:00Z"),
            (8, 60, True, "hard", "South", "Bob", "2024-01-10T12:00:00Z"),
            (9, 60, True, "hard", "South", "Bob", "2024-01-10T12:00:00Z", "Pending"),
            ("", 60, True, "hard", "South", "Cid", "2024-01-10T12:00:00Z"),
        )
    )
    day = date(2024, 1, 10)

    def means(filters: Filters) -> dict[str, Fraction | None]:
        return {name: row.adjusted for name, row in by_name(ask(workspace, filters)).items()}

    assert means(make_filters()) == {"Ann": 4, "Bob": 8, "Cid": None}
    assert means(make_filters(day, day)) == {"Ann": 5, "Bob": 8, "Cid": None}
    assert means(make_filters(day, day, timezone="Asia/Tokyo")) == {"Ann": 3, "Bob": 8, "Cid": None}
    assert means(make_filters(datetime(2024, 1, 10, 20, tzinfo=UTC))) == {"Ann": 6}
    assert means(make_filters().narrowed(IS_AI, "false")) == {"Ann": 4}
    assert means(make_filters().narrowed(CAMPAIGN, "hard")) == {"Bob": 8, "Cid": None}
    assert means(make_filters().narrowed(EXECUTIVE, "Ann").narrowed(CALL_CENTER, "South")) == {"Ann": 6}
    assert means(make_filters(grant=Grant.of({"callCenter": ["North"]}))) == {"Ann": 3}
    assert means(make_filters(date(2030, 1, 1))) == {}
    centers = by_name(ask(workspace, dimension=CALL_CENTER))
    assert (centers["North"].adjusted, centers["South"].adjusted) == (3, (3 * 6 + 8) / Fraction(4))


def test_campaigns_are_strata_themselves(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="strata"):
        ask(workspace, dimension=CAMPAIGN)


def test_thin(workspace: Workspace, load: Load) -> None:
    load(
        lines(
            *[(5, 60, False, "a", "N", "Ann")] * 40,
            *[(5, 60, False, "b", "N", "Ann")] * 4,
            *[(5, 60, False, "b", "N", "Bob")] * 6,
            *[(5, 60, False, "a", "N", "Cid")] * 10,
        )
    )
    rows = by_name(ask(workspace))
    # 50 of 60 in a, 10 in b: Ann covers both, and her 4 in b carry a sixth; Bob covers a sixth, Cid five.
    assert (rows["Ann"].covered, rows["Ann"].thin_weight, rows["Ann"].thin) == (1, Fraction(1, 6), False)
    assert (rows["Bob"].covered, rows["Bob"].thin_weight, rows["Bob"].thin) == (Fraction(1, 6), 0, True)
    assert (rows["Cid"].covered, rows["Cid"].thin_weight, rows["Cid"].thin) == (Fraction(5, 6), 0, False)


call = st.tuples(
    st.sampled_from(["", "0", "10", "7.25", "9.99", "3.3333"]),
    st.sampled_from(["", "0", "312", "900"]),
    st.booleans(),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["North", "South"]),
    st.sampled_from(["", "Ann", "Bob"]),
)


@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(call, min_size=1, max_size=25), st.booleans())
def test_against_plain_python(
    workspace: Workspace, load: Load, calls: list[tuple[str, str, bool, str, str, str]], one_stratum: bool
) -> None:
    if one_stratum:
        calls = [(score, "60", False, "a", center, executive) for score, _, _, _, center, executive in calls]
    with workspace.facts.write() as connection:
        connection.execute(sa.delete(schema.evaluations))
        rollup.clear(connection, BUILT_IN)
    load(lines(*calls))
    cells: dict[str, dict[object, list[Fraction]]] = {}
    for score, seconds, ai, campaign, _, executive in calls:
        strata = cells.setdefault(executive or "(none)", {})
        if score:
            strata.setdefault((campaign, ai, seconds), []).append(Fraction(score))
    weights: dict[object, int] = {}
    for strata in cells.values():
        for stratum, scores in strata.items():
            weights[stratum] = weights.get(stratum, 0) + len(scores)
    rows = by_name(ask(workspace))
    assert rows.keys() == cells.keys()
    for name, strata in cells.items():
        row, weight = rows[name], sum(weights[stratum] for stratum in strata)
        if not strata:
            assert (row.adjusted, row.interval, row.covered) == (None, None, 0)
            continue
        means = {stratum: sum(scores) / len(scores) for stratum, scores in strata.items()}
        assert row.adjusted == sum(weights[stratum] * mean for stratum, mean in means.items()) / weight
        assert row.covered == Fraction(weight, sum(weights.values()))
        if one_stratum:
            metric = METRICS["averageScore"]
            assert row.adjusted == metric.value(row.sums) and metric.interval is not None
            assert row.interval == pytest.approx(metric.interval(row.sums)) or row.interval is None
