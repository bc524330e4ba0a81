"""The rollups: measures by day or month and some keys, each question answered from the shortest that will do.

They change in the transaction that changes the facts, by signed sums: what new rows add less what old ones held is
appended, so that a change costs what it brings. Measures are whole numbers, so their sum is exact in any order;
`differences` holds the rollups to the facts, and `compact` puts the rows of a cell together when there are many.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import refuse_while_archived, with_all_months
from lib.analytics.calendar import Granularity
from lib.analytics.sql_time import bucket_start, local_day
from lib.catalog.answers import answer_rows
from lib.catalog.catalog import Catalog
from lib.catalog.rollups import BY_CENTER, Rollup
from lib.store.bulk_io import analyze, analyze_grown, bulk_insert, drop
from lib.store.duckdb_engine import unoptimized
from lib.store.enums import NO_KEY
from lib.store.messages import JobStep, Message, Tell
from lib.store.schema import workspace


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell in which a rollup and the facts disagree; None where one of them lacks the cell."""

    table: str
    day: date
    cell: dict[str, Any]
    rollup: dict[str, int] | None
    facts: dict[str, int] | None


def _origins(catalog: Catalog) -> dict[sa.Table, sa.Table | None]:
    """Return every table of a rollup, after the one that it is summed from, with that one; with None for the facts."""
    return {
        table: rollup.daily if table is rollup.monthly and rollup.daily is not None else rollup.summed_from
        for rollup in reversed(catalog.rollups)
        for table in rollup.tables
    }


@lru_cache(maxsize=64)  # what is imported comes from the same tables each time
def cells(rows: sa.FromClause, table: sa.Table, catalog: Catalog) -> sa.Select[Any]:
    """Return the cells of a rollup's table that rows of the facts' columns add up to."""
    if any(table in rollup.tables for rollup in catalog.rollups if rollup.of_answers):
        rows = answer_rows(rows, catalog.answers, *_cell(table, catalog)[1:])
    cell = _cell_of(rows, table, catalog)
    measures = [catalog.measures[name].aggregate(rows).label(name) for name in _measures(table, catalog)]
    summed = sa.select(*cell, *measures).group_by(*cell)
    return summed if "evaluations" in table.c else summed.having(sa.or_(*(each.element != 0 for each in measures)))


def coarser(rows: sa.FromClause, table: sa.Table, catalog: Catalog) -> sa.Select[Any]:
    """Return the cells of a rollup's table that finer ones add up to, without those that hold nothing."""
    cell = _cell_of(rows, table, catalog)
    sums = [sa.func.sum(rows.c[name]) for name in _measures(table, catalog)]
    labeled = [each.label(name) for each, name in zip(sums, _measures(table, catalog), strict=True)]
    return sa.select(*cell, *labeled).group_by(*cell).having(sa.or_(*(each != 0 for each in sums)))


def apply(
    connection: Connection,
    catalog: Catalog,
    added: sa.FromClause,
    removed: sa.FromClause | None,
    *,
    are_few: bool = False,
    have_answers: bool = True,
) -> None:
    """Add the rows of `added` to the rollups and take those of `removed` away; both have the columns of the facts.

    A few rows (`are_few`) are summed for each table by themselves, which takes less than keeping their sums for the
    shorter tables. Where none has answers, the rollups of these stay as they are. Must run in the transaction that
    changes the facts, by the one writer.
    """
    changes: dict[sa.Table, sa.Table] = {}  # of the tables that others are summed from
    origins = _origins(catalog)
    if not have_answers:  # what counts evaluations is not of their answers
        origins = {table: origin for table, origin in origins.items() if "evaluations" in table.c}
    if are_few:
        with unoptimized(connection):
            for table in origins:
                connection.execute(_appending(added, removed, table, catalog))
        return
    for table, origin in origins.items():
        found = _net(added, removed, table, catalog) if origin is None else coarser(changes[origin], table, catalog)
        if table in origins.values():
            changes[table] = _temporary(connection, table, found)
            found = sa.select(changes[table])
        with bulk_insert(connection, table):
            connection.execute(_insertion(table, found))
    drop(connection, *changes.values())


@lru_cache(maxsize=256)  # so that SQLAlchemy knows each one again, which takes it longer than a few rows take
def _appending(added: sa.FromClause, removed: sa.FromClause | None, table: sa.Table, catalog: Catalog) -> sa.Insert:
    return _insertion(table, _net(added, removed, table, catalog))


