"""Tests of several claims at once, so that seldom a single one is wrong. Pure functions of numbers."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float], rate: float = 0.05) -> list[bool]:
    """Return which of several hypotheses are rejected, so that with `rate` at most any true one is.

    Holm (1979), Scandinavian Journal of Statistics 6, 65-70: the smallest p-value is held to rate/k, the next to
    rate/(k − 1) and so on, up to the first that fails.
    """
    rejected = [False] * len(p_values)
    left = len(p_values)
    for place in sorted(range(len(p_values)), key=p_values.__getitem__):
        if p_values[place] > rate / left:
            break
        rejected[place] = True
        left -= 1
    return rejected
