"""What can be told from chance, metric by metric, on sums that one can check by hand or in published tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS, rounded
from lib.store.enums import SCORE_SCALE


def scored(*points: float) -> MeasureTotals:
    values = [round(point * SCORE_SCALE) for point in points]
    return MeasureTotals(
        scored=len(values), score_sum=sum(values), score_square_sum=sum(value * value for value in values)
    )


def test_an_average_that_moved() -> None:
    low, high = scored(5, 6, 7, 5, 6, 7), scored(8, 9, 8, 9, 8, 9)
    assert METRICS["averageScore"].differs(low, high) is True
    assert METRICS["averageScore"].differs(high, low) is True


def test_an_average_that_may_not_have_moved() -> None:
    assert METRICS["averageScore"].differs(scored(5, 6, 7), scored(6, 7, 8)) is False  # 1 ± 2.3


def test_too_few_to_tell() -> None:
    assert METRICS["averageScore"].differs(scored(5), scored(8, 9)) is None
    for name in ("completionRate", "failureRate", "netSentiment"):
        assert (
            METRICS[name].differs(MeasureTotals(), MeasureTotals(evaluations=3, completed=3, positive=2, negative=1))
            is None
        )


def test_shares() -> None:
    # Newcombe (1998): 56 of 70 against 48 of 80 is 0.0524 to 0.3339.
    more, less = (
        MeasureTotals(evaluations=70, completed=56, failed=14),
        MeasureTotals(evaluations=80, completed=48, failed=32),
    )
    for name in ("completionRate", "failureRate"):
        assert METRICS[name].differs(less, more) is True
        assert METRICS[name].differs(less, less) is False
    rate = METRICS["completionRate"]
    assert rate.difference is not None
    assert rate.difference(less, more) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    failure = METRICS["failureRate"]
    assert failure.difference is not None
    assert failure.difference(less, more) == pytest.approx((-0.3339, -0.0524), abs=5e-5)


def test_what_has_no_test() -> None:
    many, few = (
        MeasureTotals(evaluations=900, completed=900, scored=900, timed=900, duration_sum=9),
        MeasureTotals(evaluations=1),
    )
    for name in ("totalEvaluations", "completedEvaluations", "scoredEvaluations", "averageDurationSeconds"):
        assert METRICS[name].differs(few, many) is None


moods = st.lists(st.sampled_from([-1, 0, 1]), min_size=2, max_size=80).filter(lambda values: len(set(values)) > 1)


def felt(values: list[int]) -> MeasureTotals:
    return MeasureTotals(positive=values.count(1), neutral=values.count(0), negative=values.count(-1))


@given(moods, moods)
def test_net_sentiment_is_a_mean_of_ones(before: list[int], now: list[int]) -> None:
    metric = METRICS["netSentiment"]
    assert metric.difference is not None and metric.interval is not None
    theirs = stats.ttest_ind(now, before, equal_var=False).confidence_interval(0.95)
    assert metric.difference(felt(before), felt(now)) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    low, high = stats.ttest_1samp(now, 0).confidence_interval(0.95)
    assert metric.interval(felt(now)) == pytest.approx((max(low, -1), min(high, 1)), abs=1e-9)


def test_sentiments_that_are_all_the_same_tell_no_spread() -> None:
    metric = METRICS["netSentiment"]
    assert metric.interval is not None
    assert metric.interval(MeasureTotals(positive=3)) is None
    assert metric.differs(MeasureTotals(positive=3), MeasureTotals(neutral=2)) is None
    assert metric.differs(MeasureTotals(positive=40), MeasureTotals(positive=20, neutral=10, negative=10)) is True


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(7.335, 7.34), (1.005, 1.01), (2.675, 2.68), (-1.005, -1.01), (7.3349999, 7.33), (1e-20, 0.0), (9.995, 10.0)],
)
def test_a_float_is_rounded_as_it_is_written(value: float, wanted: float) -> None:
    assert rounded(value, 2) == rounded(np.float64(value), 2) == wanted


@given(score=st.integers(0, 10 * SCORE_SCALE), count=st.integers(2, 200))
def test_the_interval_of_equal_scores_is_their_average(score: int, count: int) -> None:
    sums = MeasureTotals(
        evaluations=count, completed=count, scored=count, score_sum=count * score, score_square_sum=count * score**2
    )
    metric = METRICS["averageScore"]
    assert metric.rounded_interval(sums) == (metric.rounded(sums), metric.rounded(sums))