def _insertion(table: sa.Table, rows: sa.Select[Any]) -> sa.Insert:
    """Return the statement that inserts rows by day.

    So what one day's questions read lies together, and indexes grow in one place at a time.
    """
    return sa.insert(table).from_select(table.columns.keys(), rows.order_by(sa.literal_column("1")))


def begin(connection: Connection, catalog: Catalog, columns: AbstractSet[str]) -> None:
    """Fill the rollups of new own fields, by their columns: no evaluation has a value in them yet.

    Each holds what the rollup by call center holds, whose keys it has.
    """
    for each in catalog.rollups:
        if not columns & set(each.keys):
            continue
        for table, origin in zip(each.tables, BY_CENTER.tables, strict=True):
            names = table.columns.keys()
            values = [sa.literal_column(str(NO_KEY)) if name in columns else origin.c[name] for name in names]
            connection.execute(sa.insert(table).from_select(names, sa.select(*values)))


def fill(connection: Connection, catalog: Catalog, made: Rollup) -> None:
    """Fill the tables of a rollup, which are empty, from the facts."""
    catalog = with_all_months(connection, catalog)
    for table, origin in _origins(catalog).items():
        if table in made.tables:
            rows = cells(catalog.evaluations, table, catalog) if origin is None else coarser(origin, table, catalog)
            with bulk_insert(connection, table):
                connection.execute(_insertion(table, rows))


def clear(connection: Connection, catalog: Catalog) -> None:
    """Empty the rollups."""
    for table in _origins(catalog):
        connection.execute(sa.delete(table))


def forget(connection: Connection, catalog: Catalog, column: str, keys: sa.CompoundSelect[Any]) -> None:
    """Delete the cells of keys that no evaluation has any more; they add up to nothing."""
    for table in _origins(catalog):
        if column in table.c:
            connection.execute(sa.delete(table).where(table.c[column].in_(keys)))


def rebuild(connection: Connection, catalog: Catalog) -> None:
    """Compute the rollups from the facts."""
    clear(connection, catalog)
    catalog = with_all_months(connection, catalog)
    apply(connection, catalog, catalog.evaluations, None)
    analyze_grown(connection)


def _temporary(connection: Connection, table: sa.Table, rows: sa.Select[Any]) -> sa.Table:
    """Make a temporary table of rows for a rollup's table."""
    made = _changes(table)
    drop(connection, made)
    made.create(connection)
    connection.execute(sa.insert(made).from_select(made.columns.keys(), rows))
    analyze(connection, made)
    return made


