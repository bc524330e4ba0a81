"""Like for like: average scores as if every group had had the same calls.

Each group's calls are compared with the others' calls of the same stratum: a campaign, AI or human, and a band of
duration; for evaluators, who have no part in how long a call takes, the form in place of the duration. Where executives
are compared, the evaluator may be the same, too, and where evaluators are, the executive. The method is in
`statistics/like_for_like.py`; calls that nobody else has the like of say nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import with_archived_rows
from lib.analytics.breakdowns import Group, id_order, totals_by
from lib.analytics.calendar import Calendar
from lib.analytics.cluster_spreads import day_spreads_by, score_design_effects
from lib.analytics.conditions import fact_conditions, fact_key
from lib.analytics.members import member_names
from lib.analytics.planner import ResolvedPeriod, resolve_period
from lib.analytics.query import Filters
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import CAMPAIGN, EVALUATOR, Dimension, Member
from lib.catalog.measures import MeasureTotals, aggregates
from lib.catalog.metrics import AVERAGE_SCORE
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.statistics.like_for_like import Sample, Stratum, standardized_interval, standardized_mean
from lib.store.enums import SCORE_SCALE, State

BANDS_SECONDS = (120, 300, 600)
"""Where the bands of duration after the first begin; calls without a duration are a band of their own."""


@dataclass(frozen=True, slots=True)
class StandardizedRow:
    """A group: its measures as they are, and its average score like for like, in points.

    `comparable` is how many of its scores are of calls that others have the like of. Without any, `adjusted` is None;
    the 95 % interval is None where no variance can be taken.
    """

    named: Member
    sums: MeasureTotals
    adjusted: Fraction | None
    interval: tuple[float, float] | None
    comparable: int

    @property
    def is_small_sample(self) -> bool:
        """Whether the adjusted average rests on too few calls to rank by it."""
        return self.comparable < FEW_EVALUATIONS


@dataclass(frozen=True, slots=True)
class StandardizedScores:
    """The groups of a dimension by adjusted average, the highest first; ties by id.

    Groups of few comparable calls follow, and those without any come last. `total` is the whole selection; its average
    is what the adjusted averages compare with.
    """

    period: ResolvedPeriod
    total: MeasureTotals
    rows: tuple[StandardizedRow, ...]


StratumKey = tuple[int, ...]
"""The values of what is held constant."""


def standardized_scores(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    held: Dimension | None = None,
) -> StandardizedScores:
    """Return the adjusted average score of every group of a dimension; `held` is another one that is constant, too.

    It reads the facts, as no rollup has durations. Raises ValueError for campaigns, which are part of the strata.
    """
    if dimension is CAMPAIGN:
        raise ValueError("campaigns are strata, so that no two of them have calls alike; right would be executives")
    period = resolve_period(connection, filters, calendar)
    groups = totals_by(connection, filters, calendar, dimension)
    filters = with_archived_rows(connection, filters, calendar)
    cells = _cells(connection, filters, calendar, dimension, _strata(filters.catalog, dimension, held))
    of_strata: dict[StratumKey, Sample] = defaultdict(lambda: (0, 0, 0))
    for of_group in cells.values():
        for stratum, cell in of_group.items():
            of_strata[stratum] = _combine(of_strata[stratum], cell, 1)
    total = MeasureTotals.total(group.sums for group in groups)
    whole = total["scored"], total["score_sum"]
    days = day_spreads_by(connection, filters, calendar, (AVERAGE_SCORE.name,), dimension).groups
    effects = score_design_effects({group.named: group.sums.with_days(days.get(group.named, {})) for group in groups})
    rows = [
        _row(group, cells.get(group.named, {}), of_strata, whole, effects.get(group.named, 1.0)) for group in groups
    ]
    rows.sort(key=lambda row: (row.adjusted is None, row.is_small_sample, *_descending(row), id_order(row.named)))
    return StandardizedScores(period, total, tuple(rows))


def _descending(row: StandardizedRow) -> tuple[float, Fraction]:
    """Return what to sort rows by, the highest first: exact, but compared as fractions only where need be."""
    mean = row.adjusted or Fraction()
    return -float(mean), -mean


def _strata(catalog: Catalog, dimension: Dimension, held: Dimension | None) -> list[sa.ColumnElement[Any]]:
    """Return what is the same for the calls of a stratum."""
    facts = catalog.evaluations.c
    kind = facts.form_key if dimension is EVALUATOR else _band(facts.duration_seconds)
    return [facts.campaign_key, facts.is_ai, kind, *([] if held is None else [facts[held.column]])]


def _cells(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    dimension: Dimension,
    strata: Sequence[sa.ColumnElement[Any]],
) -> Mapping[Member, Mapping[StratumKey, Sample]]:
    """Return every group's scores by stratum; one scan of the facts."""
    facts = filters.catalog.evaluations
    keys = [fact_key(facts, dimension.column), *strata]
    asked = (
        sa.select(*keys, *aggregates(facts, ("scored", "score_sum", "score_square_sum")))
        .where(facts.c.state == State.Completed.value, facts.c.score.is_not(None))
        .where(*fact_conditions(filters, calendar))
        .group_by(*(sa.literal_column(str(place)) for place in range(1, len(keys) + 1)))
    )
    found: dict[int, dict[StratumKey, Sample]] = defaultdict(dict)
    for key, *stratum, n, total, squares in connection.execute(asked).fetchall():
        found[key][tuple(stratum)] = (int(n), int(total), int(squares))
    names = member_names(connection, dimension, set(found))
    return {names[key]: cells for key, cells in found.items()}


def _band(duration: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return the place of a duration's band; 0 where there is no duration."""
    begins = [0, *BANDS_SECONDS]
    places: list[tuple[sa.ColumnElement[bool], sa.ColumnElement[int]]] = [
        (duration >= sa.literal_column(str(begin)), sa.literal_column(str(place)))
        for place, begin in enumerate(begins, 1)
    ]
    return sa.case(*reversed(places), else_=sa.literal_column("0"))


def _row(
    group: Group,
    cells: Mapping[StratumKey, Sample],
    of_strata: Mapping[StratumKey, Sample],
    whole: tuple[int, int],
    design_effect: float,
) -> StandardizedRow:
    named, sums = group.named, group.sums
    pairs = (Stratum(cell, _combine(of_strata[stratum], cell, -1)) for stratum, cell in cells.items())
    strata = [pair for pair in pairs if pair.others[0]]
    if not strata:
        return StandardizedRow(named, sums, None, None, 0)
    own = sums["scored"]
    mean = standardized_mean(whole, own, strata) / SCORE_SCALE
    interval = standardized_interval(whole, own, strata, SCORE_SCALE, design_effect)
    return StandardizedRow(named, sums, mean, interval, sum(pair.own[0] for pair in strata))


def _combine(one: Sample, other: Sample, sign: int) -> Sample:
    """Return two samples together or, with -1 for the sign, what is left of the first without the other."""
    return one[0] + sign * other[0], one[1] + sign * other[1], one[2] + sign * other[2]
