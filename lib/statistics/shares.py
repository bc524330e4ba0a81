"""Shares: their tests, and the interval of one whose evaluations come in clusters. Pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from lib.statistics.clusters import LEAST_DAYS, ClusterSpread
from lib.statistics.intervals import CONFIDENCE, share_interval, t_quantile, variance_of_mean

Share = tuple[int, int]
"""How many, of how many."""


def interval_by_days(share: Share, days: ClusterSpread | None) -> tuple[float, float] | None:
    """Return Wilson's interval (95 %) of a share, which allows for days from LEAST_DAYS of them on.

    `days` say how the days spread around the share. With them it is the interval of as many independent calls as the
    days are worth, with Student's t (Korn and Graubard 1998, Survey Methodology 24, 193-201). None with fewer than two
    evaluations, or where all are the same: they do not say how far chance carries them.
    """
    some, all_ = share
    if not 0 < some < all_:
        return None
    if days is None or days.clusters < LEAST_DAYS or not days.variance:
        return share_interval(some, all_)
    worth = variance_of_mean(all_, some, some) / days.variance
    return share_interval(some * worth, all_ * worth, t_quantile(0.5 + CONFIDENCE / 2, days.degrees))


def share_difference_p_value(first: Share, second: Share) -> float:
    """Return how likely chance alone makes two shares differ as much as these, in either direction.

    The score test with one common share and Yates's correction, that is the chi-squared test of a fourfold table (Yates
    1934, Supplement to the Journal of the Royal Statistical Society 1, 217-235). Without the correction it is wrong
    too often where a side has few evaluations. 1 where there is nothing to tell apart.
    """
    return min(1.0, 2 * NormalDist().cdf(-_score(first, second, is_corrected=True)))


def _score(first: Share, second: Share, *, is_corrected: bool = False) -> float:
    """Return by how many standard errors the first share is above the second, as if both had one common share.

    With Yates's correction, by how many they differ: half an evaluation less on each side.
    """
    n, m = first[1], second[1]
    both = first[0] + second[0]
    if not n or not m or both in (0, n + m):
        return 0.0
    common = both / (n + m)
    difference = first[0] / n - second[0] / m
    if is_corrected:
        difference = max(0.0, abs(difference) - (1 / n + 1 / m) / 2)
    return difference / math.sqrt(common * (1 - common) * (1 / n + 1 / m))


def count_unsettled_days(newest_days: Sequence[Share], older: Share, rate: float = 0.1) -> int:
    """Return of how many of the newest days more is open than of the days before them, beyond chance.

    Each day is (open, all), the newest first; `older` is the sum of the days before these. The days are split where the
    score test tells the newer part from the older one best, as long as it does so at `rate` with Bonferroni's
    correction for all splits; then the older part is split again, since calls settle little by little.
    """
    unsettled = 0
    while unsettled < len(newest_days):
        candidates = len(newest_days) - unsettled
        least = NormalDist().inv_cdf(1 - rate / candidates)
        rest = [*newest_days[unsettled:], older]
        scores = [(_score(_sum(rest[:place]), _sum(rest[place:])), place) for place in range(1, candidates + 1)]
        best, place = max(scores)
        if best < least:
            break
        unsettled += place
    return unsettled


def _sum(shares: Sequence[Share]) -> Share:
    return sum(part for part, _ in shares), sum(whole for _, whole in shares)
