"""The measures of aggregates: what is counted and summed of each evaluation, so that rollups may hold it.

What a built-in measure says already is that one; others are made here, each named by all that it is.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import sqlalchemy as sa

from lib.catalog.formulas.evaluation import Leaf, Value, evaluate
from lib.catalog.formulas.expressions import (
    Aggregate,
    AnswerShare,
    Arithmetic,
    Choice,
    EvaluationColumn,
    Expression,
    Function,
    IsNull,
    Kind,
    Literal,
    Logic,
    Membership,
    Not,
)
from lib.catalog.formulas.row_sql import (
    MADE_COLUMNS,
    RowBindings,
    RowSql,
    ScaledNumber,
    criterion_column,
)
from lib.catalog.formulas.whole_numbers import MOST_DIGITS, PLAIN_DIGITS
from lib.catalog.measures import MADE_PREFIX, OWN_PREFIX, ExtraColumn, Measure, made, own_measures
from lib.catalog.sums import Sum
from lib.store.enums import NO_KEY, OWN_SCALE, SCORE_SCALE, Sentiment, State

NO_EVALUATION = Sum(("evaluations",), ("evaluations",))
"""A sum that is 0."""

_DIGITS_OF_A_COUNT = 10
_OTHER_STATES = {State.Pending: "pending", State.Processing: "processing", State.Failed: "failed"}
_FELT = {Sentiment.Positive: "positive", Sentiment.Neutral: "neutral", Sentiment.Negative: "negative"}


@dataclass(frozen=True, slots=True)
class ValueSums:
    """How many evaluations have a number, the sum of it, and that of its squares, in 1/scale and its square."""

    count: Sum
    total: Sum
    squares: Sum
    scale: int
    least: float = -math.inf  # no value is less
    is_rough: bool = False  # the squares have some 15 digits


def both(first: Expression | None, second: Expression | None) -> Expression | None:
    """Return the condition that two conditions are met; None for none."""
    if first is None or second is None:
        return second if first is None else first
    return Logic(Kind.CONDITION, "and", first, second)


def is_known(value: Expression) -> Expression:
    """Return the condition that there is a value."""
    return Not(Kind.CONDITION, IsNull(Kind.CONDITION, value))


class MeasureMaker:
    """Makes the measures of one workspace's formulas; `made` holds them, which are found by their names so long."""

    def __init__(self, bindings: RowBindings) -> None:
        """Take what the names in formulas stand for."""
        self.bindings = bindings
        self.made: dict[str, Measure] = {}

    def count(self, condition: Expression | None) -> Sum:
        """Return how many evaluations meet a condition."""
        if condition is None:
            return Sum(("evaluations",))
        plain = self._plain_count(condition)
        if plain is not None:
            return plain
        return Sum((self._measure("count", condition, None),))

    def values(self, number: Expression, condition: Expression | None) -> ValueSums:
        """Return the sums of a number over the evaluations that meet a condition and have it."""
        plain = self._plain_values(number) if condition is None else None
        if plain is not None:
            return plain
        scaled = self._sample(number)
        among = both(condition, is_known(number))
        total, squares = (Sum((self._measure(each, among, number),)) for each in ("sum", "squares"))
        is_rough = 2 * scaled.digits > MOST_DIGITS
        return ValueSums(self.count(among), total, squares, scaled.scale, is_rough=is_rough)

    def total(self, number: Expression) -> Sum:
        """Return the sum of a number that every evaluation has, in the scale that it is held in."""
        return self._plain_total(number) or Sum((self._measure("sum", None, number),))

    def products(self, first: Expression, second: Expression) -> Sum:
        """Return the sum of the products of two numbers, both of which every evaluation has."""
        product = Arithmetic(Kind.NUMBER, "*", first, second)
        return self._plain_total(product) or Sum((self._measure("products", None, first, second),))

    def extras(self, *parts: Expression | None) -> tuple[ExtraColumn, ...]:
        """Return what parts need of rows beside the facts' columns."""
        return tuple(dict.fromkeys(each for part in parts if part is not None for each in _extras(part)))

    def condition(self, condition: Expression | None) -> Callable[[Any], sa.ColumnElement[bool]]:
        """Return a condition as SQL over rows; without one, all meet it."""
        if condition is None:
            return lambda _: sa.true()
        bindings = self.bindings
        RowSql(bindings, _AnyColumn()).condition(condition)  # what is too large is to be said now
        return lambda e: RowSql(bindings, e).condition(condition)

    def number(self, number: Expression) -> Callable[[Any], sa.ColumnElement[int]]:
        """Return a number as SQL over rows, in the scale that it is held in."""
        bindings = self.bindings
        return lambda e: RowSql(bindings, e).number(number).sql

    def key(self, dimension: str) -> Callable[[Any], sa.ColumnElement[int]]:
        """Return the key of the group of a dimension as SQL over rows; null for none."""
        column = self.bindings.dimensions[dimension].column
        return lambda e: sa.func.nullif(e[column], NO_KEY)

    def columns_of(self, aggregate: Aggregate) -> tuple[tuple[str, str], ...]:
        """Return the names in an aggregate, each with the column that it stands for."""
        parts = [each for each in (aggregate.value, aggregate.condition) if each is not None]
        return tuple(pair for each in parts for pair in self.bindings.columns_of(each))

    def in_scale(self, number: Expression) -> ScaledNumber:
        """Return how a number is held; its SQL is of no rows in particular."""
        return self._sample(number)

    def _plain_total(self, number: Expression) -> Sum | None:
        return _by_states(number) if _is_of_states(number) and self._sample(number).scale == 1 else None

    def _plain_count(self, condition: Expression) -> Sum | None:
        """Return a count that built-in measures give: of states, of sentiments, of what every evaluation may have."""
        if _is_of_states(condition):
            return _by_states(condition)
        known = {
            EvaluationColumn(Kind.CONDITION, "is_ai"): "ai_calls",
            is_known(EvaluationColumn(Kind.NUMBER, "score")): "scored",
            is_known(EvaluationColumn(Kind.NUMBER, "duration_seconds")): "timed",
        }
        if condition in known:
            return Sum((known[condition],))
        for name, column in self.bindings.flags.items():
            count, yes = (each.name for each in own_measures(column, is_number=False))
            own = EvaluationColumn(Kind.CONDITION, name)
            if condition in (own, is_known(own)):
                return Sum((yes if condition == own else count,))
        return None

    def _plain_values(self, number: Expression) -> ValueSums | None:
        if not isinstance(number, EvaluationColumn):
            return None
        if number.name == "score":
            return ValueSums(Sum(("scored",)), Sum(("score_sum",)), Sum(("score_square_sum",)), SCORE_SCALE)
        if number.name == "duration_seconds":
            return ValueSums(Sum(("timed",)), Sum(("duration_sum",)), Sum(("duration_square_sum",)), 1, least=0.0)
        column = self.bindings.numbers[number.name].column
        if column in MADE_COLUMNS:
            return None
        count, total, squares = (Sum((each.name,)) for each in own_measures(column, is_number=True))
        return ValueSums(count, total, squares, OWN_SCALE)

    def _sample(self, number: Expression) -> ScaledNumber:
        return RowSql(self.bindings, _AnyColumn()).number(number)

    def _measure(self, kind: str, condition: Expression | None, *numbers: Expression | None) -> str:
        """Make a measure and return its name: a count, or the sum of a number, of its square, or of a product."""
        parts = [each for each in (condition, *numbers) if each is not None]
        columns = [self.bindings.columns_of(each) for each in parts]
        digest = hashlib.sha256(repr((kind, condition, numbers, columns)).encode()).hexdigest()[:20]
        name = f"{MADE_PREFIX}{digest}"
        if name not in self.made:
            self.made[name] = made(self._made(name, kind, condition, [each for each in numbers if each is not None]))
        return name

    def _made(self, name: str, kind: str, condition: Expression | None, numbers: list[Expression]) -> Measure:
        bindings, meets = self.bindings, self.condition(condition)
        parts = [*numbers, *([] if condition is None else [condition])]
        columns = dict.fromkeys(column for part in parts for _, column in bindings.columns_of(part))
        beside: dict[str, Any] = {
            "extras": self.extras(condition, *numbers),
            "columns": tuple(column for column in columns if column.startswith(OWN_PREFIX)),
            "follows_names": any(isinstance(each, Membership) for part in parts for each in part.walk()),
        }
        if kind == "count":
            return Measure(name, meets, **beside)
        digits = sum(self._sample(each).digits for each in numbers) * (2 if kind == "squares" else 1)
        if kind != "sum" and digits > MOST_DIGITS:
            return Measure(name, meets, _product(bindings, numbers, is_float=True), is_float=True, **beside)
        wide = digits + _DIGITS_OF_A_COUNT > PLAIN_DIGITS
        factors = numbers * 2 if kind == "squares" else numbers
        return Measure(name, meets, _product(bindings, factors), is_wide=wide, **beside)


