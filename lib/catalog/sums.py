"""What the values of metrics are computed by: sums of measures, one divided by another, or in parts of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from lib.catalog.measures import MeasureTotals


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

    def of(self, totals: Mapping[str, int]) -> tuple[int, int]:
        """Return what to divide by what."""
        return self.sum.of(totals), self.scale


class Formula(Protocol):
    """What a metric's value is computed by, from the totals of measures."""

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sums that it is made of."""

    def of(self, totals: MeasureTotals) -> int | tuple[int, int] | None:
        """Return the exact value, whole or as what to divide by what; None where there is none."""

    def n(self, totals: MeasureTotals) -> int | None:
        """Return how many evaluations the value rests on; None for a count or a sum, which is of itself."""
