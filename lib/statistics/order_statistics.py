"""Quantiles of values and their intervals, from the values in order: nothing is assumed of their distribution."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from lib.statistics.intervals import CONFIDENCE, NORMAL_QUANTILE, regularized_beta

_EXACT = 20_000
"""Of more values the ranks are those of the normal distribution, which differ by less than one."""


def quantile_of(
    values: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], share: Fraction
) -> tuple[Fraction, tuple[float, float] | None]:
    """Return the quantile of values, each as often as its count, and its 95 % interval.

    `values` are in order, each once, and one at least. Between two values it is interpolated: it lies at the place
    share · (n − 1) among n values in order, from 0, as spreadsheets have it (Hyndman and Fan 1996, The American
    Statistician 50, 361-365, definition 7). The ends of the interval lie between two order statistics each (Nyblom
    1992, Statistics & Probability Letters 14, 129-131; for a median Hettmansperger and Sheather 1986). None where
    there are too few values for 95 %, or all are the same.
    """
    last = np.cumsum(counts)
    n = int(last[-1])

    def at(place: int) -> int:
        return int(values[np.searchsorted(last, place, side="right")])

    place = share * (n - 1)
    low = math.floor(place)
    value = at(low) + (place - low) * (at(min(low + 1, n - 1)) - at(low))
    if len(values) < 2 or not 0 < share < 1:
        return value, None
    below, above = _rank(n, float(share)), _rank(n, 1 - float(share))
    if below is None or above is None:
        return value, None
    # Ranks are from 1, those of the upper end from the largest value down.
    (first, first_weight), (last_rank, last_weight) = below, above
    lower = at(first - 1) + first_weight * (at(first) - at(first - 1))
    upper = at(n - last_rank) - last_weight * (at(n - last_rank) - at(n - last_rank - 1))
    return value, (lower, upper)


@lru_cache(maxsize=4096)
def _rank(n: int, share: float) -> tuple[int, float] | None:
    """Return between which value in order and the next one the lower end lies, and how far towards that one.

    The chance that the r-th of n values is above the quantile is that of fewer than r below it; None where it is too
    large already for the first one.
    """
    beyond = (1 - CONFIDENCE) / 2
    deviation = math.sqrt(n * share * (1 - share))
    about = n * share + 0.5 - NORMAL_QUANTILE * deviation
    if n > _EXACT:
        return (math.floor(about), about - math.floor(about)) if 1 <= about < n else None
    rank = max(1, math.floor(about))
    while rank > 1 and _chance(n, rank, share) > beyond:
        rank -= 1
    while _chance(n, rank + 1, share) <= beyond:
        rank += 1
    chance, following = _chance(n, rank, share), _chance(n, rank + 1, share)
    if chance > beyond or rank >= n:
        return None
    odds = (following - beyond) / (beyond - chance) if beyond > chance else math.inf
    return rank, 1 / (1 + rank * (1 - share) / ((n - rank) * share) * odds)


def _chance(n: int, rank: int, share: float) -> float:
    """Return the chance that fewer than `rank` of n values lie below the quantile of a share."""
    return 0.0 if rank < 1 else regularized_beta(n - rank + 1, rank, 1 - share) if rank <= n else 1.0
