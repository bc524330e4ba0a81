"""Every metric, declared once: formula, label, unit, which direction is better, and how uncertain it is.

A metric is a formula over the totals of measures, computed exactly (as an int or a Fraction) and rounded only where it
is shown. How a number looks in a locale is not decided here.
"""

from __future__ import annotations

import enum
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from lib.catalog.measures import MeasureTotals
from lib.statistics import intervals
from lib.statistics.clusters import LEAST_DAYS, ClusterSpread, SharedSpread, change_error
from lib.store.enums import SCORE_SCALE

FEW_EVALUATIONS = 30
"""Below this many evaluations that a value rests on it is marked, and takes no part in rankings."""

UPPER = 0.5 + intervals.CONFIDENCE / 2
"""The probability of the quantile at the upper end of an interval."""

Value = int | Fraction | None
Interval = tuple[float, float] | None
"""Low and high end of a 95 % interval, in the metric's unit; None where there are too few values for one."""


class Unit(enum.Enum):
    """What a metric is measured in, and so how many decimals it has in answers and files."""

    COUNT = "count", 0
    SCORE = "score", 2
    SHARE = "share", 4
    BALANCE = "balance", 4  # -1 to 1
    SECONDS = "seconds", 0
    NUMBER = "number", 4  # of a workspace's own field, in its own unit

    decimals: int

    def __new__(cls, value: str, decimals: int) -> Unit:
        """Make a unit that is known by its value alone; a property of an enum takes as long as the rounding."""
        unit = object.__new__(cls)
        unit._value_ = value
        unit.decimals = decimals
        return unit


@dataclass(frozen=True, slots=True)
class Sum:
    """The formula of a count: totals of one or more measures added up, less others."""

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()

    def of(self, totals: Mapping[str, int]) -> int:
        """Return the exact value."""
        value = totals[self.plus[0]]
        for name in self.plus[1:]:
            value += totals[name]
        for name in self.minus:
            value -= totals[name]
        return value


@dataclass(frozen=True, slots=True)
class Quotient:
    """The formula of a mean, a share or a ratio: one sum divided by another, whose `scale` times it is in."""

    numerator: Sum
    denominator: Sum
    scale: int = 1

    def of(self, totals: MeasureTotals) -> tuple[int, int] | None:
        """Return what to divide by what; None where that would be by nothing."""
        whole = self.denominator.of(totals)
        return (self.numerator.of(totals), whole * self.scale) if whole else None


@dataclass(frozen=True, slots=True)
class Total:
    """The formula of a sum that is held in 1/scale."""

    sum: Sum
    scale: int

    def of(self, totals: Mapping[str, int]) -> tuple[int, int]:
        """Return what to divide by what."""
        return self.sum.of(totals), self.scale


Values = tuple[int, int, int]
"""The number of values, their sum and the sum of their squares."""


@dataclass(frozen=True, slots=True)
class Uncertainty(ABC):
    """A kind of interval: how far the value of a selection, and a change of it, can be told from chance.

    Each evaluation that the value is of has a value of its own: `count` is how many have one, `total` their sum and
    `squares` the sum of their squares; with a `scale` they are in 1/scale, and the squares in that squared. No value is
    less than `least`, in the metric's unit, and no interval begins below it.
    """

    count: Sum
    total: Sum
    squares: Sum
    scale: int = 1
    least: float = -math.inf

    def values(self, totals: MeasureTotals) -> Values:
        """Return the number, the sum and the squares of a selection's values."""
        return self.count.of(totals), self.total.of(totals), self.squares.of(totals)

    def interval(self, totals: MeasureTotals, days: ClusterSpread | None) -> Interval:
        """Return the 95 % interval of a selection's value, which allows for days from LEAST_DAYS of them on.

        `days` say how the days spread around the value, in its own unit. None with fewer than two values, or where all
        are the same: they do not say how far chance carries them.
        """
        values = self.values(totals)
        if values[0] < 2 or not self._variance(values):
            return None
        if days is None or days.clusters < LEAST_DAYS or not days.variance:
            ends = self._independent(values)
        else:
            ends = self._by_days(values, days, intervals.t_quantile(UPPER, days.degrees))
        return ends and (max(ends[0], self.least), ends[1])

    def differs(
        self,
        before: MeasureTotals,
        now: MeasureTotals,
        days: tuple[ClusterSpread | None, ClusterSpread | None],
        executives: SharedSpread | None,
    ) -> bool | None:
        """Return whether selections that share no evaluation differ by more than chance explains; None if untested.

        Both tests must say so: the one for independent calls, which is right for shares and few values too, and the
        one that allows for days, and for executives who are in both selections. Untested are fewer than
        FEW_EVALUATIONS in either, values that are all the same, and selections of a single day.
        """
        was, is_now = self.values(before), self.values(now)
        if days[0] is None or days[1] is None or min(was[0], is_now[0]) < FEW_EVALUATIONS:
            return None
        ends = self._difference(was, is_now)
        if ends is None:
            return None
        if ends[0] <= 0 <= ends[1]:
            return False
        error, degrees = change_error(days[0], days[1], (self._variance(was), self._variance(is_now)), executives)
        change = (is_now[1] / is_now[0] - was[1] / was[0]) / self.scale
        return abs(change) > intervals.t_quantile(UPPER, degrees) * math.sqrt(error)

    def _variance(self, values: Values) -> float:
        """Return the variance of the value as it would be if calls had nothing in common."""
        return intervals.variance_of_mean(*values, self.scale)

    @abstractmethod
    def _independent(self, values: Values) -> Interval:
        """Return the interval of values that are not all the same, for calls that have nothing in common."""

    @abstractmethod
    def _by_days(self, values: Values, days: ClusterSpread, quantile: float) -> Interval:
        """Return the interval that allows for days, `quantile` being Student's t for them."""

    @abstractmethod
    def _difference(self, before: Values, now: Values) -> Interval:
        """Return the interval of now − before, for calls that have nothing in common."""


