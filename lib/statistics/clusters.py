"""Variances of quotients whose evaluations come in clusters: of one day, of one executive.

Calls of one day resemble each other, and so do those of an executive within a period. Who takes them for independent
finds differences where there is chance alone. All quotients that users see (means, shares, balances) are of one form:
the sum of a value over the evaluations that have one, divided by how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int64]

LEAST_DAYS = 10
"""An interval allows for days from this many on; fewer say too little about how days differ."""

_BITS = 34
"""Bits that are kept, some ten digits: the last ones of a sum depend on the order of its terms, which is chance."""

_MOST_CELLS = 2**20
"""As many cells are held at once: 8 MB for each number that is computed of them."""

_CELLS_IN_CACHE = 2**14
"""Of as many cells spreads are computed at once; with more, memory takes most of the time."""


def _rounded(values: Floats) -> list[float]:
    """Return numbers to _BITS significant bits; what is no number stays so."""
    halves, exponents = np.frexp(values)
    kept: list[float] = np.ldexp(np.rint(np.ldexp(halves, _BITS)), exponents - _BITS).tolist()
    return kept


@dataclass(frozen=True, slots=True)
class ClusterSpread:
    """How the clusters of a selection, such as its days, spread around its value: how far chance carries the value.

    `variance` is that of the value. `degrees` are the degrees of freedom of Student's t for it, at least 1. It is the
    bias-reduced variance ("CR2") with the degrees of freedom that Bell and McCaffrey (2002, Survey Methodology 28,
    169-181) derive, in the form that both take for a single mean: with n the evaluations of a cluster, N those of all,
    w = n/N, e the sum of its values less n times the value of all, and u = w²/(1 − w),

        variance = Σ e²/(1 − w) / N²        degrees = 1 / (Σ w² + (Σ u)² − Σ u²)
    """

    clusters: int
    variance: float
    degrees: float
    concentration: float  # Σ w²: the share of the evaluations in the cluster of one of them, on average


def cluster_spreads(
    cells: Places, shape: tuple[int, int], counts: Numbers, totals: Numbers, scale: int = 1
) -> list[ClusterSpread | None]:
    """Return how the clusters of each of many groups spread; None where fewer than two clusters have values.

    `shape` is how many groups there are, and how many clusters a group may have. A row is part of the cell
    group · clusters + cluster, and adds to it a number of values and their sum, in 1/scale: whole numbers, so that the
    cells are the same in whatever order rows come.
    """
    groups, clusters = shape
    at_once = max(1, _MOST_CELLS // clusters)
    if groups > at_once:
        spreads = []
        for first in range(0, groups, at_once):
            begin, end = first * clusters, min(first + at_once, groups) * clusters
            rows = (cells >= begin) & (cells < end)
            part = (end - begin) // clusters, clusters
            spreads += cluster_spreads(cells[rows] - begin, part, counts[rows], totals[rows], scale)
        return spreads
    n, total = _in_cells(cells, counts, shape), _in_cells(cells, totals, shape)
    spreads = []
    step = max(1, _CELLS_IN_CACHE // clusters)
    for first in range(0, groups, step):
        spreads += _spreads(n[first : first + step], total[first : first + step], scale)
    return spreads


def _spreads(n: Floats, total: Floats, scale: int) -> list[ClusterSpread | None]:
    """Return the spreads of groups, each with a row of its clusters' numbers of values and their sums."""
    whole = n.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # where there is one cluster alone, or none
        errors = total - n * (total.sum(axis=1) / whole)[:, None]
        others = whole[:, None] - n
        leverages = n * n / others
        variances = _products(errors, errors / others) / whole / scale**2
        shares = _products(n, n) / whole**2
        of_leverages = (leverages.sum(axis=1) ** 2 - _products(leverages, leverages)) / whole**2
        degrees = np.maximum(1.0, 1 / (shares + of_leverages))
        columns = (np.count_nonzero(n, axis=1).tolist(), *map(_rounded, (variances, degrees, shares)))
    return [ClusterSpread(*values) if values[0] > 1 else None for values in zip(*columns, strict=True)]


def _in_cells(cells: Places, values: Numbers, shape: tuple[int, int]) -> Floats:
    sums = np.bincount(cells, values, shape[0] * shape[1]).astype(np.float64, copy=False)  # as it is, but for its type
    return sums.reshape(shape)


def _products(one: Floats, other: Floats) -> Floats:
    """Return the sums of the products of each row's numbers, without holding them all."""
    sums: Floats = np.einsum("ij,ij->i", one, other)
    return sums


