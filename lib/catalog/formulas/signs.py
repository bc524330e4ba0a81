"""Whether a number of an evaluation can be negative, as far as its formula says."""

from __future__ import annotations

from lib.catalog.formulas.expressions import (
    AnswerShare,
    Arithmetic,
    Choice,
    Combination,
    EvaluationColumn,
    Expression,
    Kind,
    Literal,
    Rounded,
)

_NEVER = ("score", "duration_seconds", "hour", "weekday")


def is_never_negative(number: Expression) -> bool:
    """Return whether a number is never negative; numbers of own fields may be."""
    if isinstance(number, Literal):
        return number.kind is Kind.NOTHING or (not isinstance(number.value, str | None) and number.value >= 0)
    if isinstance(number, EvaluationColumn):
        return number.name in _NEVER
    if isinstance(number, AnswerShare):
        return True
    if isinstance(number, Choice):
        return is_never_negative(number.then) and is_never_negative(number.otherwise)
    if isinstance(number, Combination):
        return number.function == "abs" or all(map(is_never_negative, number.operands))
    if isinstance(number, Rounded):
        return is_never_negative(number.operand)
    if isinstance(number, Arithmetic) and number.operator != "-":
        return is_never_negative(number.left) and is_never_negative(number.right)
    return False