class OfMean(Uncertainty):
    """Of a mean: Student's t, and Welch's for a change."""

    __slots__ = ()

    def _independent(self, values: Values) -> Interval:
        return intervals.mean_interval(*values, self.scale)

    def _by_days(self, values: Values, days: ClusterSpread, quantile: float) -> Interval:
        mean, half = values[1] / (values[0] * self.scale), quantile * math.sqrt(days.variance)
        return mean - half, mean + half

    def _difference(self, before: Values, now: Values) -> Interval:
        have_spread = self._variance(before) or self._variance(now)
        return intervals.welch_interval(before, now, self.scale) if have_spread else None


class OfShare(Uncertainty):
    """Of a share: Wilson's interval, and Newcombe's for a change.

    With days, Wilson's of as many independent calls as they are worth (Korn and Graubard 1998, Survey Methodology 24,
    193-201), with Student's t.
    """

    __slots__ = ()

    def _independent(self, values: Values) -> Interval:
        return intervals.share_interval(values[1], values[0])

    def _by_days(self, values: Values, days: ClusterSpread, quantile: float) -> Interval:
        worth = self._variance(values) / days.variance
        return intervals.share_interval(values[1] * worth, values[0] * worth, quantile)

    def _difference(self, before: Values, now: Values) -> Interval:
        return intervals.newcombe_interval((before[1], before[0]), (now[1], now[0]))


class OfBalance(OfMean):
    """Of a mean of +1, 0 and −1, such as net sentiment: a score interval, which holds close to ±1 too."""

    __slots__ = ()

    def _independent(self, values: Values) -> Interval:
        return intervals.balance_interval(*values)

    def _by_days(self, values: Values, days: ClusterSpread, quantile: float) -> Interval:
        worth = self._variance(values) / days.variance
        n, balance, signed = (each * worth for each in values)
        return intervals.balance_interval(n, balance, signed, quantile)


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that users see, under the name that the API gives it. Frozen and hashable: caches are keyed by it."""

    name: str
    label: str
    unit: Unit
    help: str
    formula: Sum | Quotient | Total
    better: Literal["higher", "lower"] | None = None
    uncertainty: Uncertainty | None = None
    is_own: bool = False  # of a field that the workspace defined

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that its value and its interval are computed from."""
        of_value = self.formula
        sums = [of_value] if isinstance(of_value, Sum) else []
        sums += [of_value.numerator, of_value.denominator] if isinstance(of_value, Quotient) else []
        sums += [of_value.sum] if isinstance(of_value, Total) else []
        sums += [self.uncertainty.count, self.uncertainty.total, self.uncertainty.squares] if self.uncertainty else []
        return tuple(dict.fromkeys(name for each in sums for name in (*each.plus, *each.minus)))

    def value(self, totals: MeasureTotals) -> Value:
        """Return the exact value, or None where there is nothing to divide by."""
        value = self.formula.of(totals)
        return Fraction(*value) if isinstance(value, tuple) else value

    def rounded(self, totals: MeasureTotals) -> int | float | None:
        """Return the value as answers and files hold it: a count or seconds as int, others as float."""
        value = self.formula.of(totals)
        return _half_away(*value, self.unit.decimals) if isinstance(value, tuple) else value

    def n(self, totals: MeasureTotals) -> int | None:
        """Return how many evaluations the value rests on; None for a count, which is of itself."""
        return self.formula.denominator.of(totals) if isinstance(self.formula, Quotient) else None

    def is_small_sample(self, totals: MeasureTotals) -> bool:
        """Return whether the value rests on too few evaluations to rank by it."""
        n = self.n(totals)
        return n is not None and n < FEW_EVALUATIONS

    def interval(self, totals: MeasureTotals) -> Interval:
        """Return the 95 % interval; None where the metric has none, there are too few values, or all are the same."""
        return self.uncertainty.interval(totals, totals.days.get(self.name)) if self.uncertainty else None

    def rounded_interval(self, totals: MeasureTotals) -> tuple[int | float | None, int | float | None] | None:
        """Return the ends of the interval as answers and files hold them; None where there is none."""
        ends = self.interval(totals)
        return None if ends is None else (rounded(ends[0], self.unit.decimals), rounded(ends[1], self.unit.decimals))

    def differs(self, before: MeasureTotals, now: MeasureTotals, executives: SharedSpread | None = None) -> bool | None:
        """Return whether two selections that share no evaluation differ by more than chance explains.

        False: the change can't be told from chance, which is not to say that there is none. None: it is not tested,
        as counts never are, nor are few values. `executives` say how those who are in both selections spread.
        """
        if self.uncertainty is None:
            return None
        days = before.days.get(self.name), now.days.get(self.name)
        return self.uncertainty.differs(before, now, days, executives)


