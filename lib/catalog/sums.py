"""What the values of metrics are computed by: sums of measures, one divided by another, or in parts of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

from lib.catalog.measures import MeasureTotals


@dataclass(frozen=True, slots=True)
class LinearQuotient:
    """A value that is one sum divided by another, times a factor, plus a constant: it can be split over groups."""

    numerator: Sum
    denominator: Sum
    factor: Fraction
    constant: Fraction = Fraction(0)

    def times(self, factor: Fraction) -> LinearQuotient:
        """Return the value times a factor."""
        return replace(self, factor=self.factor * factor, constant=self.constant * factor)

    def plus(self, constant: Fraction) -> LinearQuotient:
        """Return the value plus a constant."""
        return replace(self, constant=self.constant + constant)


@dataclass(frozen=True, slots=True)
class Sum:
    """The formula of a count: totals of one or more measures added up, less others."""

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sums that it is made of."""
        return (self,)

    def n(self, totals: MeasureTotals) -> int | None:  # noqa: ARG002 - as other formulas have it
        """Return None: a count is of itself."""
        return None

    @property
    def linear(self) -> None:
        """None: an amount is no quotient."""

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

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sums that it is made of."""
        return self.numerator, self.denominator

    def n(self, totals: MeasureTotals) -> int | None:
        """Return how many evaluations the value rests on."""
        return self.denominator.of(totals)

    @property
    def linear(self) -> LinearQuotient:
        """What can be split over groups."""
        return LinearQuotient(self.numerator, self.denominator, Fraction(1, self.scale))

    def of(self, totals: MeasureTotals) -> tuple[int, int] | None:
        """Return what to divide by what; None where that would be by nothing."""
        whole = self.denominator.of(totals)
        return (self.numerator.of(totals), whole * self.scale) if whole else None


@dataclass(frozen=True, slots=True)
class Total:
    """The formula of a sum that is held in 1/scale."""

    sum: Sum
    scale: int

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sum that it is."""
        return (self.sum,)

    def n(self, totals: MeasureTotals) -> int | None:  # noqa: ARG002 - as other formulas have it
        """Return None: a sum is of itself."""
        return None

    @property
    def linear(self) -> None:
        """None: an amount is no quotient."""

    def of(self, totals: Mapping[str, int]) -> tuple[int, int]:
        """Return what to divide by what."""
        return self.sum.of(totals), self.scale


class Formula(Protocol):
    """What a metric's value is computed by, from the totals of measures."""

    @property
    def linear(self) -> LinearQuotient | None:
        """The value as what can be split over groups; None where it can't be."""

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sums that it is made of."""

    def of(self, totals: MeasureTotals) -> int | tuple[int, int] | None:
        """Return the exact value, whole or as what to divide by what; None where there is none."""

    def n(self, totals: MeasureTotals) -> int | None:
        """Return how many evaluations the value rests on; None for a count or a sum, which is of itself."""
