"""How uncertain the values of formulas are, beyond what is said of means, shares and balances."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from lib.catalog.measures import MeasureTotals
from lib.catalog.sums import Sum
from lib.catalog.uncertainty import (
    FEW_EVALUATIONS,
    UPPER,
    Days,
    Interval,
    OfBalance,
    OfMean,
    OfShare,
    OfValues,
    Uncertainty,
)
from lib.statistics import intervals
from lib.statistics.clusters import LEAST_DAYS, ClusterSpread, SharedSpread, change_error


@dataclass(frozen=True, slots=True)
class OfRatio(Uncertainty):
    """Of one sum divided by another, each evaluation adding something to either or to both, or nothing.

    Where all that the numerator counts is counted by the denominator, it is a share, a balance or a mean, and as
    uncertain as these. Others have the linearised interval (Woodruff 1971, Journal of the American Statistical
    Association 66, 411-414): with R = X/Y and n evaluations that add to either, the variance of R is
    n/(n − 1) · Σ (x − R·y)² / Y², with Student's t. `count` is Y and `total` X, in one scale.
    """

    count: Sum
    total: Sum
    squares: Sum  # of the numerator
    products: Sum  # of numerator and denominator
    denominators: Sum  # squares of the denominator
    units: Sum  # evaluations that add to either
    outside: Sum | None = None  # to the numerator, and not to the denominator; None where that is no count
    beyond: Sum | None = None  # whose part of the numerator is neither 1, nor 0, nor −1; None for a single count
    has_days: bool = True  # no evaluation takes anything from the denominator, so that days are parts of it

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sums that it is computed from."""
        more = (self.products, self.denominators, self.units, self.outside, self.beyond)
        return (self.count, self.total, self.squares, *(each for each in more if each is not None))

    @property
    def quotient(self) -> tuple[Sum, Sum, int] | None:
        """What days and executives have each their part of."""
        return (self.count, self.total, 1) if self.has_days else None

    def of_values(self, *selections: MeasureTotals) -> OfValues | None:
        """Return the kind of a share, a balance or a mean that the ratio of selections is; None where it is neither."""

        def none(which: Sum) -> bool:
            return not any(which.of(totals) for totals in selections)

        if self.outside is None or not none(self.outside):
            return None
        if self.beyond is None:
            return OfShare(self.count, self.total, self.total)
        if none(self.beyond):
            return OfBalance(self.count, self.total, self.squares)
        return OfMean(self.count, self.total, self.squares)

    def interval(self, totals: MeasureTotals, days: ClusterSpread | None) -> Interval:
        """Return the 95 % interval, which allows for days from LEAST_DAYS of them on."""
        if (kind := self.of_values(totals)) is not None:
            return kind.interval(totals, days)
        n, whole = self.units.of(totals), self.count.of(totals)
        variance = self._linearised(totals)
        if not variance:
            return None
        degrees: float = n - 1
        if days is not None and days.clusters >= LEAST_DAYS and days.variance:
            variance, degrees = days.variance, days.degrees
        half = intervals.t_quantile(UPPER, degrees) * math.sqrt(variance)
        ratio = self.total.of(totals) / whole
        return ratio - half, ratio + half

    def differs(
        self,
        before: MeasureTotals,
        now: MeasureTotals,
        days: Days,
        executives: SharedSpread | None,
        confidence: float = intervals.CONFIDENCE,
    ) -> bool | None:
        """Return whether selections differ by more than chance explains, as other kinds do; None if untested."""
        if (kind := self.of_values(before, now)) is not None:
            return kind.differs(before, now, days, executives, confidence)
        units = self.units.of(before), self.units.of(now)
        if min(units) < FEW_EVALUATIONS or not self.count.of(before) or not self.count.of(now):
            return None
        variances = self._linearised(before), self._linearised(now)
        if not variances[0] and not variances[1]:
            return None
        change = self.total.of(now) / self.count.of(now) - self.total.of(before) / self.count.of(before)
        upper = 0.5 + confidence / 2
        plain = intervals.t_quantile(upper, sum(units) - 2) * math.sqrt(sum(variances))
        if not self.has_days:
            return abs(change) > plain
        if days[0] is None or days[1] is None:
            return None
        error, degrees = change_error(days[0], days[1], variances, executives)
        return abs(change) > max(plain, intervals.t_quantile(upper, degrees) * math.sqrt(error))

    def independent_error(self, totals: MeasureTotals) -> tuple[int, float] | None:
        """Return the number of evaluations, and the variance of the ratio if they had nothing in common."""
        if (kind := self.of_values(totals)) is not None:
            return kind.independent_error(totals)
        n = self.units.of(totals)
        return None if n < 2 or not self.count.of(totals) else (n, self._linearised(totals))

    def _linearised(self, totals: MeasureTotals) -> float:
        """Return the variance of the ratio for calls that have nothing in common; 0 where it can't be told."""
        n, x, y = self.units.of(totals), self.total.of(totals), self.count.of(totals)
        if n < 2 or not y:
            return 0.0
        xx, xy, yy = (each.of(totals) for each in (self.squares, self.products, self.denominators))
        errors = Fraction(xx) - 2 * Fraction(x * xy, y) + Fraction(x * x * yy, y * y)
        return float(max(errors, Fraction(0)) * Fraction(n, n - 1) / (y * y))


