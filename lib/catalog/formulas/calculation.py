"""A metric's value from the totals of measures, by its formula: exact, whatever is added up before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

import sqlalchemy as sa

from lib.catalog.formulas.evaluation import Leaf, Value, evaluate
from lib.catalog.formulas.expressions import Aggregate, Expression, Function
from lib.catalog.formulas.row_measures import ValueSums
from lib.catalog.measures import Columns, ExtraColumn, MeasureTotals
from lib.catalog.sums import LinearQuotient, Sum


@dataclass(frozen=True, slots=True)
class SummedAggregate:
    """An aggregate that sums give: a count, or a sum, a mean or a share of `values`."""

    aggregate: Aggregate
    values: ValueSums

    def of(self, totals: MeasureTotals) -> Fraction | None:
        """Return its value; None for a mean or a share of nothing."""
        count = self.values.count.of(totals)
        if self.aggregate.function is Function.COUNT:
            return Fraction(count)
        total = Fraction(self.values.total.of(totals), self.values.scale)
        if self.aggregate.function is Function.SUM:
            return total
        return total / count if count else None

    def n(self, totals: MeasureTotals) -> int:
        """Return how many evaluations it is of."""
        return self.values.count.of(totals)

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sums that it is computed from."""
        if self.aggregate.function is Function.COUNT:
            return (self.values.count,)
        return self.values.count, self.values.total


@dataclass(frozen=True, slots=True)
class UnsummedAggregate:
    """An aggregate that no sum gives, by the name that totals have its value under.

    `value` is the number of an evaluation in 1/scale, or for a count of groups the key of the one that it belongs to.
    """

    aggregate: Aggregate
    name: str
    condition: Callable[[Columns], sa.ColumnElement[bool]] = field(compare=False, repr=False)
    value: Callable[[Columns], sa.ColumnElement[int]] = field(compare=False, repr=False)
    scale: int
    extras: tuple[ExtraColumn, ...]
    is_wide: bool  # the number may take more than 64 bits

    def of(self, totals: MeasureTotals) -> Fraction | None:
        """Return its value; None of nothing, but for how many groups there are, and where totals were added up."""
        if totals.unsummed is None:
            return None
        unsummed = totals.unsummed.get(self.name)
        if unsummed is None:
            return Fraction(0) if self.aggregate.function is Function.COUNT_DISTINCT else None
        return unsummed.value

    def n(self, totals: MeasureTotals) -> int:
        """Return how many evaluations it is of."""
        unsummed = (totals.unsummed or {}).get(self.name)
        return 0 if unsummed is None else unsummed.n

    @property
    def sums(self) -> tuple[Sum, ...]:
        """None."""
        return ()


LARGEST = 10**300
"""A value beyond this, up or down, is none: no number that answers and files hold is as large."""

MetricAggregate = SummedAggregate | UnsummedAggregate


@dataclass(frozen=True, slots=True)
class Calculation:
    """A formula over aggregates. `basis` says how many evaluations the value rests on; None where it is of itself.

    Where the value is one sum divided by another, `linear` says of which.
    """

    expression: Expression
    aggregates: tuple[MetricAggregate, ...]
    basis: Sum | UnsummedAggregate | None = None
    linear: LinearQuotient | None = None

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sums that it is made of."""
        basis = (self.basis,) if isinstance(self.basis, Sum) else ()
        return (*basis, *(each for part in self.aggregates for each in part.sums))

    @property
    def unsummed(self) -> tuple[UnsummedAggregate, ...]:
        """What it is made of that no sum gives."""
        return tuple(each for each in self.aggregates if isinstance(each, UnsummedAggregate))

    def of(self, totals: MeasureTotals) -> tuple[int, int] | None:
        """Return what to divide by what; None where there is no value."""
        values = {each.aggregate: each for each in self.aggregates}

        def leaf(each: Leaf) -> Value:
            return values[cast(Aggregate, each)].of(totals)

        value = cast(Fraction | None, evaluate(self.expression, leaf))
        return None if value is None or abs(value) > LARGEST else value.as_integer_ratio()

    def n(self, totals: MeasureTotals) -> int | None:
        """Return how many evaluations the value rests on; None for a count or a sum, which is of itself."""
        if self.basis is None:
            return None
        return self.basis.of(totals) if isinstance(self.basis, Sum) else self.basis.n(totals)
