"""The evaluations themselves: one of them, or a page of those that match what is looked for, in an order."""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import (
    archived_months,
    asks_answers,
    months_of_ids,
    with_archived_rows,
    with_months,
)
from lib.analytics.calendar import Calendar
from lib.analytics.conditions import fact_conditions, grant_conditions
from lib.analytics.grants import Grant
from lib.analytics.heatmap import weekday_and_hour
from lib.analytics.members import member_names
from lib.analytics.planner import ResolvedPeriod, needs_facts, resolve_period
from lib.analytics.planner import source as source_of
from lib.analytics.query import Filters
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import EXECUTIVE, Member
from lib.catalog.measures import sums
from lib.catalog.own_fields import OwnFieldType
from lib.store import enums
from lib.store.archived_rows import IS_ARCHIVED
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
    evaluated_at: datetime | None
    recording_url: str | None
    own: Mapping[str, Any] = field(default_factory=dict)  # own fields that are no category, by column, as they are kept
    answer_set: int | None = None  # what its answers to criteria are kept under; None where it has none
    is_archived: bool = False

    @property
    def archived_id(self) -> str | None:
        """Its id where it is archived, by which its answers are found."""
        return self.id if self.is_archived else None


@dataclass(frozen=True, slots=True)
class Records:
    """One page of evaluations, from 1."""

    period: ResolvedPeriod
    records: tuple[Record, ...]
    total_count: int
    page: int
    page_size: int


class RecordOrder(enum.Enum):
    """In what order evaluations come; those without the number or name come last. Ties: the newest first, then by id.

    The values are those of `sort` in URLs and the API, `-` for the largest first.
    """

    NEWEST = "-audioDate"
    OLDEST = "audioDate"
    LOWEST_SCORE = "averageNote"
    HIGHEST_SCORE = "-averageNote"
    LONGEST = "-durationInSeconds"
    SHORTEST = "durationInSeconds"
    EXECUTIVE = "executiveName"
    EXECUTIVE_BACKWARDS = "-executiveName"


@dataclass(frozen=True, slots=True)
class RecordMatch:
    """What evaluations of a selection are looked for: by the words of a text, a weekday and an hour of the wall clock.

    Each word must be held by the id, the executive's name, the recording's file name or a remark in an own field,
    without regard to case, and in names to accents. Weekdays are 1 for Monday to 7, hours 0 to 23; None and an empty
    text leave all.
    """

    text: str = ""
    weekday: int | None = None
    hour: int | None = None


def record(connection: Connection, filters: Filters, calendar: Calendar, id_: str) -> Record | None:
    """Return the evaluation of an id; None where the selection has none of that id."""
    catalog = with_months(connection, filters.catalog, months_of_ids(connection, [id_]), answers=asks_answers(filters))
    filters, facts = replace(filters, catalog=catalog), catalog.evaluations
    where = (*fact_conditions(filters, calendar), facts.c.id == id_)
    rows = connection.execute(sa.select(facts).where(*where)).all()
    return next(iter(_read(connection, rows, filters.catalog)), None)


