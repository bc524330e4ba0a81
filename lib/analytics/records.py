"""The evaluations themselves: one page of them, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.conditions import fact_conditions
from lib.analytics.planner import ResolvedPeriod, member_names, resolve_period
from lib.analytics.query import Filters
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Member
from lib.store import enums, schema
from lib.store.enums import Sentiment, State


@dataclass(frozen=True, slots=True)
class Record:
    """One evaluation as it is kept. The score is exact, in points."""

    id: str
    audio_at: datetime
    state: State
    sentiment: Sentiment | None
    score: float | None
    duration_seconds: int | None
    is_ai: bool
    members: Mapping[str, Member]  # what it belongs to, by dimension
    audio_file_name: str | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Records:
    """One page of evaluations, newest first; ties by id."""

    period: ResolvedPeriod
    records: tuple[Record, ...]
    total_count: int
    page: int
    page_size: int


def records(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    page: int = 1,
    page_size: int = 100,
) -> Records:
    """Return one page of the selection's evaluations, newest first, ties by id; how many there are in all."""
    period = resolve_period(connection, filters, calendar)
    facts = schema.evaluations
    where = fact_conditions(filters, calendar)
    total = connection.execute(sa.select(sa.func.count()).select_from(facts).where(*where)).scalar_one()
    chosen = (
        sa.select(facts)
        .where(*where)
        .order_by(facts.c.audio_at.desc(), facts.c.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    rows = connection.execute(chosen).all()
    names = {
        dimension.name: member_names(connection, dimension, {row._mapping[dimension.column] for row in rows})
        for dimension in filters.catalog.dimensions
    }
    return Records(period, tuple(_record(row._mapping, names, filters.catalog) for row in rows), total, page, page_size)


def _record(row: sa.RowMapping, names: Mapping[str, Mapping[int, Member]], catalog: Catalog) -> Record:
    return Record(
        id=row["id"],
        audio_at=row["audio_at"],
        state=State(row["state"]),
        sentiment=None if row["sentiment"] is None else Sentiment(row["sentiment"]),
        score=None if row["score"] is None else row["score"] / enums.SCORE_SCALE,
        duration_seconds=row["duration_seconds"],
        is_ai=row["is_ai"],
        members={each.name: names[each.name][row[each.column]] for each in catalog.dimensions},
        audio_file_name=row["audio_file_name"],
        created_at=row["created_at"],
    )
