"""Every measure and metric, declared once: formula, label, unit, format and which direction is better.

A measure is additive: it may be summed over days and groups. A metric is a formula over summed measures, computed
exactly (as an int or a Fraction) and rounded only where it is shown. How a number looks in a locale is not decided
here.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import sqlalchemy as sa

from lib.statistics import intervals
from lib.store.enums import HISTOGRAM_BINS, SCORE_SCALE, Sentiment, State
from lib.store.schema import HISTOGRAM_MEASURES, PLAIN_MEASURES

FEW_EVALUATIONS = 30
"""Below this many scored evaluations a mean is marked, and takes no part in rankings."""

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
class MeasureTotals:
    """The measures of a selection, summed. Scores are in ten-thousandths of a point, durations in seconds."""

    evaluations: int = 0
    pending: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0
    ai_calls: int = 0
    scored: int = 0
    positive: int = 0
    neutral: int = 0
    negative: int = 0
    timed: int = 0
    score_sum: int = 0
    score_square_sum: int = 0
    duration_sum: int = 0

    @classmethod
    def from_values(cls, values: Sequence[Any]) -> MeasureTotals:
        """Take the sums of PLAIN_MEASURES in their order; null is 0."""
        return cls(*[int(value or 0) for value in values])

    @classmethod
    def total(cls, parts: Iterable[MeasureTotals]) -> MeasureTotals:
        """Add up the sums of parts that share no evaluation."""
        held = list(parts)
        return cls(*[sum([getattr(part, name) for part in held]) for name in PLAIN_MEASURES])

    def __add__(self, other: MeasureTotals) -> MeasureTotals:
        return MeasureTotals(*(getattr(self, name) + getattr(other, name) for name in PLAIN_MEASURES))

    @property
    def sentiments(self) -> int:
        """Completed evaluations that have a sentiment."""
        return self.positive + self.neutral + self.negative

    @property
    def is_small_sample(self) -> bool:
        """Whether there are too few scored evaluations to rank by their mean."""
        return self.scored < FEW_EVALUATIONS


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that users see, under the name that the API gives it."""

    name: str
    label: str
    unit: Unit
    help: str
    formula: Callable[[MeasureTotals], int | tuple[int, int] | None]  # a count, or what to divide by what
    better: Literal["higher", "lower"] | None = None
    interval: Callable[[MeasureTotals], Interval] | None = None
    difference: Callable[[MeasureTotals, MeasureTotals], Interval] | None = None  # the 95 % interval of now − before

    def value(self, sums: MeasureTotals) -> Value:
        """Return the exact value, or None where there is nothing to divide by."""
        found = self.formula(sums)
        return Fraction(*found) if isinstance(found, tuple) else found

    def rounded(self, sums: MeasureTotals) -> int | float | None:
        """Return the value as answers and files hold it: a count or seconds as int, others as float."""
        found = self.formula(sums)
        return _half_away(*found, self.unit.decimals) if isinstance(found, tuple) else found

    def rounded_interval(self, sums: MeasureTotals) -> tuple[int | float | None, int | float | None] | None:
        """Return the ends of the interval as answers and files hold them; None where there is none."""
        ends = self.interval(sums) if self.interval else None
        return None if ends is None else (rounded(ends[0], self.unit.decimals), rounded(ends[1], self.unit.decimals))

    def differs(self, before: MeasureTotals, now: MeasureTotals) -> bool | None:
        """Return whether two selections differ by more than chance explains: the interval of now − before excludes 0.

        The selections share no evaluation. False: the difference can't be told from chance, which is not to say that
        there is none. None: the metric has no test (counts; durations, whose squares are not kept), or there are too
        few values for one.
        """
        ends = self.difference(before, now) if self.difference else None
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


def _ratio(numerator: int, denominator: int) -> tuple[int, int] | None:
    return (numerator, denominator) if denominator else None


def _score_interval(sums: MeasureTotals) -> Interval:
    return intervals.mean_interval(*_scores(sums), SCORE_SCALE)


def score_difference(before: MeasureTotals, now: MeasureTotals, confidence: float = intervals.CONFIDENCE) -> Interval:
    """Return Welch's interval of the change of the average score, in points; None with fewer than two scores in one."""
    return intervals.welch_interval(_scores(before), _scores(now), SCORE_SCALE, confidence)


def _scores(sums: MeasureTotals) -> tuple[int, int, int]:
    return sums.scored, sums.score_sum, sums.score_square_sum


# A sentiment is a value of +1, 0 or −1, so that net sentiment is a mean, and its variance follows from the counts.
# Where all are the same there is no spread to judge chance by, however few they are; then there is no interval.


def _balance_interval(sums: MeasureTotals) -> Interval:
    ends = intervals.mean_interval(*_moods(sums))
    return None if ends is None or _has_no_variance(sums) else (max(ends[0], -1.0), min(ends[1], 1.0))


def _balance_difference(before: MeasureTotals, now: MeasureTotals) -> Interval:
    return (
        None
        if _has_no_variance(before) and _has_no_variance(now)
        else intervals.welch_interval(_moods(before), _moods(now))
    )


def _moods(sums: MeasureTotals) -> tuple[int, int, int]:
    return sums.sentiments, sums.positive - sums.negative, sums.positive + sums.negative


def _has_no_variance(sums: MeasureTotals) -> bool:
    return sums.sentiments in (sums.positive, sums.neutral, sums.negative)


