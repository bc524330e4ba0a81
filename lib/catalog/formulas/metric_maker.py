"""From the checked formula of a metric to its calculation and its kind of uncertainty, over measures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction

from lib.catalog.formulas.calculation import LARGEST, Calculation, MetricAggregate, SummedAggregate, UnsummedAggregate
from lib.catalog.formulas.evaluation import evaluate
from lib.catalog.formulas.expressions import (
    Aggregate,
    Arithmetic,
    Choice,
    Combination,
    Expression,
    Function,
    Kind,
    Literal,
    Logic,
    Negative,
    Not,
    Rounded,
    ValueComparison,
)
from lib.catalog.formulas.own_uncertainty import OfOrder, OfRatio, OfScaled
from lib.catalog.formulas.row_measures import MeasureMaker, ValueSums, both, is_known, row_of
from lib.catalog.formulas.signs import is_never_negative
from lib.catalog.formulas.whole_numbers import PLAIN_DIGITS
from lib.catalog.sums import LinearQuotient, Sum
from lib.catalog.uncertainty import OfMean, OfShare, Uncertainty

Terms = Sequence[tuple[Fraction, Aggregate]]
"""Counts and sums, each with what it is multiplied by before they are added up."""

_SUMMED = (Function.COUNT, Function.SUM, Function.AVG, Function.SHARE)
_ZERO, _ONE = (Literal(Kind.NUMBER, Fraction(number)) for number in (0, 1))


class MetricMaker:
    """Makes the calculation and the uncertainty of one formula, in which no other metric's name is left."""

    def __init__(self, expression: Expression, maker: MeasureMaker) -> None:
        """Take the formula, and who makes measures."""
        self._expression = expression
        self._measures = maker
        distinct = dict.fromkeys(each for each in expression.walk() if isinstance(each, Aggregate))
        self._aggregates: dict[Aggregate, MetricAggregate] = {each: self._aggregate(each) for each in distinct}

    def calculation(self) -> Calculation:
        """Return how the value is computed."""
        aggregates, basis = tuple(self._aggregates.values()), self._basis(self._expression)
        linear = None if self.uncertainty() is None else self._linear(self._expression)
        return Calculation(self._expression, aggregates, basis, linear)

    def uncertainty(self) -> Uncertainty | None:
        """Return the kind of interval; None where there is none."""
        return self._uncertainty(self._expression)

    def _aggregate(self, aggregate: Aggregate) -> MetricAggregate:
        if aggregate.function not in _SUMMED:
            return self._unsummed(aggregate)
        if aggregate.value is None:  # a count
            count = self._measures.count(aggregate.condition)
            return SummedAggregate(aggregate, ValueSums(count, count, count, 1))
        if aggregate.function is Function.SHARE:
            known = both(aggregate.condition, is_known(aggregate.value))
            true = self._measures.count(both(aggregate.condition, aggregate.value))
            return SummedAggregate(aggregate, ValueSums(self._measures.count(known), true, true, 1))
        return SummedAggregate(aggregate, self._measures.values(aggregate.value, aggregate.condition))

    def _unsummed(self, aggregate: Aggregate) -> UnsummedAggregate:
        make, number, dimension = self._measures, aggregate.value, aggregate.dimension
        digest = hashlib.sha256(repr((aggregate, make.columns_of(aggregate))).encode()).hexdigest()[:20]
        if number is None:
            return UnsummedAggregate(aggregate, digest, make.condition(None), make.key(str(dimension)), 1, (), False)
        among, value = both(aggregate.condition, is_known(number)), make.number(number)
        held, extras = make.in_scale(number), make.extras(among)
        is_wide = held.digits > PLAIN_DIGITS
        return UnsummedAggregate(aggregate, digest, make.condition(among), value, held.scale, extras, is_wide)

    def _basis(self, expression: Expression) -> Sum | UnsummedAggregate | None:
        """Return how many evaluations a value rests on."""
        kind = self._uncertainty(expression)
        while isinstance(kind, OfScaled):
            kind = kind.inner
        if isinstance(kind, OfOrder):
            return next(
                each
                for each in self._aggregates.values()
                if isinstance(each, UnsummedAggregate) and each.name == kind.name
            )
        if isinstance(kind, OfRatio):
            return kind.count if kind.outside is not None else kind.units
        if kind is not None and kind.quotient is not None:
            return kind.quotient[0]
        if isinstance(expression, Aggregate) and expression.function in (Function.MIN, Function.MAX):
            made = self._aggregates[expression]
            return made if isinstance(made, UnsummedAggregate) else None
        is_plain = isinstance(expression, Literal) or (
            isinstance(expression, Aggregate) and expression.function in (Function.COUNT, Function.SUM)
        )
        return None if is_plain else Sum(("evaluations",))

    def _uncertainty(self, expression: Expression) -> Uncertainty | None:
        if isinstance(expression, Aggregate):
            return self._of_aggregate(expression)
        if isinstance(expression, Rounded):
            return self._uncertainty(expression.operand)
        if isinstance(expression, Negative):
            return _scaled(self._uncertainty(expression.operand), Fraction(-1), Fraction(0))
        if isinstance(expression, Choice):
            kept = [each for each in (expression.then, expression.otherwise) if each.kind is not Kind.NOTHING]
            return self._uncertainty(kept[0]) if len(kept) == 1 else None
        if isinstance(expression, Combination):
            return self._uncertainty(expression.operands[0]) if expression.function == "coalesce" else None
        return self._of_arithmetic(expression) if isinstance(expression, Arithmetic) else None

    def _of_aggregate(self, aggregate: Aggregate) -> Uncertainty | None:
        made = self._aggregates[aggregate]
        if isinstance(made, UnsummedAggregate):
            return OfOrder(made.name) if aggregate.function is Function.PERCENTILE else None
        values = made.values
        if aggregate.function is Function.SHARE:
            return OfShare(values.count, values.total, values.squares)
        if aggregate.function is not Function.AVG:
            return None
        return OfMean(values.count, values.total, values.squares, values.scale, values.least, values.is_rough)

    def _of_arithmetic(self, expression: Arithmetic) -> Uncertainty | None:
        left, right = _constant(expression.left), _constant(expression.right)
        if expression.operator == "/" and right is None and left is None:
            numerator, denominator = _terms(expression.left), _terms(expression.right)
            return self._of_ratio(numerator, denominator) if numerator and denominator else None
        if right is not None:
            inner = self._uncertainty(expression.left)
            if expression.operator in "+-":
                return _scaled(inner, Fraction(1), right if expression.operator == "+" else -right)
            if not right:
                return None
            return _scaled(inner, right if expression.operator == "*" else 1 / right, Fraction(0))
        if left is None or expression.operator == "/":
            return None
        inner = self._uncertainty(expression.right)
        if expression.operator == "*":
            return _scaled(inner, left, Fraction(0)) if left else None
        return _scaled(inner, Fraction(1 if expression.operator == "+" else -1), left)

    def _linear(self, expression: Expression) -> LinearQuotient | None:
        """Return a value as one sum divided by another, times and plus numbers; None where it is not exactly that."""
        if isinstance(expression, Aggregate):
            made = self._aggregates[expression]
            if isinstance(made, UnsummedAggregate) or expression.function not in (Function.AVG, Function.SHARE):
                return None
            values = made.values
            return LinearQuotient(values.total, values.count, Fraction(1, values.scale))
        if isinstance(expression, Negative):
            inner = self._linear(expression.operand)
            return inner and inner.times(Fraction(-1))
        if isinstance(expression, Choice):
            kept = [each for each in (expression.then, expression.otherwise) if each.kind is not Kind.NOTHING]
            return self._linear(kept[0]) if len(kept) == 1 else None
        return self._linear_arithmetic(expression) if isinstance(expression, Arithmetic) else None

    def _linear_arithmetic(self, expression: Arithmetic) -> LinearQuotient | None:
        left, right, operator = _constant(expression.left), _constant(expression.right), expression.operator
        if left is None and right is None:
            terms = _terms(expression.left), _terms(expression.right)
            if operator != "/" or not all(terms):
                return None
            (x, x_scale), (y, y_scale) = map(self._total, terms)
            return LinearQuotient(x, y, Fraction(y_scale, x_scale))
        number = left if right is None else right
        inner = self._linear(expression.right if right is None else expression.left)
        if inner is None or number is None or (operator == "/" and (right is None or not right)):
            return None
        if operator in "*/":
            return inner.times(number if operator == "*" else 1 / number)
        if operator == "+" or right is not None:
            return inner.plus(number if operator == "+" else -number)
        return inner.times(Fraction(-1)).plus(number)

    def _total(self, terms: Terms) -> tuple[Sum, int]:
        """Return the sum of what each evaluation adds to counts and sums, and the scale that it is held in."""
        row = _row(terms)
        return self._measures.total(row), self._measures.in_scale(row).scale

    def _of_ratio(self, numerator: Terms, denominator: Terms) -> Uncertainty:
        """Return the uncertainty of a ratio of counts and sums: of what each evaluation adds to either."""
        make, x, y = self._measures, _row(numerator), _row(denominator)
        scales = make.in_scale(x).scale, make.in_scale(y).scale
        adds_x, adds_y = (ValueComparison(Kind.CONDITION, "!=", each, _ZERO) for each in (x, y))
        outside = beyond = None
        are_counts = all(each.function is Function.COUNT for _, each in (*numerator, *denominator))
        if are_counts and scales == (1, 1) and len(denominator) == 1 and denominator[0][0] == 1:
            outside = make.count(_and(adds_x, Not(Kind.CONDITION, adds_y)))
            if len(numerator) > 1 or numerator[0][0] != 1:
                size = Combination(Kind.NUMBER, "abs", (x,))
                beyond = make.count(_and(adds_x, _unlike(size)))
        ratio = OfRatio(
            make.total(y),
            make.total(x),
            make.products(x, x),
            make.products(x, y),
            make.products(y, y),
            make.count(Logic(Kind.CONDITION, "or", adds_x, adds_y)),
            outside,
            beyond,
            has_days=is_never_negative(y),
        )
        factor = Fraction(scales[1], scales[0])
        return ratio if factor == 1 else OfScaled(ratio, float(factor), 0.0)


