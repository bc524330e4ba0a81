"""The spread of groups without chance: by hand, and held to its interval in simulated worlds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from lib.statistics.group_spread import UPPER_HALF, _chi_square_quantile, group_spread
from tests.statistics.worlds import DRAWS, SCALE, SHAPES, World, most


def test_equal_groups_by_hand() -> None:
    """With equal n the estimate is the variance of the means less s²/n."""
    means = [5, 6, 7, 8, 9]
    groups = [(2, 2 * mean, (mean - 1) ** 2 + (mean + 1) ** 2) for mean in means]  # s² = 2, of means 1
    spread = group_spread(groups)
    assert spread is not None and spread.deviation == pytest.approx(math.sqrt(2.5 - 1))
    # Q(τ²) = 10 / (τ² + 1): 11.143 and 0.4844 are the quantiles of χ² with 4 degrees.
    assert spread.low == 0  # 10 is less than 11.143
    assert spread.high == pytest.approx(math.sqrt(10 / 0.4844 - 1), rel=0.05)
    wide = group_spread([(2, 4 * mean, (2 * mean - 1) ** 2 + (2 * mean + 1) ** 2) for mean in means])
    assert wide is not None and wide.low == pytest.approx(math.sqrt(40 / 11.143 - 1), rel=0.01)


def test_no_spread_can_be_told_of_few_or_constant_groups() -> None:
    assert group_spread([(2, 4, 10)] * 4) is None
    assert group_spread([(2, 4, 10)] * 4 + [(1, 9, 81)]) is None
    assert group_spread([(2, 4, 8)] * 9) is None
    alike = group_spread([(2, 4, 10)] * 9)
    assert alike is not None and (alike.deviation, alike.low) == (0, 0)


@pytest.mark.parametrize(("degrees", "error"), [(4, 0.08), (10, 0.01), (50, 0.001), (400, 0.0001)])
@pytest.mark.parametrize("probability", [0.025, 0.975])
def test_quantiles_of_chi_square(degrees: int, error: float, probability: float) -> None:
    assert _chi_square_quantile(probability, degrees) == pytest.approx(stats.chi2.ppf(probability, degrees), rel=error)


def test_the_upper_half() -> None:
    assert pytest.approx(stats.halfnorm.mean()) == UPPER_HALF


def draw(world: World, rng: np.random.Generator, spread: float) -> list[tuple[int, int, int]]:
    """Return the sums of executives of unequal numbers of calls, whose true means have this spread, in points."""
    sizes = 30 + rng.negative_binomial(1, 0.01, world.executives)
    level = rng.normal(size=world.executives) * spread / world.spread
    executive = np.repeat(np.arange(world.executives), sizes)
    of_day = rng.normal(size=world.days) * math.sqrt(world.day_share)
    scores = world.scores(rng, level[executive] + of_day[rng.integers(0, world.days, len(executive))])
    sums = [
        np.bincount(executive, weights).astype(np.int64).tolist() for weights in (scores, scores.astype(float) ** 2)
    ]
    return list(zip(sizes.tolist(), *sums, strict=True))


WORLDS = [
    *(World(f"spread, {shape}", shape, executives=20) for shape in SHAPES),
    World("spread, few executives", executives=6),
    World("spread, many executives", executives=80),
    World("spread, days alike", executives=20, day_share=0.02),
]


@pytest.mark.simulation
@pytest.mark.parametrize("world", WORLDS, ids=lambda each: each.name)
def test_no_spread_is_claimed_where_there_is_none(world: World) -> None:
    rng = world.rng()
    spreads = (group_spread(draw(world, rng, 0.0), SCALE) for _ in range(DRAWS))
    assert sum(spread.low > 0 for spread in spreads) <= most(0.05, DRAWS)


def true_spread(world: World, spread: float) -> float:
    """Return the spread that is left of one asked for, as scores end at 0 and 10."""
    ends = np.repeat([-spread, spread], 200_000) / world.spread
    low, high = (scores.mean() / SCALE for scores in np.split(world.scores(np.random.default_rng(9), ends), 2))
    return float(high - low) / 2


@pytest.mark.simulation
@pytest.mark.parametrize("spread", [0.2, 0.4])
@pytest.mark.parametrize("world", [*WORLDS[:2], *WORLDS[4:]], ids=lambda each: each.name)
def test_the_interval_holds_the_spread(world: World, spread: float) -> None:
    rng, missed, found, truth = world.rng(), 0, [], true_spread(world, spread)
    for _ in range(DRAWS):
        estimate = group_spread(draw(world, rng, spread), SCALE)
        missed += not estimate.low <= truth <= estimate.high
        found.append(estimate.deviation**2)
    assert missed <= most(0.06, DRAWS)
    assert math.sqrt(np.mean(found)) == pytest.approx(truth, rel=0.08)
