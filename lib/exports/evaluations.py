"""The export of evaluations: one row each, all canonical columns, written in the store's own SQL.

A file's text is made where the rows are: the engine formats a million rows in the time that it takes to hand them over.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import with_archived_rows
from lib.analytics.calendar import Calendar
from lib.analytics.conditions import fact_conditions
from lib.analytics.query import Filters
from lib.analytics.sql_time import local_iso, local_time
from lib.catalog.catalog import Catalog
from lib.catalog.fields import PLAIN_FIELDS, FieldType
from lib.exports.sql_texts import escape_formula, number_text
from lib.store.bulk_io import stream_batches
from lib.store.enums import OWN_SCALE, SCORE_SCALE, YES, Sentiment, State

_TYPES = {
    FieldType.INSTANT: pa.timestamp("us"),
    FieldType.SCORE: pa.float64(),
    FieldType.SECONDS: pa.int32(),
    FieldType.FLAG: pa.bool_(),
    FieldType.NUMBER: pa.float64(),
    FieldType.YES_NO: pa.bool_(),
}
_TEXTS = (FieldType.TEXT, FieldType.REMARK)


@dataclass(frozen=True, slots=True)
class EvaluationExport:
    """What to export of evaluations, as SQL: how many rows there are, and their columns as texts or as typed values.

    `shape` is what a batch looks like on its way to a workbook: instants are wall-clock times of the zone asked for.
    """

    rows: int
    shape: pa.Schema
    texts: sa.Select[Any]
    values: sa.Select[Any]

    def batches(self, connection: Connection) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches of their shape."""
        return stream_batches(connection, self.values, self.shape)


def evaluation_export(connection: Connection, filters: Filters, calendar: Calendar) -> EvaluationExport:
    """Return what an export of the filters' evaluations holds."""
    filters = with_archived_rows(connection, filters, calendar)
    facts = filters.catalog.evaluations
    where = fact_conditions(filters, calendar)
    held = (*PLAIN_FIELDS, *filters.catalog.own_values)
    instants = [facts.c[field.column] for field in held if field.kind is FieldType.INSTANT]
    ends = [end(instant) for instant in instants for end in (sa.func.min, sa.func.max)]
    rows, *found = connection.execute(sa.select(sa.func.count(), *ends).select_from(facts).where(*where)).one()
    known: list[datetime] = [moment for moment in found if moment is not None] or [datetime.now(UTC)]
    zone = filters.zone(calendar.zone)
    fields = filters.catalog.fields
    shape = pa.schema([(field.name, _TYPES.get(field.kind, pa.string())) for field in fields.values()])
    source, columns = _columns(filters.catalog)
    texts, values = [], []
    for name, column in columns.items():
        text, value = _written(fields[name].kind, column, zone, min(known), max(known))
        texts.append(text.label(name))
        values.append(value.label(name))
    text_rows, value_rows = (sa.select(*each).select_from(source).where(*where) for each in (texts, values))
    return EvaluationExport(rows, shape, text_rows, value_rows)


def _columns(catalog: Catalog) -> tuple[sa.FromClause, dict[str, sa.ColumnElement[Any]]]:
    """Return the facts with their names beside them, and the canonical columns in it."""
    facts = catalog.evaluations
    held = (*PLAIN_FIELDS, *catalog.own_values)
    found: dict[str, sa.ColumnElement[Any]] = {field.name: facts.c[field.column] for field in held}
    source: sa.FromClause = facts
    for dimension in catalog.stored_dimensions:
        table = dimension.table.c
        # Made harmless before they are joined: a thousand names, not a million rows.
        names = sa.select(
            table.key, escape_formula(table.id).label("id"), escape_formula(table.name).label("name")
        ).subquery()
        source = source.join(names, names.c.key == facts.c[dimension.column])
        found[dimension.name_field], found[dimension.parameter] = names.c.name, names.c.id
    found |= {each.name: escape_formula(found[each.name]) for each in held if each.kind in _TEXTS}
    return source, {name: found[name] for name in catalog.fields}


def _written(
    kind: FieldType, column: sa.ColumnElement[Any], zone: ZoneInfo, first: datetime, last: datetime
) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """Return a column as a CSV has it, and as a workbook has it."""
    if kind is FieldType.INSTANT:
        return local_iso(column, zone, first, last), sa.type_coerce(local_time(column, zone, first, last), sa.DateTime)
    if kind is FieldType.SCORE:
        points = sa.cast(column, sa.Double) / sa.literal_column(f"{SCORE_SCALE}.0")
        whole = column % sa.literal_column(str(SCORE_SCALE)) == sa.literal_column("0")
        # One engine would write 7 points as 7, the other as 7.0.
        return sa.case((whole, sa.cast(sa.cast(points, sa.Integer), sa.Text)), else_=sa.cast(points, sa.Text)), points
    if kind is FieldType.NUMBER:
        return number_text(column), sa.cast(column, sa.Double) / sa.literal_column(f"{OWN_SCALE}.0")
    if kind is FieldType.YES_NO:
        is_yes = column == YES
        texts = (is_yes, sa.literal("true")), (column.is_not(None), sa.literal("false"))
        return sa.case(*texts), is_yes
    if kind is FieldType.FLAG:
        return sa.case((column, sa.literal("true")), else_=sa.literal("false")), column
    if kind in (FieldType.STATE, FieldType.SENTIMENT):
        codes: type[enum.IntEnum] = State if kind is FieldType.STATE else Sentiment
        text = sa.case(*((column == code.value, sa.literal(code.name)) for code in codes))
        return text, text
    return column, column
