"""Cells of a table of rows and columns, drawn to what the rest of it says; and which cells stand out beyond chance.

Pure functions of numbers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from lib.statistics.multiple_tests import holm


@dataclass(frozen=True, slots=True)
class Cell:
    """A mean in a row and a column of a table, and its variance, which is above 0."""

    row: Hashable
    column: Hashable
    value: float
    variance: float


def shrink_cells(cells: Sequence[Cell]) -> list[float]:
    """Return the empirical Bayes estimates of cells: the more chance there is in one, the nearer to the others.

    Columns are drawn to the mean of all, rows to what is left, and cells to the sum of both: each as far as its own
    variance says, beside the spread that is more than chance (`excess_variance`). Efron and Morris (1975), Journal of
    the American Statistical Association 70, 311-319.
    """
    if not cells:
        return []
    fitted = [_mean([(cell.value, cell.variance) for cell in cells])] * len(cells)
    for keys in ([cell.column for cell in cells], [cell.row for cell in cells], list(range(len(cells)))):
        members: dict[Hashable, list[tuple[float, float]]] = defaultdict(list)
        for key, cell, fit in zip(keys, cells, fitted, strict=True):
            members[key].append((cell.value - fit, cell.variance))
        means = {key: (_mean(group), 1 / sum(1 / variance for _, variance in group)) for key, group in members.items()}
        excess = excess_variance(means.values())
        fitted = [
            fit + means[key][0] * excess / (excess + means[key][1]) for key, fit in zip(keys, fitted, strict=True)
        ]
    return fitted


def shrink(means: Sequence[tuple[float, float]]) -> list[float]:
    """Return the empirical Bayes estimates of means, each drawn to the middle of all as far as chance may carry it.

    Each is (mean, variance), the variance above 0. The highest of many means is too high by chance, and its estimate is
    not (Efron and Morris 1975).
    """
    excess = excess_variance(means)
    middle = _mean([(mean, variance + excess) for mean, variance in means])
    return [middle + (mean - middle) * excess / (excess + variance) for mean, variance in means]


def excess_variance(means: Iterable[tuple[float, float]]) -> float:
    """Return the variance between means that is more than their own variances explain; 0 at least.

    Each is (mean, variance). DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188.
    """
    known = list(means)
    weights = [1 / variance for _, variance in known]
    total = math.fsum(weights)
    middle = _mean(known) if known else 0.0
    spread = math.fsum(weight * (mean - middle) ** 2 for weight, (mean, _) in zip(weights, known, strict=True))
    divisor = total - math.fsum(weight**2 for weight in weights) / total if total else 0.0
    return max(0.0, (spread - (len(known) - 1)) / divisor) if divisor > 0 else 0.0


def stand_out(cells: Sequence[Cell], rate: float = 0.05) -> list[int]:
    """Return of each cell whether it lies above (1) or below (-1) the mean of all beyond chance, or not (0).

    All cells are tested together (`holm`), so that in 5 of 100 tables of chance alone at most any stands out.
    """
    if len(cells) < 2:
        return [0] * len(cells)
    weights = [1 / cell.variance for cell in cells]
    total = math.fsum(weights)
    mean = _mean([(cell.value, cell.variance) for cell in cells])
    # The mean holds the cell itself, so that the difference varies by less.
    z_scores = [
        (cell.value - mean) / math.sqrt(cell.variance * (1 - weight / total))
        for cell, weight in zip(cells, weights, strict=True)
    ]
    rejected = holm([2 * NormalDist().cdf(-abs(z)) for z in z_scores], rate)
    return [(1 if z > 0 else -1) if differs else 0 for z, differs in zip(z_scores, rejected, strict=True)]


def _mean(means: Sequence[tuple[float, float]]) -> float:
    """Return the mean of means, each weighted by how little it varies."""
    weights = [1 / variance for _, variance in means]
    return math.fsum(weight * mean for weight, (mean, _) in zip(weights, means, strict=True)) / math.fsum(weights)
