"""What can be told from chance, metric by metric, on sums that one can check by hand or in published tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS, rounded
from lib.statistics import intervals
from lib.statistics.clusters import ClusterSpread, SharedSpread
from lib.store.enums import SCORE_SCALE


def scored(*points: float) -> MeasureTotals:
    values = [round(point * SCORE_SCALE) for point in points]
    return MeasureTotals(
        scored=len(values), score_sum=sum(values), score_square_sum=sum(value * value for value in values)
    )


def on_days(totals: MeasureTotals, **variances: float) -> MeasureTotals:
    """Return totals with the variances of metrics, as days would give them with 20 degrees of freedom."""
    return totals.with_days({name: ClusterSpread(21, variance, 20.0, 1 / 21) for name, variance in variances.items()})


def test_a_change_is_tested_from_thirty_on_both_sides() -> None:
    metric = METRICS["averageScore"]
    many, few = on_days(scored(*[5, 9] * 15), averageScore=0.01), on_days(scored(*[2, 4] * 14, 3), averageScore=0.01)
    assert metric.differs(many, on_days(scored(*[2, 4] * 15), averageScore=0.01)) is True
    assert metric.differs(many, few) is None
    assert metric.differs(few, many) is None


def test_a_change_allows_for_days_and_executives() -> None:
    metric = METRICS["averageScore"]
    before, now = scored(*[5, 7] * 100), scored(*[6, 8] * 100)  # a point apart: t(40) = 2.02
    assert metric.differs(on_days(before, averageScore=0.1), on_days(now, averageScore=0.1)) is True
    assert metric.differs(on_days(before, averageScore=0.13), on_days(now, averageScore=0.13)) is False
    executives = SharedSpread(0.2, 8.0, 1.0, 1.0)
    assert metric.differs(on_days(before, averageScore=0.1), on_days(now, averageScore=0.1), executives) is False
    assert metric.differs(before, now) is None  # a single day on either side


def test_a_change_that_calls_alone_explain_is_none() -> None:
    """However alike the days are."""
    metric = METRICS["averageScore"]
    before, now = scored(*[2, 9] * 20), scored(*[3, 10] * 20)
    assert metric.differs(on_days(before, averageScore=1e-6), on_days(now, averageScore=1e-6)) is False


def test_shares() -> None:
    # Newcombe (1998): 56 of 70 against 48 of 80 is 0.0524 to 0.3339.
    more = on_days(MeasureTotals(evaluations=70, completed=56, failed=14), completionRate=1e-4, failureRate=1e-4)
    less = on_days(MeasureTotals(evaluations=80, completed=48, failed=32), completionRate=1e-4, failureRate=1e-4)
    for name in ("completionRate", "failureRate"):
        assert METRICS[name].differs(less, more) is True
        assert METRICS[name].differs(less, less) is False
    # Days that differ much are worth fewer calls: Wilson's interval of a quarter of them, with t(20) = 2.086.
    p, n = 56 / 70, 70
    wide = on_days(MeasureTotals(evaluations=70, completed=56), completionRate=4 * p * (1 - p) / (n - 1))
    assert METRICS["completionRate"].interval(wide) == pytest.approx(
        intervals.share_interval(56 / 4, 70 / 4, stats.t.ppf(0.975, 20)), rel=1e-9
    )


def test_shares_of_values_that_are_all_the_same() -> None:
    """They have no interval, as means have none; their changes are tested."""
    one, other = METRICS["completionRate"], METRICS["failureRate"]
    done = MeasureTotals(evaluations=40, completed=40)
    assert one.interval(done) is other.interval(done) is None
    assert one.interval(on_days(done, completionRate=0.0)) is None
    assert one.interval(MeasureTotals(evaluations=40, completed=39, pending=1)) is not None
    half = on_days(MeasureTotals(evaluations=40, completed=20, failed=20), completionRate=1e-4, failureRate=1e-4)
    all_done = on_days(done, completionRate=0.0, failureRate=0.0)
    assert one.differs(half, all_done) is other.differs(half, all_done) is True


def test_what_has_no_test() -> None:
    many = MeasureTotals(evaluations=900, completed=900, scored=900, timed=900, duration_sum=9)
    for name in ("totalEvaluations", "completedEvaluations", "scoredEvaluations"):
        assert METRICS[name].differs(many, many) is None


seconds = st.lists(st.integers(0, 2**31 - 1), min_size=2, max_size=80).filter(lambda values: len(set(values)) > 1)


@given(seconds)
def test_a_duration_has_the_interval_of_a_mean(values: list[int]) -> None:
    squares = sum(value * value for value in values)
    sums = MeasureTotals(timed=len(values), duration_sum=sum(values), duration_square_sum=squares)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = METRICS["averageDurationSeconds"].interval(sums)
    assert found == pytest.approx((max(low, 0), high), rel=1e-9, abs=1e-3)


moods = st.lists(st.sampled_from([-1, 0, 1]), min_size=2, max_size=80).filter(lambda values: len(set(values)) > 1)


def felt(values: list[int]) -> MeasureTotals:
    return MeasureTotals(positive=values.count(1), neutral=values.count(0), negative=values.count(-1))


@given(moods)
def test_net_sentiment_lies_within_its_score_interval(values: list[int]) -> None:
    """At both ends the score statistic of Tango (1998) is z, with the likeliest share of −1 found by search."""
    ends = METRICS["netSentiment"].interval(felt(values))
    n, balance = len(values), sum(values)
    positive, negative = values.count(1), values.count(-1)
    assert ends is not None
    assert -1 <= ends[0] <= balance / n <= ends[1] <= 1
    for mean in ends:

        def likelihood(q: float, mean: float = mean) -> float:
            shares = ((positive, q + mean), (negative, q), (n - positive - negative, 1 - 2 * q - mean))
            return -sum(count * math.log(max(share, 1e-300)) for count, share in shares if count)

        low, high = max(0.0, -mean), (1 - mean) / 2
        q = optimize.minimize_scalar(likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
        variance = n * (2 * q + mean * (1 - mean))
        assert abs(balance - n * mean) / np.sqrt(variance) == pytest.approx(1.959964, rel=2e-3)


def test_sentiments_that_are_all_the_same_tell_no_spread() -> None:
    metric = METRICS["netSentiment"]
    assert metric.interval(MeasureTotals(positive=3)) is None
    same, other = (on_days(MeasureTotals(**{name: 40}), netSentiment=0) for name in ("positive", "neutral"))
    assert metric.differs(same, other) is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(7.335, 7.34), (1.005, 1.01), (2.675, 2.68), (-1.005, -1.01), (7.3349999, 7.33), (1e-20, 0.0), (9.995, 10.0)],
)
def test_a_float_is_rounded_as_it_is_written(value: float, wanted: float) -> None:
    assert rounded(value, 2) == rounded(np.float64(value), 2) == wanted


@given(score=st.integers(0, 10 * SCORE_SCALE), count=st.integers(2, 200))
def test_equal_scores_have_no_interval(score: int, count: int) -> None:
    sums = MeasureTotals(
        scored=count,
        score_sum=count * score,
        score_square_sum=count * score**2,
        timed=count,
        duration_sum=count * score,
        duration_square_sum=count * score**2,
    )
    assert METRICS["averageScore"].interval(sums) is None
    assert METRICS["averageScore"].interval(on_days(sums, averageScore=0)) is None
