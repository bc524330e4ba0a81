"""The metrics of scorecards: of a criterion, over its answers; of a selection, over its evaluations with answers."""

from __future__ import annotations

from dataclasses import dataclass

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric, Unit
from lib.catalog.sums import Quotient, Sum
from lib.catalog.uncertainty import UPPER, Interval, OfMean, OfShare, Values
from lib.statistics.clusters import ClusterSpread
from lib.statistics.intervals import share_interval, t_quantile
from lib.store.enums import SHARE_SCALE

_LEAST_VARIANCE = 1e-9
"""Of shares: what is less comes of rounding them."""


@dataclass(frozen=True, slots=True)
class OfShareMean(OfMean):
    """Of a mean of shares of points, each from 0 to 1: Wilson's interval with Student's t, and Welch's for a change.

    Wilson's is of as many yes and no as have the mean's variance (Korn and Graubard 1998, Survey Methodology 24,
    193-201): with all points or none it is that of a share, and close to 0 and 1 it holds where Student's does not.
    """

    def values(self, totals: MeasureTotals) -> Values:
        """Return the number, the sum and the squares; none spread where that is less than their rounding."""
        n, total, squares = self.count.of(totals), self.total.of(totals), self.squares.of(totals) * SHARE_SCALE
        spread = n * squares - total * total
        if spread < n * n * SHARE_SCALE * SHARE_SCALE * _LEAST_VARIANCE and n:
            whole = total // n  # all the same
            return n, whole * n, whole * whole * n
        return n, total, squares

    def _independent(self, values: Values) -> Interval:
        return _of_variance(values, self.scale, self._variance(values), t_quantile(UPPER, values[0] - 1))

    def _by_days(self, values: Values, days: ClusterSpread, quantile: float) -> Interval:
        return _of_variance(values, self.scale, days.variance, quantile)


def _of_variance(values: Values, scale: int, variance: float, quantile: float) -> Interval:
    mean = values[1] / (values[0] * scale)
    worth = mean * (1 - mean) / variance
    return share_interval(mean * worth, worth, quantile)


_ANSWERED, _FULL, _WITHOUT = Sum(("answered",)), Sum(("full_marks",)), Sum(("without_points",))
_SHARES = Sum(("share_sum",))
_WITH_ANSWERS, _CRITICAL_FAILED = Sum(("with_answers",)), Sum(("critical_failed",))

AVERAGE_SHARE = Metric(
    "averageShare",
    "Average share",
    Unit.SHARE,
    "Mean of points ÷ most points over the answers, from 0 to 1. Answers that are not applicable do not count.",
    Quotient(_SHARES, _ANSWERED, SHARE_SCALE),
    "higher",
    OfShareMean(_ANSWERED, _SHARES, Sum(("share_square_sum",)), SHARE_SCALE),
)

CRITERION_METRICS = {
    metric.name: metric
    for metric in (
        Metric("answered", "Answers", Unit.COUNT, "Answers with points.", _ANSWERED),
        Metric("notApplicable", "Not applicable", Unit.COUNT, "Answers that did not apply.", Sum(("not_applicable",))),
        AVERAGE_SHARE,
        Metric(
            "fullMarks",
            "Full marks",
            Unit.SHARE,
            "Answers with all points ÷ answers.",
            Quotient(_FULL, _ANSWERED),
            "higher",
            OfShare(_ANSWERED, _FULL, _FULL),
        ),
        Metric(
            "failed",
            "Failed",
            Unit.SHARE,
            "Answers with no points ÷ answers.",
            Quotient(_WITHOUT, _ANSWERED),
            "lower",
            OfShare(_ANSWERED, _WITHOUT, _WITHOUT),
        ),
        Metric(
            "criticalFails",
            "Critical fails",
            Unit.COUNT,
            "Answers with no points where that fails the call.",
            Sum(("critical_fails",)),
        ),
    )
}
"""The metrics of a criterion, by name, in the order of the API."""

CRITICAL_FAIL_RATE = Metric(
    "criticalFailRate",
    "Critical fail rate",
    Unit.SHARE,
    "Evaluations in which a critical criterion got no points ÷ evaluations with answers.",
    Quotient(_CRITICAL_FAILED, _WITH_ANSWERS),
    "lower",
    OfShare(_WITH_ANSWERS, _CRITICAL_FAILED, _CRITICAL_FAILED),
)

WITH_ANSWERS = Metric(
    "evaluationsWithAnswers",
    "With answers",
    Unit.COUNT,
    "Evaluations that have answers to criteria.",
    _WITH_ANSWERS,
)

NUMBER_OF_CRITERIA = Metric(
    "criteria", "Number of criteria", Unit.COUNT, "Criteria that the evaluations have answers to.", Sum(("criteria",))
)
"""Of totals of that one number."""

SCORECARD_METRICS = {**CRITERION_METRICS, CRITICAL_FAIL_RATE.name: CRITICAL_FAIL_RATE}
"""All of them."""
