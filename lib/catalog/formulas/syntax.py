"""The tree that a formula's text is, before anything in it is known to exist."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula, and the place of its first character, from 1."""

    position: int

    @property
    def parts(self) -> tuple[Node, ...]:
        """What it is made of."""
        return ()


@dataclass(frozen=True, slots=True)
class NumberNode(Node):
    """A number as it is written."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class TextNode(Node):
    """A text in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class FlagNode(Node):
    """True or false, as they are written."""

    value: bool


@dataclass(frozen=True, slots=True)
class NullNode(Node):
    """Nothing."""


@dataclass(frozen=True, slots=True)
class NameNode(Node):
    """A column of an evaluation, a dimension or a metric."""

    name: str


@dataclass(frozen=True, slots=True)
class CallNode(Node):
    """A function and what it is called with; `end` is the place of the closing bracket."""

    function: str
    arguments: tuple[Node, ...]
    end: int

    @property
    def parts(self) -> tuple[Node, ...]:
        """What it is called with."""
        return self.arguments


@dataclass(frozen=True, slots=True)
class UnaryNode(Node):
    """A minus, or `not`."""

    operator: str
    operand: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        """The value."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class BinaryNode(Node):
    """Two values and the sign or word between them, whose place is `at`."""

    operator: str
    left: Node
    right: Node
    at: int

    @property
    def parts(self) -> tuple[Node, ...]:
        """Both values."""
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class InNode(Node):
    """Whether a value is one of several."""

    operand: Node
    choices: tuple[Node, ...]
    is_negated: bool

    @property
    def parts(self) -> tuple[Node, ...]:
        """The value, and what it may be one of."""
        return (self.operand, *self.choices)


@dataclass(frozen=True, slots=True)
class BetweenNode(Node):
    """Whether a value lies between two, both included."""

    operand: Node
    low: Node
    high: Node
    is_negated: bool

    @property
    def parts(self) -> tuple[Node, ...]:
        """The value and both ends."""
        return self.operand, self.low, self.high


@dataclass(frozen=True, slots=True)
class IsNullNode(Node):
    """Whether there is no value."""

    operand: Node
    is_negated: bool

    @property
    def parts(self) -> tuple[Node, ...]:
        """The value."""
        return (self.operand,)
