"""From the text of a formula to its tree, by recursive descent; each error says where the fault begins.

From what binds least: or, and, not, comparisons, + and -, * and /, the minus before a value.
"""

from __future__ import annotations

from fractions import Fraction

from lib.catalog.formulas.functions import EXAMPLES
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
from lib.catalog.formulas.tokens import Token, TokenKind, tokens
from lib.errors import FormulaError
from lib.errors.codes import CodedText
from lib.errors.formula_codes import FormulaCode

MOST_LEVELS = 50
"""How deep brackets, functions and signs may be nested."""

_COMPARISONS = ("=", "!=", "<>", "<", "<=", ">", ">=")


MOST_STEPS = 100
"""Steps from a formula to its innermost part, as a tree: brackets, and signs one after another."""

_MANY = 16
"""More operands of a chain are put together half by half, so that long ones are not deep."""


def parse(text: str) -> Node:
    """Return the tree of a formula. Raises FormulaError."""
    node = _Parser(tokens(text)).formula()
    _check_depth(node)
    return node


def _check_depth(node: Node) -> None:
    """Raise FormulaError for a tree that is too deep for those who go through it."""
    level, parts = 0, [node]
    while parts:
        level += 1
        if level > MOST_STEPS:
            raise FormulaError(parts[0].position, FormulaCode.FORMULA_TOO_DEEP, most=MOST_STEPS)
        parts = [part for each in parts for part in each.parts]


def _chain(operands: list[Node], signs: list[Token]) -> Node:
    """Return operands with the signs between them, from the left; of many, both halves together."""
    if len(operands) <= _MANY:
        node = operands[0]
        for sign, operand in zip(signs, operands[1:], strict=True):
            node = BinaryNode(node.position, sign.value or sign.written, node, operand, sign.position)
        return node
    middle = len(operands) // 2
    left, right = _chain(operands[:middle], signs[: middle - 1]), operands[middle:]
    sign = signs[middle - 1]
    if sign.is_sign("-"):  # a - b + c is a + (-b + c)
        right[0] = UnaryNode(right[0].position, "-", right[0])
    operator = "+" if sign.is_sign("-") else sign.value or sign.written
    return BinaryNode(left.position, operator, left, _chain(right, signs[middle:]), sign.position)


