"""Intervals and quantiles, held against SciPy."""

from __future__ import annotations

import math
import statistics as plain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lib.analytics import statistics

scores = st.lists(st.integers(0, 100_000), min_size=2, max_size=60)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 29, 30, 100, 999, 1000, 1001, 5000, 10**5, 10**7])
@pytest.mark.parametrize("probability", [0.9, 0.975, 0.999])
def test_t_quantile(degrees: int, probability: float) -> None:
    assert statistics.t_quantile(probability, degrees) == pytest.approx(stats.t.ppf(probability, degrees), rel=1e-9)


@given(scores)
def test_mean_interval(values: list[int]) -> None:
    found = statistics.mean_interval(len(values), sum(values), sum(v * v for v in values), 10_000)
    points = [value / 10_000 for value in values]
    error = plain.stdev(points) / math.sqrt(len(points))
    assert found is not None
    if error == 0:
        assert found == pytest.approx((points[0], points[0]))
    else:
        theirs = stats.t.interval(0.95, len(points) - 1, loc=plain.mean(points), scale=error)
        assert found == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def test_mean_interval_needs_two() -> None:
    assert statistics.mean_interval(1, 5, 25) is None
    assert statistics.mean_interval(0, 0, 0) is None


@given(st.integers(1, 5000), st.data())
def test_share_interval(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    theirs = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert statistics.share_interval(successes, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_share_of_nothing() -> None:
    assert statistics.share_interval(0, 0) is None


def test_control_limits_by_hand() -> None:
    low, high = statistics.control_limits(7.0, 1.5, 25, 0.95)
    assert (round(low, 4), round(high, 4)) == (6.412, 7.588)  # 7 ± 1.96 · 1.5 / 5
