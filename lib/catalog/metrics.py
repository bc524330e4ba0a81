"""Every metric, declared once: formula, label, unit, which direction is better, and how uncertain it is.

A metric is a formula over the totals of measures, computed exactly (as an int or a Fraction) and rounded only where it
is shown. How a number looks in a locale is not decided here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from lib.catalog.measures import MeasureTotals
from lib.catalog.sums import Formula, LinearQuotient, Quotient, Sum
from lib.catalog.uncertainty import FEW_EVALUATIONS, Interval, OfBalance, OfMean, OfShare, Uncertainty
from lib.statistics.clusters import SharedSpread
from lib.statistics.intervals import CONFIDENCE
from lib.store.enums import SCORE_SCALE

Value = int | Fraction | None


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
class FormulaVersion:
    """A version of a metric that a workspace defined: what it is called, and its formula."""

    name: str
    label: str
    formula: str
    version: int


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that users see, under the name that the API gives it. Frozen and hashable: caches are keyed by it."""

    name: str
    label: str
    unit: Unit
    help: str
    formula: Formula
    better: Literal["higher", "lower"] | None = None
    uncertainty: Uncertainty | None = None
    is_own: bool = False  # of a field that the workspace defined
    own_decimals: int | None = None  # of a metric that the workspace defined, in place of the unit's
    minimum: int = FEW_EVALUATIONS
    versions: tuple[FormulaVersion, ...] = ()  # of one that the workspace defined; those of the metrics within follow

    @property
    def has_spread(self) -> bool:
        """Whether sums say how far chance carries its values, those of hours and days too."""
        return self.uncertainty is not None and self.uncertainty.quotient is not None

    @property
    def is_defined(self) -> bool:
        """Whether the workspace defined it by a formula, so that its label and its help are people's own words."""
        return bool(self.versions)

    @property
    def linear(self) -> LinearQuotient | None:
        """The value as what its change can be split by over groups; None where it can't be."""
        return self.formula.linear

    @property
    def shown_decimals(self) -> int:
        """The decimals that pages show of its values, in the metric's unit: those of a share are two more."""
        if self.unit is Unit.SHARE:
            return 3 if self.own_decimals is None else max(2, self.own_decimals)
        if self.own_decimals is not None:
            return self.own_decimals
        return 0 if self.unit in (Unit.COUNT, Unit.SECONDS) else 2

    @property
    def decimals(self) -> int:
        """The decimals of its values in answers and files."""
        return self.unit.decimals if self.own_decimals is None else self.own_decimals

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that its value and its interval are computed from."""
        sums = (*self.formula.sums, *(self.uncertainty.sums if self.uncertainty else ()))
        return tuple(dict.fromkeys(name for each in sums for name in (*each.plus, *each.minus)))

    def value(self, totals: MeasureTotals) -> Value:
        """Return the exact value, or None where there is nothing to divide by."""
        value = self.formula.of(totals)
        return Fraction(*value) if isinstance(value, tuple) else value

    def rounded(self, totals: MeasureTotals) -> int | float | None:
        """Return the value as answers and files hold it: a count or seconds as int, others as float."""
        value = self.formula.of(totals)
        shown = _half_away(*value, self.decimals) if isinstance(value, tuple) else value
        return float(shown) if isinstance(shown, int) and abs(shown) >= _MOST_WHOLE else shown

    def n(self, totals: MeasureTotals) -> int | None:
        """Return how many evaluations the value rests on; None for a count, which is of itself."""
        return self.formula.n(totals)

    def is_small_sample(self, totals: MeasureTotals) -> bool:
        """Return whether the value rests on too few evaluations to rank by it."""
        n = self.n(totals)
        return n is not None and n < self.minimum

    def interval(self, totals: MeasureTotals) -> Interval:
        """Return the 95 % interval; None where the metric has none, there are too few values, or all are the same."""
        if self.uncertainty is None or (self.is_defined and self.formula.of(totals) is None):
            return None
        return self.uncertainty.interval(totals, totals.days.get(self.name))

    def rounded_interval(self, totals: MeasureTotals) -> tuple[int | float | None, int | float | None] | None:
        """Return the ends of the interval as answers and files hold them; None where there is none."""
        ends = self.interval(totals)
        return None if ends is None else (rounded(ends[0], self.decimals), rounded(ends[1], self.decimals))

    def differs(
        self,
        before: MeasureTotals,
        now: MeasureTotals,
        executives: SharedSpread | None = None,
        confidence: float = CONFIDENCE,
    ) -> bool | None:
        """Return whether two selections that share no evaluation differ by more than chance explains.

        False: the change can't be told from chance, which is not to say that there is none. None: it is not tested,
        as counts never are, nor are few values. `executives` say how those who are in both selections spread.
        """
        if self.uncertainty is None:
            return None
        days = before.days.get(self.name), now.days.get(self.name)
        return self.uncertainty.differs(before, now, days, executives, confidence)


_MOST_WHOLE = 2**63
"""Whole numbers from here on are written as numbers with decimals, as what reads answers holds no larger ones."""


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