def _product(
    bindings: RowBindings, numbers: list[Expression], *, is_float: bool = False
) -> Callable[[Any], sa.ColumnElement[int]]:
    factors = numbers * 2 if is_float and len(numbers) == 1 else numbers

    def value(e: Any) -> sa.ColumnElement[int]:
        row = RowSql(bindings, e)
        amounts = [row.number(each) for each in factors]
        digits = sum(each.digits for each in amounts)
        product: Any = None
        for each in amounts:
            amount = sa.cast(each.sql, sa.Double) if is_float else each.typed(digits)
            product = amount if product is None else product * amount
        return product  # type: ignore[no-any-return]

    return value


class _AnyColumn:
    """Stands for the columns of rows where it is asked how a number is held alone."""

    state = sa.column("state", sa.SmallInteger)
    is_ai = sa.column("is_ai", sa.Boolean)

    def __getitem__(self, name: str) -> Any:
        return sa.column(name)


def _is_leaf(each: Expression) -> bool:
    return not each.parts and not isinstance(each, Literal)


def _extras(expression: Expression) -> Iterable[ExtraColumn]:
    for each in expression.walk():
        if isinstance(each, AnswerShare):
            yield ExtraColumn(criterion_column(each.criterion), each.criterion)
        elif isinstance(each, EvaluationColumn) and each.name in ("hour", "weekday"):
            yield ExtraColumn(f"wall_{each.name}")


