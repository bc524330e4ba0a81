"""Numbers that stand together add up as they are shown."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.statistics.rounding import round_to_sum

parts = st.lists(st.fractions(-50, 50, max_denominator=997), min_size=1, max_size=8)


def test_by_hand() -> None:
    assert round_to_sum([Fraction("-30.4"), Fraction("9.3")], -21) == [-30, 9]
    assert round_to_sum([Fraction("0.5"), Fraction("0.5")], 1) == [1, 0]
    assert round_to_sum([Fraction("-1.4"), Fraction("-1.4"), Fraction("-1.4")], -4) == [-1, -1, -2]
    assert round_to_sum([], 0) == []


@given(parts, st.booleans())
def test_rounded_parts_add_up_and_are_less_than_one_off(amounts: list[Fraction], up: bool) -> None:
    exact = sum(amounts, Fraction())
    total = math.ceil(exact) if up else math.floor(exact)
    rounded = round_to_sum(amounts, total)
    assert sum(rounded) == total
    assert all(abs(whole - part) < 1 for whole, part in zip(rounded, amounts, strict=True))
    # No part that was rounded up has a smaller remainder than one that was rounded down.
    ups = [part - math.floor(part) for whole, part in zip(rounded, amounts, strict=True) if whole > part]
    downs = [part - math.floor(part) for whole, part in zip(rounded, amounts, strict=True) if whole < part]
    assert not ups or not downs or min(ups) >= max(downs)


def test_a_total_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="which no rounding makes 3"):
        round_to_sum([Fraction(1), Fraction(1)], 3)
