"""Control charts: the usual range of points that follow each other, runs on one side, and where a level changed.

Points rest on different numbers of values and resemble each other within a day, so that the variance of a point is what
points have of their own, plus what chance gives for its n. Pure functions of numbers; no data, no SQL.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEAST_POINTS = 10
"""Fewer points than these have no chart."""

RUN_LENGTH = 12
"""So many points in a row on one side of the center are a run."""

LEVEL = 0.05
"""How often a change of the level is claimed of points that have none."""

_SIGMAS = 3.0
_FEW_POINTS = 0.3
"""Limits of points that rest on different numbers of values are wider by this over the number of points."""

_MEAN_DEVIATION = math.sqrt(2 / math.pi)
"""The mean of the absolute value of a standard normal variable."""

_EDGE = 3
"""A level has at least so many points."""

_PERMUTATIONS = 999
_SEED = 1931

_CANDIDATE_LOSS = -2 * math.log(1 - math.sqrt(0.98))
"""By how much less well a split may fit than the best and be a candidate still: Hansen's quantile, 9.2."""

_SMALL_SAMPLE = 4.0
"""The loss is wider by this over the number of points."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ControlLimits:
    """The usual range of each point, which points lie outside, and runs as their first and last place."""

    center: float
    low: tuple[float, ...]
    high: tuple[float, ...]
    variances: tuple[float, ...]
    outside: tuple[int, ...]
    runs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The place of the first point of a new level, the places that it may be as well, and both levels."""

    place: int
    earliest: int
    latest: int
    before: float
    after: float


def control_limits(
    values: Sequence[float], sizes: Sequence[int], variance: float = 0.0, third_moment: float = 0.0
) -> ControlLimits | None:
    """Return the usual range of points: center ± 3 standard deviations of each, bent where single values are skewed.

    `sizes` are the numbers of values that points rest on; `variance` and `third_moment` are the central moments of
    single values within a point, 0 where they are not known. Then the limits are Wheeler's XmR limits, mean ± 2.66 ·
    mean moving range. Else the variance of a point is τ² + variance / n, and τ² is that by which the moving ranges,
    each divided by its standard deviation, have the mean that chance gives (Shewhart 1931; Wheeler 1993; τ² in the way
    of Paule and Mandel 1982). The quantiles of a skewed mean are those of Wilson and Hilferty (1931) for its first
    three moments. Few points say little of τ², so that these limits are wider by 0.3/points: that keeps .003 a point in
    simulated worlds of 14 points. None with fewer than LEAST_POINTS points, and where points do not vary.
    """
    if len(values) < LEAST_POINTS:
        return None
    y, n = np.asarray(values, float), np.asarray(sizes, float)
    between = _between_variance(y, variance / n)
    variances = between + variance / n
    if not variances.all():
        return None
    weights = 1 / variances
    center = float((weights * y).sum() / weights.sum())
    deviations = np.sqrt(variances)
    skewness = third_moment / n**2 / deviations**3
    sigmas = _SIGMAS * (1 + _FEW_POINTS / len(y)) if variance else _SIGMAS
    low = center + deviations * _quantiles(-sigmas, skewness)
    high = center + deviations * _quantiles(sigmas, skewness)
    slack = 1e-9 * deviations
    outside = np.flatnonzero((y < low - slack) | (y > high + slack))
    return ControlLimits(
        center,
        tuple(low.tolist()),
        tuple(high.tolist()),
        tuple(variances.tolist()),
        tuple(outside.tolist()),
        _runs(y - center),
    )


