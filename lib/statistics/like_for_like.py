"""The mean of a group as if all groups had had the same values to deal with. Pure functions of numbers.

Observed minus expected in the same strata: in each stratum a group is compared with the others there, and strata weigh
as Mantel and Haenszel weigh them, n · m / (n + m), by how much there is to compare (Greenland and Robins 1985,
Biometrics 41, 55-68). With D, the weighted difference to the others, and π, the group's share of all values, its mean
is M + (1 − π) · D around the mean M of the whole: with one stratum alone that is the group's own mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from lib.statistics.intervals import CONFIDENCE, t_quantile

Sample = tuple[int, int, int]
"""How many values there are, their sum, and that of their squares."""


PRIOR_DEGREES = 30
"""What the common variance weighs beside a group's own: of few skewed scores, the own one is often far too small.

The form is Smyth's (2004), Statistical Applications in Genetics and Molecular Biology 3, article 3.
"""


@dataclass(frozen=True, slots=True)
class Stratum:
    """The values of a group and of all others in one stratum. Both have a value at least."""

    own: Sample
    others: Sample


def standardized_mean(whole: tuple[int, int], own: int, strata: Sequence[Stratum]) -> Fraction:
    """Return the mean of a group that has `own` of the values, like for like, in the unit of the sums.

    `whole` is the number of all values and their sum. Raises ValueError without a stratum to compare in.
    """
    if not strata:
        raise ValueError("nothing compares without a stratum that others have values in too")
    n, total = whole
    # Added up as whole numbers over a denominator that all strata share: fractions are slow.
    shared = math.lcm(*(stratum.own[0] + stratum.others[0] for stratum in strata))
    difference = weight = 0
    for (n_own, total_own, _), (n_others, total_others, _) in ((each.own, each.others) for each in strata):
        share = shared // (n_own + n_others)
        difference += (n_others * total_own - n_own * total_others) * share
        weight += n_own * n_others * share
    return Fraction(total, n) + Fraction((n - own) * difference, n * weight)


def standardized_interval(
    whole: tuple[int, int], own: int, strata: Sequence[Stratum], scale: int = 1, design_effect: float = 1.0
) -> tuple[float, float] | None:
    """Return the t interval (95 %) of `standardized_mean`, which is in units of 1/`scale` of these ends.

    The mean is a sum of single values, each with a weight that the counts give. The group's values have one variance
    within strata, the others' another one, each drawn to the common one as if it had PRIOR_DEGREES more degrees of
    freedom; those of the sum are Satterthwaite's. `design_effect` is that of the group's days. None where no stratum
    has two values of one side, or all are the same.
    """
    n = whole[0]
    outside = 1 - own / n
    total = math.fsum(stratum.own[0] * stratum.others[0] / (stratum.own[0] + stratum.others[0]) for stratum in strata)
    # Sums of the squared weights of single values: of those that are in no stratum which compares, then of the others.
    own_left = own - sum(stratum.own[0] for stratum in strata)
    others_left = n - own - sum(stratum.others[0] for stratum in strata)
    own_weights, others_weights = [own_left / n**2], [others_left / n**2]
    for stratum in strata:
        n_own, n_others = stratum.own[0], stratum.others[0]
        share = outside * n_own * n_others / (n_own + n_others) / total
        own_weights.append(n_own * (1 / n + share / n_own) ** 2)
        others_weights.append(n_others * (1 / n - share / n_others) ** 2)
    own_squares, own_degrees = _within([stratum.own for stratum in strata])
    others_squares, others_degrees = _within([stratum.others for stratum in strata])
    if own_degrees + others_degrees < 1:
        return None
    common = (own_squares + others_squares) / (own_degrees + others_degrees)
    own_degrees += PRIOR_DEGREES
    others_degrees += PRIOR_DEGREES
    of_own = (own_squares + PRIOR_DEGREES * common) / own_degrees
    of_others = (others_squares + PRIOR_DEGREES * common) / others_degrees
    terms = [(math.fsum(own_weights) * of_own, own_degrees), (math.fsum(others_weights) * of_others, others_degrees)]
    variance = terms[0][0] + terms[1][0]
    if variance <= 0:
        return None
    degrees = variance**2 / math.fsum(term**2 / each for term, each in terms)
    half = t_quantile(0.5 + CONFIDENCE / 2, max(degrees, 1.0)) * math.sqrt(design_effect * variance)
    mean = float(standardized_mean(whole, own, strata))
    return (mean - half) / scale, (mean + half) / scale


def _within(samples: Sequence[Sample]) -> tuple[float, int]:
    """Return the squared deviations of values from the means of their samples, and the degrees of freedom."""
    squared = math.fsum((n * squares - total * total) / n for n, total, squares in samples)
    return squared, sum(n - 1 for n, _, _ in samples)