def records(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    page: int = 1,
    page_size: int = 100,
    order: RecordOrder = RecordOrder.NEWEST,
    match: RecordMatch = RecordMatch(),
) -> Records:
    """Return one page of the selection's evaluations that match, in an order, and how many there are in all."""
    period = resolve_period(connection, filters, calendar)
    if order is RecordOrder.NEWEST and match == RecordMatch():
        newest = _newest_page(connection, filters, calendar, page, page_size)
        if newest is not None:
            return Records(period, *newest, page, page_size)
    filters = with_archived_rows(connection, filters, calendar)
    facts, executives = filters.catalog.evaluations, EXECUTIVE.table
    where = [*fact_conditions(filters, calendar), *_search_conditions(connection, filters.catalog, match.text)]
    if match.weekday is not None or match.hour is not None:
        clock = weekday_and_hour(connection, filters, calendar, period)
        pairs = zip(clock, (match.weekday, match.hour), strict=True)
        where += [column == value for column, value in pairs if value is not None]
    source: sa.FromClause = facts
    if order in (RecordOrder.EXECUTIVE, RecordOrder.EXECUTIVE_BACKWARDS):
        source = facts.join(executives, executives.c.key == facts.c[EXECUTIVE.column])
    total = connection.execute(sa.select(sa.func.count()).select_from(source).where(*where)).scalar_one()
    chosen = (
        sa.select(facts)
        .select_from(source)
        .where(*where)
        .order_by(*_ordered(facts, order))
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    rows = connection.execute(chosen).all()
    return Records(period, _read(connection, rows, filters.catalog), total, page, page_size)


def newest_records(
    connection: Connection, filters: Filters, calendar: Calendar, before: datetime, count: int
) -> tuple[Record, ...]:
    """Return the newest evaluations of a selection of those before an instant, by their start, then by id."""
    found: tuple[Record, ...] = ()
    for chosen, after in _not_archived_first(connection, filters, calendar):
        facts = chosen.catalog.evaluations
        where = [*fact_conditions(chosen, calendar), facts.c.audio_at < before]
        where += [] if after is None else [facts.c.audio_at > after]
        newest = sa.select(facts).where(*where).order_by(*_ordered(facts, RecordOrder.NEWEST)).limit(count)
        found = _read(connection, connection.execute(newest).all(), chosen.catalog)
        if len(found) == count:
            break
    return found


def _newest_page(
    connection: Connection, filters: Filters, calendar: Calendar, page: int, page_size: int
) -> tuple[tuple[Record, ...], int] | None:
    """Return a page of the newest, and how many there are in all, where no archived month has to be read for it."""
    if not archived_months(connection) or needs_facts(filters):
        return None
    chosen, after = next(_not_archived_first(connection, filters, calendar))
    facts = chosen.catalog.evaluations
    where = [*fact_conditions(chosen, calendar), *([] if after is None else [facts.c.audio_at > after])]
    newest = sa.select(facts).where(*where).order_by(*_ordered(facts, RecordOrder.NEWEST))
    rows = connection.execute(newest.limit(page_size).offset((page - 1) * page_size)).all()
    if len(rows) < page_size and after is not None:
        return None
    source = source_of(connection, filters, calendar, (), ("evaluations",))
    total = connection.execute(sa.select(*sums(source.rows, ("evaluations",))), source.values).scalar_one()
    return _read(connection, rows, chosen.catalog), int(total or 0)


def _not_archived_first(
    connection: Connection, filters: Filters, calendar: Calendar
) -> Iterator[tuple[Filters, datetime | None]]:
    """Yield where to look for the newest: what is newer than all that is archived, then all; with what it is after."""
    months = archived_months(connection)
    if months:
        yield filters, max(each.last_at for each in months)
    yield with_archived_rows(connection, filters, calendar), None


def records_of_ids(connection: Connection, ids: Sequence[str], grant: Grant, catalog: Catalog) -> tuple[Record, ...]:
    """Return those of some evaluations that are there and that a grant shows, the newest first, then by id."""
    catalog = with_months(connection, catalog, months_of_ids(connection, ids), answers=False)
    facts = catalog.evaluations
    where = (facts.c.id.in_(ids), *grant_conditions(facts, grant, catalog))
    newest = sa.select(facts).where(*where).order_by(facts.c.audio_at.desc(), facts.c.id)
    return _read(connection, connection.execute(newest).all(), catalog)


def _read(connection: Connection, rows: Sequence[sa.Row[Any]], catalog: Catalog) -> tuple[Record, ...]:
    """Return rows of the facts as evaluations, with the names of what they belong to."""
    names = {
        dimension.name: member_names(connection, dimension, {row._mapping[dimension.column] for row in rows})
        for dimension in catalog.stored_dimensions
    }
    return tuple(_record(row._mapping, names, catalog) for row in rows)


def _search_conditions(connection: Connection, catalog: Catalog, search: str) -> list[sa.ColumnElement[bool]]:
    """Return what evaluations must meet to hold the words of a search; nothing where it has none."""
    words = dict.fromkeys(unicodedata.normalize("NFC", search).split())  # as texts are kept
    if not words:
        return []
    facts, names = catalog.evaluations.c, EXECUTIVE.table.c
    remarks = [own.column for own in catalog.own_fields if own.type is OwnFieldType.TEXT and not own.archived]
    texts = (facts.id, facts.audio_file_name, *(facts[column] for column in remarks))
    rows = connection.execute(sa.select(names.key, names.name).where(names.key != enums.NO_KEY))
    folded_names = [(row.key, _folded(row.name)) for row in rows]  # here, as only one engine can leave accents out
    conditions = []
    for word in words:
        keys = [key for key, name in folded_names if _folded(word) in name]
        held = (column.icontains(word, autoescape=True) for column in texts)
        conditions.append(sa.or_(facts[EXECUTIVE.column].in_(keys), *held))
    return conditions


def _folded(text: str) -> str:
    """Return a text without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in parts if not unicodedata.combining(character))


def _executive_name() -> sa.ColumnElement[str]:
    """Return the executive's name; null where there is none."""
    names = EXECUTIVE.table.c
    return sa.case((names.key != enums.NO_KEY, names.name))


def _ordered(table: sa.Table, order: RecordOrder) -> tuple[sa.ColumnElement[Any], ...]:
    """Return what rows are sorted by: a total order."""
    facts = table.c
    newest = (facts.audio_at.desc(), facts.id)
    columns: dict[str, sa.ColumnElement[Any]] = {
        "audioDate": facts.audio_at,
        "averageNote": facts.score,
        "durationInSeconds": facts.duration_seconds,
        "executiveName": _executive_name(),
    }
    column = columns[order.value.removeprefix("-")]
    ordered = (column.desc() if order.value.startswith("-") else column.asc()).nulls_last()
    return newest if order is RecordOrder.NEWEST else (ordered, *newest)


def _record(row: sa.RowMapping, names: Mapping[str, Mapping[int, Member]], catalog: Catalog) -> Record:
    return Record(
        id=row["id"],
        audio_at=row["audio_at"],
        state=State(row["state"]),
        sentiment=None if row["sentiment"] is None else Sentiment(row["sentiment"]),
        score=None if row["score"] is None else row["score"] / enums.SCORE_SCALE,
        duration_seconds=row["duration_seconds"],
        is_ai=row["is_ai"],
        members={each.name: names[each.name][row[each.column]] for each in catalog.stored_dimensions},
        audio_file_name=row["audio_file_name"],
        created_at=row["created_at"],
        evaluated_at=row["evaluated_at"],
        recording_url=row["recording_url"],
        own={each.column: row[each.column] for each in catalog.own_values},
        answer_set=row["answer_set"],
        is_archived=bool(row.get(IS_ARCHIVED)),
    )