def _is_of_states(expression: Expression) -> bool:
    """Return whether an expression speaks of states and sentiments alone."""
    leaves = [each for each in expression.walk() if _is_leaf(each)]
    return all(isinstance(each, EvaluationColumn) and each.name in ("state", "sentiment") for each in leaves)


_MOST_REPEATED = 100


def _by_states(expression: Expression) -> Sum | None:
    """Return how many evaluations meet a condition, or the sum of a whole number, by their states and sentiments.

    None where the number is none, or so large that a sum is no shorter.
    """
    if not any(_is_leaf(each) for each in expression.walk()):
        constant = evaluate(expression, lambda _: None)
        return Sum(("evaluations",)) if constant is True or constant == 1 else None
    counts: dict[str, int] = {}
    cells = [
        *((state, None, (name,), 1) for state, name in _OTHER_STATES.items()),
        *((State.Completed, sentiment, (name,), 1) for sentiment, name in _FELT.items()),
        (State.Completed, None, ("completed",), 1),
        (State.Completed, None, tuple(_FELT.values()), -1),
    ]
    for state, sentiment, names, sign in cells:
        amount = evaluate(expression, partial(_of_cell, state, sentiment)) or 0
        if isinstance(amount, str) or Fraction(amount).denominator != 1:
            return None
        for name in names:
            counts[name] = counts.get(name, 0) + sign * int(amount)
    if sum(map(abs, counts.values())) > _MOST_REPEATED:
        return None
    plus = tuple(name for name, count in counts.items() for _ in range(count))
    minus = tuple(name for name, count in counts.items() for _ in range(-count))
    if plus:
        return Sum(plus, minus)
    return Sum(("evaluations",), ("evaluations", *minus))


def _of_cell(state: State, sentiment: Sentiment | None, leaf: Leaf) -> Value:
    """Return the value of a name for the evaluations of a state and a sentiment."""
    if isinstance(leaf, EvaluationColumn) and leaf.name == "state":
        return state.name
    return None if sentiment is None else sentiment.name


def row_of(aggregate: Aggregate, factor: Fraction = Fraction(1)) -> Expression:
    """Return what an evaluation adds to a count or a sum, times a factor; 0 where it adds nothing."""
    amount: Expression = Literal(Kind.NUMBER, factor)
    condition = aggregate.condition
    if aggregate.function is Function.SUM and aggregate.value is not None:
        condition = both(condition, is_known(aggregate.value))
        amount = aggregate.value if factor == 1 else _times(aggregate.value, factor)
    zero = Literal(Kind.NUMBER, Fraction(0))
    return amount if condition is None else Choice(Kind.NUMBER, condition, amount, zero)


def _times(value: Expression, factor: Fraction) -> Expression:
    return Arithmetic(Kind.NUMBER, "*", value, Literal(Kind.NUMBER, factor))
