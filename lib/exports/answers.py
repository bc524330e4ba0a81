"""The export of answers to criteria: one row each, in the columns that `callboard import --answers` reads."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import with_archived_rows
from lib.analytics.calendar import Calendar
from lib.analytics.conditions import fact_conditions
from lib.analytics.query import Filters
from lib.exports.evaluations import EvaluationExport
from lib.exports.sql_texts import escape_formula, number_text
from lib.store.enums import OWN_SCALE
from lib.store.schema import criteria

_SHAPE = pa.schema(
    [
        ("evaluationId", pa.string()),
        ("criterion", pa.string()),
        ("section", pa.string()),
        ("form", pa.string()),
        ("points", pa.float64()),
        ("maxPoints", pa.float64()),
        ("notApplicable", pa.bool_()),
        ("critical", pa.bool_()),
        ("comment", pa.string()),
    ]
)


def answer_export(connection: Connection, filters: Filters, calendar: Calendar) -> EvaluationExport:
    """Return what an export of the answers of the filters' evaluations holds."""
    filters = with_archived_rows(connection, filters, calendar, answers=True)
    facts, answers = filters.catalog.evaluations, filters.catalog.answers
    source = facts.join(answers, answers.c.answer_set == facts.c.answer_set)
    where = fact_conditions(filters, calendar)
    rows = connection.execute(sa.select(sa.func.count()).select_from(source).where(*where)).scalar_one()
    named = source.join(criteria, criteria.c.key == answers.c.criterion_key)
    head = [escape_formula(each) for each in (facts.c.id, criteria.c.name, criteria.c.section, criteria.c.form)]
    points, most, comment = answers.c.points, answers.c.max_points, escape_formula(answers.c.comment)
    flags = points.is_(None), answers.c.critical
    scale: sa.ColumnElement[float] = sa.literal_column(f"{OWN_SCALE}.0")
    texts: list[sa.ColumnElement[Any]] = [
        *head,
        *map(number_text, (points, most)),
        *(sa.case((flag, sa.literal("true")), else_=sa.literal("false")) for flag in flags),
        comment,
    ]
    values: list[sa.ColumnElement[Any]] = [
        *head,
        *(sa.cast(each, sa.Double) / scale for each in (points, most)),
        *flags,
        comment,
    ]
    text_rows, value_rows = (
        sa.select(*(each.label(field.name) for each, field in zip(columns, _SHAPE, strict=True)))
        .select_from(named)
        .where(*where)
        .order_by(facts.c.audio_at, facts.c.id, answers.c.criterion_key)
        for columns in (texts, values)
    )
    return EvaluationExport(rows, _SHAPE, text_rows, value_rows)