@dataclass(frozen=True, slots=True)
class SharedSpread:
    """How the clusters that two periods may share, such as executives, spread around a change from one to the other.

    A cluster's part of the change is e/N now less e/N before, with e and N as above, and 0 in a period in which it has
    no evaluations: `squares` is the sum of the squares of these parts. `clusters` are as many as they would be if all
    had the same weight: (Σ q)²/Σ q² with q = (n/N now)² + (n/N before)² (Kish 1965, Survey Sampling). `known_before`
    and `known_now` are the shares of the evaluations that belong to a cluster; the others are independent.
    """

    squares: float
    clusters: float
    known_before: float
    known_now: float


def shared_spreads(
    groups: Places, is_known: npt.NDArray[np.bool_], now: Floats, before: Floats, scale: int = 1
) -> list[SharedSpread | None]:
    """Return how the clusters of each of many groups spread around its change from one period to another.

    A place is a cluster of one of the groups, which are numbered from 0; one that is not known belongs to no cluster.
    `now` and `before` have two rows: how many values each cluster has, and their sum, in 1/scale. None for a group
    whose clusters have no values.
    """
    if not len(groups):
        return []
    size = int(groups.max()) + 1
    shares, parts = [], []
    for counts, totals in (now, before):
        n, total = (np.bincount(groups, each, size)[groups] for each in (counts, totals))
        share = np.divide(counts, n, out=np.zeros(len(n)), where=n > 0)
        shares.append(share)
        parts.append(np.divide(totals - share * total, n, out=np.zeros(len(n)), where=n > 0) / scale)
    weights = shares[0] ** 2 + shares[1] ** 2
    sums = (
        np.bincount(groups, np.where(is_known, each, 0.0), size)
        for each in ((parts[0] - parts[1]) ** 2, weights, weights**2, shares[1], shares[0])
    )
    squares, weight, weight_squares, known_before, known_now = sums
    clusters = np.divide(weight**2, weight_squares, out=np.zeros(size), where=weight_squares > 0)
    columns = map(_rounded, (squares, clusters, known_before, known_now))
    return [SharedSpread(*values) if values[1] else None for values in zip(*columns, strict=True)]


def change_error(
    before: ClusterSpread,
    now: ClusterSpread,
    independent: tuple[float, float],
    shared: SharedSpread | None,
) -> tuple[float, float]:
    """Return the variance of a change that allows for days and for executives, and its degrees of freedom.

    `before` and `now` say how days spread, which are in one period alone, so that their variances add up;
    `independent` are the variances before and now as they would be if calls were independent; `shared` says how
    executives spread, and is None where there is nothing to say. Both kinds of clusters hold what calls alone explain,
    which is taken off once (Cameron, Gelbach and Miller (2011), Journal of Business & Economic Statistics 29, 238-249,
    with single calls in place of the crossing of both); the sum is never less than either alone. The degrees of
    freedom of the parts are put together as Satterthwaite (1946, Biometrics Bulletin 2, 110-114) does.
    """
    days = before.variance + now.variance
    parts = [(before.variance, before.degrees), (now.variance, now.degrees)]
    if shared is not None and shared.clusters > 1:
        executives = shared.squares * shared.clusters / (shared.clusters - 1)
        calls = independent[0] * shared.known_before + independent[1] * shared.known_now
        extra = max(executives - calls, executives - days, 0.0)
        parts.append((extra, max(shared.clusters - 1, 1.0)))
        days += extra
    squares = math.fsum(variance * variance / degrees for variance, degrees in parts)
    return days, max(1.0, days * days / squares) if squares else 1.0


def design_effects(
    counts: Sequence[float], variances: Sequence[float], spreads: Sequence[ClusterSpread | None]
) -> list[float]:
    """Return by how much days that resemble each other widen the variance of each of many groups' means, at least 1.

    `counts` are how many values each mean is of, `variances` those of single values, `spreads` how its days spread,
    None where there is one alone. As each group says little about it, they share one intraclass correlation ρ, by the
    moments of all; a group's effect is 1 + (b − 1) ρ, with b = n Σ w² the values that a value's day has on average
    (Kish 1965, Survey Sampling, 5.4).
    """
    groups = list(zip(counts, variances, spreads, strict=True))
    correlation = day_correlation(groups)
    return [1 + (n * (1.0 if spread is None else spread.concentration) - 1) * correlation for n, _, spread in groups]


def day_correlation(groups: Iterable[tuple[float, float, ClusterSpread | None]]) -> float:
    """Return the intraclass correlation of days that groups share, 0 or more, by the moments of all of them.

    A group is how many values it has, the variance of a single one, and how its days spread; None where it has one day.
    """
    spread_groups = [(n, variance, spread) for n, variance, spread in groups if spread is not None]
    beyond = math.fsum(spread.degrees * (spread.variance * n - variance) for n, variance, spread in spread_groups)
    most = math.fsum(
        spread.degrees * variance * (n * spread.concentration - 1) for n, variance, spread in spread_groups
    )
    return max(0.0, beyond / most) if most > 0 else 0.0
