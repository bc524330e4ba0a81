"""Whether a member meets a condition: numbers in, a judgment out. No query, no clock, no state.

A condition has two thresholds. Beyond the first it holds; once the second is reached it has ended; what lies between
makes nothing fire that does not, and ends nothing. That keeps a value that plays about one number from telling people
so each time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from lib.alerts.definition import Condition, ConditionType
from lib.analytics.control_charts import ControlChart
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.catalog.targets import TargetState, state_of
from lib.catalog.uncertainty import Interval
from lib.statistics.clusters import SharedSpread


class Verdict(StrEnum):
    """What a look at a member says of its condition."""

    HOLDS = "holds"
    BETWEEN = "between"  # neither does it hold, nor has it ended
    ENDED = "ended"
    UNKNOWN = "unknown"  # too few evaluations, or nothing to compare with


@dataclass(frozen=True, slots=True)
class Judgment:
    """What a look at a member says, and what it rests on.

    `threshold` is what the value is held against, `severity` how far it lies on the wrong side of it: the largest are
    the worst.
    """

    verdict: Verdict
    value: float | None = None
    interval: Interval = None
    n: int | None = None
    threshold: float | None = None
    severity: float = 0.0


@dataclass(frozen=True, slots=True)
class WindowComparison:
    """A window and the one before, how executives spread around the change, and how sure it has to be."""

    before: MeasureTotals
    now: MeasureTotals
    executives: SharedSpread | None
    confidence: float


def judge_threshold(condition: Condition, metric: Metric, totals: MeasureTotals, minimum: int) -> Judgment:
    """Judge a value against a number: it holds beyond `value`, and has ended once `ends_at` is reached."""
    limit = condition.value or 0.0
    ends_at = limit if condition.ends_at is None else condition.ends_at
    value = metric.value(totals)
    if value is None or is_too_few(metric, totals, minimum):
        return _unknown(metric, totals, limit)
    sign = 1 if condition.type is ConditionType.ABOVE else -1
    beyond = sign * (float(value) - limit)
    if beyond > 0:
        verdict = Verdict.HOLDS
    else:
        verdict = Verdict.ENDED if sign * (float(value) - ends_at) <= 0 else Verdict.BETWEEN
    return _judged(verdict, metric, totals, limit, beyond)


def judge_target(metric: Metric, totals: MeasureTotals, target: Fraction | None, minimum: int) -> Judgment:
    """Judge a value against its target: it holds where the interval excludes the target.

    What is not yet sure is no miss. A miss has ended once the value itself is as good as the target. Without a target
    nothing is known.
    """
    limit = None if target is None else float(target)
    value = metric.value(totals)
    if target is None or value is None or is_too_few(metric, totals, minimum):
        return _unknown(metric, totals, limit)
    sign = 1 if metric.better == "lower" else -1
    severity = sign * float(value - target)
    if state_of(metric, totals, target) is TargetState.MISSED:
        verdict = Verdict.HOLDS
    else:
        verdict = Verdict.ENDED if severity <= 0 else Verdict.BETWEEN
    return _judged(verdict, metric, totals, limit, severity)


def judge_change(metric: Metric, compared: WindowComparison, minimum: int) -> Judgment:
    """Judge a window against the one before, by the metric's own test of change, in the worse direction alone.

    It holds where the test is as sure as `confidence` says, and has ended where the window is not worse beyond chance
    at the 95 % that pages mark changes at.
    """
    before, now = compared.before, compared.now
    was, value = metric.value(before), metric.value(now)
    limit = None if was is None else float(was)
    few = is_too_few(metric, now, minimum) or is_too_few(metric, before, minimum)
    if was is None or value is None or few or metric.better is None:
        return _unknown(metric, now, limit)
    severity = float(value - was) if metric.better == "lower" else float(was - value)
    if severity <= 0:
        return _judged(Verdict.ENDED, metric, now, limit, severity)
    marked = metric.differs(before, now, compared.executives)
    if marked is None:
        return _unknown(metric, now, limit)
    verdict = Verdict.BETWEEN if marked else Verdict.ENDED
    if marked and metric.differs(before, now, compared.executives, compared.confidence):
        verdict = Verdict.HOLDS
    return _judged(verdict, metric, now, limit, severity)


def judge_chart(chart: ControlChart | None, minimum: int) -> Judgment:
    """Judge the last point of a control chart: it holds where the point lies outside its usual range.

    The severity is in standard deviations of the point. Nothing is known without a chart.
    """
    if chart is None or not chart.points:
        return Judgment(Verdict.UNKNOWN)
    metric, place = chart.metric, len(chart.points) - 1
    totals = chart.points[place].sums
    value = metric.value(totals)
    if value is None or is_too_few(metric, totals, minimum):
        return _unknown(metric, totals, None)
    low, high = chart.usual_range(place)
    is_low = float(value) < chart.limits.center
    deviation = math.sqrt(chart.limits.variances[place])
    beyond = (low - float(value) if is_low else float(value) - high) / deviation
    verdict = Verdict.HOLDS if place in chart.limits.outside else Verdict.ENDED
    return _judged(verdict, metric, totals, low if is_low else high, beyond)


def judge_age(newest: datetime | None, now: datetime, hours: int) -> Judgment:
    """Judge when the last evaluation was: it holds where that is more than `hours` ago; the value is in hours."""
    if newest is None:
        return Judgment(Verdict.UNKNOWN, threshold=float(hours))
    age = (now - newest).total_seconds() / 3600
    verdict = Verdict.HOLDS if age > hours else Verdict.ENDED
    return Judgment(verdict, age, threshold=float(hours), severity=age - hours)


def is_too_few(metric: Metric, totals: MeasureTotals, minimum: int) -> bool:
    """Return whether a value rests on fewer evaluations than an alert asks for; a count rests on itself."""
    n = metric.n(totals)
    return n is not None and n < minimum


def _unknown(metric: Metric, totals: MeasureTotals, threshold: float | None) -> Judgment:
    return _judged(Verdict.UNKNOWN, metric, totals, threshold, 0.0)


def _judged(
    verdict: Verdict, metric: Metric, totals: MeasureTotals, threshold: float | None, severity: float
) -> Judgment:
    value = metric.value(totals)
    amount = None if value is None else float(value)
    return Judgment(verdict, amount, metric.interval(totals), metric.n(totals), threshold, severity)
