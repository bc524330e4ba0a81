"""Which criteria moved the score: the change of an average score as a sum of parts, one for each criterion.

A score that is made of the answers is 10 less what each of them lost, (max − points) ÷ the sum of max, times 10, and
less what a critical criterion took that made it 0. Whatever else there is, as of scores that are not made so, is the
rest. The means of these over the scored evaluations of a selection add up to its average score, so that their changes
add up to its change, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.criteria import criteria_by_key
from lib.analytics.planner import source as source_of
from lib.analytics.query import Filters
from lib.catalog.criteria import CRITERION, Criterion
from lib.catalog.measures import sums
from lib.store.enums import SCORE_SCALE, SHARE_SCALE

_BEST = 10

_OF_SCORES = ("scored", "score_sum")
_OF_SCORECARDS = ("made_of_answers", "critical_loss_sum")


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """How the average score of a selection differs from another's, in points; parts, critical and rest add up to it.

    `before` and `now` are the averages, and `made_of_answers` the shares of their scores that are made of answers.
    Parts are of the criteria that either has, those that took most away first.
    """

    before: Fraction
    now: Fraction
    parts: tuple[tuple[Criterion, Fraction], ...]
    critical: Fraction  # of critical criteria that made scores 0
    rest: Fraction
    made_of_answers: tuple[Fraction, Fraction]

    @property
    def change(self) -> Fraction:
        """What all of it adds up to."""
        return self.now - self.before


@dataclass(frozen=True, slots=True)
class _Side:
    scored: int
    average: Fraction
    lost: dict[int, Fraction]  # by the criterion's key, in points of the average
    critical: Fraction
    made_of_answers: Fraction

    @property
    def rest(self) -> Fraction:
        """What the average is beside 10 and what was lost."""
        return self.average - _BEST + sum(self.lost.values(), Fraction(0)) + self.critical


def score_parts(connection: Connection, filters: Filters, compared: Filters, calendar: Calendar) -> ScoreParts | None:
    """Return how criteria moved the average score from `compared` to `filters`; None where either has no score."""
    before, now = (_side(connection, each, calendar) for each in (compared, filters))
    if before is None or now is None:
        return None
    none = Fraction(0)
    changes = {
        criterion: before.lost.get(key, none) - now.lost.get(key, none)
        for key, criterion in criteria_by_key(connection).items()
        if key in before.lost or key in now.lost
    }
    ordered = sorted(changes.items(), key=lambda part: part[1])  # ties in the order of the scorecards
    return ScoreParts(
        before.average,
        now.average,
        tuple(ordered),
        before.critical - now.critical,
        now.rest - before.rest,
        (before.made_of_answers, now.made_of_answers),
    )


def _side(connection: Connection, filters: Filters, calendar: Calendar) -> _Side | None:
    scored, score_sum = _totals(connection, filters, calendar, _OF_SCORES)
    if not scored:
        return None
    made, critical = _totals(connection, filters, calendar, _OF_SCORECARDS)
    answers = source_of(connection, filters, calendar, (CRITERION.column,), ("lost_sum",))
    key = answers.rows.c[CRITERION.column]
    lost = connection.execute(sa.select(key, *sums(answers.rows, ("lost_sum",))).group_by(key), answers.values)
    share = SHARE_SCALE * scored
    return _Side(
        scored,
        Fraction(score_sum, SCORE_SCALE * scored),
        {key: Fraction(_BEST * int(each or 0), share) for key, each in lost},
        Fraction(_BEST * critical, share),
        Fraction(made, scored),
    )


def _totals(connection: Connection, filters: Filters, calendar: Calendar, measures: tuple[str, ...]) -> list[int]:
    """Return the sums of measures that one rollup has; together the two kinds would be read from the facts."""
    whole = source_of(connection, filters, calendar, (), measures)
    row = connection.execute(sa.select(*sums(whole.rows, measures)), whole.values).one()
    return [int(value or 0) for value in row]
