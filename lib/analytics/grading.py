"""How evaluators work: how many evaluations each makes, how often with full marks, and how long after the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.conditions import fact_conditions
from lib.analytics.members import member_names
from lib.analytics.query import Filters
from lib.catalog.dimensions import EVALUATOR, Member
from lib.statistics import intervals
from lib.store.enums import SCORE_SCALE, State

_MOST_POINTS = 10 * SCORE_SCALE


@dataclass(frozen=True, slots=True)
class Grading:
    """The scores of a selection, those with full marks, and the median of the seconds from a call to its evaluation.

    `timed` is how many evaluations have a time that is not before the call; the median is None without any.
    """

    scored: int
    full_marks: int
    timed: int
    median_seconds: int | None

    @property
    def full_marks_share(self) -> float | None:
        """The share of scores that are full marks, 0 to 1; None without a score."""
        return self.full_marks / self.scored if self.scored else None

    @property
    def full_marks_interval(self) -> tuple[float, float] | None:
        """Wilson's interval (95 %) of that share."""
        return intervals.share_interval(self.full_marks, self.scored)


@dataclass(frozen=True, slots=True)
class GradingByEvaluator:
    """How the whole selection was graded, and how by each evaluator."""

    total: Grading
    evaluators: Mapping[Member, Grading]


def grading(connection: Connection, filters: Filters, calendar: Calendar) -> GradingByEvaluator:
    """Return how a selection was graded, in all and by evaluator; it reads the facts."""
    facts = filters.catalog.evaluations
    completed = facts.c.state == State.Completed.value
    is_timed = sa.and_(completed, facts.c.evaluated_at >= facts.c.audio_at)
    seconds = sa.case((is_timed, sa.func.floor(sa.extract("epoch", facts.c.evaluated_at - facts.c.audio_at))))
    figures = (
        sa.func.count(sa.case((completed, facts.c.score))),
        sa.func.count(sa.case((sa.and_(completed, facts.c.score == _MOST_POINTS), 1))),
        sa.func.count(sa.case((is_timed, 1))),
        sa.func.percentile_disc(0.5).within_group(seconds.asc()),
    )
    where = fact_conditions(filters, calendar)
    whole = connection.execute(sa.select(*figures).where(*where)).one()
    rows = connection.execute(sa.select(facts.c.evaluator_key, *figures).where(*where).group_by(facts.c.evaluator_key))
    by_key = {key: _grading(*values) for key, *values in rows.fetchall()}
    names = member_names(connection, EVALUATOR, set(by_key))
    return GradingByEvaluator(_grading(*whole), {names[key]: each for key, each in by_key.items()})


def _grading(scored: int, full_marks: int, timed: int, median: float | None) -> Grading:
    return Grading(int(scored), int(full_marks), int(timed), None if median is None else int(median))
