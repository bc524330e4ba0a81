"""How uncertain the values of metrics are: intervals, and tests of change, from the totals of measures."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from lib.catalog.measures import MeasureTotals
from lib.catalog.sums import Sum
from lib.statistics import intervals
from lib.statistics.clusters import LEAST_DAYS, ClusterSpread, SharedSpread, change_error

FEW_EVALUATIONS = 30
"""Below this many evaluations that a value rests on it is marked, and takes no part in rankings."""

UPPER = 0.5 + intervals.CONFIDENCE / 2
"""The probability of the quantile at the upper end of an interval."""

_ROUGHNESS = 1e-13
"""Of the square of a mean, so much may rough sums add to the variance."""

Interval = tuple[float, float] | None
"""Low and high end of a 95 % interval, in the metric's unit; None where there are too few values for one."""

Values = tuple[int, int, int]
"""The number of values, their sum and the sum of their squares."""


Days = tuple[ClusterSpread | None, ClusterSpread | None]
"""How the days of two selections spread around a metric's value."""


class Uncertainty(ABC):
    """A kind of interval: how far the value of a selection, and a change of it, can be told from chance."""

    __slots__ = ()

    @property
    @abstractmethod
    def sums(self) -> tuple[Sum, ...]:
        """The sums that it is computed from."""

    @property
    @abstractmethod
    def quotient(self) -> tuple[Sum, Sum, int] | None:
        """What days and executives have each their part of: `total`/`count`, in 1/scale; None where they have none."""

    def of_values(self, *selections: MeasureTotals) -> OfValues | None:  # noqa: ARG002 - most need no selections
        """Return the kind, unscaled, where each evaluation of selections has a value of its own; else None."""
        return None

    @abstractmethod
    def interval(self, totals: MeasureTotals, days: ClusterSpread | None) -> Interval:
        """Return the 95 % interval of a selection's value, which allows for days from LEAST_DAYS of them on.

        `days` say how the days spread around the quotient. None where there is too little to say.
        """

    @abstractmethod
    def differs(
        self,
        before: MeasureTotals,
        now: MeasureTotals,
        days: Days,
        executives: SharedSpread | None,
        confidence: float = intervals.CONFIDENCE,
    ) -> bool | None:
        """Return whether selections that share no evaluation differ by more than chance explains; None if untested.

        Chance alone makes a difference that is marked, in either direction, with a probability of 1 − `confidence`.
        """

    def independent_error(self, totals: MeasureTotals) -> tuple[int, float] | None:  # noqa: ARG002 - of other kinds
        """Return the number of values, at least 2, and the variance of the value if calls had nothing in common.

        None where sums do not say it.
        """
        return None


@dataclass(frozen=True, slots=True)
class OfValues(Uncertainty):
    """Of a quotient whose evaluations have each a value of its own: `total`/`count`.

    `count` is how many have one, `total` their sum and `squares` the sum of their squares; with a `scale` they are in
    1/scale, and the squares in that squared. No value is less than `least`, in the metric's unit, and no interval
    begins below it. Sums that are `rough` have some 15 digits: a variance that is less than they tell is none.
    """

    count: Sum
    total: Sum
    squares: Sum
    scale: int = 1
    least: float = -math.inf
    is_rough: bool = False

    @property
    def sums(self) -> tuple[Sum, Sum, Sum]:
        """The sums that it is computed from."""
        return self.count, self.total, self.squares

    @property
    def quotient(self) -> tuple[Sum, Sum, int] | None:
        """What days and executives have each their part of."""
        return self.count, self.total, self.scale

    def of_values(self, *selections: MeasureTotals) -> OfValues:  # noqa: ARG002 - of all selections
        """Return itself."""
        return self

    def values(self, totals: MeasureTotals) -> Values:
        """Return the number, the sum and the squares of a selection's values."""
        return self.count.of(totals), self.total.of(totals), self.squares.of(totals)

    def interval(self, totals: MeasureTotals, days: ClusterSpread | None) -> Interval:
        """Return the 95 % interval of a selection's value, which allows for days from LEAST_DAYS of them on.

        None with fewer than two values, or where all
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
        days: Days,
        executives: SharedSpread | None,
        confidence: float = intervals.CONFIDENCE,
    ) -> bool | None:
        """Return whether selections that share no evaluation differ by more than chance explains; None if untested.

        Both tests must say so: the one for independent calls, which is right for shares and few values too, and the
        one that allows for days, and for executives who are in both selections. Untested are fewer than
        FEW_EVALUATIONS in either, values that are all the same, and selections of a single day.
        """
        was, is_now = self.values(before), self.values(now)
        if days[0] is None or days[1] is None or min(was[0], is_now[0]) < FEW_EVALUATIONS:
            return None
        ends = self._difference(was, is_now, confidence)
        if ends is None:
            return None
        if ends[0] <= 0 <= ends[1]:
            return False
        error, degrees = change_error(days[0], days[1], (self._variance(was), self._variance(is_now)), executives)
        change = (is_now[1] / is_now[0] - was[1] / was[0]) / self.scale
        return abs(change) > intervals.t_quantile(0.5 + confidence / 2, degrees) * math.sqrt(error)

    def independent_error(self, totals: MeasureTotals) -> tuple[int, float] | None:
        """Return the number of values and the variance of their mean; None with fewer than two values."""
        values = self.values(totals)
        return None if values[0] < 2 else (values[0], self._variance(values))

    def _variance(self, values: Values) -> float:
        """Return the variance of the value as it would be if calls had nothing in common."""
        variance = intervals.variance_of_mean(*values, self.scale)
        is_told = not self.is_rough or variance > _ROUGHNESS * (values[1] / values[0] / self.scale) ** 2
        return variance if is_told else 0.0

    @abstractmethod
    def _independent(self, values: Values) -> Interval:
        """Return the interval of values that are not all the same, for calls that have nothing in common."""

    @abstractmethod
    def _by_days(self, values: Values, days: ClusterSpread, quantile: float) -> Interval:
        """Return the interval that allows for days, `quantile` being Student's t for them."""

    @abstractmethod
    def _difference(self, before: Values, now: Values, confidence: float) -> Interval:
        """Return the interval of now − before, for calls that have nothing in common."""


class OfMean(OfValues):
    """Of a mean: Student's t, and Welch's for a change."""

    __slots__ = ()

    def _independent(self, values: Values) -> Interval:
        return intervals.mean_interval(*values, self.scale)

    def _by_days(self, values: Values, days: ClusterSpread, quantile: float) -> Interval:
        mean, half = values[1] / (values[0] * self.scale), quantile * math.sqrt(days.variance)
        return mean - half, mean + half

    def _difference(self, before: Values, now: Values, confidence: float) -> Interval:
        have_spread = self._variance(before) or self._variance(now)
        return intervals.welch_interval(before, now, self.scale, confidence) if have_spread else None


class OfShare(OfValues):
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

    def _difference(self, before: Values, now: Values, confidence: float) -> Interval:
        return intervals.newcombe_interval((before[1], before[0]), (now[1], now[0]), confidence)


class OfBalance(OfMean):
    """Of a mean of +1, 0 and −1, such as net sentiment: a score interval, which holds close to ±1 too."""

    __slots__ = ()

    def _independent(self, values: Values) -> Interval:
        return intervals.balance_interval(*values)

    def _by_days(self, values: Values, days: ClusterSpread, quantile: float) -> Interval:
        worth = self._variance(values) / days.variance
        n, balance, signed = (each * worth for each in values)
        return intervals.balance_interval(n, balance, signed, quantile)
