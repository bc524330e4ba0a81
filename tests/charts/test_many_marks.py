"""Charts of more groups than are drawn, and notes in buckets."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from lib.analytics.breakdowns import Group
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.rank_ranges import GroupRanks
from lib.analytics.standardization import StandardizedRow, StandardizedScores
from lib.catalog.dimensions import EXECUTIVE, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS
from lib.charts import funnel, ranking, standardized
from lib.charts.chart import Chart
from lib.charts.theme import LIGHT, ChartTheme
from lib.charts.trend import trend
from lib.reports.figures import RankingFigure, TrendNote
from tests.charts.samples import course, sums

LOOK = ChartTheme(LIGHT, "en")


def drawn(groups: list[Group]) -> Chart:
    found = funnel.funnel(groups, MeasureTotals.total(group.sums for group in groups), EXECUTIVE, LOOK)
    assert found is not None
    return found


def test_a_funnel_draws_those_outside_first_then_the_largest() -> None:
    inside = [Group(Member(f"in{number:05}", ""), sums(40 + number % 50, 7.0)) for number in range(5_000)]
    outside = [Group(Member(f"out{number:05}", ""), sums(40, 9.9 if number % 2 else 4.0)) for number in range(300)]
    few = [Group(Member(f"few{number:05}", ""), sums(3, 9.9)) for number in range(700)]
    found = drawn([*inside, *few, *outside])
    rows = found.data["rows"]
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids)) == funnel.MOST
    assert sum(each.startswith("out") for each in ids) == 300 and not any(each.startswith("few") for each in ids)
    assert min(row["scored"] for row in rows if row["id"].startswith("in")) >= 73  # the largest of 40 to 89
    assert "2,000 of 6,000 shown" in " ".join(found.notes)
    assert "Funnel plot of 6,000 executives" in found.alt and "150 above, 5000 within and 150 below" in found.alt


def test_a_funnel_of_many_outside_draws_the_furthest() -> None:
    outside = [Group(Member(f"out{number:05}", ""), sums(40, 9 + number / 10_000)) for number in range(5_000)]
    found = drawn([*outside, *(Group(Member(f"in{number:05}", ""), sums(900, 4)) for number in range(400))])
    ids = [row["id"] for row in found.data["rows"]]
    assert len(ids) == funnel.MOST and max(each for each in ids if each.startswith("out")) == "out04999"
    low = min(each for each in ids if each.startswith("out"))
    assert {f"out{number:05}" for number in range(int(low[3:]), 5_000)} <= set(ids), "none further out is left out"


def test_a_funnel_of_few_draws_all_in_their_order() -> None:
    groups = [Group(Member(f"g{number}", ""), sums(40 + number, 7 + number % 3)) for number in range(funnel.MOST)]
    found = drawn(groups)
    assert [row["id"] for row in found.data["rows"]] == [group.named.id for group in groups]
    assert not any(" shown" in note for note in found.notes)


def test_a_funnel_of_one_or_two_with_enough_scores_says_that_they_are_too_few() -> None:
    for enough in (1, 2, 3):
        groups = [Group(Member(f"g{place}", ""), sums(40 if place < enough else 3, 5 + place)) for place in range(4)]
        total = MeasureTotals.total(group.sums for group in groups)
        for is_adjusted in (False, True):
            chart = funnel.funnel(groups, total, EXECUTIVE, LOOK, is_adjusted=is_adjusted)
            assert chart is not None
            notes = " ".join(chart.notes)
            assert ("Too few have enough evaluations" in notes) == (enough < 3)
            assert ("Overdispersion" in notes) == (enough == 3) and "With 1 executives" not in notes


def test_groups_that_are_called_alike_have_their_ids_beside_their_names() -> None:
    members = (Member("e1", "Ana"), Member("e2", "Bob"), Member("e3", "Ana"), Member(None, "(none)"))
    groups = [Group(named, sums(40 + number, 7 + number / 10)) for number, named in enumerate(members)]
    total = MeasureTotals.total(group.sums for group in groups)
    ranked = ranking.ranking(RankingFigure(EXECUTIVE, groups, total, GroupRanks({}, 0, 0)), LOOK)
    rows = [
        StandardizedRow(group.named, group.sums, Fraction(7 + place), None, 40) for place, group in enumerate(groups)
    ]
    scores = StandardizedScores(ResolvedPeriod(None, None), total, tuple(rows))
    alike = standardized.standardized(scores, EXECUTIVE, LOOK)
    assert ranked is not None and alike is not None
    for chart in (ranked, alike, drawn(groups)):
        names = {row["id"]: row["name"] for row in chart.data["rows"]}
        assert (names["e1"], names["e2"], names["e3"]) == ("Ana (e1)", "Bob", "Ana (e3)")


def test_the_words_of_a_ranking_name_none_of_few_evaluations() -> None:
    groups = [Group(Member(name, name), sums(n, score)) for name, n, score in (("A", 40, 7), ("B", 50, 8), ("C", 1, 1))]
    total = MeasureTotals.total(group.sums for group in groups)
    found = ranking.ranking(RankingFigure(EXECUTIVE, groups, total, GroupRanks({}, 0, 0)), LOOK)
    assert found is not None and "from B (8.00) to A (7.00)" in found.alt
    few = [group for group in groups if group.named.name == "C"]
    found = ranking.ranking(RankingFigure(EXECUTIVE, few, total, GroupRanks({}, 0, 0)), LOOK)
    assert found is not None and "from C (1.00) to C (1.00)" in found.alt


def test_notes_lie_in_their_buckets() -> None:
    first = date(2024, 1, 1)
    notes = [TrendNote(first + timedelta(days=days), str(days)) for days in (-1, 0, 30, 59, 60)]
    pinned = trend({"": course(60, first)}, METRICS["averageScore"], LOOK, notes=notes).data["notes"]
    assert [(row["text"], row["date"], row["late"]) for row in pinned] == [
        ("0", "2024-01-01", False),
        ("30", "2024-01-31", False),
        ("59", "2024-02-29", True),
    ]