def _scaled(inner: Uncertainty | None, factor: Fraction, constant: Fraction) -> Uncertainty | None:
    if inner is None or max(abs(factor), abs(constant)) > LARGEST:
        return None
    return OfScaled(inner, float(factor), float(constant))


def _and(first: Expression, second: Expression) -> Expression:
    return Logic(Kind.CONDITION, "and", first, second)


def _unlike(number: Expression) -> Expression:
    return ValueComparison(Kind.CONDITION, "!=", number, _ONE)


def _constant(expression: Expression) -> Fraction | None:
    """Return the value of a part that speaks of no evaluation; None where it has none, or is no such part."""
    if any(isinstance(each, Aggregate) for each in expression.walk()):
        return None
    value = evaluate(expression, lambda _: None)
    return value if isinstance(value, Fraction) else None


def _terms(expression: Expression, factor: Fraction = Fraction(1)) -> Terms:
    """Return the counts and sums that a part adds up; none where it is something else."""
    if isinstance(expression, Aggregate):
        return ((factor, expression),) if expression.function in (Function.COUNT, Function.SUM) else ()
    if isinstance(expression, Negative):
        return _terms(expression.operand, -factor)
    if not isinstance(expression, Arithmetic):
        return ()
    left, right = _constant(expression.left), _constant(expression.right)
    if expression.operator in "+-":
        first = _terms(expression.left, factor)
        second = _terms(expression.right, factor if expression.operator == "+" else -factor)
        return (*first, *second) if first and second else ()
    if expression.operator == "*" and left is not None:
        return _terms(expression.right, factor * left)
    if right:
        return _terms(expression.left, factor * right if expression.operator == "*" else factor / right)
    return ()


def _row(terms: Terms) -> Expression:
    """Return what an evaluation adds to counts and sums."""
    row = row_of(terms[0][1], terms[0][0])
    for factor, aggregate in terms[1:]:
        row = Arithmetic(Kind.NUMBER, "+", row, row_of(aggregate, factor))
    return row
