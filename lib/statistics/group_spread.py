"""How far the true means of groups spread: the spread of their averages without what chance adds to it.

Pure functions of numbers; no data, no SQL.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from lib.statistics.intervals import CONFIDENCE

Floats = npt.NDArray[np.float64]

LEAST_GROUPS = 5
"""Of fewer groups no spread is told."""

UPPER_HALF = 2 / math.sqrt(2 * math.pi)
"""How far the mean of the upper half of a normal distribution lies above its mean, in standard deviations: 0.80."""


@dataclass(frozen=True, slots=True)
class GroupSpread:
    """The standard deviation of true means, and its 95 % interval; a low end of 0: it can't be told from none."""

    deviation: float
    low: float
    high: float


def group_spread(
    groups: Sequence[tuple[int, int, int]], scale: int = 1, effects: Sequence[float] | None = None
) -> GroupSpread | None:
    """Return how far the true means of groups spread, each group given as (n, total, square_total).

    Q(τ²) = Σ wᵢ(yᵢ − ȳ)² with wᵢ = 1/(τ² + dᵢ s²/nᵢ), s² being the variance within all groups together and dᵢ the
    design effect of a group's days, 1 where none are given. The estimate is
    where Q is k − 1 (Paule and Mandel 1982, a method of moments that suits unequal n), the ends where it is the
    quantiles of χ² with k − 1 degrees (the Q-profile: Viechtbauer 2007, Statistics in Medicine 26, 37-52). Their
    approximation makes the upper end for few groups too wide, never too narrow. None with fewer than LEAST_GROUPS
    groups, or where no group varies.
    """
    held = [
        (group, effect) for group, effect in zip(groups, effects or [1.0] * len(groups), strict=True) if group[0] > 1
    ]
    if len(held) < LEAST_GROUPS:
        return None
    squares = math.fsum((n * square_total - total * total) / n for (n, total, square_total), _ in held)
    variance = squares / sum(n - 1 for (n, *_), _ in held) / scale**2
    if variance <= 0:
        return None
    means = np.array([total / (n * scale) for (n, total, _), _ in held])
    errors = np.array([effect * variance / n for (n, *_), effect in held])
    degrees, half = len(held) - 1, (1 - CONFIDENCE) / 2
    targets = degrees, _chi_square_quantile(1 - half, degrees), _chi_square_quantile(half, degrees)
    middle, low, high = (
        math.sqrt(_solve(lambda between: _heterogeneity(means, errors, between), each)) for each in targets
    )
    return GroupSpread(middle, low, high)


def _heterogeneity(means: Floats, errors: Floats, between: float) -> float:
    weights = 1 / (between + errors)
    around = means - (weights * means).sum() / weights.sum()
    return float((weights * around * around).sum())


def _solve(falling: Callable[[float], float], target: float) -> float:
    """Return where a falling function of a positive number has a value; 0 where it lies below it all along."""
    if falling(0.0) <= target:
        return 0.0
    low, high = 0.0, 1.0
    while falling(high) > target:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > target else (low, middle)
    return high


def _chi_square_quantile(probability: float, degrees: int) -> float:
    """Return a quantile of χ² (Wilson and Hilferty 1931)."""
    share = 2 / (9 * degrees)
    return degrees * (1 - share + NormalDist().inv_cdf(probability) * math.sqrt(share)) ** 3
