"""Conditions: two thresholds, few evaluations, and what is not yet sure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from lib.alerts.conditions import Verdict, WindowComparison, judge_age, judge_change, judge_target, judge_threshold
from lib.alerts.definition import Condition, ConditionType
from lib.alerts.false_alarms import FALSE_FIRINGS_A_QUARTER, QUARTER_DAYS, comparison_confidence, look_share
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS
from lib.statistics.clusters import ClusterSpread
from lib.store.enums import SCORE_SCALE

SCORE, FAILURES, EVALUATIONS = (METRICS[name] for name in ("averageScore", "failureRate", "totalEvaluations"))
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def scores(mean: float, n: int = 100, deviation: float = 1.0) -> MeasureTotals:
    """Return scores of which half lie a deviation below the mean and half above, over ten days."""
    low, high = (round((mean + side * deviation) * SCORE_SCALE) for side in (-1, 1))
    half = n // 2
    totals = MeasureTotals(
        scored=n, score_sum=half * low + (n - half) * high, score_square_sum=half * low**2 + (n - half) * high**2
    )
    return totals.with_days({"averageScore": ClusterSpread(10, deviation**2 / n, 9.0, 0.1)})


@pytest.mark.parametrize(
    ("kind", "value", "ends_at", "mean", "verdict"),
    [
        (ConditionType.BELOW, 7.0, 7.2, 6.9, Verdict.HOLDS),
        (ConditionType.BELOW, 7.0, 7.2, 7.0, Verdict.BETWEEN),
        (ConditionType.BELOW, 7.0, 7.2, 7.1, Verdict.BETWEEN),
        (ConditionType.BELOW, 7.0, 7.2, 7.2, Verdict.ENDED),
        (ConditionType.BELOW, 7.0, None, 7.0, Verdict.ENDED),
        (ConditionType.ABOVE, 7.0, 6.5, 7.1, Verdict.HOLDS),
        (ConditionType.ABOVE, 7.0, 6.5, 6.6, Verdict.BETWEEN),
        (ConditionType.ABOVE, 7.0, 6.5, 6.5, Verdict.ENDED),
        (ConditionType.ABOVE, 7.0, None, 7.0, Verdict.ENDED),
    ],
)
def test_two_thresholds(
    kind: ConditionType, value: float, ends_at: float | None, mean: float, verdict: Verdict
) -> None:
    judged = judge_threshold(Condition(kind, value, ends_at), SCORE, scores(mean), 30)
    assert (judged.verdict, judged.value, judged.n, judged.threshold) == (verdict, mean, 100, value)


def test_the_worst_are_furthest_beyond() -> None:
    below = Condition(ConditionType.BELOW, 7.0)
    assert judge_threshold(below, SCORE, scores(5.0), 30).severity == pytest.approx(2)
    above = Condition(ConditionType.ABOVE, 7.0)
    assert judge_threshold(above, SCORE, scores(7.5), 30).severity == pytest.approx(0.5)


def test_few_evaluations_say_nothing() -> None:
    below = Condition(ConditionType.BELOW, 7.0)
    assert judge_threshold(below, SCORE, scores(5.0, 29), 30).verdict is Verdict.UNKNOWN
    assert judge_threshold(below, SCORE, scores(5.0, 29), 29).verdict is Verdict.HOLDS
    assert judge_threshold(below, SCORE, MeasureTotals(evaluations=50), 30).verdict is Verdict.UNKNOWN
    assert judge_threshold(below, EVALUATIONS, MeasureTotals(evaluations=5), 30).verdict is Verdict.HOLDS


def test_what_is_not_yet_sure_is_no_miss() -> None:
    """The interval of 100 scores that deviate by 1 is the mean ± 0.2, and by its days ± 0.23."""
    judged = {
        mean: judge_target(SCORE, scores(mean), Fraction(8), 30).verdict for mean in (7.5, 7.76, 7.8, 7.99, 8.0, 8.5)
    }
    assert judged == {
        7.5: Verdict.HOLDS,
        7.76: Verdict.HOLDS,
        7.8: Verdict.BETWEEN,
        7.99: Verdict.BETWEEN,
        8.0: Verdict.ENDED,
        8.5: Verdict.ENDED,
    }
    assert judge_target(SCORE, scores(5.0, 20), Fraction(8), 30).verdict is Verdict.UNKNOWN
    assert judge_target(SCORE, scores(5.0), None, 30).verdict is Verdict.UNKNOWN


def test_a_target_that_less_is_better_of() -> None:
    def failing(failed: int) -> Verdict:
        return judge_target(
            FAILURES, MeasureTotals(failed=failed, completed=1000 - failed), Fraction(1, 20), 30
        ).verdict

    assert [failing(each) for each in (30, 50, 55, 90)] == [
        Verdict.ENDED,
        Verdict.ENDED,
        Verdict.BETWEEN,
        Verdict.HOLDS,
    ]


def changed(before: float, now: float, confidence: float = 0.95, n: int = 100) -> Verdict:
    return judge_change(SCORE, WindowComparison(scores(before, n), scores(now, n), None, confidence), 30).verdict


def test_worse_than_before_in_one_direction_alone() -> None:
    """The difference of two means of 100 has a standard error of 0.14, with 18 degrees of freedom by days."""
    assert changed(8.0, 7.0) is Verdict.HOLDS
    assert changed(7.0, 8.0) is Verdict.ENDED
    assert changed(8.0, 7.9) is Verdict.ENDED
    assert changed(8.0, 7.6) is Verdict.HOLDS
    assert changed(8.0, 7.6, confidence=0.9999) is Verdict.BETWEEN
    assert changed(8.0, 7.0, n=28) is Verdict.UNKNOWN


def test_how_long_ago_the_last_evaluation_was() -> None:
    judged = judge_age(NOW - timedelta(hours=7), NOW, 6)
    assert (judged.verdict, judged.value, judged.threshold, judged.severity) == (Verdict.HOLDS, 7.0, 6.0, 1.0)
    assert judge_age(NOW - timedelta(hours=6), NOW, 6).verdict is Verdict.ENDED
    assert judge_age(None, NOW, 6).verdict is Verdict.UNKNOWN


def test_the_budget_of_false_firings_is_never_overdrawn() -> None:
    assert sum(look_share(look) for look in range(1, 100_000)) < 1
    for members, looks in ((1, 1), (40, 3), (1000, 24)):
        spent = sum((1 - comparison_confidence(members, look)) / 2 for look in range(1, looks + 1))
        assert spent * members * QUARTER_DAYS <= FALSE_FIRINGS_A_QUARTER * (1 + 1e-6)
    assert comparison_confidence(0, 1) == comparison_confidence(1, 1) >= 0.95
