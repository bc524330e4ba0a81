"""Values of a selection that no sum of measures gives."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Unsummed:
    """A value that no sum gives, such as a median: of `n` values, with its 95 % interval if it has one."""

    value: Fraction | None
    n: int
    ends: tuple[float, float] | None = None
