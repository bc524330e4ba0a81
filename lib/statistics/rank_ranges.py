"""Ranges of ranks: between which places each of many means lies, all of them together at one level of confidence.

Confidence sets for ranks are made of the pairs that are told apart (Mogstad, Romano, Shaikh and Wilhelm (2024), Review
of Economic Studies 91, 476-518). Pairs are compared by Welch's test, and all of them together by Holm's step-down
procedure (Holm (1979), Scandinavian Journal of Statistics 6, 65-70), so that the chance of a single wrong pair, and
with it of a single wrong range, is at most 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from lib.statistics.intervals import CONFIDENCE

PRIOR_DEGREES = 30
"""As many degrees of freedom the pooled variance counts in a group's own that is less.

Without, a group whose few scores happen to be alike is told apart from others: the variance of rare low scores is not
seen until one comes. Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3, article 3, shrinks so.
"""

MOST_STEPPED = 1_000
"""Of so many means all pairs are put into order."""

_ROWS_AT_ONCE = 256

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RankRanges:
    """The lowest and highest place of each mean, from 1, the highest mean, and how many pairs are told apart."""

    ranges: tuple[tuple[int, int], ...]
    pairs_apart: int

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.ranges) * (len(self.ranges) - 1) // 2


def rank_ranges(counts: Floats, means: Floats, variances: Floats, design_effects: Floats) -> RankRanges:
    """Return the range of ranks of each of k means.

    `counts` (k) are how many values each mean is of, at least 2; `variances` (k) those of single values, over n − 1.
    One that is less than the pooled one, Σ(n − 1)s² / Σ(n − 1), is drawn to it as if by PRIOR_DEGREES degrees of
    freedom; one that is more stays, as groups may vary differently. Each is multiplied by its design effect, by which
    days that resemble each other widen it. Of more than MOST_STEPPED means, all pairs are held to the first of Holm's
    steps (Bonferroni's), which tells hardly fewer apart and needs no memory for all of them.
    """
    k = len(counts)
    if k < 2:
        return RankRanges(((1, 1),) * k, 0)
    own = counts - 1
    pooled = float(own @ variances / own.sum())
    prior = np.where(variances < pooled, PRIOR_DEGREES, 0)
    degrees = own + prior
    errors = design_effects * (own * variances + prior * pooled) / degrees / counts
    order = np.argsort(-means, kind="stable")
    pairs = k * (k - 1) // 2
    is_stepped = k <= MOST_STEPPED
    least = _critical(1 if is_stepped else pairs)  # pairs below it are never told apart
    parts = [
        _compare(means[order], errors[order], degrees[order], first, least) for first in range(0, k, _ROWS_AT_ONCE)
    ]
    above, below, deviates = (np.concatenate(each) for each in zip(*parts, strict=True))
    if is_stepped:
        apart = deviates >= _least_apart(deviates, pairs)
        above, below = above[apart], below[apart]
    are_worse, are_better = np.bincount(above, minlength=k), np.bincount(below, minlength=k)
    ranges: list[tuple[int, int]] = [(1, k)] * k
    for place, up, down in zip(order.tolist(), are_better.tolist(), are_worse.tolist(), strict=True):
        ranges[place] = (1 + up, k - down)
    return RankRanges(tuple(ranges), len(above))


def _compare(means: Floats, errors: Floats, degrees: Floats, first: int, least: float) -> tuple[Places, Places, Floats]:
    """Compare _ROWS_AT_ONCE descending means from `first` on with all that come after each.

    Return the places of the higher and of the lower mean of the pairs whose normal deviate is `least` or more, and the
    deviates.
    """
    rows, columns = slice(first, first + _ROWS_AT_ONCE), slice(first, None)
    difference = means[rows, None] - means[None, columns]
    variance = errors[rows, None] + errors[None, columns]
    # Student's t is never less than the normal deviate of the same probability.
    row, column = np.nonzero((difference > 0) & (difference * difference >= least * least * variance))
    difference, variance = difference[row, column], variance[row, column]
    above, below = row + first, column + first
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(variance > 0, difference / np.sqrt(variance), np.inf)
        v = variance**2 / (errors[above] ** 2 / degrees[above] + errors[below] ** 2 / degrees[below])
    deviates = _as_normal(t, np.where(variance > 0, v, 1.0))
    kept = deviates >= least
    return above[kept], below[kept], deviates[kept]


def _as_normal(t: Floats, v: Floats) -> Floats:
    """Return the normal deviates with the tails of Student's t at v degrees of freedom.

    Wallace (1959), Annals of Mathematical Statistics 30, 1121-1130: off by less than .002 from 30 degrees on.
    """
    finite: Floats = np.where(np.isfinite(t), t, 1e150)
    normal: Floats = (8 * v + 1) / (8 * v + 3) * np.sqrt(v * np.log1p(finite * finite / v))
    return normal


def _least_apart(deviates: Floats, pairs: int) -> float:
    """Return the normal deviate from which on pairs are told apart by Holm's procedure.

    All that reach one of its steps are taken at once, as every further step asks for less: it stops at the first step
    that no other pair reaches.
    """
    least, steps = _critical(pairs), 0
    while steps < (reached := int(np.count_nonzero(deviates >= least))) < pairs:
        least, steps = _critical(pairs - reached), reached
    return least


def _critical(pairs: int) -> float:
    """Return the normal deviate that one of so many pairs must reach (Bonferroni), two-sided."""
    return -NormalDist().inv_cdf((1 - CONFIDENCE) / (2 * pairs))