@cache
def _changes(table: sa.Table) -> sa.Table:
    """Return the temporary table for a rollup's; always the same, so that its statements are compiled once."""
    columns = [sa.Column(column.name, column.type) for column in table.columns]
    return sa.Table(f"changes_{table.name}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])


def _cell_of(rows: sa.FromClause, table: sa.Table, catalog: Catalog) -> list[sa.ColumnElement[Any]]:
    """Return the cell of a rollup's table that a row counts for, by the row's day or the first of its month."""
    day, *keys = _cell(table, catalog)
    monthly = any(table is rollup.monthly for rollup in catalog.rollups)
    start = bucket_start(rows.c.day, Granularity.MONTHLY, "monday") if monthly else rows.c.day
    return [start.label(day), *(_key(rows, key, catalog) for key in keys)]


def _key(rows: sa.FromClause, key: str, catalog: Catalog) -> sa.ColumnElement[Any]:
    """Return a row's key; NO_KEY where it has none, as own fields of yes and no may."""
    may_lack = key in catalog.evaluations.c and catalog.evaluations.c[key].nullable
    return sa.func.coalesce(rows.c[key], NO_KEY).label(key) if may_lack else rows.c[key]


def _cell(table: sa.Table, catalog: Catalog) -> list[str]:
    """Return the columns that tell one cell of a rollup from another."""
    return [column.name for column in table.columns if column.name not in catalog.measures]


def _measures(table: sa.Table, catalog: Catalog) -> list[str]:
    return [column.name for column in table.columns if column.name in catalog.measures]


def fragmented(connection: Connection, catalog: Catalog, lengths: dict[str, int]) -> list[sa.Table]:
    """Return the rollups that have many more rows than cells.

    `lengths` keeps how long each was when it was looked at last; one that has hardly grown since is not counted again.
    """
    found = []
    for table in _origins(catalog):
        rows = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        if rows <= lengths.get(table.name, 0) * (1 + _GROWN_SHARE):
            continue
        cells = sa.select(*(table.c[name] for name in _cell(table, catalog))).distinct().subquery()
        few = connection.execute(sa.select(sa.func.count()).select_from(cells)).scalar_one()
        lengths[table.name] = rows
        if rows - few > max(_MANY_ROWS, few * _MANY_SHARE):
            found.append(table)
    return found


def compact(connection: Connection, catalog: Catalog, table: sa.Table) -> None:
    """Put the rows of each of a rollup's cells together. No number changes; one that is gone is passed over."""
    if table not in _origins(catalog):
        return
    together = _temporary(connection, table, coarser(table, table, catalog))
    connection.execute(sa.delete(table))
    # With its indexes, as making them anew would keep readers waiting.
    connection.execute(sa.insert(table).from_select(table.columns.keys(), sa.select(together)))
    drop(connection, together)


_GROWN_SHARE = 0.1
_MANY_ROWS, _MANY_SHARE = 20_000, 0.3


def _net(added: sa.FromClause, removed: sa.FromClause | None, table: sa.Table, catalog: Catalog) -> sa.Select[Any]:
    """Return what rows that came and rows that went change in a rollup's table."""
    if removed is None:
        return cells(added, table, catalog)
    went = cells(removed, table, catalog).subquery()
    negative = [(-went.c[name]).label(name) for name in _measures(table, catalog)]
    taken = sa.select(*(went.c[name] for name in _cell(table, catalog)), *negative)
    return coarser(sa.union_all(cells(added, table, catalog), taken).subquery(), table, catalog)


def differences(connection: Connection, catalog: Catalog, limit: int = 20) -> list[Difference]:
    """Recompute the rollups from the facts and return cells that differ, by table and day; none when all is well.

    Each is held to what it is summed from, the facts or a longer one, until one differs.
    """
    catalog = with_all_months(connection, catalog)
    for table, origin in _origins(catalog).items():
        expected = cells(catalog.evaluations, table, catalog) if origin is None else coarser(origin, table, catalog)
        found = _differing(connection, catalog, table, expected.subquery("facts"), limit)
        if found:
            return found
    return []


def _differing(
    connection: Connection, catalog: Catalog, table: sa.Table, facts: sa.Subquery, limit: int
) -> list[Difference]:
    keys, measures = _cell(table, catalog), _measures(table, catalog)
    held = coarser(table, table, catalog).subquery("held")
    same = sa.and_(*(held.c[name] == facts.c[name] for name in keys))
    differs = sa.or_(*(held.c[name].is_distinct_from(facts.c[name]) for name in measures))
    columns = [
        *(sa.func.coalesce(held.c[name], facts.c[name]).label(name) for name in keys),
        *(held.c[name].label(f"rollup_{name}") for name in measures),
        *(facts.c[name].label(f"facts_{name}") for name in measures),
    ]
    rows = connection.execute(
        sa.select(*columns)
        .select_from(held.join(facts, same, full=True))
        .where(differs)
        .order_by(*(sa.literal_column(str(n)) for n in range(1, len(keys) + 1)))
        .limit(limit)
    )
    found = []
    for row in rows:
        values = row._mapping
        sides = [
            None
            if values[f"{side}_{measures[0]}"] is None
            else {name: int(values[f"{side}_{name}"]) for name in measures}
            for side in ("rollup", "facts")
        ]
        cell = {name: values[name] for name in keys if name != "day"}
        found.append(Difference(table.name, values["day"], cell, sides[0], sides[1]))
    return found


def recompute_days(connection: Connection, catalog: Catalog, zone: ZoneInfo, tell: Tell) -> None:
    """Compute every evaluation's day anew in another zone, and the rollups with them.

    Must run in the transaction of the one writer. `tell` gets the progress, 0 to 100, and what is done; it may raise.
    Raises ConflictError while evaluations are archived, whose days are in their files.
    """
    refuse_while_archived(connection)
    tell(5, Message(JobStep.COMPUTING_DAYS))
    for table in (
        catalog.evaluations,
        catalog.replaced_evaluations,
    ):  # what an undo brings back is to have the right day, too
        instant = table.c.audio_at
        first, last = connection.execute(sa.select(sa.func.min(instant), sa.func.max(instant))).one()
        if first is not None:
            connection.execute(sa.update(table).values(day=local_day(instant, zone, first, last)))
    tell(50, Message(JobStep.COMPUTING_ROLLUPS))
    rebuild(connection, catalog)
    tell(95, Message(JobStep.WRITING_CHANGES))
    connection.execute(
        sa.update(workspace).values(
            timezone=zone.key, data_version=workspace.c.data_version + 1, changed_at=datetime.now(UTC)
        )
    )