@dataclass(frozen=True, slots=True)
class OfScaled(Uncertainty):
    """Of a value that is another one times a factor, and moved by a constant: `inner` is the other one's."""

    inner: Uncertainty
    factor: float
    constant: float

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sums that it is computed from."""
        return self.inner.sums

    @property
    def quotient(self) -> tuple[Sum, Sum, int] | None:
        """What days and executives have each their part of: of the other value."""
        return self.inner.quotient

    def of_values(self, *selections: MeasureTotals) -> OfValues | None:
        """Return the kind of the other value."""
        return self.inner.of_values(*selections)

    def interval(self, totals: MeasureTotals, days: ClusterSpread | None) -> Interval:
        """Return the 95 % interval."""
        ends = self.inner.interval(totals, days)
        if ends is None:
            return None
        low, high = sorted(end * self.factor + self.constant for end in ends)
        return (low, high) if math.isfinite(low) and math.isfinite(high) else None

    def differs(
        self,
        before: MeasureTotals,
        now: MeasureTotals,
        days: Days,
        executives: SharedSpread | None,
        confidence: float = intervals.CONFIDENCE,
    ) -> bool | None:
        """Return whether the other values differ."""
        return self.inner.differs(before, now, days, executives, confidence)

    def independent_error(self, totals: MeasureTotals) -> tuple[int, float] | None:
        """Return that of the other value, as its days and executives are, too."""
        return self.inner.independent_error(totals)


@dataclass(frozen=True, slots=True)
class OfOrder(Uncertainty):
    """Of a median or a percentile: by order statistics, from the values themselves; `name` is its name in totals.

    Where two selections are compared, the variance of each is what its interval says under a normal distribution
    (McKean and Schrader 1984, Communications in Statistics B 13, 751-773).
    """

    name: str

    @property
    def sums(self) -> tuple[Sum, ...]:
        """None: no sum says anything of it."""
        return ()

    @property
    def quotient(self) -> tuple[Sum, Sum, int] | None:
        """None."""
        return None

    def interval(self, totals: MeasureTotals, days: ClusterSpread | None) -> Interval:  # noqa: ARG002 - of calls alone
        """Return the 95 % interval."""
        found = (totals.unsummed or {}).get(self.name)
        return None if found is None else found.ends

    def differs(
        self,
        before: MeasureTotals,
        now: MeasureTotals,
        days: Days,  # noqa: ARG002 - of calls alone
        executives: SharedSpread | None,  # noqa: ARG002 - of calls alone
        confidence: float = intervals.CONFIDENCE,
    ) -> bool | None:
        """Return whether two selections differ by more than chance explains."""
        was, is_now = ((totals.unsummed or {}).get(self.name) for totals in (before, now))
        if was is None or is_now is None or min(was.n, is_now.n) < FEW_EVALUATIONS:
            return None
        if was.value is None or is_now.value is None or was.ends is None or is_now.ends is None:
            return None
        wider = intervals.normal_quantile(0.5 + confidence / 2) / intervals.NORMAL_QUANTILE
        halves = [wider * (ends[1] - ends[0]) / 2 for ends in (was.ends, is_now.ends)]
        return abs(float(is_now.value - was.value)) > math.hypot(*halves) if any(halves) else None
