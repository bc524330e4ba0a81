"""The rows that the answers to criteria make of evaluations: what a row's evaluation has, and what the answer has."""

from __future__ import annotations

import sqlalchemy as sa

_OF_EVALUATION = ("day", "state", "score", "answers_points", "answers_max", "critical_failed")
"""The columns of its evaluation that an answer's measures need."""

_OF_ANSWER = ("criterion_key", "points", "max_points", "critical", "share", "lost")


def answer_rows(evaluations: sa.FromClause, answers: sa.Table, *keys: str) -> sa.Subquery:
    """Return the answers of evaluations, a row each: what measures need, and keys, of the evaluation or the answer."""
    of_evaluation = (*_OF_EVALUATION, *(key for key in keys if key not in answers.c))
    return (
        sa.select(*(evaluations.c[name] for name in of_evaluation), *(answers.c[name] for name in _OF_ANSWER))
        .join(answers, answers.c.answer_set == evaluations.c.answer_set)
        .subquery("answer_rows")
    )
