"""Intervals, control limits and the quantiles that they need. Pure functions of numbers; no data, no SQL.

SciPy would bring 100 MB for two quantiles, so they are computed here, and the tests hold them against SciPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

CONFIDENCE = 0.95
"""The level of every interval that is shown."""


def mean_interval(n: int, total: int, square_total: int, scale: int = 1) -> tuple[float, float] | None:
    """Return Student's t interval (95 %) of a mean: mean ± t(n − 1) · s / √n, with s² over n − 1.

    `total` and `square_total` are the sums of the values and of their squares, in units of 1/`scale` and its square.
    None with fewer than two values.
    """
    if n < 2:
        return None
    mean = total / (n * scale)
    half = t_quantile(0.5 + CONFIDENCE / 2, n - 1) * math.sqrt(variance_of_mean(n, total, square_total, scale))
    return mean - half, mean + half


@lru_cache(maxsize=65_536)
def normal_quantile(probability: float) -> float:
    """Return the quantile of the standard normal distribution."""
    return NormalDist().inv_cdf(probability)


NORMAL_QUANTILE = normal_quantile(0.5 + CONFIDENCE / 2)


def share_interval(successes: float, n: float, z: float = NORMAL_QUANTILE) -> tuple[float, float] | None:
    """Return Wilson's score interval (95 %) of a share; None where there is nothing to share.

    `z` is the quantile that it is made with. Wilson (1927), Journal of the American Statistical Association 22,
    209-212.
    """
    if n == 0:
        return None
    share = successes / n
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else center - half
    high = 1.0 if successes == n else center + half
    return low, high


def balance_interval(n: float, balance: float, signed: float, z: float = NORMAL_QUANTILE) -> tuple[float, float]:
    """Return the score interval (95 %) of a mean of n values of +1, 0 and −1.

    `balance` is their sum and `signed` how many are not 0; not all are the same. It holds the means that the values
    would not be unlikely for: |balance − n·mean| / √(n·(2q + mean·(1 − mean))) ≤ z, q being the likeliest share of −1
    for that mean. Tango (1998), Statistics in Medicine 17, 891-908, for the difference of paired shares.
    """
    below = (signed - balance) / 2

    def is_likely(mean: float) -> bool:
        b = 2 * n * mean - signed - balance * mean
        q = (math.sqrt(b * b + 8 * n * below * mean * (1 - mean)) - b) / (4 * n)
        return (balance - n * mean) ** 2 <= z * z * n * (2 * q + mean * (1 - mean))

    value = balance / n
    return _edge(is_likely, value, -1.0), _edge(is_likely, value, 1.0)


def _edge(is_likely: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return where what is likely ends, between a likely value and another."""
    for _ in range(60):
        middle = (inside + outside) / 2
        if is_likely(middle):
            inside = middle
        else:
            outside = middle
    return inside


def standard_deviation(n: int, total: int, square_total: int, scale: int = 1) -> float | None:
    """Return the sample standard deviation (over n − 1), from the sums that `mean_interval` takes."""
    if n < 2:
        return None
    return math.sqrt((n * square_total - total * total) / (n * (n - 1) * scale * scale))


def welch_interval(
    before: tuple[int, int, int], now: tuple[int, int, int], scale: int = 1, confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Return Welch's t interval of the difference of two means, now − before, of samples that vary differently.

    Each sample is (n, total, square_total) in the units that `mean_interval` takes. The degrees of freedom are
    Welch and Satterthwaite's, not rounded. Where neither sample varies, both ends are the difference itself. None
    where either has fewer than two values. Welch (1947), Biometrika 34, 28-35.
    """
    if before[0] < 2 or now[0] < 2:
        return None
    difference = (now[1] * before[0] - before[1] * now[0]) / (now[0] * before[0] * scale)
    # Squared errors of the two means, each from whole numbers divided once.
    errors = [variance_of_mean(*sample, scale) for sample in (before, now)]
    error = errors[0] + errors[1]
    if error == 0:
        return difference, difference
    degrees = 1 / sum((each / error) ** 2 / (sample[0] - 1) for each, sample in zip(errors, (before, now), strict=True))
    half = t_quantile(0.5 + confidence / 2, max(degrees, 1.0)) * math.sqrt(error)
    return difference - half, difference + half


def newcombe_interval(
    before: tuple[int, int], now: tuple[int, int], confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Return Newcombe's hybrid score interval of the difference of two shares, now − before.

    Each share is (successes, n), and the interval is put together from the two of `share_interval`. None where there
    is nothing to share in one of them. Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    z = normal_quantile(0.5 + confidence / 2)
    first, second = share_interval(*before, z), share_interval(*now, z)
    if first is None or second is None:
        return None
    was, is_now = before[0] / before[1], now[0] / now[1]
    below = math.hypot(is_now - second[0], first[1] - was)
    above = math.hypot(second[1] - is_now, was - first[0])
    return is_now - was - below, is_now - was + above


def control_limits(mean: float, deviation: float, n: int, level: float) -> tuple[float, float]:
    """Return the funnel plot's limits at `n` values: mean ± z · deviation / √n, holding `level` of chance variation.

    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202, with the limits of a mean of `n` values.
    """
    half = NormalDist().inv_cdf(0.5 + level / 2) * deviation / math.sqrt(n)
    return mean - half, mean + half


def variance_of_mean(n: int, total: int, square_total: int, scale: int = 1) -> float:
    """Return s²/n of at least two values, with s² over n − 1; whole numbers are divided exactly, and rounded once."""
    return (n * square_total - total * total) / (n * n * (n - 1) * scale * scale)


@lru_cache(maxsize=65_536)
def t_quantile(probability: float, degrees: float) -> float:
    """Return the quantile of Student's t distribution, for a probability above one half and at least one degree.

    Degrees of freedom need not be whole: Welch's are not.

    Newton's steps on the distribution function from the Cornish-Fisher start (Abramowitz and Stegun, 26.7.5).
    """
    z = NormalDist().inv_cdf(probability)
    if degrees == 1:
        return math.tan(math.pi * (probability - 0.5))
    if degrees == 2:
        tail = 2 * probability - 1
        return tail * math.sqrt(2 / (1 - tail * tail))
    v = float(degrees)
    t = z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
    t += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    if degrees > 1000:  # the start is right to 10 digits by then, and the gamma functions below lose theirs
        return t
    log_norm = math.lgamma((v + 1) / 2) - math.lgamma(v / 2) - 0.5 * math.log(v * math.pi)
    for _ in range(50):
        density = math.exp(log_norm - (v + 1) / 2 * math.log1p(t * t / v))
        step = (_t_upper_tail(t, v) - (1 - probability)) / density
        t += step
        if abs(step) < 1e-14 * t:
            break
    return t


def _t_upper_tail(t: float, v: float) -> float:
    """Return P(T > t) for t > 0: half the regularized incomplete beta function at v / (v + t²)."""
    return 0.5 * regularized_beta(v / 2, 0.5, v / (v + t * t))


def regularized_beta(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function by its continued fraction (Abramowitz and Stegun, 26.5.8)."""
    if x > (a + 1) / (a + b + 2):
        return 1 - regularized_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    tiny = 1e-300
    c = 1.0
    d = 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    fraction = d
    for m in range(1, 10_000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + numerator * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + numerator / c
            c = c if abs(c) > tiny else tiny
            fraction *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return front * fraction / a
