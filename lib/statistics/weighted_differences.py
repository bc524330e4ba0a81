"""The interval of a weighted sum of differences of means. Pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lib.statistics.intervals import CONFIDENCE, t_quantile
from lib.statistics.shrinkage import excess_variance

Sample = tuple[int, int, int]
"""How many values there are, their sum, and that of their squares."""

Term = tuple[float, float]
"""A part of a variance, and its degrees of freedom."""


@dataclass(frozen=True, slots=True)
class WeightedDifference:
    """A difference of two means, now − before, and what it weighs in the sum. Each sample has a value at least."""

    weight: float
    before: Sample
    now: Sample


def weighted_difference_interval(
    differences: Sequence[WeightedDifference],
    scale: int = 1,
    confidence: float = CONFIDENCE,
    day_terms: Sequence[Term] = (),
) -> tuple[float, float] | None:
    """Return the t interval of Σ w · (mean now − mean before), the weights taken as given.

    Sums and squares are in units of 1/`scale` and its square. The variance is Σ w² · (s₀²/n₀ + s₁²/n₁), with Welch and
    Satterthwaite's degrees of freedom (Satterthwaite 1946, Biometrics Bulletin 2, 110-114). Samples of one value take
    the variance that others of their side have in common. `day_terms`, one a side, are added to it (`day_term`). None
    where a side has no sample of two values.
    """
    terms = list(day_terms)
    for side in (
        [(difference.weight, difference.before) for difference in differences],
        [(difference.weight, difference.now) for difference in differences],
    ):
        of_side = _variances(side)
        if of_side is None:
            return None
        terms += of_side
    total = math.fsum(
        difference.weight * (difference.now[1] / difference.now[0] - difference.before[1] / difference.before[0])
        for difference in differences
    )
    variance = math.fsum(variance for variance, _ in terms)
    half = 0.0
    if variance > 0:
        degrees = variance**2 / math.fsum(term**2 / each for term, each in terms)
        half = t_quantile(0.5 + confidence / 2, max(degrees, 1.0)) * math.sqrt(variance)
    return (total - half) / scale, (total + half) / scale


def day_term(days: Sequence[Sample]) -> Term:
    """Return what days of their own make a mean vary by: calls of one day are alike, so that they say less.

    It is τ² · Σ n² / (Σ n)², of the variance τ² between days that is more than single values explain
    (`excess_variance`), in the units of the squares.
    """
    n, total, squares = (sum(column) for column in zip((0, 0, 0), *days, strict=True))
    variance = (n * squares - total * total) / (n * (n - 1)) if n > 1 else 0.0
    if not variance:
        return 0.0, 1.0
    between = excess_variance((day[1] / day[0], variance / day[0]) for day in days if day[0])
    return between * sum(day[0] ** 2 for day in days) / n**2, max(1.0, len(days) - 1.0)


def _variances(samples: Iterable[tuple[float, Sample]]) -> list[Term] | None:
    """Return the variances of weighted means with their degrees of freedom; of all single values together, one."""
    found: list[Term] = []
    degrees, deviations, single_weights = 0, 0.0, 0.0
    for weight, (n, total, squares) in samples:
        if n == 1:
            single_weights += weight * weight
            continue
        deviation = (n * squares - total * total) / n
        found.append((weight * weight * deviation / (n * (n - 1)), n - 1))
        degrees += n - 1
        deviations += deviation
    if not degrees:
        return None
    if single_weights:
        found.append((single_weights * deviations / degrees, degrees))
    return found
