"""The exact value of a checked formula, from the values of its leaves: fractions, and conditions of three values."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias, cast

from lib.catalog.formulas.expressions import (
    Aggregate,
    AnswerShare,
    Arithmetic,
    BelongsNowhere,
    Choice,
    Combination,
    EvaluationColumn,
    Expression,
    IsNull,
    Literal,
    Logic,
    Membership,
    Negative,
    Not,
    Reference,
    Rounded,
    ValueComparison,
)

Value: TypeAlias = Fraction | str | bool | None

Leaf: TypeAlias = EvaluationColumn | Membership | BelongsNowhere | AnswerShare | Aggregate | Reference

LeafValue: TypeAlias = Callable[[Leaf], Value]
"""Gives the value of a leaf; of a time, its seconds since 1970."""


def evaluate(expression: Expression, leaf: LeafValue) -> Value:
    """Return the value of an expression; nothing divided by nothing, or by 0, is null."""
    if isinstance(expression, Literal):
        return expression.value
    if isinstance(expression, EvaluationColumn | Membership | BelongsNowhere | AnswerShare | Aggregate | Reference):
        return leaf(expression)
    if isinstance(expression, Logic):
        return _logic(expression, leaf)
    if isinstance(expression, Choice):
        chosen = expression.then if evaluate(expression.condition, leaf) is True else expression.otherwise
        return evaluate(chosen, leaf)
    if isinstance(expression, IsNull):
        return evaluate(expression.operand, leaf) is None
    if isinstance(expression, Combination):
        return _combination(expression.function, [evaluate(each, leaf) for each in expression.operands])
    return _strict(expression, [evaluate(part, leaf) for part in expression.parts])


def round_half_away(number: Fraction, decimals: int) -> Fraction:
    """Return a number rounded to some decimals, half away from zero."""
    scale = 10**decimals
    scaled = abs(number) * scale
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if number >= 0 else -whole, scale)


def _strict(expression: Expression, values: list[Value]) -> Value:
    """Return the value of an expression that is null where any of its parts is."""
    if any(value is None for value in values):
        return None
    if isinstance(expression, Arithmetic):
        return _arithmetic(expression.operator, cast(Fraction, values[0]), cast(Fraction, values[1]))
    if isinstance(expression, ValueComparison):
        return _comparison(expression.operator, values[0], values[1])
    if isinstance(expression, Negative):
        return -cast(Fraction, values[0])
    if isinstance(expression, Not):
        return not values[0]
    if isinstance(expression, Rounded):
        return round_half_away(cast(Fraction, values[0]), expression.decimals)
    raise TypeError(type(expression))


def _arithmetic(operator: str, left: Fraction, right: Fraction) -> Value:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    return left / right if right else None


def _comparison(operator: str, left: Value, right: Value) -> bool:
    if operator == "=":
        return left == right
    if operator == "!=":
        return left != right
    first, second = cast(Fraction, left), cast(Fraction, right)
    if operator == "<":
        return first < second
    if operator == "<=":
        return first <= second
    return first > second if operator == ">" else first >= second


def _logic(expression: Logic, leaf: LeafValue) -> bool | None:
    left, right = evaluate(expression.left, leaf), evaluate(expression.right, leaf)
    decisive = expression.operator == "or"  # one such value decides, whatever the other is
    if left is decisive or right is decisive:
        return decisive
    return None if left is None or right is None else not decisive


def _combination(function: str, values: list[Value]) -> Value:
    known = [value for value in values if value is not None]
    if not known:
        return None
    if function == "coalesce":
        return known[0]
    numbers = cast(list[Fraction], known)
    if function == "abs":
        return abs(numbers[0])
    return min(numbers) if function == "least" else max(numbers)
