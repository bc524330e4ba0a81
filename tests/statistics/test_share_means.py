"""The interval of a mean share of points: held close to 1, where Student's misses twice as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from lib.catalog.criterion_metrics import AVERAGE_SHARE
from lib.catalog.measures import ANSWER_NAMES, MeasureTotals
from lib.statistics.intervals import share_interval, t_quantile
from lib.store.enums import SHARE_SCALE
from tests.statistics.worlds import DRAWS, most, spread_of

SHARES = {
    "passed in 90 %": ((0.0, 1.0), (0.1, 0.9)),
    "passed in 95 %": ((0.0, 1.0), (0.05, 0.95)),
    "halves, too": ((0.0, 0.5, 1.0), (0.03, 0.12, 0.85)),
    "five points": ((0.0, 0.25, 0.5, 0.75, 1.0), (0.05, 0.1, 0.2, 0.3, 0.35)),
}


def totals_of(shares: np.ndarray) -> MeasureTotals:
    """Return the measures of answers with these shares."""
    whole = np.round(shares * SHARE_SCALE).astype(np.int64)
    squares = np.round(shares**2 * SHARE_SCALE).astype(np.int64)
    sums = {"answered": len(shares), "share_sum": int(whole.sum()), "share_square_sum": int(squares.sum())}
    return MeasureTotals.from_values([sums.get(name, 0) for name in ANSWER_NAMES], ANSWER_NAMES)


@pytest.mark.simulation
@pytest.mark.parametrize("world", SHARES)
@pytest.mark.parametrize(("days", "each"), [(28, 2), (14, 5), (28, 8), (1, 50), (1, 200)])
def test_intervals_hold_the_mean(world: str, days: int, each: int) -> None:
    """With days from ten on; a single one stands for the map and the course, which take answers as independent."""
    values, chances = SHARES[world]
    truth = float(np.dot(values, chances))
    rng = np.random.default_rng([days, each, len(world)])
    missed = 0
    for _ in range(DRAWS):
        shares = rng.choice(values, p=chances, size=(days, each))
        totals = totals_of(shares.ravel())
        if days > 1:
            scaled = (shares.sum(axis=1) * SHARE_SCALE).astype(np.int64)
            spread = spread_of([each] * days, scaled.tolist(), SHARE_SCALE)
            totals = totals.with_days({} if spread is None else {AVERAGE_SHARE.name: spread})
        ends = AVERAGE_SHARE.interval(totals)
        missed += ends is not None and not ends[0] <= truth <= ends[1]
    assert missed <= most(0.07, DRAWS), f"{missed} of {DRAWS}"


def test_the_interval_by_hand() -> None:
    """Shares 0, 1, 1, 1: the mean .75 has the variance .0625, as 3 yes or no have; t of three degrees is 3.182."""
    low, high = AVERAGE_SHARE.interval(totals_of(np.array([0.0, 1.0, 1.0, 1.0]))) or (0, 0)
    assert (low, high) == pytest.approx(share_interval(2.25, 3, t_quantile(0.975, 3)), abs=1e-9)
    assert AVERAGE_SHARE.interval(totals_of(np.ones(4))) is None  # nothing spreads


def test_thirds_and_sevenths_are_exact() -> None:
    """Means that are the same by fractions are the same number."""
    thirds, sevenths = ([1 / 3] * 3 + [0] * 29, [1 / 7] * 7 + [0] * 25)
    assert AVERAGE_SHARE.rounded(totals_of(np.array(thirds))) == 0.0313
    assert AVERAGE_SHARE.rounded(totals_of(np.array(sevenths))) == 0.0313
    assert all(SHARE_SCALE % most == 0 for most in (*range(1, 21), 25, 50, 100))
