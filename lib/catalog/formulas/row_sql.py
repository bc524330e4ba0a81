"""From a checked expression over one evaluation to SQL: numbers are whole numbers with a scale, so nothing is rounded.

No text of a formula reaches an engine: what is written there is bound, names become columns of the catalog.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from lib.catalog.dimensions import Dimension
from lib.catalog.formulas.expressions import (
    AnswerShare,
    Arithmetic,
    BelongsNowhere,
    Choice,
    Combination,
    EvaluationColumn,
    Expression,
    IsNull,
    Kind,
    Literal,
    Logic,
    Membership,
    Negative,
    Not,
    Rounded,
    ValueComparison,
)
from lib.catalog.formulas.whole_numbers import MOST_DIGITS, PLAIN_DIGITS, WIDE, Microseconds, WholeQuotient
from lib.errors import FormulaError
from lib.errors.formula_codes import FormulaCode
from lib.store.enums import NO_KEY, OWN_SCALE, SCORE_SCALE, SHARE_SCALE, YES, Sentiment, State

Columns = Any
"""The columns of rows that have the facts' ones, as SQLAlchemy's `table.c`."""

HOUR, WEEKDAY = "wall_hour", "wall_weekday"
"""Columns that rows have beside the facts' where a formula asks for them."""

MADE_COLUMNS = frozenset({HOUR, WEEKDAY})
"""Those that are numbers of a formula's names."""


