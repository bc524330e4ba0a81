"""The tree of a formula that is checked: each part has a kind, and its leaves are what there is.

The leaves of one evaluation's values are its columns, the groups it belongs to and its answers; those of a metric are
aggregates over evaluations, and other metrics. What lies between is the same for both.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction


class Kind(enum.Enum):
    """What a value is, where it is not null."""

    NUMBER = enum.auto()
    TEXT = enum.auto()
    CONDITION = enum.auto()
    INSTANT = enum.auto()
    NOTHING = enum.auto()  # null, which goes with any


@dataclass(frozen=True, slots=True)
class Expression:
    """A part of a checked formula."""

    kind: Kind

    @property
    def parts(self) -> tuple[Expression, ...]:
        """What it is made of."""
        return ()

    def walk(self) -> Iterator[Expression]:
        """Yield it, and all that it is made of."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A number, a text, true or false as it is written; or null."""

    value: Fraction | str | bool | None


@dataclass(frozen=True, slots=True)
class EvaluationColumn(Expression):
    """A value of an evaluation, by its name in formulas."""

    name: str


@dataclass(frozen=True, slots=True)
class Membership(Expression):
    """Whether an evaluation belongs to one of some groups of a dimension, by their ids or names; null without any."""

    dimension: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BelongsNowhere(Expression):
    """Whether an evaluation belongs to no group of a dimension."""

    dimension: str


@dataclass(frozen=True, slots=True)
class AnswerShare(Expression):
    """An evaluation's answer to a criterion: its share of points, or whether it has none; null where there is none."""

    criterion: str


class Function(enum.StrEnum):
    """What aggregates do."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    SHARE = "share"
    MIN = "min"
    MAX = "max"
    PERCENTILE = "percentile"
    COUNT_DISTINCT = "count_distinct"


@dataclass(frozen=True, slots=True)
class Aggregate(Expression):
    """A number over the evaluations of a selection that meet a condition, if there is one."""

    function: Function
    value: Expression | None = None
    condition: Expression | None = None
    percent: Fraction | None = None
    dimension: str | None = None


@dataclass(frozen=True, slots=True)
class Reference(Expression):
    """Another metric, and where its name begins in the formula."""

    metric: str
    position: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic(Expression):
    """Two numbers and + - * / between them; two times, of which the difference is in seconds."""

    operator: str
    left: Expression
    right: Expression

    @property
    def parts(self) -> tuple[Expression, ...]:
        """Both sides."""
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class Negative(Expression):
    """A number with its sign turned."""

    operand: Expression

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The number."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class ValueComparison(Expression):
    """Two values and = != < <= > >= between them."""

    operator: str
    left: Expression
    right: Expression

    @property
    def parts(self) -> tuple[Expression, ...]:
        """Both sides."""
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class Logic(Expression):
    """Two conditions and `and` or `or` between them, of three values as in SQL."""

    operator: str
    left: Expression
    right: Expression

    @property
    def parts(self) -> tuple[Expression, ...]:
        """Both sides."""
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """A condition turned."""

    operand: Expression

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The condition."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class IsNull(Expression):
    """Whether there is no value."""

    operand: Expression

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The value."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Choice(Expression):
    """One value where a condition is true, another where it is false or unknown."""

    condition: Expression
    then: Expression
    otherwise: Expression

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The condition and both values."""
        return self.condition, self.then, self.otherwise


@dataclass(frozen=True, slots=True)
class Combination(Expression):
    """A function of values: coalesce, least, greatest (of those that are not null), abs."""

    function: str
    operands: tuple[Expression, ...]

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The values."""
        return self.operands


@dataclass(frozen=True, slots=True)
class Rounded(Expression):
    """A number rounded to some decimals, half away from zero."""

    operand: Expression
    decimals: int

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The number."""
        return (self.operand,)