def _completed(sums: MeasureTotals) -> tuple[int, int]:
    return sums.completed, sums.evaluations


def _failed(sums: MeasureTotals) -> tuple[int, int]:
    return sums.failed, sums.completed + sums.failed


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "totalEvaluations",
            "Evaluations",
            Unit.COUNT,
            "Evaluations in any state.",
            lambda s: s.evaluations,
        ),
        Metric(
            "completedEvaluations",
            "Completed",
            Unit.COUNT,
            "Evaluations that are completed.",
            lambda s: s.completed,
        ),
        Metric(
            "averageScore",
            "Average score",
            Unit.SCORE,
            "Sum of the scores of completed evaluations ÷ completed evaluations with a score; 0 to 10.",
            lambda s: _ratio(s.score_sum, s.scored * SCORE_SCALE),
            "higher",
            _score_interval,
            score_difference,
        ),
        Metric(
            "averageDurationSeconds",
            "Average duration",
            Unit.SECONDS,
            "Seconds of conversation ÷ completed evaluations with a duration. It is the length of the conversation, "
            "not handle time.",
            lambda s: _ratio(s.duration_sum, s.timed),
        ),
        Metric(
            "completionRate",
            "Completion rate",
            Unit.SHARE,
            "Completed evaluations ÷ evaluations.",
            lambda s: _ratio(*_completed(s)),
            "higher",
            lambda s: intervals.share_interval(*_completed(s)),
            lambda before, now: intervals.newcombe_interval(_completed(before), _completed(now)),
        ),
        Metric(
            "failureRate",
            "Failure rate",
            Unit.SHARE,
            "Failed ÷ (completed + failed) evaluations.",
            lambda s: _ratio(*_failed(s)),
            "lower",
            lambda s: intervals.share_interval(*_failed(s)),
            lambda before, now: intervals.newcombe_interval(_failed(before), _failed(now)),
        ),
        Metric(
            "netSentiment",
            "Net sentiment",
            Unit.BALANCE,
            "(Positive − negative) ÷ (positive + neutral + negative), over completed evaluations; −1 to 1.",
            lambda s: _ratio(s.positive - s.negative, s.sentiments),
            "higher",
            _balance_interval,
            _balance_difference,
        ),
        Metric(
            "scoredEvaluations",
            "Scored",
            Unit.COUNT,
            "Completed evaluations that have a score.",
            lambda s: s.scored,
        ),
    )
}


def expressions(evaluations: sa.FromClause) -> dict[str, sa.ColumnElement[int]]:
    """Return each measure of one evaluation as an SQL expression over the facts' columns."""
    nothing: sa.ColumnElement[int] = sa.literal_column("0")
    counts = {
        name: sa.case((condition, sa.literal_column("1")), else_=nothing)
        for name, condition in _counted(evaluations).items()
    }
    amounts = {
        name: sa.case((condition, value), else_=nothing) for name, (condition, value) in _summed(evaluations).items()
    }
    return {**counts, **amounts}


def aggregates(evaluations: sa.FromClause) -> dict[str, sa.ColumnElement[int]]:
    """Return each measure of a group of evaluations as an SQL aggregate: what the sum of `expressions` is, faster."""
    counts = {
        name: sa.func.count(sa.case((condition, sa.literal_column("1"))))
        for name, condition in _counted(evaluations).items()
    }
    amounts = {
        name: sa.func.coalesce(sa.func.sum(sa.case((condition, value))), sa.literal_column("0"))
        for name, (condition, value) in _summed(evaluations).items()
    }
    return {**counts, **amounts}


def _counted(evaluations: sa.FromClause) -> dict[str, sa.ColumnElement[bool]]:
    """Return which evaluations each counting measure counts."""
    e = evaluations.c
    completed = e.state == State.Completed.value
    width = 10 * SCORE_SCALE // HISTOGRAM_BINS
    bins = {}
    for number, name in enumerate(HISTOGRAM_MEASURES):
        lowest, next_lowest = e.score >= number * width, e.score < (number + 1) * width
        last = number == HISTOGRAM_BINS - 1
        bins[name] = sa.and_(completed, lowest) if last else sa.and_(completed, lowest, next_lowest)
    return {
        "evaluations": sa.true(),
        "pending": e.state == State.Pending.value,
        "processing": e.state == State.Processing.value,
        "completed": completed,
        "failed": e.state == State.Failed.value,
        "ai_calls": e.is_ai,
        "scored": sa.and_(completed, e.score.is_not(None)),
        "positive": sa.and_(completed, e.sentiment == Sentiment.Positive.value),
        "neutral": sa.and_(completed, e.sentiment == Sentiment.Neutral.value),
        "negative": sa.and_(completed, e.sentiment == Sentiment.Negative.value),
        "timed": sa.and_(completed, e.duration_seconds.is_not(None)),
        **bins,
    }


def _summed(evaluations: sa.FromClause) -> dict[str, tuple[sa.ColumnElement[bool], sa.ColumnElement[int]]]:
    """Return what each summing measure sums, and over which evaluations."""
    e = evaluations.c
    counted = _counted(evaluations)
    score = sa.cast(e.score, sa.BigInteger)
    return {
        "score_sum": (counted["scored"], score),
        "score_square_sum": (counted["scored"], score * score),
        "duration_sum": (counted["timed"], sa.cast(e.duration_seconds, sa.BigInteger)),
    }
