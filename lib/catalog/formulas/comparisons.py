"""Checks of comparisons: what may be compared with what, and whether a text is one that a column ever holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lib.catalog.formulas.expressions import (
    EvaluationColumn,
    Expression,
    Kind,
    Literal,
    Logic,
    Membership,
    Not,
    ValueComparison,
)
from lib.catalog.formulas.node_words import what
from lib.catalog.formulas.syntax import BinaryNode, NameNode, Node
from lib.errors import FormulaError, nearest
from lib.errors.codes import CodedText
from lib.errors.formula_codes import FormulaCode

Words = Mapping[str, tuple[str, ...]]
"""The texts that columns of a few texts hold, by the column's name."""

KINDS = {
    Kind.NUMBER: FormulaCode.KIND_NUMBER,
    Kind.TEXT: FormulaCode.KIND_TEXT,
    Kind.CONDITION: FormulaCode.KIND_CONDITION,
    Kind.INSTANT: FormulaCode.KIND_INSTANT,
    Kind.NOTHING: FormulaCode.KIND_NOTHING,
}
"""What kinds of values are called."""
LOGICAL, ORDERED = ("and", "or"), ("<", "<=", ">", ">=")
"""Signs and words between two values."""


@dataclass(frozen=True, slots=True)
class Grouping(Expression):
    """A dimension that is not yet compared with anything."""

    name: str
    dimension: str


def belongs(node: BinaryNode, left: Expression, right: Expression) -> Expression:
    """Return whether an evaluation belongs to a group, one side being a dimension. Raises FormulaError."""
    grouping, other, side = (left, right, node.right) if isinstance(left, Grouping) else (right, left, node.left)
    assert isinstance(grouping, Grouping)  # noqa: S101 - one of them is
    if node.operator in ORDERED:
        raise FormulaError(node.at, FormulaCode.NO_ORDER, what=grouping.name, sign=node.operator)
    if not isinstance(other, Literal) or other.kind not in (Kind.TEXT, Kind.NOTHING):
        raise FormulaError(
            side.position, FormulaCode.NOT_COMPARABLE, left=grouping.name, right=what(side),
            example=f'{grouping.name} = "…"',
        )  # fmt: skip
    if other.value is None:
        return Literal(Kind.CONDITION, None)
    expression = Membership(Kind.CONDITION, grouping.dimension, (str(other.value),))
    return expression if node.operator == "=" else Not(Kind.CONDITION, expression)


def compared(
    node: Node, operator: str, left: tuple[Node, Expression], right: tuple[Node, Expression], words: Words
) -> Expression:
    """Return a comparison of two values, each with its part of the formula. Raises FormulaError."""
    kinds = {expression.kind for _, expression in (left, right)} - {Kind.NOTHING}
    if len(kinds) > 1:
        raise FormulaError(
            right[0].position, FormulaCode.NOT_COMPARABLE, left=kind_words(left[1]), right=kind_words(right[1]),
            example=_comparable(left[0], left[1]),
        )  # fmt: skip
    if operator in ORDERED and kinds & {Kind.TEXT, Kind.CONDITION}:
        at = node.at if isinstance(node, BinaryNode) else node.position
        raise FormulaError(at, FormulaCode.NO_ORDER, what=what(left[0]), sign=operator)
    for (_, column), (place, word) in ((left, right), (right, left)):
        _check_word(column, place, word, words)
    return ValueComparison(Kind.CONDITION, operator, left[1], right[1])


def _check_word(column: Expression, place: Node, word: Expression, words: Words) -> None:
    """Refuse a text that a column of a few texts never holds."""
    if not isinstance(column, EvaluationColumn) or column.name not in words or not isinstance(word, Literal):
        return
    known = words[column.name]
    if word.value is not None and word.value not in known:
        raise FormulaError(
            place.position, FormulaCode.VALUE_UNKNOWN, column=column.name, value=str(word.value)[:60],
            hint=nearest(str(word.value), known), known=", ".join(f'"{each}"' for each in known),
        )  # fmt: skip


def any_of(parts: Sequence[Expression]) -> Expression:
    """Return whether one of several conditions is met, both halves together, so that many are not deep."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return Logic(Kind.CONDITION, "or", any_of(parts[:middle]), any_of(parts[middle:]))


def kind_words(expression: Expression) -> CodedText:
    """Return what the kind of a value is called."""
    return KINDS[expression.kind].of()


def _comparable(node: Node, left: Expression) -> str:
    if left.kind is Kind.CONDITION and isinstance(node, NameNode):
        return f"{node.name} = true"
    if left.kind is Kind.TEXT:
        return 'state = "Failed"'
    return {Kind.CONDITION: "is_ai = true", Kind.INSTANT: "field.closed > field.opened"}.get(left.kind, "score < 5")
