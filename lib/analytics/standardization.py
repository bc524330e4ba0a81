"""Like for like: average scores as if every group had had the same calls.

Direct standardization (Breslow and Day 1987, Statistical Methods in Cancer Research II, chapter 2): each group's means
by stratum are weighted with what the strata weigh in the whole selection. A stratum is a campaign, AI or human, and a
band of duration.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.conditions import fact_conditions, fact_key
from lib.analytics.planner import ResolvedPeriod, member_names, resolve_period
from lib.analytics.queries import id_order, totals_by
from lib.analytics.query import Filters
from lib.catalog.dimensions import CAMPAIGN, Dimension, Member
from lib.catalog.measures import MeasureTotals, aggregates
from lib.statistics import intervals
from lib.store import schema
from lib.store.enums import SCORE_SCALE, State

BANDS_SECONDS = (120, 300, 600)
"""Where the bands of duration after the first begin; calls without a duration are a band of their own."""

ENOUGH_IN_CELL = 5
"""A cell, a group's scores in one stratum, is thin with fewer than these."""

COVERED_LEAST, THIN_MOST = Fraction(4, 5), Fraction(1, 5)
"""A row is thin where its strata cover less of the whole, or thin cells carry more of what it covers."""


@dataclass(frozen=True, slots=True)
class StandardizedRow:
    """A group: its measures as they are, and its average score like for like, in points.

    `covered` is the share of the whole selection's scores that lies in strata where the group has scores too; the
    adjusted average is over these. `thin_weight` is what share of that weight its thin cells carry. Without any score
    `adjusted` is None; the 95 % interval is None where no cell has two scores.
    """

    named: Member
    sums: MeasureTotals
    adjusted: Fraction | None
    interval: tuple[float, float] | None
    covered: Fraction
    thin_weight: Fraction

    @property
    def thin(self) -> bool:
        """Whether the adjusted average rests on too little to be read as a rank."""
        return self.covered < COVERED_LEAST or self.thin_weight > THIN_MOST


@dataclass(frozen=True, slots=True)
class StandardizedScores:
    """The groups of a dimension by adjusted average, the highest first; ties by id, groups without one last.

    `total` is the whole selection; its average is what the adjusted averages compare with.
    """

    period: ResolvedPeriod
    total: MeasureTotals
    rows: tuple[StandardizedRow, ...]


Stratum = tuple[int, bool, int]
Cell = tuple[int, int, int]
"""Scored, sum of the scores and of their squares, in units of SCORE_SCALE."""


def standardized_scores(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension
) -> StandardizedScores:
    """Return the adjusted average score of every group of a dimension.

    Adjusted mean = Σ W · mean of the group in the stratum ÷ Σ W, over the strata where the group has scores, W being
    the stratum's share of all scores of the selection. The interval takes the weights as given, and one variance for
    all cells of a group (`intervals.standardized_interval`). It reads the facts, as no rollup has durations. Raises
    ValueError for campaigns, which are part of the strata.
    """
    if dimension is CAMPAIGN:
        raise ValueError("campaigns are strata, so that no two of them have calls alike; right would be executives")
    period = resolve_period(connection, filters, calendar)
    groups = totals_by(connection, filters, calendar, dimension)
    cells = _cells(connection, filters, calendar, dimension)
    weights: dict[Stratum, int] = defaultdict(int)
    for of_group in cells.values():
        for stratum, (n, _, _) in of_group.items():
            weights[stratum] += n
    rows = [_row(group.named, group.sums, cells.get(group.named, {}), weights) for group in groups]
    rows.sort(key=lambda row: (row.adjusted is None, *_descending(row), id_order(row.named)))
    return StandardizedScores(period, MeasureTotals.total(group.sums for group in groups), tuple(rows))


def _descending(row: StandardizedRow) -> tuple[float, Fraction]:
    """Return what to sort rows by, the highest first: exact, but compared as fractions only where need be."""
    mean = row.adjusted or Fraction()
    return -float(mean), -mean


def _cells(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension
) -> Mapping[Member, Mapping[Stratum, Cell]]:
    """Return every group's scores by stratum; one scan of the facts."""
    facts = schema.evaluations
    keys = [fact_key(dimension.column), facts.c.campaign_key, facts.c.is_ai, _band(facts.c.duration_seconds)]
    asked = (
        sa.select(*keys, *aggregates(facts, ("scored", "score_sum", "score_square_sum")))
        .where(facts.c.state == State.Completed.value, facts.c.score.is_not(None))
        .where(*fact_conditions(filters, calendar))
        .group_by(*(sa.literal_column(str(place)) for place in range(1, len(keys) + 1)))
    )
    found: dict[int, dict[Stratum, Cell]] = defaultdict(dict)
    for key, campaign, is_ai, band, n, total, squares in connection.execute(asked).fetchall():
        found[key][campaign, is_ai, band] = (int(n), int(total), int(squares))
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
    named: Member, sums: MeasureTotals, cells: Mapping[Stratum, Cell], weights: Mapping[Stratum, int]
) -> StandardizedRow:
    whole = sum(weights.values())
    if not cells:
        return StandardizedRow(named, sums, None, None, Fraction(), Fraction())
    weight = sum(weights[stratum] for stratum in cells)
    thin = sum(weights[stratum] for stratum, (n, _, _) in cells.items() if n < ENOUGH_IN_CELL)
    # Added up as whole numbers, over a denominator that all cells share: fractions are slow.
    shared = math.lcm(*(n for n, _, _ in cells.values()))
    added = sum(weights[stratum] * total * (shared // n) for stratum, (n, total, _) in cells.items())
    mean = Fraction(added, shared * weight * SCORE_SCALE)
    weighted = [(weights[stratum], *cell) for stratum, cell in cells.items()]
    interval = intervals.standardized_interval(weighted, SCORE_SCALE)
    return StandardizedRow(named, sums, mean, interval, Fraction(weight, whole), Fraction(thin, weight))
