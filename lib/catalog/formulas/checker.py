"""Checks the tree of a formula against what there is: names, kinds, and what is of one evaluation and what of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from lib.catalog.formulas.comparisons import KINDS, LOGICAL, Grouping, any_of, belongs, compared, kind_words
from lib.catalog.formulas.expressions import (
    Aggregate,
    AnswerShare,
    Arithmetic,
    BelongsNowhere,
    Choice,
    Combination,
    EvaluationColumn,
    Expression,
    Function,
    IsNull,
    Kind,
    Literal,
    Logic,
    Membership,
    Negative,
    Not,
    Reference,
    Rounded,
    ValueComparison,
)
from lib.catalog.formulas.functions import AGGREGATES, ANSWERS, COUNTS, EXAMPLES
from lib.catalog.formulas.node_words import what, written
from lib.catalog.formulas.parser import parse
from lib.catalog.formulas.syntax import (
    BetweenNode,
    BinaryNode,
    CallNode,
    FlagNode,
    InNode,
    IsNullNode,
    NameNode,
    Node,
    NullNode,
    NumberNode,
    TextNode,
    UnaryNode,
)
from lib.catalog.formulas.vocabulary import Vocabulary
from lib.errors import FormulaError, nearest
from lib.errors.codes import CodedText, FailureCode
from lib.errors.formula_codes import FormulaCode

MOST_AGGREGATES = 40
"""Aggregates of one formula."""

MOST_DECIMALS = 10
"""Decimals that `round` may leave."""

DIVISION_DECIMALS = 9
"""Decimals of a quotient of one evaluation's numbers, so that sums of them are exact."""


def check(text: str, vocabulary: Vocabulary) -> Expression:
    """Return the checked tree of a metric's formula. Raises FormulaError."""
    node = parse(text)
    checker = _FormulaChecker(vocabulary)
    expression = checker.check(node, None)
    if expression.kind not in (Kind.NUMBER, Kind.NOTHING):
        raise FormulaError(
            node.position, FormulaCode.METRIC_IS_NO_NUMBER, kind=kind_words(expression), example="share(score >= 8)"
        )
    return expression


