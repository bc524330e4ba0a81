"""How evaluators work: how many evaluations each makes, how often with full marks, and how long after the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import Grouping

from lib.analytics.archived_months import with_archived_rows
from lib.analytics.calendar import Calendar
from lib.analytics.conditions import fact_conditions, fact_key
from lib.analytics.members import member_names
from lib.analytics.query import Filters
from lib.analytics.sources import first_and_last
from lib.analytics.sql_time import local_day
from lib.catalog.dimensions import EVALUATOR, Member
from lib.statistics.clusters import ClusterSpread, cluster_spreads
from lib.statistics.shares import interval_by_days
from lib.store.bulk_io import read_numbers
from lib.store.enums import SCORE_SCALE, State

_MOST_POINTS = 10 * SCORE_SCALE
_PART_BITS = 10  # parts are of 1,024 seconds
_FIRST_TWO: tuple[sa.ColumnElement[Any], ...] = (sa.literal_column("1"), sa.literal_column("2"))

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grading:
    """The scores of a selection, those with full marks, and the median of the seconds from a call to its evaluation.

    `timed` is how many evaluations have a time that is not before the call; the median is None without any. `days` say
    how the days of the scores spread around the share of full marks; None where they are of one day alone.
    """

    scored: int
    full_marks: int
    timed: int
    median_seconds: int | None
    days: ClusterSpread | None = field(default=None, compare=False)

    @property
    def full_marks_share(self) -> float | None:
        """The share of scores that are full marks, 0 to 1; None without a score."""
        return self.full_marks / self.scored if self.scored else None

    @property
    def full_marks_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of that share; None where all scores are full marks, or none is."""
        return interval_by_days((self.full_marks, self.scored), self.days)


@dataclass(frozen=True, slots=True)
class GradingByEvaluator:
    """How the whole selection was graded, and how by each evaluator."""

    total: Grading
    evaluators: Mapping[Member, Grading]


def grading(connection: Connection, filters: Filters, calendar: Calendar) -> GradingByEvaluator:
    """Return how a selection was graded, in all and by evaluator; it reads the facts."""
    filters = with_archived_rows(connection, filters, calendar)
    facts = filters.catalog.evaluations
    completed = facts.c.state == State.Completed.value
    marks = (
        sa.func.count(sa.case((completed, facts.c.score))),
        sa.func.count(sa.case((sa.and_(completed, facts.c.score == _MOST_POINTS), 1))),
    )
    where = fact_conditions(filters, calendar)
    day: sa.ColumnElement[Any] = facts.c.day
    if filters.timezone is not None:
        ends = (end or datetime.now(UTC) for end in first_and_last(connection, filters))
        day = local_day(facts.c.audio_at, filters.zone(calendar.zone), *ends).label("day")
    key = fact_key(facts, EVALUATOR.column)
    gradings = _marks(connection, sa.select(key, day, *marks).where(*where).group_by(*_FIRST_TWO))
    is_timed = sa.and_(completed, facts.c.evaluated_at >= facts.c.audio_at)
    seconds = sa.cast(sa.func.floor(sa.func.date_part("epoch", facts.c.evaluated_at - facts.c.audio_at)), sa.BigInteger)
    for number, (timed, median) in _medians(connection, key, seconds, [*where, is_timed]).items():
        gradings[number] = replace(gradings[number], timed=timed, median_seconds=median)
    total = gradings.pop(None)
    names = member_names(connection, EVALUATOR, {number for number in gradings if number is not None})
    return GradingByEvaluator(total, {names[number]: each for number, each in gradings.items() if number is not None})


def _marks(connection: Connection, by_day: sa.Select[Any]) -> dict[int | None, Grading]:
    """Return the scores, and how their days spread, of each evaluator's key and, without one, of the whole."""
    keys, days, scored, full_marks = read_numbers(connection, by_day, {})
    if not len(keys):
        return {None: Grading(0, 0, 0, None)}
    of_keys, groups = np.unique(keys, return_inverse=True)
    shape = len(of_keys) + 1, int(days.max() - days.min()) + 1
    places = np.concatenate([groups, np.full(len(keys), len(of_keys))])  # each day counts for the whole, too
    cells = places * shape[1] + np.tile(days - days.min(), 2)
    counts = np.tile(scored, 2), np.tile(full_marks, 2)
    spreads = cluster_spreads(cells, shape, *counts)
    sums = (np.bincount(places, each).astype(np.int64).tolist() for each in counts)
    gradings = (Grading(n, full, 0, None, spread) for n, full, spread in zip(*sums, spreads, strict=True))
    return dict(zip([*of_keys.tolist(), None], gradings, strict=True))


def _medians(
    connection: Connection,
    key: sa.ColumnElement[int],
    seconds: sa.ColumnElement[int],
    where: Sequence[sa.ColumnElement[bool]],
) -> dict[int | None, tuple[int, int]]:
    """Return how many seconds there are, and their median, by key and, without one, of all; of two the lower one.

    They are counted by parts of a quarter of an hour, and then each in those parts in which medians lie: engines take
    ten times as long to put all of them into order.
    """
    part = seconds.bitwise_rshift(sa.literal(_PART_BITS, sa.Integer))  # a division takes half as long again
    parts = _counted(connection, key, part, where)
    middles = {number: _at_rank(*each, (int(each[1].sum()) + 1) // 2) for number, each in parts.items()}
    if not middles:
        return {}
    of_keys = [middles.get(number, (-1, 0))[0] for number in range(1 + max(filter(None, middles), default=0))]
    own_part = Grouping(sa.literal(of_keys, sa.ARRAY(sa.BigInteger)))[key + 1]
    near = _counted(connection, key, seconds, [*where, sa.or_(part == own_part, part == middles[None][0])])
    medians = {}
    for number, (middle, rank) in middles.items():
        values, counts = near[number]
        is_within = values >> _PART_BITS == middle
        median, _ = _at_rank(values[is_within], counts[is_within], rank)
        medians[number] = int(parts[number][1].sum()), median
    return medians


def _counted(
    connection: Connection,
    key: sa.ColumnElement[int],
    value: sa.ColumnElement[int],
    where: Sequence[sa.ColumnElement[bool]],
) -> dict[int | None, tuple[Numbers, Numbers]]:
    """Return the different values in order, and how often each is there, by key and, without one, of all."""
    selected: list[sa.ColumnElement[Any]] = [key.label("key"), value.label("value"), sa.func.count().label("n")]
    columns = read_numbers(connection, sa.select(*selected).where(*where).group_by(*_FIRST_TWO), {})
    if not len(columns[0]):
        return {}
    order = np.lexsort((columns[1], columns[0]))
    keys, values, counts = (each[order] for each in columns)
    of_keys, firsts = np.unique(keys, return_index=True)
    parts = zip(np.split(values, firsts[1:]), np.split(counts, firsts[1:]), strict=True)
    by_key: dict[int | None, tuple[Numbers, Numbers]] = dict(zip(of_keys.tolist(), parts, strict=True))
    of_all, places = np.unique(values, return_inverse=True)
    by_key[None] = of_all, np.bincount(places, counts).astype(np.int64)
    return by_key


def _at_rank(values: Numbers, counts: Numbers, rank: int) -> tuple[int, int]:
    """Return the value at a rank, from 1, of values in order, and its rank among those that are equal."""
    reached = np.cumsum(counts)
    place = int(np.searchsorted(reached, rank))
    return int(values[place]), rank - (int(reached[place - 1]) if place else 0)
