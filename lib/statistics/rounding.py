"""Rounding of numbers that stand together, so that they add up as shown. Pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def round_to_sum(parts: Sequence[Fraction], total: int) -> list[int]:
    """Round parts to whole numbers that add up to a total, by the method of largest remainders.

    Every part is rounded down, and those with the largest remainders up instead, so that each is less than one off. On
    equal remainders the earlier part is rounded up. Raises ValueError where the total is one or more off the exact sum,
    so that no such rounding is possible. The method is Hamilton's; Balinski and Young (2001), Fair Representation.
    """
    whole = [math.floor(part) for part in parts]
    if abs(sum(parts, Fraction()) - total) >= 1:
        raise ValueError(f"the parts add up to {float(sum(parts, Fraction()))}, which no rounding makes {total}")
    by_remainder = sorted(range(len(parts)), key=lambda place: whole[place] - parts[place])
    for place in by_remainder[: total - sum(whole)]:
        whole[place] += 1
    return whole
