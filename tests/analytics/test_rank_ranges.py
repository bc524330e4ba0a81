"""Rank tiers, on groups whose intervals one can work out by hand."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from lib.analytics.queries import Group
from lib.analytics.rank_ranges import tiers
from lib.catalog.dimensions import Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, METRICS
from lib.store.enums import SCORE_SCALE


def group(name: str | None, n: int, mean: float, deviation: float = 1.0) -> Group:
    """Half of the scores lie one deviation above the mean, half below."""
    low, high = (round((mean + sign * deviation) * SCORE_SCALE) for sign in (-1, 1))
    half = n // 2
    sums = MeasureTotals(
        scored=2 * half, score_sum=half * (low + high), score_square_sum=half * (low * low + high * high)
    )
    return Group(Member(name, name or "(none)"), sums)


def shown(*groups: Group) -> list[tuple[int, str]]:
    return [(each.tier, each.group.named.name) for each in tiers(groups)]


def test_by_hand() -> None:
    # n = 100, deviation 1: the error of a difference is √(1.01/100 · 2) = 0.142. Four ranked groups make three
    # comparisons, so t(1 − 0.05/6, 198) = 2.41 and what is less than 0.343 apart is not told apart.
    assert shown(group("a", 100, 8.0), group("b", 100, 7.7), group("c", 100, 7.6), group("d", 100, 7.3)) == [
        (1, "a"),
        (1, "b"),
        (2, "c"),
        (2, "d"),
    ]
    # Two groups are compared once: t(0.975, 198) = 1.97 tells from 0.28 on.
    assert shown(group("a", 100, 8.0), group("b", 100, 7.7)) == [(1, "a"), (2, "b")]


def test_a_tier_reaches_down_to_the_last_that_is_not_told_apart() -> None:
    # Of c there are few, so that it can't be told from a, though b above it can.
    assert shown(group("a", 1000, 8.0), group("b", 1000, 7.7), group("c", 30, 7.6), group("d", 1000, 5)) == [
        (1, "a"),
        (1, "b"),
        (1, "c"),
        (2, "d"),
    ]


def test_who_is_ranked() -> None:
    assert shown(group("a", 28, 9.9), group(None, 100, 9), group("b", 30, 8)) == [(1, "b")]
    assert shown() == []


def test_order_of_equals() -> None:
    assert shown(group("b", 40, 7), group("a", 40, 7), group("c", 60, 7)) == [(1, "c"), (1, "a"), (1, "b")]


@given(st.lists(st.tuples(st.integers(14, 60), st.integers(50, 95), st.integers(1, 30)), max_size=20))
def test_tiers_are_what_the_definition_says(numbers: list[tuple[int, int, int]]) -> None:
    """A tier runs down to the last group that can't be told apart from its best, looked at one by one from the top."""
    groups = [group(str(place), 2 * n, mean / 10, spread / 10) for place, (n, mean, spread) in enumerate(numbers)]
    found = tiers(groups)
    ranked = [each.group for each in found]
    means = [Fraction(METRICS["averageScore"].value(each.sums) or 0) for each in ranked]
    assert means == sorted(means, reverse=True)
    confidence = 1 - 0.05 / max(len(ranked) - 1, 1)
    expected: list[int] = []
    while len(expected) < len(ranked):
        best, last = len(expected), len(expected)
        for place in range(best, len(ranked)):
            ends = AVERAGE_SCORE.difference(ranked[best].sums, ranked[place].sums, confidence)
            if ends is None or ends[0] <= 0 <= ends[1]:
                last = place
        expected += [(expected[-1] if expected else 0) + 1] * (last + 1 - best)
    assert [each.tier for each in found] == expected


def test_groups_that_do_not_vary() -> None:
    assert shown(group("a", 30, 9, 0), group("b", 30, 9, 0), group("c", 30, 8, 0)) == [(1, "a"), (1, "b"), (2, "c")]


some = st.builds(
    group,
    st.text("abc", min_size=1, max_size=4),
    st.integers(10, 400),
    st.floats(2, 9),
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
)


@given(st.lists(some, max_size=12, unique_by=lambda each: each.named.id))
def test_later_tiers_are_told_from_the_best_of_each_before(groups: list[Group]) -> None:
    found = tiers(groups)
    score = METRICS["averageScore"]
    values = [float(score.value(each.group.sums) or 0) for each in found]
    assert values == sorted(values, reverse=True)
    assert len(found) == sum(not AVERAGE_SCORE.is_small_sample(each.sums) for each in groups)
    numbers = [each.tier for each in found]
    assert numbers == sorted(numbers) and set(numbers) == set(range(1, max(numbers, default=0) + 1))
    for number in set(numbers):
        best = next(each.group for each in found if each.tier == number)
        for each in found:
            ends = AVERAGE_SCORE.difference(best.sums, each.group.sums, 1 - 0.05 / max(len(found) - 1, 1))
            assert ends is not None
            assert each.tier <= number or not ends[0] <= 0 <= ends[1]
