"""How evaluators work: how many evaluations each makes, how often with full marks, and how long after the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

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
_FIRST_TWO: tuple[sa.ColumnElement[Any], ...] = (sa.literal_column("1"), sa.literal_column("2"))


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
    is_timed = sa.and_(completed, facts.c.evaluated_at >= facts.c.audio_at)
    seconds = sa.case((is_timed, sa.func.floor(sa.extract("epoch", facts.c.evaluated_at - facts.c.audio_at))))
    marks = (
        sa.func.count(sa.case((completed, facts.c.score))),
        sa.func.count(sa.case((sa.and_(completed, facts.c.score == _MOST_POINTS), 1))),
    )
    figures = (
        *marks,
        sa.func.count(sa.case((is_timed, 1))),
        sa.func.percentile_disc(0.5).within_group(seconds.asc()),
    )
    where = fact_conditions(filters, calendar)
    whole = connection.execute(sa.select(*figures).where(*where)).one()
    rows = connection.execute(sa.select(facts.c.evaluator_key, *figures).where(*where).group_by(facts.c.evaluator_key))
    by_key = {key: _grading(*values) for key, *values in rows.fetchall()}
    names = member_names(connection, EVALUATOR, set(by_key))
    day: sa.ColumnElement[Any] = facts.c.day
    if filters.timezone is not None:
        ends = (end or datetime.now(UTC) for end in first_and_last(connection, filters))
        day = local_day(facts.c.audio_at, filters.zone(calendar.zone), *ends).label("day")
    days = _days(
        connection, sa.select(fact_key(facts, EVALUATOR.column), day, *marks).where(*where).group_by(*_FIRST_TWO)
    )
    evaluators = {names[key]: replace(each, days=days.get(key)) for key, each in by_key.items()}
    return GradingByEvaluator(replace(_grading(*whole), days=days.get(None)), evaluators)


def _days(connection: Connection, marks_by_day: sa.Select[Any]) -> dict[int | None, ClusterSpread | None]:
    """Return how days spread around the share of full marks, of each evaluator's key and, without one, of the whole."""
    keys, days, scored, full_marks = read_numbers(connection, marks_by_day, {})
    if not len(keys):
        return {}
    of_keys, groups = np.unique(keys, return_inverse=True)
    shape = len(of_keys) + 1, int(days.max() - days.min()) + 1
    places = np.concatenate([groups, np.full(len(keys), len(of_keys))])  # each day counts for the whole, too
    cells = places * shape[1] + np.tile(days - days.min(), 2)
    spreads = cluster_spreads(cells, shape, np.tile(scored, 2), np.tile(full_marks, 2))
    return dict(zip([*of_keys.tolist(), None], spreads, strict=True))


def _grading(scored: int, full_marks: int, timed: int, median: float | None) -> Grading:
    return Grading(int(scored), int(full_marks), int(timed), None if median is None else int(median))
