"""Sample sizes, held against the power of SciPy's t test and in simulated worlds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from lib.statistics.intervals import mean_interval
from lib.statistics.sample_sizes import day_share, detectable_difference, population_interval, sample_size
from tests.statistics.worlds import DRAWS, SCALE, World, most


def power_of(n: int, difference: float, deviation: float) -> float:
    """Return the power of the two-sided t test of two samples, by the noncentral t distribution."""
    degrees, center = 2 * n - 2, difference / deviation * math.sqrt(n / 2)
    edge = stats.t.ppf(0.975, degrees)
    return float(stats.nct.sf(edge, degrees, center) + stats.nct.cdf(-edge, degrees, center))


@pytest.mark.parametrize("power", [0.8, 0.9])
@pytest.mark.parametrize("difference", [0.1, 0.25, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("deviation", [0.5, 1.5, 2.5])
def test_the_size_has_the_power(difference: float, deviation: float, power: float) -> None:
    n = sample_size(difference, deviation, power)
    assert n is not None
    # The right one is among n − 1 and n + 1.
    assert power_of(n + 1, difference, deviation) >= power > power_of(max(n - 2, 2), difference, deviation) or n <= 3
    assert detectable_difference(n, deviation, power) == pytest.approx(difference, rel=0.02 + 1 / n)


def test_by_hand() -> None:
    # 2 · 1.5² · (1.95996 + 0.84162)² / 0.5² = 141.28, and 1.95996² / 4 = 0.96.
    assert sample_size(0.5, 1.5, 0.8) == 143
    # A share of .5: 2 · .25 · 7.8489 / .1² = 392.4, and 0.96.
    assert sample_size(0.1, 0.5, 0.8) == 394
    # Of 1,000 calls: 142.24 / (1 + 0.14224) = 124.5.
    assert sample_size(0.5, 1.5, 0.8, population=1000) == 125
    # Design effect: V = .25 / 15.698 = .015926; less 2.25 · .02 / 30 = .0015; 2.25 · .98 / .014426 = 152.85 + 0.96.
    assert sample_size(0.5, 1.5, 0.8, day_share=0.02, days=30) == 154
    assert sample_size(0.1, 1.5, 0.8, day_share=0.02, days=30) is None
    assert detectable_difference(1, 1.5, 0.8) is None
    assert detectable_difference(100, 1.5, 0.8, population=100) == 0


@pytest.mark.parametrize("n", [20, 150, 2000])
def test_both_ways_agree(n: int) -> None:
    more: dict[str, Any] = {"day_share": 0.02, "days": 30, "population": 5000}
    difference = detectable_difference(n, 1.5, 0.9, **more)
    assert difference is not None
    assert sample_size(difference, 1.5, 0.9, **more) == pytest.approx(n, rel=0.03, abs=1)


def test_the_interval_of_a_known_whole() -> None:
    sums = (4, 20, 120)  # 2, 4, 6, 8
    plain = mean_interval(*sums)
    low, high = population_interval(*sums, 8)
    assert plain is not None and (high - low) / (plain[1] - plain[0]) == pytest.approx(math.sqrt(0.5))
    assert population_interval(*sums, 4) == (5, 5)
    assert population_interval(1, 5, 25, 9) is None
    with pytest.raises(ValueError, match="at least 4"):
        population_interval(*sums, 3)


def test_the_share_of_days_by_hand() -> None:
    # Days 1, 3 and 5, 7: MSB = 4 · 4 / 1 = 16, MSW = (2 + 2) / 2 = 2, n₀ = (4 − 8/4) / 1 = 2: 14 / 18.
    assert day_share([(2, 4, 10), (2, 12, 74), (0, 0, 0)]) == pytest.approx(14 / 18)
    assert day_share([(2, 4, 10), (2, 4, 10)]) == 0
    assert day_share([(9, 9, 9)]) == day_share([]) == day_share([(2, 2, 2), (2, 2, 2)]) == 0


@pytest.mark.simulation
@pytest.mark.parametrize("share", [0.0, 0.03])
def test_the_power_is_there_where_days_are_alike(share: float) -> None:
    """A change of the wanted size is noticed in at least 80 of 100 draws, and one of none in at most 5."""
    days, deviation, difference = 30, 1.5, 0.4
    n = sample_size(difference, deviation, 0.8, day_share=share, days=days)
    assert n is not None
    edge = 1.95996 * deviation * math.sqrt(2 * ((1 - share) / n + share / days))
    world = World(f"a sample of {n}", calls=n, days=days, day_share=share)
    rng, noticed, false = world.rng(), 0, 0
    for _ in range(DRAWS):
        day = rng.permutation(np.arange(n) % days)
        means = [
            deviation * (rng.normal(size=days) * math.sqrt(share))[day].mean()
            + deviation * math.sqrt(1 - share) * rng.normal(size=n).mean()
            for _ in range(2)
        ]
        noticed += abs(means[1] - means[0] + difference) > edge
        false += abs(means[1] - means[0]) > edge
    assert DRAWS - noticed <= most(0.2, DRAWS) and false <= most(0.05, DRAWS)
    assert noticed <= most(0.85, DRAWS)  # and not by more evaluations than it takes


@pytest.mark.simulation
@pytest.mark.parametrize("shape", ["bounded", "skewed", "bimodal"])
def test_the_interval_of_a_whole_holds_its_mean(shape: str) -> None:
    """Of 500 calls 200 are drawn at random, day effects and all: their interval holds the mean of the 500."""
    missed = 0
    rng = np.random.default_rng(8)
    for calls in World(f"a whole, {shape}", shape, calls=500, day_share=0.05).periods(DRAWS):
        drawn = rng.choice(calls.score, 200, replace=False)
        sums = len(drawn), int(drawn.sum()), int((drawn * drawn).sum())
        low, high = population_interval(*sums, 500, SCALE)
        missed += not low <= calls.score.mean() / SCALE <= high
    assert missed <= most(0.05, DRAWS)


@pytest.mark.simulation
def test_the_share_of_days_is_right_on_average() -> None:
    found = []
    for calls in World("days alike", calls=3000, days=30, day_share=0.04).periods(DRAWS):
        table = [calls.score[calls.day == day] for day in range(30)]
        found.append(day_share([(len(of), int(of.sum()), int((of * of).sum())) for of in table]))
    assert np.mean(found) == pytest.approx(0.04 / 1.04, abs=0.004)
