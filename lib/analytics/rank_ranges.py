"""The ranges of ranks of a dimension's groups by average score: between which places chance leaves each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from lib.analytics.breakdowns import MOST_WITH_DAYS, RANKED_BY, Breakdown, all_groups
from lib.analytics.calendar import Calendar
from lib.analytics.cluster_spreads import day_spreads_by, score_design_effects
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import Dimension, Member
from lib.catalog.metrics import AVERAGE_SCORE
from lib.statistics import rank_ranges
from lib.store.enums import SCORE_SCALE

Range = tuple[int, int]
"""The lowest and highest place that a group may have, from 1, the highest average score."""


@dataclass(frozen=True, slots=True)
class GroupRanks:
    """The range of ranks of each group that is ranked, and how many of their pairs are told apart."""

    groups: Mapping[Member, Range]
    pairs: int
    pairs_apart: int


def ranks(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    answers: QueryCache,
    days_of: tuple[str, ...] = RANKED_BY,
) -> GroupRanks:
    """Return the ranges of the ranks of a dimension's groups in a selection, all of them together at 95 %.

    Ranked are groups with at least FEW_EVALUATIONS scores, without those that belong to none. The breakdown that they
    are computed from is one of the `answers`, which says how the days of the metrics `days_of` spread.
    """
    whole = answers.run_within(connection, all_groups, filters, calendar, dimension, days_of)
    return ranks_of(connection, filters, calendar, dimension, whole)


def ranks_of(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension, whole: Breakdown
) -> GroupRanks:
    """Return the same of a breakdown of all groups."""
    groups = [
        group for group in whole.groups if group.named.id is not None and not AVERAGE_SCORE.is_small_sample(group.sums)
    ]
    if len(groups) < 2:
        return GroupRanks({group.named: (1, 1) for group in groups}, 0, 0)
    totals = {group.named: group.sums for group in groups}
    if len(whole.groups) > MOST_WITH_DAYS:
        days = day_spreads_by(connection, filters, calendar, (AVERAGE_SCORE.name,), dimension).groups
        totals = {member: sums.with_days(days.get(member, {})) for member, sums in totals.items()}
    effects = score_design_effects(totals)
    result = rank_ranges.rank_ranges(
        np.array([sums["scored"] for sums in totals.values()], dtype=float),
        np.array([sums["score_sum"] / (sums["scored"] * SCORE_SCALE) for sums in totals.values()]),
        np.array([_variance(sums) for sums in totals.values()]),
        np.array([effects[member] for member in totals]),
    )
    ranges = {group.named: each for group, each in zip(groups, result.ranges, strict=True)}
    return GroupRanks(ranges, result.pairs, result.pairs_apart)


def _variance(sums: Mapping[str, int]) -> float:
    """Return the variance of single scores, over n − 1, in points²."""
    n, total, squares = sums["scored"], sums["score_sum"], sums["score_square_sum"]
    return (n * squares - total * total) / (n * (n - 1) * SCORE_SCALE**2)
