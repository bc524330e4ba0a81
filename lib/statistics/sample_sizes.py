"""Sample sizes: how many values tell two means apart, what a number of values can tell, and samples of a known whole.

Pure functions of numbers; no data, no SQL. For a share p the standard deviation of single values is √(p(1 − p)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from lib.statistics.intervals import CONFIDENCE, t_quantile

_Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


def sample_size(
    difference: float,
    deviation: float,
    power: float,
    *,
    day_share: float = 0.0,
    days: int = 1,
    population: int | None = None,
) -> int | None:
    """Return how many values each of two periods needs, so that a difference of means is noticed with this power.

    The test is two-sided at 0.05. n = 2σ²(z + z′)²/δ² + z²/4 (Guenther 1981, for t tests). Of the variance of single
    values, `day_share` is what values of one day have in common, which more values in as many `days` do not reduce: the
    design effect is 1 + (n/days − 1) · day_share (Kish 1965). With a `population` of so many values in each period,
    1/n = 1/n₀ + 1/population (Cochran 1977). None where no number of values in so many days is enough.
    """
    variance = difference**2 / (2 * (_Z + NormalDist().inv_cdf(power)) ** 2) - deviation**2 * day_share / days
    if variance <= 0:
        return None
    needed = deviation**2 * (1 - day_share) / variance + _Z**2 / 4
    if population is not None:
        needed = needed / (1 + needed / population)
    return max(2, math.ceil(needed - 1e-9))


def detectable_difference(
    n: int,
    deviation: float,
    power: float,
    *,
    day_share: float = 0.0,
    days: int = 1,
    population: int | None = None,
) -> float | None:
    """Return the difference of two means of `n` values each that is noticed with this power, as `sample_size` has it.

    None with fewer than two values.
    """
    if n < 2:
        return None
    unseen = 1 / n - (1 / population if population is not None else 0.0)
    variance = deviation**2 * ((1 - day_share) * max(unseen, 0.0) + day_share / days)
    quantiles = t_quantile(0.5 + CONFIDENCE / 2, 2 * n - 2) + NormalDist().inv_cdf(power)
    return quantiles * math.sqrt(2 * variance)


def population_interval(
    n: int, total: int, square_total: int, population: int, scale: int = 1
) -> tuple[float, float] | None:
    """Return the t interval (95 %) of the mean of a whole of `population` values, of which `n` were drawn at random.

    The half of `mean_interval` times √(1 − n/population), the finite-population correction: nothing is uncertain where
    all were drawn (Cochran 1977, Sampling Techniques, section 2.6). Sums are in the units that `mean_interval` takes.
    None with fewer than two values. Raises ValueError where more were drawn than there are.
    """
    if n > population:
        raise ValueError(f"{n} of {population} can't be drawn; right would be a population of at least {n}.")
    if n < 2:
        return None
    variance = (n * square_total - total * total) / (n * (n - 1) * scale * scale)
    half = t_quantile(0.5 + CONFIDENCE / 2, n - 1) * math.sqrt(variance / n * (1 - n / population))
    mean = total / (n * scale)
    return mean - half, mean + half


def day_share(days: Sequence[tuple[int, int, int]]) -> float:
    """Return the share of the variance of single values that values of one day have in common: 0 where none is seen.

    Each day is (n, total, square_total). The estimator is that of the analysis of variance, (MSB − MSW) / (MSB +
    (n₀ − 1) · MSW), with n₀ = (N − Σn²/N) / (days − 1) (Fisher 1925; Donner and Koval 1980).
    """
    held = [day for day in days if day[0]]
    n, k = sum(day[0] for day in held), len(held)
    if k < 2 or n <= k:
        return 0.0
    grand = sum(day[1] for day in held) / n
    between = math.fsum(count * (total / count - grand) ** 2 for count, total, _ in held) / (k - 1)
    within = math.fsum(squares - total * total / count for count, total, squares in held) / (n - k)
    size = (n - sum(count * count for count, *_ in held) / n) / (k - 1)
    whole = between + (size - 1) * within
    return max(0.0, (between - within) / whole) if whole > 0 else 0.0
