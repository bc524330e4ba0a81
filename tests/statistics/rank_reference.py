"""The ranges of ranks by their definition, from single scores: NumPy, SciPy and a loop over all pairs."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from scipy import stats

from lib.statistics.rank_ranges import PRIOR_DEGREES

Scores = Sequence[tuple[Hashable, float]]
"""The day and the score of each evaluation of a group."""


def reference_ranges(
    groups: Mapping[str, Scores], prior: int = PRIOR_DEGREES, *, with_days: bool = True
) -> tuple[dict[str, tuple[int, int]], int]:
    """Return the range of each group's rank, and how many pairs are told apart.

    Welch's test of all pairs, with variances that are less than the pooled one drawn to it, and widened by the design effects of days, and
    Holm's procedure.
    """
    names = list(groups)
    points = [np.array([score for _, score in groups[name]]) for name in names]
    n = np.array([len(each) for each in points])
    means, variances = np.array([each.mean() for each in points]), np.array([each.var(ddof=1) for each in points])
    effects = design_effects(list(groups.values())) if with_days else np.ones(len(names))
    pooled = ((n - 1) * variances).sum() / (n - 1).sum()
    drawn = np.where(variances < pooled, prior, 0)
    freedom = n - 1 + drawn
    errors = effects * ((n - 1) * variances + drawn * pooled) / freedom / n
    pairs = []
    for one, other in itertools.combinations(range(len(names)), 2):
        variance = errors[one] + errors[other]
        v = variance**2 / (errors[one] ** 2 / freedom[one] + errors[other] ** 2 / freedom[other])
        pairs.append((2 * stats.t.sf(abs(means[one] - means[other]) / np.sqrt(variance), v), one, other))
    better, worse, apart = np.zeros(len(names), int), np.zeros(len(names), int), 0
    for step, (p, one, other) in enumerate(sorted(pairs)):
        if p > 0.05 / (len(pairs) - step):
            break
        high, low = (one, other) if means[one] > means[other] else (other, one)
        worse[high] += 1
        better[low] += 1
        apart += 1
    ranges = zip(names, better.tolist(), worse.tolist(), strict=True)
    return {name: (1 + up, len(names) - down) for name, up, down in ranges}, apart


def design_effects(groups: Sequence[Scores]) -> np.typing.NDArray[np.float64]:
    """Return by how much days widen the variance of each group's mean, with one intraclass correlation for all."""
    beyond = most = 0.0
    sizes = []
    for scores in groups:
        points = np.array([score for _, score in scores])
        by_day: dict[Hashable, list[float]] = defaultdict(list)
        for day, score in scores:
            by_day[day].append(score)
        w = np.array([len(values) for values in by_day.values()]) / len(points)
        errors = np.array([sum(values) - len(values) * points.mean() for values in by_day.values()])
        cluster = (errors**2 / (1 - w)).sum() / len(points) ** 2
        u = w**2 / (1 - w)
        degrees = 1 / ((w**2).sum() + u.sum() ** 2 - (u**2).sum())
        sizes.append(len(points) * (w**2).sum())
        beyond += degrees * (cluster * len(points) - points.var(ddof=1))
        most += degrees * points.var(ddof=1) * (sizes[-1] - 1)
    effects: np.typing.NDArray[np.float64] = 1 + (np.array(sizes) - 1) * max(0.0, beyond / most)
    return effects