def criterion_column(name: str) -> str:
    """Return the column that rows have for the share of points of a criterion, by its name."""
    return f"criterion_{hashlib.sha256(name.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """How a number of an evaluation is stored: its column, in 1/scale, with so many digits at most."""

    column: str
    scale: int
    digits: int
    of_completed: bool = False  # null unless the evaluation is completed


@dataclass(frozen=True, slots=True)
class RowBindings:
    """What the names in formulas stand for in the tables: own fields by their columns, dimensions by their names."""

    numbers: Mapping[str, NumberColumn]
    flags: Mapping[str, str]  # columns of yes and no, as own fields are kept
    texts: Mapping[str, str]
    instants: Mapping[str, str]
    dimensions: Mapping[str, Dimension]

    def columns_of(self, expression: Expression) -> tuple[tuple[str, str], ...]:
        """Return the names in an expression, each with the column that it stands for."""
        columns = {**{name: each.column for name, each in self.numbers.items()}, **self.flags, **self.texts}
        columns |= {**self.instants, **{name: each.column for name, each in self.dimensions.items()}}
        names = {each.name for each in expression.walk() if isinstance(each, EvaluationColumn)}
        groups = (each for each in expression.walk() if isinstance(each, Membership | BelongsNowhere))
        names |= {each.dimension for each in groups}
        return tuple((name, columns[name]) for name in sorted(names) if name in columns)


BUILT_IN_NUMBERS = {
    "score": NumberColumn("score", SCORE_SCALE, 6, of_completed=True),
    "duration_seconds": NumberColumn("duration_seconds", 1, 10, of_completed=True),
    "hour": NumberColumn(HOUR, 1, 2),
    "weekday": NumberColumn(WEEKDAY, 1, 1),
}
"""The numbers that every evaluation may have, by their names in formulas."""

_OWN_DIGITS = 19
_CODES: Mapping[str, type[State | Sentiment]] = {"state": State, "sentiment": Sentiment}


def own_number(column: str) -> NumberColumn:
    """Return how a number of an own field is stored."""
    return NumberColumn(column, OWN_SCALE, _OWN_DIGITS)


@dataclass(frozen=True, slots=True)
class ScaledNumber:
    """A number in SQL: a whole one, in 1/scale, that has so many digits at most."""

    sql: Any
    scale: int
    digits: int

    def times(self, factor: int) -> ScaledNumber:
        """Return the same number in a scale that is `factor` times as fine."""
        if factor == 1:
            return self
        digits = _checked(self.digits + math.ceil(math.log10(factor)))
        return ScaledNumber(_typed(self.sql, digits) * _whole(factor), self.scale * factor, digits)

    def typed(self, digits: int) -> Any:
        """Return the whole number in a type that holds so many digits."""
        return _typed(self.sql, digits)


class RowSql:
    """Turns expressions over evaluations into SQL over rows that have the facts' columns."""

    def __init__(self, bindings: RowBindings, rows: Columns) -> None:
        """Take what names stand for, and the rows' columns."""
        self._bindings = bindings
        self._rows = rows

    def number(self, expression: Expression) -> ScaledNumber:
        """Return a number. Raises FormulaError where it may be larger than the stores hold."""
        if isinstance(expression, Literal):
            return _written(expression.value)
        if isinstance(expression, EvaluationColumn):
            return self._stored(expression.name)
        if isinstance(expression, AnswerShare):
            return ScaledNumber(self._rows[criterion_column(expression.criterion)], SHARE_SCALE, 10)
        if isinstance(expression, Arithmetic):
            return self._arithmetic(expression)
        if isinstance(expression, Negative):
            found = self.number(expression.operand)
            return ScaledNumber(-found.sql, found.scale, found.digits)
        if isinstance(expression, Rounded):
            return self._rounded(expression)
        if isinstance(expression, Choice):
            then, otherwise = _aligned([self.number(expression.then), self.number(expression.otherwise)])
            sql = sa.case((self.condition(expression.condition), then.sql), else_=otherwise.sql)
            return ScaledNumber(sql, then.scale, max(then.digits, otherwise.digits))
        if isinstance(expression, Combination):
            return self._combination(expression)
        raise TypeError(type(expression))

    def condition(self, expression: Expression) -> sa.ColumnElement[bool]:
        """Return a condition of three values: true, false, and null where it is unknown."""
        if isinstance(expression, Literal):
            return _flag(expression.value)
        if isinstance(expression, EvaluationColumn):
            column = self._bindings.flags.get(expression.name)
            return self._rows.is_ai if column is None else self._rows[column] == YES  # type: ignore[no-any-return]
        if isinstance(expression, Logic):
            sides = self.condition(expression.left), self.condition(expression.right)
            return sa.and_(*sides) if expression.operator == "and" else sa.or_(*sides)
        if isinstance(expression, Not):
            return sa.not_(self.condition(expression.operand))
        if isinstance(expression, ValueComparison):
            return self._comparison(expression)
        if isinstance(expression, IsNull):
            return self._is_null(expression.operand)
        if isinstance(expression, Membership):
            return self._membership(expression)
        if isinstance(expression, BelongsNowhere):
            return self._key(expression.dimension) == NO_KEY  # type: ignore[no-any-return]
        if isinstance(expression, Choice):
            chosen = self.condition(expression.condition), self.condition(expression.then)
            return sa.case(chosen, else_=self.condition(expression.otherwise))
        if isinstance(expression, Combination):
            return sa.func.coalesce(*(self.condition(each) for each in expression.operands))
        raise TypeError(type(expression))

    def is_known(self, expression: Expression) -> sa.ColumnElement[bool]:
        """Return whether there is a value."""
        return sa.not_(self._is_null(expression))

    def _stored(self, name: str) -> ScaledNumber:
        stored = self._bindings.numbers[name]
        type_ = sa.BigInteger if stored.digits <= PLAIN_DIGITS else WIDE
        value = sa.cast(self._rows[stored.column], type_)
        if stored.of_completed:
            return ScaledNumber(sa.case((self._is_completed, value)), stored.scale, stored.digits)
        return ScaledNumber(value, stored.scale, stored.digits)

    @property
    def _is_completed(self) -> sa.ColumnElement[bool]:
        return self._rows.state == State.Completed.value  # type: ignore[no-any-return]

    def _arithmetic(self, expression: Arithmetic) -> ScaledNumber:
        if expression.left.kind is Kind.INSTANT:
            micros = Microseconds(self._instant(expression.left), self._instant(expression.right))
            return ScaledNumber(micros, 10**6, 18)
        left, right = self.number(expression.left), self.number(expression.right)
        if expression.operator in "+-":
            left, right = _aligned([left, right])
            digits = _checked(max(left.digits, right.digits) + 1)
            first, second = _typed(left.sql, digits), _typed(right.sql, digits)
            return ScaledNumber(first + second if expression.operator == "+" else first - second, left.scale, digits)
        if expression.operator == "*":
            digits = _checked(left.digits + right.digits)
            product = _typed(left.sql, digits) * _typed(right.sql, digits)
            return ScaledNumber(product, left.scale * right.scale, digits)
        raise ValueError("a quotient of one evaluation's numbers is rounded")

    def _rounded(self, expression: Rounded) -> ScaledNumber:
        operand, scale = expression.operand, 10**expression.decimals
        if isinstance(operand, Arithmetic) and operand.operator == "/":
            return _divided_by(self.number(operand.left), self.number(operand.right), scale)
        return _divided_by(self.number(operand), _ONE, scale)

    def _combination(self, expression: Combination) -> ScaledNumber:
        numbers = _aligned([self.number(each) for each in expression.operands])
        if expression.function == "abs":
            return ScaledNumber(sa.func.abs(numbers[0].sql), numbers[0].scale, numbers[0].digits)
        digits = max(each.digits for each in numbers)
        if len(numbers) == 1:
            return numbers[0]
        sql = getattr(sa.func, expression.function)(*(_typed(each.sql, digits) for each in numbers))
        return ScaledNumber(sql, numbers[0].scale, digits)

    def _comparison(self, expression: ValueComparison) -> sa.ColumnElement[bool]:
        sides = expression.left, expression.right
        kinds = {each.kind for each in sides} - {Kind.NOTHING}
        if any(isinstance(each, Literal) and each.value is None for each in sides) or not kinds:
            return _flag(None)
        kind = kinds.pop()
        if kind is Kind.NUMBER:
            left, right = (each.sql for each in _aligned([self.number(each) for each in sides]))
        elif kind is Kind.CONDITION:
            left, right = (self.condition(each) for each in sides)
            left, right = sa.cast(left, sa.Boolean), sa.cast(right, sa.Boolean)
        elif kind is Kind.INSTANT:
            left, right = (self._instant(each) for each in sides)
        else:
            left, right = self._texts(*sides)
        operators = {"=": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
        return getattr(left, operators[expression.operator])(right)  # type: ignore[no-any-return]

    def _is_null(self, expression: Expression) -> sa.ColumnElement[bool]:
        if expression.kind is Kind.NOTHING:
            return sa.true()
        if expression.kind is Kind.NUMBER:
            value: Any = self.number(expression).sql
        elif expression.kind is Kind.CONDITION:
            value = sa.cast(self.condition(expression), sa.Boolean)
        elif expression.kind is Kind.INSTANT:
            value = self._instant(expression)
        else:
            value = self._text(expression)
        return value.is_(None)  # type: ignore[no-any-return]

    def _key(self, dimension: str) -> Any:
        return self._rows[self._bindings.dimensions[dimension].column]

    def _membership(self, expression: Membership) -> sa.ColumnElement[bool]:
        key, names = self._key(expression.dimension), self._bindings.dimensions[expression.dimension].members.c
        texts = list(expression.members)
        keys = sa.select(names.key).where(sa.or_(names.id.in_(texts), names.name.in_(texts)), names.key != NO_KEY)
        return sa.case((key != NO_KEY, key.in_(keys)))

    def _instant(self, expression: Expression) -> Any:
        if isinstance(expression, EvaluationColumn):
            return self._rows[self._bindings.instants[expression.name]]
        return self._either(expression, self._instant)

    def _texts(self, left: Expression, right: Expression) -> tuple[Any, Any]:
        """Return two texts to compare; a state or a sentiment beside a text that is written as its code."""
        for column, word in ((left, right), (right, left)):
            if isinstance(column, EvaluationColumn) and column.name in _CODES and isinstance(word, Literal):
                return self._code(column.name), sa.literal(_CODES[column.name][str(word.value)].value, sa.SmallInteger)
        return self._text(left), self._text(right)

    def _code(self, name: str) -> Any:
        code = self._rows[name]
        return sa.case((self._is_completed, code)) if name == "sentiment" else code

    def _text(self, expression: Expression) -> Any:
        if isinstance(expression, Literal):
            return sa.null() if expression.value is None else sa.literal(str(expression.value), sa.Text)
        if isinstance(expression, EvaluationColumn):
            codes = _CODES.get(expression.name)
            if codes is None:
                return self._rows[self._bindings.texts[expression.name]]
            return sa.case(*((self._code(expression.name) == each.value, sa.literal(each.name)) for each in codes))
        return self._either(expression, self._text)

    def _either(self, expression: Expression, value: Any) -> Any:
        """Return one of several values of a kind."""
        if isinstance(expression, Literal):
            return sa.null()
        if isinstance(expression, Choice):
            chosen = self.condition(expression.condition), value(expression.then)
            return sa.case(chosen, else_=value(expression.otherwise))
        if isinstance(expression, Combination):
            return sa.func.coalesce(*map(value, expression.operands))
        raise TypeError(type(expression))


def _flag(value: Any) -> sa.ColumnElement[bool]:
    if value is None:
        return sa.cast(sa.null(), sa.Boolean)
    return sa.true() if value else sa.false()


def _written(value: Any) -> ScaledNumber:
    """Return a number as it is written in a formula, bound."""
    if value is None:
        return ScaledNumber(sa.cast(sa.null(), sa.BigInteger), 1, 1)
    number = Fraction(value)
    _checked(len(str(number.denominator)))
    return ScaledNumber(_whole(number.numerator), number.denominator, _checked(len(str(abs(number.numerator)))))


def _whole(number: int) -> sa.ColumnElement[int]:
    """Return a whole number, bound, in a type that holds it."""
    type_ = sa.BigInteger() if len(str(abs(number))) <= PLAIN_DIGITS else WIDE
    return sa.cast(sa.literal(number, type_), type_)


def _aligned(numbers: Sequence[ScaledNumber]) -> list[ScaledNumber]:
    """Return numbers in one scale."""
    scale = math.lcm(*(each.scale for each in numbers))
    return [each.times(scale // each.scale) for each in numbers]


def _typed(sql: Any, digits: int) -> Any:
    """Return a whole number in a type that holds so many digits."""
    return sql if digits <= PLAIN_DIGITS else sa.cast(sql, WIDE)


_ONE = ScaledNumber(sa.literal_column("1", sa.BigInteger), 1, 1)


def _divided_by(left: ScaledNumber, right: ScaledNumber, scale: int) -> ScaledNumber:
    """Return a quotient in 1/scale, rounded half away from zero; null where it is divided by 0."""
    shared = math.gcd(right.scale * scale, left.scale)
    up, down = right.scale * scale // shared, left.scale // shared
    # 2·|n| + |d| over 2·|d|, without what is left, is |n/d| rounded half up.
    digits = _checked(max(left.digits + len(str(2 * up)), right.digits + len(str(2 * down))) + 1)
    numerator, denominator = sa.cast(left.sql, WIDE) * _whole(up), sa.cast(right.sql, WIDE) * _whole(down)
    whole = WholeQuotient(
        2 * sa.func.abs(numerator, type_=WIDE) + sa.func.abs(denominator, type_=WIDE),
        sa.func.nullif(2 * sa.func.abs(denominator, type_=WIDE), 0),
    )
    sql = sa.case(((numerator < 0) != (denominator < 0), -whole), else_=whole)
    return ScaledNumber(sql, scale, digits)


def _checked(digits: int) -> int:
    """Return how many digits a number may have. Raises FormulaError where the stores hold none of as many."""
    if digits > MOST_DIGITS:
        raise FormulaError(1, FormulaCode.FORMULA_TOO_WIDE, most=MOST_DIGITS)
    return digits
