"""Intervals and quantiles, held against SciPy."""

from __future__ import annotations

import math
import statistics as plain
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lib.statistics import intervals

scores = st.lists(st.integers(0, 100_000), min_size=2, max_size=60)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 29, 30, 100, 999, 1000, 1001, 5000, 10**5, 10**7])
@pytest.mark.parametrize("probability", [0.9, 0.975, 0.999])
def test_t_quantile(degrees: int, probability: float) -> None:
    assert intervals.t_quantile(probability, degrees) == pytest.approx(stats.t.ppf(probability, degrees), rel=1e-9)


def test_t_quantile_beyond_a_thousand_degrees() -> None:
    """There the start of Newton's steps is the result, so that each of its terms counts."""
    assert intervals.t_quantile(0.999, 1001) == pytest.approx(stats.t.ppf(0.999, 1001), rel=1e-10)


@pytest.mark.parametrize("degrees", [1 + 1e-9, 1.1, 1.5, 1.999999, 2.5, 3.7, 17.31, 999.5, 1000.5, 54_321.9])
@pytest.mark.parametrize("probability", [0.9, 0.975, 0.999, 0.99999])
def test_t_quantile_between_whole_degrees(degrees: float, probability: float) -> None:
    assert intervals.t_quantile(probability, degrees) == pytest.approx(stats.t.ppf(probability, degrees), rel=1e-9)


@given(scores)
def test_mean_interval(values: list[int]) -> None:
    found = intervals.mean_interval(len(values), sum(values), sum(v * v for v in values), 10_000)
    points = [value / 10_000 for value in values]
    error = plain.stdev(points) / math.sqrt(len(points))
    assert found is not None
    if error == 0:
        assert found == pytest.approx((points[0], points[0]))
    else:
        theirs = stats.t.interval(0.95, len(points) - 1, loc=plain.mean(points), scale=error)
        assert found == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def test_mean_interval_of_whole_values_by_hand() -> None:
    # 4 and 6: mean 5, s² = 2, s / √2 = 1; t(0.975, 1) = 12.7062.
    assert intervals.mean_interval(2, 10, 52) == pytest.approx((5 - 12.7062, 5 + 12.7062), abs=1e-4)


@given(scores)
def test_standard_deviation(values: list[int]) -> None:
    found = intervals.standard_deviation(*sums(values), 10_000)
    assert found == pytest.approx(plain.stdev(values) / 10_000, rel=1e-9, abs=1e-9)


def test_standard_deviation_by_hand() -> None:
    assert intervals.standard_deviation(2, 10, 52) == pytest.approx(math.sqrt(2))  # 4 and 6
    assert intervals.standard_deviation(1, 5, 25) is None


def test_mean_interval_needs_two() -> None:
    assert intervals.mean_interval(1, 5, 25) is None
    assert intervals.mean_interval(0, 0, 0) is None


@given(st.integers(1, 5000), st.data())
def test_share_interval(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    theirs = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert intervals.share_interval(successes, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_share_of_nothing() -> None:
    assert intervals.share_interval(0, 0) is None


def sums(values: list[int]) -> tuple[int, int, int]:
    return len(values), sum(values), sum(value * value for value in values)


@given(scores, scores, st.sampled_from([0.9, 0.95, 0.999]))
def test_welch_interval(before: list[int], now: list[int], confidence: float) -> None:
    found = intervals.welch_interval(sums(before), sums(now), 10_000, confidence)
    assert found is not None
    if len(set(before)) == 1 and len(set(now)) == 1:
        assert found == pytest.approx([(now[0] - before[0]) / 10_000] * 2)
        return
    points = [np.array(values) / 10_000 for values in (now, before)]
    # SciPy warns where one of the samples does not vary; its interval is right then too.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs = stats.ttest_ind(*points, equal_var=False).confidence_interval(confidence)
    assert found == pytest.approx((theirs.low, theirs.high), rel=1e-7, abs=1e-7)


def test_welch_needs_two_of_each() -> None:
    assert intervals.welch_interval((1, 5, 25), (9, 45, 300)) is None
    assert intervals.welch_interval((9, 45, 300), (0, 0, 0)) is None


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [  # Newcombe (1998), table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_interval(now: tuple[int, int], before: tuple[int, int], low: float, high: float) -> None:
    assert intervals.newcombe_interval(before, now) == pytest.approx((low, high), abs=5.1e-5)
    assert intervals.newcombe_interval(now, before) == pytest.approx((-high, -low), abs=5.1e-5)


def test_newcombe_of_nothing() -> None:
    assert intervals.newcombe_interval((0, 0), (1, 2)) is None
    assert intervals.newcombe_interval((1, 2), (0, 0)) is None


def test_control_limits_by_hand() -> None:
    low, high = intervals.control_limits(7.0, 1.5, 25, 0.95)
    assert (round(low, 4), round(high, 4)) == (6.412, 7.588)  # 7 ± 1.96 · 1.5 / 5