def rounded(value: Value | float, decimals: int) -> int | float | None:
    """Round half away from zero, exactly, as spreadsheets do; an int where no decimals are asked for.

    A float stands for the shortest number that is told apart from its neighbors: 7.335, and not the 7.33499… that it
    holds.
    """
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return _half_away(*Decimal(float.__repr__(value)).as_integer_ratio(), decimals)  # NumPy's own has words in it
    return _half_away(*value.as_integer_ratio(), decimals)


def _half_away(numerator: int, denominator: int, decimals: int) -> int | float:
    scale: int = 10**decimals
    whole = (2 * abs(numerator) * scale + denominator) // (2 * denominator)
    signed = -whole if numerator < 0 else whole
    return signed if decimals == 0 else signed / scale


_EVALUATIONS, _COMPLETED, _SCORED = Sum(("evaluations",)), Sum(("completed",)), Sum(("scored",))
_FAILED, _ENDED = Sum(("failed",)), Sum(("completed", "failed"))
_SCORES = Sum(("score_sum",))
_TIMED, _SECONDS = Sum(("timed",)), Sum(("duration_sum",))
# A sentiment is a value of +1, 0 or −1: net sentiment is a mean, and its variance follows from the counts.
_SENTIMENTS, _BALANCE = Sum(("positive", "neutral", "negative")), Sum(("positive",), ("negative",))

METRICS = {
    metric.name: metric
    for metric in (
        Metric("totalEvaluations", "Evaluations", Unit.COUNT, "Evaluations in any state.", _EVALUATIONS),
        Metric("completedEvaluations", "Completed", Unit.COUNT, "Evaluations that are completed.", _COMPLETED),
        Metric(
            "averageScore",
            "Average score",
            Unit.SCORE,
            "Sum of the scores of completed evaluations ÷ completed evaluations with a score; 0 to 10.",
            Quotient(_SCORES, _SCORED, SCORE_SCALE),
            "higher",
            OfMean(_SCORED, _SCORES, Sum(("score_square_sum",)), SCORE_SCALE),
        ),
        Metric(
            "averageDurationSeconds",
            "Average duration",
            Unit.SECONDS,
            "Seconds of conversation ÷ completed evaluations with a duration. It is the length of the conversation, "
            "not handle time.",
            Quotient(_SECONDS, _TIMED),
            uncertainty=OfMean(_TIMED, _SECONDS, Sum(("duration_square_sum",)), least=0.0),
        ),
        Metric(
            "completionRate",
            "Completion rate",
            Unit.SHARE,
            "Completed evaluations ÷ evaluations.",
            Quotient(_COMPLETED, _EVALUATIONS),
            "higher",
            OfShare(_EVALUATIONS, _COMPLETED, _COMPLETED),
        ),
        Metric(
            "failureRate",
            "Failure rate",
            Unit.SHARE,
            "Failed ÷ (completed + failed) evaluations.",
            Quotient(_FAILED, _ENDED),
            "lower",
            OfShare(_ENDED, _FAILED, _FAILED),
        ),
        Metric(
            "netSentiment",
            "Net sentiment",
            Unit.BALANCE,
            "(Positive − negative) ÷ (positive + neutral + negative), over completed evaluations; −1 to 1.",
            Quotient(_BALANCE, _SENTIMENTS),
            "higher",
            OfBalance(_SENTIMENTS, _BALANCE, Sum(("positive", "negative"))),
        ),
        Metric("scoredEvaluations", "Scored", Unit.COUNT, "Completed evaluations that have a score.", _SCORED),
    )
}

AVERAGE_SCORE = METRICS["averageScore"]
