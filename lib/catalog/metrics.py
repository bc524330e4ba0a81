"""Every metric, declared once: formula, label, unit, which direction is better, and how uncertain it is.

A metric is a formula over the totals of measures, computed exactly (as an int or a Fraction) and rounded only where it
is shown. How a number looks in a locale is not decided here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Protocol

from lib.catalog.measures import MeasureTotals
from lib.statistics import intervals
from lib.store.enums import SCORE_SCALE

FEW_EVALUATIONS = 30
"""Below this many evaluations that a value rests on it is marked, and takes no part in rankings."""

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

    def of(self, totals: MeasureTotals) -> int:
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


class Uncertainty(Protocol):
    """A kind of interval: how far the value of a selection, and a difference of two, can be told from chance."""

    def interval(self, totals: MeasureTotals) -> Interval:
        """Return the 95 % interval of a selection's value."""

    def difference(self, before: MeasureTotals, now: MeasureTotals, confidence: float) -> Interval:
        """Return the interval of now − before, of selections that share no evaluation."""


@dataclass(frozen=True, slots=True)
class OfMean:
    """Of a mean: Student's t, and Welch's for a difference, from the number of values, their sum and squares.

    Where `scale` is given the sum is in 1/scale, and the squares in that squared. Values that lie within `bounds` have
    an interval within them. With `needs_spread`, values that are all the same have none: there is no spread to judge
    chance by, however few they are.
    """

    count: Sum
    total: Sum
    squares: Sum
    scale: int = 1
    bounds: tuple[float, float] | None = None
    needs_spread: bool = False

    def interval(self, totals: MeasureTotals) -> Interval:
        """Return Student's t interval."""
        values = self._values(totals)
        ends = intervals.mean_interval(*values, self.scale)
        if ends is None or (self.needs_spread and _are_the_same(values)):
            return None
        return ends if self.bounds is None else (max(ends[0], self.bounds[0]), min(ends[1], self.bounds[1]))

    def difference(self, before: MeasureTotals, now: MeasureTotals, confidence: float) -> Interval:
        """Return Welch's interval."""
        was, is_now = self._values(before), self._values(now)
        if self.needs_spread and _are_the_same(was) and _are_the_same(is_now):
            return None
        return intervals.welch_interval(was, is_now, self.scale, confidence)

    def _values(self, totals: MeasureTotals) -> tuple[int, int, int]:
        return self.count.of(totals), self.total.of(totals), self.squares.of(totals)


def _are_the_same(values: tuple[int, int, int]) -> bool:
    count, total, squares = values
    return count * squares == total * total


@dataclass(frozen=True, slots=True)
class OfShare:
    """Of a share, a part of a whole: Wilson's interval, and Newcombe's for a difference, at 95 %."""

    part: Sum
    whole: Sum

    def interval(self, totals: MeasureTotals) -> Interval:
        """Return Wilson's interval."""
        return intervals.share_interval(self.part.of(totals), self.whole.of(totals))

    def difference(self, before: MeasureTotals, now: MeasureTotals, confidence: float) -> Interval:  # noqa: ARG002 - at 95 % alone
        """Return Newcombe's interval."""
        was, is_now = ((self.part.of(each), self.whole.of(each)) for each in (before, now))
        return intervals.newcombe_interval(was, is_now)


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that users see, under the name that the API gives it. Frozen and hashable: caches are keyed by it."""

    name: str
    label: str
    unit: Unit
    help: str
    formula: Sum | Quotient
    better: Literal["higher", "lower"] | None = None
    uncertainty: Uncertainty | None = None

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
        """Return the 95 % interval; None where the metric has none."""
        return self.uncertainty.interval(totals) if self.uncertainty else None

    def rounded_interval(self, totals: MeasureTotals) -> tuple[int | float | None, int | float | None] | None:
        """Return the ends of the interval as answers and files hold them; None where there is none."""
        ends = self.interval(totals)
        return None if ends is None else (rounded(ends[0], self.unit.decimals), rounded(ends[1], self.unit.decimals))

    def difference(
        self, before: MeasureTotals, now: MeasureTotals, confidence: float = intervals.CONFIDENCE
    ) -> Interval:
        """Return the interval of now − before; None where the metric has none, or there are too few values."""
        return self.uncertainty.difference(before, now, confidence) if self.uncertainty else None

    def differs(self, before: MeasureTotals, now: MeasureTotals) -> bool | None:
        """Return whether two selections differ by more than chance explains: the interval of now − before excludes 0.

        The selections share no evaluation. False: the difference can't be told from chance, which is not to say that
        there is none. None: the metric has no test (counts; durations, whose squares are not kept), or there are too
        few values for one.
        """
        ends = self.difference(before, now)
        return None if ends is None else not ends[0] <= 0 <= ends[1]


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
            Quotient(Sum(("duration_sum",)), Sum(("timed",))),
        ),
        Metric(
            "completionRate",
            "Completion rate",
            Unit.SHARE,
            "Completed evaluations ÷ evaluations.",
            Quotient(_COMPLETED, _EVALUATIONS),
            "higher",
            OfShare(_COMPLETED, _EVALUATIONS),
        ),
        Metric(
            "failureRate",
            "Failure rate",
            Unit.SHARE,
            "Failed ÷ (completed + failed) evaluations.",
            Quotient(_FAILED, _ENDED),
            "lower",
            OfShare(_FAILED, _ENDED),
        ),
        Metric(
            "netSentiment",
            "Net sentiment",
            Unit.BALANCE,
            "(Positive − negative) ÷ (positive + neutral + negative), over completed evaluations; −1 to 1.",
            Quotient(_BALANCE, _SENTIMENTS),
            "higher",
            OfMean(_SENTIMENTS, _BALANCE, Sum(("positive", "negative")), bounds=(-1.0, 1.0), needs_spread=True),
        ),
        Metric("scoredEvaluations", "Scored", Unit.COUNT, "Completed evaluations that have a score.", _SCORED),
    )
}

AVERAGE_SCORE = METRICS["averageScore"]