class _Parser:
    """Goes through the tokens of a formula once."""

    def __init__(self, described: list[Token]) -> None:
        self._tokens = described
        self._place = 0
        self._levels = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def formula(self) -> Node:
        node = self._or()
        if self._next.kind is not TokenKind.END:
            if self._next.is_sign(")"):
                raise FormulaError(self._next.position, FormulaCode.BRACKET_EXTRA)
            raise self._unexpected(FormulaCode.A_SIGN.of())
        return node

    def _or(self) -> Node:
        with _Level(self):
            operands, signs = [self._and()], []
            while self._next.is_word("or"):
                signs.append(self._take())
                operands.append(self._and())
            return _chain(operands, signs)

    def _and(self) -> Node:
        operands, signs = [self._not()], []
        while self._next.is_word("and"):
            signs.append(self._take())
            operands.append(self._not())
        return _chain(operands, signs)

    def _not(self) -> Node:
        if not self._next.is_word("not"):
            return self._comparison()
        with _Level(self):
            return UnaryNode(self._take().position, "not", self._not())

    def _comparison(self) -> Node:
        left = self._sum()
        token = self._next
        if token.is_sign(*_COMPARISONS):
            self._take()
            operator = "!=" if token.written == "<>" else token.written
            node: Node = BinaryNode(left.position, operator, left, self._sum(), token.position)
        elif token.is_word("is"):
            node = self._is(left)
        elif token.is_word("in", "between", "not"):
            node = self._one_of(left)
        else:
            return left
        if self._next.is_sign(*_COMPARISONS) or self._next.is_word("is", "in", "between"):
            raise FormulaError(self._next.position, FormulaCode.CHAINED, found=self._next.written)
        return node

    def _is(self, left: Node) -> Node:
        self._take()
        is_negated = self._next.is_word("not")
        if is_negated:
            self._take()
        if not self._next.is_word("null"):
            raise self._unexpected(FormulaCode.OF_IS.of())
        self._take()
        return IsNullNode(left.position, left, is_negated)

    def _one_of(self, left: Node) -> Node:
        is_negated = self._next.is_word("not")
        if is_negated:
            self._take()
        if self._next.is_word("between"):
            self._take()
            low = self._sum()
            self._expect_word("and")
            return BetweenNode(left.position, left, low, self._sum(), is_negated)
        if not self._next.is_word("in"):
            raise self._unexpected(FormulaCode.A_WORD.of(word="in"))
        self._take()
        if not self._next.is_sign("("):
            raise self._unexpected(FormulaCode.OF_IN.of())
        choices, _ = self._listed()
        if not choices:
            raise FormulaError(
                self._tokens[self._place - 1].position,
                FormulaCode.WORD_EXPECTED,
                found=FormulaCode.FOUND.of(text=")"),
                expected=FormulaCode.A_VALUE.of(),
            )
        return InNode(left.position, left, choices, is_negated)

    def _sum(self) -> Node:
        operands, signs = [self._product()], []
        while self._next.is_sign("+", "-"):
            signs.append(self._take())
            operands.append(self._product())
        return _chain(operands, signs)

    def _product(self) -> Node:
        left = self._minus()
        while self._next.is_sign("*", "/"):
            sign = self._take()
            left = BinaryNode(left.position, sign.written, left, self._minus(), sign.position)
        return left

    def _minus(self) -> Node:
        if not self._next.is_sign("-"):
            return self._value()
        with _Level(self):
            return UnaryNode(self._take().position, "-", self._minus())

    def _value(self) -> Node:
        token = self._next
        if token.kind is TokenKind.NUMBER:
            return NumberNode(self._take().position, Fraction(token.written))
        if token.kind is TokenKind.TEXT:
            return TextNode(self._take().position, token.value)
        if token.is_word("null"):
            return NullNode(self._take().position)
        if token.is_word("true", "false"):
            return FlagNode(self._take().position, token.value == "true")
        if token.is_sign("("):
            self._take()
            node = self._or()
            self._expect_sign(")")
            return node
        if token.kind is not TokenKind.NAME:
            raise self._unexpected(FormulaCode.A_VALUE.of())
        self._take()
        if not self._next.is_sign("("):
            is_called = self._next.kind in (TokenKind.NAME, TokenKind.NUMBER, TokenKind.TEXT)
            if is_called and token.written.lower() in EXAMPLES:
                example = EXAMPLES[token.written.lower()]
                raise FormulaError(
                    self._next.position, FormulaCode.WITHOUT_BRACKETS, name=token.written, example=example
                )
            return NameNode(token.position, token.written)
        arguments, end = self._listed()
        return CallNode(token.position, token.written, arguments, end)

    def _listed(self) -> tuple[tuple[Node, ...], int]:
        """Return the values between brackets, and the place of the closing one."""
        self._take()
        if self._next.is_sign(")"):
            return (), self._take().position
        listed = [self._or()]
        while self._next.is_sign(","):
            self._take()
            listed.append(self._or())
        if not self._next.is_sign(")"):
            raise self._unexpected(FormulaCode.ANOTHER.of())
        return tuple(listed), self._take().position

    def _take(self) -> Token:
        token = self._next
        self._place += 1
        return token

    def _expect_sign(self, sign: str) -> None:
        if not self._next.is_sign(sign):
            raise self._unexpected(FormulaCode.A_WORD.of(word=sign))
        self._take()

    def _expect_word(self, word: str) -> None:
        if not self._next.is_word(word):
            raise self._unexpected(FormulaCode.A_WORD.of(word=word))
        self._take()

    def _unexpected(self, expected: CodedText) -> FormulaError:
        token = self._next
        is_end = token.kind is TokenKind.END
        described = FormulaCode.FOUND_END.of() if is_end else FormulaCode.FOUND.of(text=token.written[:40])
        return FormulaError(token.position, FormulaCode.WORD_EXPECTED, found=described, expected=expected)

    def descend(self) -> None:
        self._levels += 1
        if self._levels > MOST_LEVELS:
            raise FormulaError(self._next.position, FormulaCode.FORMULA_TOO_DEEP, most=MOST_LEVELS)

    def ascend(self) -> None:
        self._levels -= 1


class _Level:
    """A level of nesting, for as long as it is parsed."""

    def __init__(self, parser: _Parser) -> None:
        self._parser = parser

    def __enter__(self) -> None:
        self._parser.descend()

    def __exit__(self, *_: object) -> None:
        self._parser.ascend()
