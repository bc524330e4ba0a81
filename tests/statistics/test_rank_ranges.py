"""Ranges of ranks hold the true ranks in at least 95 of 100 samples, whatever scores and days are like."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import stats

from lib.statistics import rank_ranges
from lib.statistics.clusters import design_effects
from lib.statistics.rank_ranges import RankRanges
from tests.statistics.worlds import DRAWS, SHAPES, Floats, World, most, spread_of


def ranges(counts: list[float], means: list[float], variances: list[float], effects: Floats | float = 1) -> RankRanges:
    count = len(counts)
    return rank_ranges.rank_ranges(
        np.array(counts, dtype=float), np.array(means), np.array(variances), np.ones(count) * effects
    )


def test_by_hand() -> None:
    # n = 100 each, variance 1: the error of a difference is √.02 = .1414, with 258 degrees of freedom. Of 4 groups
    # 6 pairs: p of .5 / .1414 is 5e-4 < .05/6, and of .3 / .1414 (.035) more than .05/2.
    assert ranges([100] * 4, [8.0, 7.7, 7.5, 7.2], [1.0] * 4).ranges == ((1, 2), (1, 3), (2, 4), (3, 4))
    assert ranges([100] * 2, [8.0, 7.7], [1.0] * 2) == RankRanges(((1, 1), (2, 2)), 1)
    assert ranges([100] * 2, [7.7, 8.0], [1.0] * 2).ranges == ((2, 2), (1, 1))
    assert ranges([100] * 2, [7.7, 8.0], [1.0] * 2, 3.0) == RankRanges(((1, 2), (1, 2)), 0)
    assert ranges([], [], []) == RankRanges((), 0)
    assert ranges([40], [7], [1]) == RankRanges(((1, 1),), 0)


def test_variances_are_shrunk_to_the_pooled_one() -> None:
    """Thirty equal scores beside thousands that vary are not told apart by their lack of spread alone."""
    found = ranges([30, 3000], [7.3, 7.0], [0.0, 2.25])
    assert found.pairs_apart == 0
    assert ranges([3000, 3000], [7.3, 7.0], [2.25, 2.25]).pairs_apart == 1


@pytest.mark.parametrize("degrees", [31, 45.5, 100, 3000])
def test_normal_deviates_of_t(degrees: float) -> None:
    t = np.array([0.0, 0.5, 1.96, 3, 4, 5])
    found = rank_ranges._as_normal(t, np.full(len(t), degrees))
    assert found == pytest.approx(stats.norm.isf(stats.t.sf(t, degrees)), abs=2e-3)
    assert np.isfinite(rank_ranges._as_normal(np.array([np.inf]), np.array([40.0]))).all()


def test_many_means_need_no_step_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bonferroni's pairs are some of Holm's, and nearly all of them."""
    rng = np.random.default_rng(5)
    means = list(7 + rng.normal(size=300) * 0.4)
    stepped = ranges([200] * 300, means, [2.0] * 300)
    monkeypatch.setattr(rank_ranges, "MOST_STEPPED", 10)
    single = ranges([200] * 300, means, [2.0] * 300)
    assert 0.97 * stepped.pairs_apart < single.pairs_apart <= stepped.pairs_apart
    for one, other in zip(single.ranges, stepped.ranges, strict=True):
        assert one[0] <= other[0] and other[1] <= one[1]


@dataclass(frozen=True)
class Field:
    """Groups to rank: how many, of how many scores each, how far their true means lie apart, what calls are like."""

    name: str
    world: World
    groups: int
    sizes: tuple[int, ...]
    apart: float = 0.0  # the standard deviation of the true means, in spreads of single scores
    group_day_share: float = 0.0  # of a score's variance, what calls of one group on one day have in common
    small_spread: float = 1.5  # of single scores of the smallest groups, in points


FIELDS = (
    *(
        Field(f"{count} groups, {shape}", World("", shape), count, (30, 60, 200))
        for count in (3, 25)
        for shape in SHAPES
    ),
    Field("a hundred groups, rare zeros", World("", "rare zeros"), 100, (30, 50, 100, 500)),
    Field("days in common", World("", day_share=0.03), 20, (30, 60, 200)),
    Field("days of their own", World(""), 20, (30, 60, 200), group_day_share=0.03),
    Field("days of their own, very unequal", World(""), 20, (30, 300, 3000), group_day_share=0.03),
    Field("ten days, rare zeros", World("", "rare zeros", days=10, day_share=0.02), 20, (30, 60, 300), 0.0, 0.02),
    Field("five groups, skewed", World("", "skewed", days=10), 5, (30, 60, 300), group_day_share=0.03),
    Field("small groups vary more", World("", spread=0.7), 20, (40, 1000), small_spread=1.8),
    Field("true means differ", World("", day_share=0.01), 25, (30, 60, 400), 0.3, 0.01),
)


@pytest.mark.simulation
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_ranges_hold_all_true_ranks(field: Field) -> None:
    draws = max(100, DRAWS // 4) if field.groups >= 20 else DRAWS
    world = field.world
    rng = np.random.default_rng([len(field.name), field.groups])
    missed = 0
    for _ in range(draws):
        true = rng.normal(size=field.groups) * field.apart
        of_day = rng.normal(size=world.days) * np.sqrt(world.day_share)
        counts, means, variances, spreads = [], [], [], []
        for group in range(field.groups):
            n = int(rng.choice(field.sizes))
            day = rng.integers(0, world.days, n)
            own = rng.normal(size=world.days) * np.sqrt(field.group_day_share)
            spread = field.small_spread if n == min(field.sizes) else world.spread
            points = replace(world, spread=spread).scores(rng, true[group] + of_day[day] + own[day]) / 100
            counts.append(float(n))
            means.append(float(points.mean()))
            variances.append(float(points.var(ddof=1)))
            spreads.append(spread_of(np.bincount(day), np.bincount(day, points)))
        found = ranges(counts, means, variances, np.array(design_effects(counts, variances, spreads)))
        # Equal ones may have any of the places that they share.
        best = [1 + int((true > each).sum()) for each in true]
        last = [field.groups - int((true < each).sum()) for each in true]
        missed += not all(
            low <= first and end <= high if first < end else low <= first <= high
            for (low, high), first, end in zip(found.ranges, best, last, strict=True)
        )
    assert missed <= most(0.05, draws), f"{missed} of {draws}"
