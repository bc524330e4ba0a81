"""What is counted and summed of answers to criteria, declared once, and the rows that answers make of evaluations.

An answer's row has what its evaluation has and what the answer has. Like the measures of evaluations, these are
additive whole numbers; shares are in 1/SHARE_SCALE.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from lib.catalog.measures import Columns, Measure, is_scored
from lib.store import schema

SHARE_SCALE = 1_000_000_000
"""Shares of points are summed in parts of one; an answer's is rounded to that."""


def _has_points(a: Columns) -> sa.ColumnElement[bool]:
    points: sa.ColumnElement[int] = a.points
    return points.is_not(None)


def _quotient(dividend: sa.ColumnElement[int], divisor: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return a quotient of whole numbers, rounded half up; the dividend is not negative, and the divisor positive.

    What does not divide is taken away first, so that both engines' divisions are exact. Neither may be beyond 4e18.
    """
    twice = dividend * 2 + divisor
    return sa.cast((twice - twice % (divisor * 2)) // (divisor * 2), sa.BigInteger)


def _long(number: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.cast(number, sa.BigInteger)


def _share(a: Columns) -> sa.ColumnElement[int]:
    return _quotient(_long(a.points) * SHARE_SCALE, _long(a.max_points))


def _share_square(a: Columns) -> sa.ColumnElement[int]:
    share = _share(a)
    return _quotient(share * share, _long(sa.literal_column(str(SHARE_SCALE))))


def _lost(a: Columns) -> sa.ColumnElement[int]:
    return _quotient(_long(a.max_points - a.points) * SHARE_SCALE, _long(a.answers_max))


def _makes_score(a: Columns) -> sa.ColumnElement[bool]:
    return sa.and_(is_scored(a), _has_points(a), a.answers_max > 0)


ANSWER_MEASURES: Mapping[str, Measure] = {
    each.name: each
    for each in (
        Measure("answered", _has_points),
        Measure("not_applicable", lambda a: a.points.is_(None)),
        Measure("full_marks", lambda a: a.points == a.max_points),
        Measure("without_points", lambda a: a.points == 0),
        Measure("critical_fails", lambda a: sa.and_(a.points == 0, a.critical)),
        Measure("share_sum", _has_points, _share),
        Measure("share_square_sum", _has_points, _share_square),
        # Of the score that the answer's evaluation could have, how much its missing points took.
        Measure("lost_sum", _makes_score, _lost),
    )
}
"""All measures of answers, by name."""

OF_EVALUATION = ("day", "state", "score", "answers_max")
"""The columns of its evaluation that an answer's measures need."""


def answer_rows(evaluations: sa.FromClause, *keys: str) -> sa.Subquery:
    """Return the answers of evaluations, a row each: what measures need, and keys, of the evaluation or the answer."""
    answers = schema.answers
    of_evaluation = (*OF_EVALUATION, *(key for key in keys if key not in answers.c))
    of_answer = ("criterion_key", "points", "max_points", "critical")
    return (
        sa.select(*(evaluations.c[name] for name in of_evaluation), *(answers.c[name] for name in of_answer))
        .join(answers, answers.c.answer_set == evaluations.c.answer_set)
        .subquery("answer_rows")
    )
