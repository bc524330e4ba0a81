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
# Both strata weigh 6 · 2 / 8, so that Ann comes to 6.5 + (1 − 8/16) · 1 = 7 and Bob to 6.5 + (1 − 8/16) · (−1) = 6.
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
    assert (ann.comparable, ann.is_small_sample) == (8, True)
    assert ann.interval is not None and ann.interval[0] < 7 < ann.interval[1]


def test_strata(workspace: Workspace, load: Load) -> None:
    # One campaign; what tells calls apart is the band, and AI or human. The bounds belong to the band above.
    seconds = {"": 1, 0: 2, 119: 2, 120: 3, 299: 3, 300: 4, 599: 4, 600: 5, 7000: 5}
    calls: list[tuple[object, ...]] = [(5, each, False, "c", "North", "Ann") for each in seconds]
    load(lines(*calls, (9, 60, True, "c", "North", "Bob"), (8, 0, False, "c", "North", "Cid")))
    rows = by_name(ask(workspace))
    # Bob's call has its stratum for itself; Cid's has two of Ann's beside it.
    assert {name: row.comparable for name, row in rows.items()} == {"Ann": 2, "Bob": 0, "Cid": 1}
    assert (rows["Bob"].adjusted, rows["Bob"].interval) == (None, None)
    assert rows["Cid"].adjusted == Fraction(62, 11) + Fraction(10, 11) * 3  # 8 to 5 and 5
    for band in range(1, 6):
        length = next(each for each, other in seconds.items() if other == band)
        load(f"{HEADER}one,2024-01-10,Completed,10,{length},false,c,North,Dan\n")
        rows = by_name(ask(workspace))
        own = list(seconds.values()).count(band)
        assert (rows["Dan"].comparable, rows["Ann"].comparable) == (1, own + (0 if band == 2 else 2))


def test_filters_grants_and_zones(workspace: Workspace, load: Load) -> None:
    load(
        lines(
            (2, 60, False, "easy", "North", "Ann", "2024-01-09T23:30:00Z"),
            (4, 60, False, "easy", "North", "Ann", "2024-01-10T12:00:00Z"),
            (6, 60, False, "easy", "South", "Ann", "2024-01-10T23:30:00Z"),
            (8, 60, False, "easy", "South", "Bob", "2024-01-10T12:00:00Z"),
            (10, 60, True, "hard", "South", "Bob", "2024-01-10T12:00:00Z"),
            (9, 60, False, "easy", "South", "Bob", "2024-01-10T12:00:00Z", "Pending"),
            ("", 60, True, "hard", "South", "Cid", "2024-01-10T12:00:00Z"),
        )
    )
    day = date(2024, 1, 10)

    def means(filters: Filters) -> dict[str, Fraction | None]:
        return {name: row.adjusted for name, row in by_name(ask(workspace, filters)).items()}

    # Of 5 with a mean of 6, Ann's 3 have 4 and Bob's easy one 8: 6 − 2/5 · 4 and 6 + 3/5 · 4. His hard one compares with none.
    assert means(make_filters()) == {"Ann": Fraction(22, 5), "Bob": Fraction(42, 5), "Cid": None}
    assert means(make_filters(day, day)) == {"Ann": Fraction(11, 2), "Bob": Fraction(17, 2), "Cid": None}
    assert means(make_filters(day, day, timezone="Asia/Tokyo")) == {
        "Ann": Fraction(7, 2),
        "Bob": Fraction(17, 2),
        "Cid": None,
    }
    assert means(make_filters(datetime(2024, 1, 10, 20, tzinfo=UTC))) == {"Ann": None}
    assert means(make_filters().narrowed(IS_AI, "false")) == {"Ann": 4, "Bob": 8}
    assert means(make_filters().narrowed(CAMPAIGN, "hard")) == {"Bob": None, "Cid": None}
    assert means(make_filters().narrowed(EXECUTIVE, "Ann").narrowed(CALL_CENTER, "South")) == {"Ann": None}
    assert means(make_filters(grant=Grant.of({"callCenter": ["North"]}))) == {"Ann": None}
    assert means(make_filters(date(2030, 1, 1))) == {}
    centers = by_name(ask(workspace, dimension=CALL_CENTER))
    assert (centers["North"].adjusted, centers["South"].adjusted) == (Fraction(18, 5), Fraction(38, 5))


def test_campaigns_are_strata_themselves(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="strata"):
        ask(workspace, dimension=CAMPAIGN)


def test_few_comparable_calls_take_no_part_in_the_order(workspace: Workspace, load: Load) -> None:
    load(
        lines(
            *[(5, 60, False, "a", "N", "Ann")] * 40,
            *[(5, 60, False, "b", "N", "Ann")] * 4,
            *[(6, 60, False, "a", "N", "Cid")] * 40,
            *[(9, 60, False, "b", "N", "Bob")] * 6,
            *[(9, 60, False, "c", "N", "Dan")] * 50,
        )
    )
    rows = ask(workspace).rows
    assert [(row.named.name, row.comparable, row.is_small_sample) for row in rows] == [
        ("Cid", 40, False),
        ("Ann", 44, False),
        ("Bob", 6, True),
        ("Dan", 0, True),
    ]
    assert rows[2].adjusted > rows[0].adjusted and rows[3].adjusted is None


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
    scored = [score for strata in cells.values() for scores in strata.values() for score in scores]
    rows = by_name(ask(workspace))
    assert rows.keys() == cells.keys()
    for name, strata in cells.items():
        row, own = rows[name], sum(map(len, strata.values()))
        difference, weight = Fraction(), Fraction()
        for stratum, scores in strata.items():
            others = [score for other, theirs in cells.items() if other != name for score in theirs.get(stratum, [])]
            if others:
                pairs = Fraction(len(scores) * len(others), len(scores) + len(others))
                difference += pairs * (sum(scores, Fraction()) / len(scores) - sum(others, Fraction()) / len(others))
                weight += pairs
        if not weight:
            assert (row.adjusted, row.interval, row.comparable) == (None, None, 0)
            continue
        assert (
            row.adjusted
            == sum(scored, Fraction()) / len(scored) + (1 - Fraction(own, len(scored))) * difference / weight
        )
        if one_stratum:
            assert row.adjusted == METRICS["averageScore"].value(row.sums) and row.comparable == own
