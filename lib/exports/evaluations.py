"""The export of evaluations: one row each, all canonical columns, streamed from the store in batches."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib import schema
from lib.analytics.calendar import Calendar
from lib.analytics.columns import COLUMNS
from lib.analytics.dimensions import DIMENSIONS
from lib.analytics.filters import Filters
from lib.analytics.selection import fact_conditions, period_in_force
from lib.analytics.zones import Zones
from lib.codes import SCORE_SCALE, Sentiment, State
from lib.database import stream_batches
from lib.exports.tables import Field

FIELDS = tuple(
    Field(
        name,
        {"audioDate": "instant", "createdAt": "instant", "averageNote": "score", "durationInSeconds": "seconds"}.get(
            name, "text"
        ),
    )
    for name in COLUMNS
)

_STREAMED = pa.schema(
    [
        ("id", pa.string()),
        ("audioDate", pa.timestamp("us")),
        ("state", pa.int16()),
        ("sentiment", pa.int16()),
        ("averageNote", pa.int32()),
        ("durationInSeconds", pa.int32()),
        ("isAICall", pa.bool_()),
        *((name, pa.string()) for dimension in DIMENSIONS for name in (dimension.parameter, dimension.name_field)),
        ("audioFileName", pa.string()),
        ("createdAt", pa.timestamp("us")),
    ]
)
EXPORTED = pa.schema(
    [
        pa.field(
            field.name,
            {"state": pa.string(), "sentiment": pa.string(), "averageNote": pa.float64()}.get(field.name, field.type),
        )
        for field in _STREAMED
    ]
)
"""What a batch looks like on its way to a file: instants are wall-clock times of the zone asked for."""


def count(connection: Connection, filters: Filters, calendar: Calendar) -> int:
    """Return how many evaluations the selection has."""
    where = fact_conditions(filters, calendar, period_in_force(connection, filters, calendar))
    total: int = connection.execute(
        sa.select(sa.func.count()).select_from(schema.evaluations).where(*where)
    ).scalar_one()
    return total


def stream(connection: Connection, filters: Filters, calendar: Calendar) -> Iterator[pa.RecordBatch]:
    """Yield the selection's evaluations in batches of the shape EXPORTED, with two more columns: the offsets from UTC,
    in seconds, of audioDate and createdAt.
    """  # noqa: D205
    facts = schema.evaluations
    where = fact_conditions(filters, calendar, period_in_force(connection, filters, calendar))
    joined: sa.FromClause = facts
    named: list[sa.ColumnElement[str]] = []
    for dimension in DIMENSIONS:
        names = dimension.table
        joined = joined.join(names, names.c.key == facts.c[dimension.column])
        named += [names.c.id, names.c.name]
    columns = (
        facts.c.id,
        facts.c.audio_at,
        facts.c.state,
        facts.c.sentiment,
        facts.c.score,
        facts.c.duration_seconds,
        facts.c.is_ai,
        *named,
        facts.c.audio_file_name,
        facts.c.created_at,
    )
    labelled = [column.label(f"c{number}") for number, column in enumerate(columns)]
    zone = filters.zone(calendar.zone)
    zones = Zones(ZoneInfo("UTC"), zone)
    query = sa.select(*labelled).select_from(joined).where(*where)
    for batch in stream_batches(connection, query, _STREAMED):
        yield _readable(batch, zones)


def _readable(batch: pa.RecordBatch, zones: Zones) -> pa.RecordBatch:
    states = pa.array([None, *(member.name for member in State)])
    sentiments = pa.array([None, *(member.name for member in Sentiment)])
    columns: list[pa.Array] = []
    offsets: list[pa.Array] = []
    for field, column in zip(_STREAMED, batch.columns, strict=True):
        if field.name == "state":
            column = states.take(column)
        elif field.name == "sentiment":
            column = sentiments.take(column)
        elif field.name == "averageNote":
            column = pc.divide(column.cast(pa.float64()), float(SCORE_SCALE))
        elif pa.types.is_timestamp(field.type):
            missing = pc.is_null(column).to_numpy(zero_copy_only=False)
            utc = column.cast(pa.int64()).fill_null(0).to_numpy()
            offset = zones.offsets(utc)
            column = pa.array(utc + offset, pa.int64(), mask=missing).cast(pa.timestamp("us"))
            offsets.append(pa.array((offset // 1_000_000).astype(np.int32)))
        columns.append(column)
    return pa.RecordBatch.from_arrays([*columns, *offsets], names=[*EXPORTED.names, "audioOffset", "createdOffset"])