class _FormulaChecker:
    """Checks the parts of one formula; `within` is the aggregate that a part is in, None outside of all."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._known = vocabulary
        self._aggregates = 0

    def check(self, node: Node, within: str | None) -> Expression:
        """Return a part as a value; a dimension that is compared with nothing is none."""
        expression = self._part(node, within)
        if isinstance(expression, Grouping):
            example = f'count_if({expression.name} = "…")'
            raise FormulaError(
                node.position, FormulaCode.GROUPING_ALONE, name=expression.name, where=within or "", example=example
            )
        return expression

    def _part(self, node: Node, within: str | None) -> Expression:
        checks: dict[type[Node], Callable[[Any, str | None], Expression]] = {
            NameNode: self._name,
            CallNode: self._call,
            UnaryNode: self._unary,
            BinaryNode: self._binary,
            InNode: self._in,
            BetweenNode: self._between,
            IsNullNode: self._is_null,
        }
        if isinstance(node, NumberNode):
            return Literal(Kind.NUMBER, node.value)
        if isinstance(node, TextNode):
            return Literal(Kind.TEXT, node.value)
        if isinstance(node, FlagNode):
            return Literal(Kind.CONDITION, node.value)
        if isinstance(node, NullNode):
            return Literal(Kind.NOTHING, None)
        return checks[type(node)](node, within)

    def _name(self, node: NameNode, within: str | None) -> Expression:
        name = node.name
        is_column = name in self._known.columns or name in self._known.dimensions
        if within is None:
            if name in self._known.metrics:
                return Reference(Kind.NUMBER, name, node.position)
            if is_column:
                raise FormulaError(node.position, FormulaCode.OUTSIDE, name=name, example=self._aggregated(name))
            raise self._unknown(node, (*self._known.metrics, *EXAMPLES), "avg(score)")
        if name in self._known.columns:
            return EvaluationColumn(self._known.columns[name], name)
        if name in self._known.dimensions:
            return Grouping(Kind.TEXT, name, self._known.dimensions[name])
        if name in self._known.metrics:
            example = f"{name} * avg(score)"
            raise FormulaError(node.position, FormulaCode.WITHIN, name=name, function=within, example=example)
        raise self._unknown(node, self._known.of_an_evaluation, "score")

    def _unknown(self, node: NameNode, known: Sequence[str], expected: str) -> FormulaError:
        name = node.name
        if name.lower() in EXAMPLES:
            return FormulaError(node.position, FormulaCode.WITHOUT_BRACKETS, name=name, example=EXAMPLES[name.lower()])
        if name in self._known.archived:
            return FormulaError(node.position, FormulaCode.FIELD_ARCHIVED_HERE, name=name)
        right = next((each for each in known if each.casefold() == name.casefold()), None)
        if right is not None:
            return FormulaError(node.position, FormulaCode.CASE_OF_NAME, name=name, right=right)
        if name in self._known.archived_metrics:
            return FormulaError(node.position, FormulaCode.METRIC_ARCHIVED_HERE, name=name)
        if name in self._known.called:
            return FormulaError(node.position, FormulaCode.CALLED_HERE, name=name, right=self._known.called[name])
        hint = nearest(name, known)
        if isinstance(hint, CodedText) and hint.code is FailureCode.DID_YOU_MEAN:
            return FormulaError(node.position, FormulaCode.NAME_NEAR, name=name[:60], hint=hint)
        return FormulaError(node.position, FormulaCode.NAME_UNKNOWN, name=name[:60], hint=hint, expected=expected)

    def _aggregated(self, name: str) -> str:
        """Return an example of a column within an aggregate."""
        kind = self._known.columns.get(name)
        if kind is Kind.NUMBER:
            return f"avg({name})"
        if kind is Kind.CONDITION:
            return f"share({name})"
        return f'count_if({name} = "…")' if kind is not Kind.INSTANT else f"count_if({name} is not null)"

    def _call(self, node: CallNode, within: str | None) -> Expression:
        function = node.function.lower()
        if function not in EXAMPLES:
            if node.function in (*self._known.of_an_evaluation, *self._known.metrics):
                raise FormulaError(node.position, FormulaCode.NOT_A_FUNCTION, name=node.function)
            hint = nearest(node.function, EXAMPLES)
            raise FormulaError(node.position, FormulaCode.FUNCTION_UNKNOWN, name=node.function[:60], hint=hint)
        least, most = COUNTS[function]
        if not least <= len(node.arguments) <= most:
            raise self._wrong_count(node, function, least, most)
        if function in AGGREGATES:
            return self._aggregate(node, function, within)
        if function in ANSWERS:
            return self._answer(node, function, within)
        return self._combined(node, function, within)

    def _wrong_count(self, node: CallNode, function: str, least: int, most: int) -> FormulaError:
        count = len(node.arguments)
        position = node.end if count < least else node.arguments[most].position
        expected = str(least) if least == most else f"{least}–{most}"
        return FormulaError(
            position, FormulaCode.COUNT_OF, function=function, expected=expected, found=count,
            example=EXAMPLES[function],
        )  # fmt: skip

    def _aggregate(self, node: CallNode, function: str, within: str | None) -> Aggregate:
        if within is not None:
            raise FormulaError(
                node.position, FormulaCode.WITHIN, name=function, function=within, example=EXAMPLES[within]
            )
        self._aggregates += 1
        if self._aggregates > MOST_AGGREGATES:
            raise FormulaError(node.position, FormulaCode.FORMULA_TOO_MANY, most=MOST_AGGREGATES)
        if function == "count_distinct":
            return self._distinct(node)
        name = function.removesuffix("_if")
        condition = self._condition(node.arguments[-1], function, function) if function.endswith("_if") else None
        if name == "count":
            return Aggregate(Kind.NUMBER, Function.COUNT, condition=condition)
        first = node.arguments[0]
        if name == "share":
            return Aggregate(Kind.NUMBER, Function.SHARE, self._condition(first, function, function), condition)
        value = self._number(first, function, function)
        if name in ("median", "percentile"):
            percent = Fraction(50) if name == "median" else self._percent(node.arguments[1], function)
            return Aggregate(Kind.NUMBER, Function.PERCENTILE, value, percent=percent)
        return Aggregate(Kind.NUMBER, Function(name), value, condition)

    def _distinct(self, node: CallNode) -> Aggregate:
        (named,) = node.arguments
        dimension = self._known.dimensions.get(named.name) if isinstance(named, NameNode) else None
        if dimension is None:
            hint = nearest(named.name, self._known.dimensions) if isinstance(named, NameNode) else ""
            raise FormulaError(named.position, FormulaCode.NO_DIMENSION, hint=hint)
        return Aggregate(Kind.NUMBER, Function.COUNT_DISTINCT, dimension=dimension)

    def _percent(self, node: Node, function: str) -> Fraction:
        percent = _literal_number(node)
        if percent is None:
            raise FormulaError(node.position, FormulaCode.NO_LITERAL, where=function, example=EXAMPLES[function])
        if not 0 <= percent <= 100:
            raise FormulaError(node.position, FormulaCode.OUT_OF_RANGE, number=written(percent), range="0–100")
        return percent

    def _answer(self, node: CallNode, function: str, within: str | None) -> Expression:
        if within is None:
            example = f'avg(criterion("{"…"}"))' if function == "criterion" else 'share(failed("…"))'
            raise FormulaError(node.position, FormulaCode.OUTSIDE, name=function, example=example)
        (named,) = node.arguments
        if not isinstance(named, TextNode):
            raise FormulaError(
                named.position, FormulaCode.WORD_EXPECTED, found=what(named),
                expected=FormulaCode.A_WORD.of(word=EXAMPLES[function]),
            )  # fmt: skip
        known = self._known.criteria
        if known is not None and named.value not in known:
            hint = nearest(named.value, known)
            raise FormulaError(named.position, FormulaCode.CRITERION_UNKNOWN, name=named.value[:60], hint=hint)
        share = AnswerShare(Kind.NUMBER, named.value)
        zero = Literal(Kind.NUMBER, Fraction(0))
        return share if function == "criterion" else ValueComparison(Kind.CONDITION, "=", share, zero)

    def _combined(self, node: CallNode, function: str, within: str | None) -> Expression:
        if function == "if":
            condition = self._condition(node.arguments[0], function, within)
            then, otherwise = (self.check(each, within) for each in node.arguments[1:])
            return Choice(self._common(node.arguments[1:], (then, otherwise)), condition, then, otherwise)
        if function == "coalesce":
            operands = tuple(self.check(each, within) for each in node.arguments)
            return Combination(self._common(node.arguments, operands), function, operands)
        if function == "round":
            decimals = _literal_number(node.arguments[1]) if len(node.arguments) > 1 else Fraction(0)
            if decimals is None or decimals.denominator != 1:
                place = node.arguments[1].position
                raise FormulaError(place, FormulaCode.NO_LITERAL, where=function, example=EXAMPLES[function])
            if not 0 <= decimals <= MOST_DECIMALS:
                place, most = node.arguments[1].position, f"0–{MOST_DECIMALS}"
                raise FormulaError(place, FormulaCode.OUT_OF_RANGE, number=written(decimals), range=most)
            return Rounded(Kind.NUMBER, self._number(node.arguments[0], function, within), int(decimals))
        numbers = tuple(self._number(each, function, within) for each in node.arguments)
        return Combination(Kind.NUMBER, function, numbers)

    def _common(self, nodes: Sequence[Node], expressions: Sequence[Expression]) -> Kind:
        """Return the kind that values have in common."""
        kind = Kind.NOTHING
        for node, each in zip(nodes, expressions, strict=True):
            if kind is Kind.NOTHING:
                kind = each.kind
            elif each.kind not in (kind, Kind.NOTHING):
                raise FormulaError(
                    node.position, FormulaCode.NOT_COMPARABLE, left=KINDS[kind].of(), right=kind_words(each),
                    example="if(count() >= 30, avg(score), null)",
                )  # fmt: skip
        return kind

    def _unary(self, node: UnaryNode, within: str | None) -> Expression:
        if node.operator == "not":
            return Not(Kind.CONDITION, self._condition(node.operand, "not", within))
        return Negative(Kind.NUMBER, self._number(node.operand, "-", within))

    def _binary(self, node: BinaryNode, within: str | None) -> Expression:
        if node.operator in LOGICAL:
            left = self._condition(node.left, node.operator, within)
            return Logic(Kind.CONDITION, node.operator, left, self._condition(node.right, node.operator, within))
        if node.operator in "+-*/":
            return self._arithmetic(node, within)
        return self._comparison(node, within)

    def _arithmetic(self, node: BinaryNode, within: str | None) -> Expression:
        left, right = self.check(node.left, within), self.check(node.right, within)
        if node.operator == "-" and left.kind is right.kind is Kind.INSTANT:
            return Arithmetic(Kind.NUMBER, "-", left, right)
        for side, expression in ((node.left, left), (node.right, right)):
            self._be_number(side, expression, node.operator)
        made = Arithmetic(Kind.NUMBER, node.operator, left, right)
        is_of_one = node.operator == "/" and within is not None
        return Rounded(Kind.NUMBER, made, DIVISION_DECIMALS) if is_of_one else made

    def _comparison(self, node: BinaryNode, within: str | None) -> Expression:
        self._check_quotes(node)
        left, right = self._part(node.left, within), self._part(node.right, within)
        if isinstance(left, Grouping) or isinstance(right, Grouping):
            return belongs(node, left, right)
        return compared(node, node.operator, (node.left, left), (node.right, right), self._known.words)

    def _check_quotes(self, node: BinaryNode) -> None:
        """Refuse a text without quotes, beside what is compared with texts."""
        left, right = node.left, node.right
        if not isinstance(left, NameNode) or not isinstance(right, NameNode):
            return
        is_of_texts = left.name in self._known.dimensions or self._known.columns.get(left.name) is Kind.TEXT
        names = (*self._known.of_an_evaluation, *self._known.archived)
        if is_of_texts and right.name not in names:
            example = f'{left.name} {node.operator} "{right.name}"'
            raise FormulaError(right.position, FormulaCode.QUOTES_MISSING, name=right.name, example=example)

    def _in(self, node: InNode, within: str | None) -> Expression:
        operand = self._part(node.operand, within)
        if isinstance(operand, Grouping):
            for choice in node.choices:
                if not isinstance(choice, TextNode):
                    raise FormulaError(
                        choice.position, FormulaCode.NOT_COMPARABLE, left=operand.name, right=what(choice),
                        example=f'{operand.name} in ("…", "…")',
                    )  # fmt: skip
            members = tuple(choice.value for choice in node.choices if isinstance(choice, TextNode))
            expression: Expression = Membership(Kind.CONDITION, operand.dimension, members)
        else:
            parts = [
                compared(node, "=", (node.operand, operand), (choice, self.check(choice, within)), self._known.words)
                for choice in node.choices
            ]
            expression = any_of(parts)
        return Not(Kind.CONDITION, expression) if node.is_negated else expression

    def _between(self, node: BetweenNode, within: str | None) -> Expression:
        operand = node.operand, self.check(node.operand, within)
        low, high = ((each, self.check(each, within)) for each in (node.low, node.high))
        expression = Logic(
            Kind.CONDITION,
            "and",
            compared(node, ">=", operand, low, self._known.words),
            compared(node, "<=", operand, high, self._known.words),
        )
        return Not(Kind.CONDITION, expression) if node.is_negated else expression

    def _is_null(self, node: IsNullNode, within: str | None) -> Expression:
        operand = self._part(node.operand, within)
        if isinstance(operand, Grouping):
            expression: Expression = BelongsNowhere(Kind.CONDITION, operand.dimension)
        else:
            expression = IsNull(Kind.CONDITION, operand)
        return Not(Kind.CONDITION, expression) if node.is_negated else expression

    def _number(self, node: Node, where: str, within: str | None) -> Expression:
        return self._be_number(node, self.check(node, within), where)

    def _be_number(self, node: Node, expression: Expression, where: str) -> Expression:
        if expression.kind not in (Kind.NUMBER, Kind.NOTHING):
            example = EXAMPLES.get(where, "avg(score) - 7")
            if expression.kind is Kind.CONDITION and where in ("sum", "avg"):
                counted = f"({node.name})" if isinstance(node, NameNode) else "(score < 5)"
                example = f"share{counted}" if where == "avg" else f"count_if{counted}"
            raise FormulaError(
                node.position,
                FormulaCode.NO_NUMBER,
                what=what(node),
                kind=kind_words(expression),
                where=where,
                example=example,
            )
        return expression

    def _condition(self, node: Node, where: str, within: str | None) -> Expression:
        expression = self._part(node, within)
        if isinstance(expression, Grouping) or expression.kind not in (Kind.CONDITION, Kind.NOTHING):
            name = expression.name if isinstance(expression, Grouping) else None
            example = f'{name} = "…"' if name else EXAMPLES.get(where, "score < 5 and is_ai")
            raise FormulaError(
                node.position, FormulaCode.NO_CONDITION, what=what(node), kind=kind_words(expression), where=where,
                example=example,
            )  # fmt: skip
        return expression


def _literal_number(node: Node) -> Fraction | None:
    if isinstance(node, UnaryNode) and node.operator == "-" and isinstance(node.operand, NumberNode):
        return -node.operand.value
    return node.value if isinstance(node, NumberNode) else None
