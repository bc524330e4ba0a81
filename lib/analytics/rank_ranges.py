"""Rank tiers: groups by average score, those that can't be told apart from the best of them together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from lib.analytics.queries import Group, id_order
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE
from lib.statistics import intervals


@dataclass(frozen=True, slots=True)
class Ranked:
    """A group and the number of its tier, from 1, the best."""

    tier: int
    group: Group


def tiers(groups: Iterable[Group]) -> tuple[Ranked, ...]:
    """Return the groups with enough scored evaluations to rank, by average score, the highest first, in tiers.

    A tier runs from its best group down to the last one that can't be told apart from that best one; the next tier
    begins with the group after it. Two groups are told apart where Welch's interval of their difference excludes 0 at
    the level 1 − 0.05/m, m being the number of ranked groups less one: Bonferroni's correction, as a best group is
    compared with up to m others. So every group of a later tier differs from the best of every tier before its own by
    more than chance explains, while groups of one tier may still differ among each other. Groups that belong to none,
    and those with fewer than FEW_EVALUATIONS scored, are left out. Equal averages: more scored first, then the id.
    """
    ranked = sorted(
        (group for group in groups if group.named.id is not None and not AVERAGE_SCORE.is_small_sample(group.sums)),
        key=lambda group: (*_descending(group.sums), -group.sums["scored"], id_order(group.named)),
    )
    confidence = 1 - (1 - intervals.CONFIDENCE) / max(len(ranked) - 1, 1)
    found: list[Ranked] = []
    tier = 0
    while len(found) < len(ranked):
        tier += 1
        first = len(found)
        from_the_last = range(len(ranked) - 1, first - 1, -1)
        last = next(place for place in from_the_last if _is_indistinguishable(ranked[first], ranked[place], confidence))
        found += [Ranked(tier, group) for group in ranked[first : last + 1]]
    return tuple(found)


def _descending(sums: MeasureTotals) -> tuple[float, Fraction]:
    """Return what to sort average scores by, the highest first: exact, but compared as fractions only where need be."""
    return -sums["score_sum"] / sums["scored"], Fraction(-sums["score_sum"], sums["scored"])


def _is_indistinguishable(best: Group, other: Group, confidence: float) -> bool:
    """Return whether a group can't be told apart from a best one, as the best one itself can't."""
    ends = AVERAGE_SCORE.difference(best.sums, other.sums, confidence)
    return ends is None or ends[0] <= 0 <= ends[1]