def change_point(values: Sequence[float], variances: Sequence[float]) -> ChangePoint | None:
    """Return where the level of points changed most likely; None where they may well be of one level.

    The place is that with the largest weighted CUSUM, max U²ₖ / (Wₖ(1 − Wₖ/W)) with weights 1/variance: the likelihood
    ratio of two levels against one (Page 1955; Hinkley 1970). It is tested at LEVEL against the same of 999 orders of
    the points, which chance makes equally likely (always the same ones). The candidates beside it are the splits that
    fit hardly less well (Hansen 2000, for thresholds), with a level above .95 as only what was found is shown.
    """
    if len(values) < LEAST_POINTS:
        return None
    y, weights = np.asarray(values, float), 1 / np.asarray(variances, float)
    residuals = (y - (weights * y).sum() / weights.sum()) * np.sqrt(weights)
    gains = _gains(residuals, weights)
    best = float(gains.max())
    if _share_as_good(residuals, weights, best) > LEVEL:
        return None
    scale = max(1.0, (float((residuals**2).sum()) - best) / (len(y) - 2))
    loss = _CANDIDATE_LOSS * (1 + _SMALL_SAMPLE / len(y)) * scale
    candidates = np.flatnonzero(best - gains <= loss) + _EDGE
    place = int(gains.argmax()) + _EDGE
    return ChangePoint(
        place,
        int(candidates[0]),
        int(candidates[-1]),
        float(np.average(y[:place], weights=weights[:place])),
        float(np.average(y[place:], weights=weights[place:])),
    )


def _share_as_good(residuals: Floats, weights: Floats, best: float) -> float:
    """Return the share of orders of the residuals that fit two levels as well; a lower bound where it exceeds LEVEL."""
    rng = np.random.default_rng(_SEED)
    at_once = max(1, 50_000 // len(residuals))
    orders, as_good = 0, 1
    while orders < _PERMUTATIONS and as_good <= LEVEL * (1 + _PERMUTATIONS):
        count = min(at_once, _PERMUTATIONS - orders)
        permuted = rng.permuted(np.broadcast_to(residuals, (count, len(residuals))), axis=1)
        as_good += int((_gains(permuted, weights).max(axis=1) >= best).sum())
        orders += count
    return as_good / (1 + _PERMUTATIONS)


def _between_variance(y: Floats, chance: Floats) -> float:
    """Return the variance that points have of their own, beyond `chance`, from their moving ranges; 0 or more."""
    ranges, of_chance = np.abs(np.diff(y)), chance[1:] + chance[:-1]
    if not of_chance.any():
        return float((ranges.mean() / _MEAN_DEVIATION) ** 2 / 2)

    def excess(between: float) -> float:
        return float((ranges / np.sqrt(2 * between + of_chance)).mean()) - _MEAN_DEVIATION

    low, high = 0.0, float(ranges.max() ** 2)
    if excess(low) <= 0:
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high


def _quantiles(z: float, skewness: Floats) -> Floats:
    """Return standardized quantiles of means with this skewness: those of a gamma distribution, z where there is none.

    Wilson and Hilferty (1931), Proceedings of the National Academy of Sciences 17, 684-688.
    """
    bent = np.where(np.abs(skewness) > 1e-6, skewness, 1.0)
    roots = np.maximum(1 + bent * z / 6 - bent**2 / 36, 0.0)
    return np.where(np.abs(skewness) > 1e-6, 2 / bent * (roots**3 - 1), z)


def _gains(residuals: Floats, weights: Floats) -> Floats:
    """Return by how much two levels fit better than one, for each split, in twice the log-likelihood; by rows."""
    deviations = residuals * np.sqrt(weights)
    deviations = deviations - weights * (deviations.sum(axis=-1, keepdims=True) / weights.sum())
    sums, share = np.cumsum(deviations, axis=-1)[..., :-1], np.cumsum(weights)[:-1]
    gains: Floats = sums**2 / (share * (1 - share / weights.sum()))
    return gains[..., _EDGE - 1 : len(weights) - _EDGE]


def _runs(deviations: Floats) -> tuple[tuple[int, int], ...]:
    """Return the first and last place of each row of at least RUN_LENGTH points on one side of the center."""
    sides = np.sign(deviations)
    ends = [*(np.flatnonzero(np.diff(sides)) + 1).tolist(), len(sides)]
    starts = [0, *ends[:-1]]
    return tuple(
        (start, end - 1)
        for start, end in zip(starts, ends, strict=True)
        if end - start >= RUN_LENGTH and sides[start] != 0
    )
