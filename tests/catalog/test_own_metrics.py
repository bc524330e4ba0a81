"""Metrics out of formulas: what is too large, too deep or without end is refused, and takes no other metric with it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from lib.catalog.catalog import BUILT_IN
from lib.catalog.formulas.own_uncertainty import OfRatio
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.catalog.own_metrics import MOST_NESTED, MetricDefinition, reader_of, with_metrics
from lib.catalog.targets import TargetState, parse_targets, state_of, target_at, visible_targets
from lib.errors import FormulaError, MetricError
from lib.statistics.order_statistics import quantile_of

BILLIONS = "*".join(["9" * 30] * 12)


def defined(**formulas: str) -> tuple[MetricDefinition, ...]:
    """Return definitions by name."""
    return tuple(MetricDefinition(name, name, formula) for name, formula in formulas.items())


def made(formula: str, **more: Any) -> Metric:
    """Return the metric of a formula."""
    return reader_of(BUILT_IN, ()).made(MetricDefinition("m", "M", formula, **more))


def totals(**values: int) -> MeasureTotals:
    """Return totals by the names of measures."""
    return MeasureTotals.from_values(list(values.values()), tuple(values))


@pytest.mark.parametrize(
    "formula",
    ["count()/3/count()", "sum(score)/3/count()", "sum(score)*(1/3)/count()", "sum(score)/(count()/7)"],
)
def test_constants_without_an_end_are_exact(formula: str) -> None:
    assert made(formula).uncertainty is not None


def test_a_metric_that_can_not_be_made_takes_no_other_with_it() -> None:
    catalog = with_metrics(BUILT_IN, defined(huge=BILLIONS, less="avg(score) + huge", fine="avg(score)"))
    assert catalog.all_metrics["fine"].value(totals(evaluations=1, scored=2, score_sum=150_000)) == Fraction(15, 2)
    huge = catalog.all_metrics["huge"]
    assert huge.rounded(MeasureTotals()) is None, "no answer holds it"
    assert catalog.all_metrics["less"].interval(totals(scored=9, score_sum=9, score_square_sum=99)) is None


def test_whole_numbers_are_those_that_answers_hold() -> None:
    assert made("9999999999999999999999 * count()", decimals=0).rounded(totals(evaluations=10**6)) == pytest.approx(
        1e28
    )


def test_metrics_are_not_nested_too_deep() -> None:
    chain = {f"m{place}": f"m{place + 1} + 0" for place in range(198)}
    catalog = with_metrics(BUILT_IN, defined(**chain, m198="avg(score)"))
    assert "m180" in catalog.defined_metrics and "m0" in catalog.metric_problems
    with pytest.raises(FormulaError, match=f"More than {MOST_NESTED} metrics"):
        reader_of(BUILT_IN, defined(**chain, m198="avg(score)")).expression("m0")


def test_what_names_itself_by_others_is_refused_soon() -> None:
    names = [f"m{place}" for place in range(40)]
    all_of = " + ".join(names)
    catalog = with_metrics(BUILT_IN, defined(**dict.fromkeys(names, all_of[:1_900].rpartition(" + ")[0])))
    assert set(catalog.metric_problems) == set(names)


@pytest.mark.parametrize("n", [2, 3, 20, 100, 19_999, 25_000])
@pytest.mark.parametrize(
    "share", [Fraction(1, 100_000), Fraction(1, 100), Fraction(99, 100), Fraction(99_999, 100_000)]
)
def test_far_percentiles_have_a_value_and_an_interval_or_none(n: int, share: Fraction) -> None:
    values = np.arange(n, dtype=np.int64)
    value, ends = quantile_of(values, np.ones(n, dtype=np.int64), share)
    assert 0 <= value <= n - 1
    assert ends is None or 0 <= ends[0] <= value <= ends[1] <= n - 1


def test_days_say_nothing_where_the_denominator_may_be_negative() -> None:
    signed = made("sum(score) / (count_if(is_ai) - count_if(not is_ai))").uncertainty
    plain = made("sum(duration_seconds) / count_if(is_ai)").uncertainty
    assert signed is not None and signed.quotient is None and plain is not None and plain.quotient is not None


def test_a_value_that_is_null_has_no_interval() -> None:
    metric = made("if(count() >= 30, averageScore - 7, null)")
    few = totals(evaluations=20, scored=20, score_sum=1_500_000, score_square_sum=113_000_000_000)
    many = totals(evaluations=40, scored=20, score_sum=1_500_000, score_square_sum=113_000_000_000)
    assert metric.value(few) is None and metric.interval(few) is None
    assert metric.interval(many) is not None


def test_the_kind_of_a_balance_does_not_change_with_the_data() -> None:
    metric = made(
        '(count_if(sentiment = "Positive") - count_if(sentiment = "Negative")) / count_if(sentiment is not null)'
    )
    assert isinstance(metric.uncertainty, OfRatio)
    none_negative = totals(**dict.fromkeys(("evaluations", "completed"), 20), positive=12, neutral=8, negative=0)
    assert metric.interval(none_negative) == BUILT_IN.metrics["netSentiment"].interval(none_negative)


SHARE = made('share(state = "Failed")', unit="share")


@pytest.mark.parametrize(
    ("failed", "of", "target", "state"),
    [
        (30, 30, "0.95", TargetState.UNSURE),  # Wilson's interval of 30 of 30 begins at 0.886
        (30, 30, "0.8", TargetState.MET),
        (0, 400, "0.5", TargetState.MISSED),
        (50, 100, "0.5", TargetState.UNSURE),
        (70, 100, "0.5", TargetState.MET),
        (20, 20, "0.1", TargetState.UNSURE),  # few evaluations are never sure
    ],
)
def test_a_target_is_met_only_where_chance_does_not_carry_the_value_across(
    failed: int, of: int, target: str, state: TargetState
) -> None:
    assert state_of(SHARE, totals(**_counts(failed, of)), Fraction(target)) is state


def _counts(failed: int, of: int) -> dict[str, int]:
    others = dict.fromkeys(("pending", "processing", "positive", "neutral", "negative", "completed"), 0)
    return {"evaluations": of, "failed": failed, **others, "completed": of - failed}


def test_a_target_at_the_end_of_an_interval_is_not_yet_sure() -> None:
    metric = made("avg(score)", better="lower")
    of_scores = totals(scored=100, score_sum=7_000_000, score_square_sum=500_000_000_000)
    ends = metric.interval(of_scores)
    assert ends is not None
    for end in ends:
        assert state_of(metric, of_scores, Fraction(end)) is TargetState.UNSURE
    assert state_of(metric, of_scores, Fraction(ends[1]) + 1) is TargetState.MET
    assert state_of(metric, of_scores, Fraction(ends[0]) - 1) is TargetState.MISSED


def test_counts_are_what_they_are() -> None:
    assert state_of(made("count()"), totals(evaluations=3), Fraction(3)) is TargetState.MET
    assert state_of(made("count()", better="lower"), totals(evaluations=3), Fraction(2)) is TargetState.MISSED


def test_targets_by_group_and_by_day() -> None:
    given = [{"value": 8, "from": "2026-01-01"}, {"value": 7, "campaign": {"a": 6.5}}]
    first, second = parse_targets(given, ("campaign",))
    assert (first.begins, first.of(), first.of("campaign", "a"), first.of("campaign", "b")) == (
        None,
        7,
        Fraction(13, 2),
        7,
    )
    assert target_at((first, second), None) is second and second.of("campaign", "a") == 8
    wrong: Any
    for wrong in (
        True,
        "8",
        [],
        {},
        {"campaign": {}},
        {"campaign": {"a": None}},
        [7, 8],
        {"value": 1e300},
        float("nan"),
    ):
        with pytest.raises(MetricError):
            parse_targets(wrong, ("campaign",))


def test_targets_of_groups_are_seen_by_those_who_see_the_groups() -> None:
    given = {"value": 8, "campaign": {"a": 7, "b": 6}, "executive": {"x": 5}}
    assert visible_targets(given, None) == given
    assert visible_targets(given, {"campaign": ("a",)}) == {"value": 8, "campaign": {"a": 7}}
    assert visible_targets([given, 7], {"callCenter": ("n",)}) == [{"value": 8}, 7]
    assert visible_targets(8, {"campaign": ()}) == 8
