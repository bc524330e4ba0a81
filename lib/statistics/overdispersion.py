"""Overdispersion: how much more groups differ than single values would make them. Pure functions of numbers.

Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202, "Funnel plots for comparing institutional performance",
section 3.4 and appendix A.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

WINSORIZED = 0.1
"""The share of the groups at each end that count as no further out than the next ones."""


def overdispersion(z_scores: Sequence[float]) -> float:
    """Return φ, the mean square of the groups' distances from the target in standard errors; 1 is chance alone.

    The furthest tenth at each end is drawn in to the next (winsorized), so that a few groups that truly stand out do
    not widen the limits of all. Raises ValueError without groups.
    """
    if not z_scores:
        raise ValueError("φ is of one group at least")
    low, high = _quantile(z_scores, WINSORIZED), _quantile(z_scores, 1 - WINSORIZED)
    return math.fsum(min(max(z, low), high) ** 2 for z in z_scores) / len(z_scores)


def _quantile(values: Sequence[float], probability: float) -> float:
    """Return a quantile, between two values in proportion."""
    ordered = sorted(values)
    place = probability * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
