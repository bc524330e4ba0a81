"""The rollups: measures by day or month and some keys, each question answered from the shortest that will do.

They change in the transaction that changes the facts, by signed sums: what new rows add less what old ones held is
appended, so that a change costs what it brings. Measures are whole numbers, so their sum is exact in any order;
`differences` holds the rollups to the facts, and `compact` puts the rows of a cell together when there are many.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Granularity
from lib.analytics.sql_time import bucket_start, local_day
from lib.catalog.measures import MEASURES, aggregates
from lib.catalog.rollups import BY_CENTER, ROLLUPS
from lib.store.bulk_io import analyze, bulk_insert, drop
from lib.store.messages import JobStep, Message, Tell
from lib.store.schema import evaluations, workspace

_TABLES = tuple(table for rollup in reversed(ROLLUPS) for table in rollup.tables)
"""Every table of a rollup; one that others are summed from comes before them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell in which a rollup and the facts disagree; None where one of them lacks the cell."""

    table: str
    day: date
    cell: dict[str, Any]
    rollup: dict[str, int] | None
    facts: dict[str, int] | None


def _origin(table: sa.Table) -> sa.Table | None:
    """Return the table that one is summed from; None for the facts."""
    for rollup in ROLLUPS:
        if table is rollup.monthly:
            return rollup.daily
    return BY_CENTER.daily if table is ROLLUPS[0].daily else None


_ORIGINS = {table: _origin(table) for table in _TABLES}


@lru_cache(maxsize=64)  # what is imported comes from the same tables each time
def cells(rows: sa.FromClause, table: sa.Table) -> sa.Select[Any]:
    """Return the cells of a rollup's table that rows of the facts' columns add up to."""
    day, *keys = _cell(table)
    cell = [_day(rows, table).label(day), *(rows.c[key] for key in keys)]
    return sa.select(*cell, *aggregates(rows, _measures(table))).group_by(*cell)


def coarser(rows: sa.FromClause, table: sa.Table) -> sa.Select[Any]:
    """Return the cells of a rollup's table that finer ones add up to, without those that hold nothing."""
    day, *keys = _cell(table)
    cell = [_day(rows, table).label(day), *(rows.c[key] for key in keys)]
    sums = [sa.func.sum(rows.c[name]) for name in _measures(table)]
    labeled = [each.label(name) for each, name in zip(sums, _measures(table), strict=True)]
    return sa.select(*cell, *labeled).group_by(*cell).having(sa.or_(*(each != 0 for each in sums)))


def apply(connection: Connection, added: sa.FromClause, removed: sa.FromClause | None) -> None:
    """Add the rows of `added` to the rollups and take those of `removed` away; both have the columns of the facts.

    Must run in the transaction that changes the facts, by the one writer.
    """
    changes: dict[sa.Table, sa.Table] = {}  # of the tables that others are summed from
    for table, origin in _ORIGINS.items():
        if origin is not None:
            found = coarser(changes[origin], table)
        else:
            found = cells(added, table) if removed is None else _net(added, removed, table)
        if table in _ORIGINS.values():
            changes[table] = _temporary(connection, table, found)
            found = sa.select(changes[table])
        with bulk_insert(connection, table):
            # By day, so that what one day's questions read lies together, and indexes grow in one place at a time.
            ordered = found.order_by(sa.literal_column("1"))
            connection.execute(sa.insert(table).from_select(table.columns.keys(), ordered))
    drop(connection, *changes.values())


def clear(connection: Connection) -> None:
    """Empty the rollups."""
    for table in _TABLES:
        connection.execute(sa.delete(table))


def rebuild(connection: Connection) -> None:
    """Compute the rollups from the facts."""
    clear(connection)
    apply(connection, evaluations, None)


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


def _day(rows: sa.FromClause, table: sa.Table) -> sa.ColumnElement[date]:
    """Return the day that a row counts for in a rollup's table: its own, or the first of its month."""
    monthly = any(table is rollup.monthly for rollup in ROLLUPS)
    return bucket_start(rows.c.day, Granularity.MONTHLY, "monday") if monthly else rows.c.day


def _cell(table: sa.Table) -> list[str]:
    """Return the columns that tell one cell of a rollup from another."""
    return [column.name for column in table.columns if column.name not in MEASURES]


def _measures(table: sa.Table) -> list[str]:
    return [column.name for column in table.columns if column.name in MEASURES]


def fragmented(connection: Connection, lengths: dict[str, int]) -> list[sa.Table]:
    """Return the rollups that have many more rows than cells.

    `lengths` keeps how long each was when it was looked at last; one that has hardly grown since is not counted again.
    """
    found = []
    for table in _TABLES:
        rows = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        if rows <= lengths.get(table.name, 0) * (1 + _GROWN_SHARE):
            continue
        cells = sa.select(*(table.c[name] for name in _cell(table))).distinct().subquery()
        few = connection.execute(sa.select(sa.func.count()).select_from(cells)).scalar_one()
        lengths[table.name] = rows
        if rows - few > max(_MANY_ROWS, few * _MANY_SHARE):
            found.append(table)
    return found


def compact(connection: Connection, table: sa.Table) -> None:
    """Put the rows of each of a rollup's cells together. No number changes."""
    together = _temporary(connection, table, coarser(table, table))
    connection.execute(sa.delete(table))
    # With its indexes, as making them anew would keep readers waiting.
    connection.execute(sa.insert(table).from_select(table.columns.keys(), sa.select(together)))
    drop(connection, together)


_GROWN_SHARE = 0.1
_MANY_ROWS, _MANY_SHARE = 20_000, 0.3


def _net(added: sa.FromClause, removed: sa.FromClause, table: sa.Table) -> sa.Select[Any]:
    """Return what rows that came and rows that went change in a rollup's table."""
    went = cells(removed, table).subquery()
    negative = [(-went.c[name]).label(name) for name in _measures(table)]
    taken = sa.select(*(went.c[name] for name in _cell(table)), *negative)
    return coarser(sa.union_all(cells(added, table), taken).subquery(), table)


def differences(connection: Connection, limit: int = 20) -> list[Difference]:
    """Recompute the rollups from the facts and return cells that differ, by table and day; none when all is well.

    Each is held to what it is summed from, the facts or a longer one, until one differs.
    """
    for table, origin in _ORIGINS.items():
        expected = cells(evaluations, table) if origin is None else coarser(origin, table)
        found = _differing(connection, table, expected.subquery("facts"), limit)
        if found:
            return found
    return []


def _differing(connection: Connection, table: sa.Table, facts: sa.Subquery, limit: int) -> list[Difference]:
    keys, measures = _cell(table), _measures(table)
    held = coarser(table, table).subquery("held")
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
            if values[f"{side}_evaluations"] is None
            else {name: int(values[f"{side}_{name}"]) for name in measures}
            for side in ("rollup", "facts")
        ]
        cell = {name: values[name] for name in keys if name != "day"}
        found.append(Difference(table.name, values["day"], cell, sides[0], sides[1]))
    return found


def recompute_days(connection: Connection, zone: ZoneInfo, tell: Tell = lambda *_: None) -> None:
    """Compute every evaluation's day anew in another zone, and the rollups with them.

    Must run in the transaction of the one writer. `tell` gets the progress, 0 to 100, and what is done; it may raise.
    """
    instant = evaluations.c.audio_at
    first, last = connection.execute(sa.select(sa.func.min(instant), sa.func.max(instant))).one()
    tell(5, Message(JobStep.COMPUTING_DAYS))
    if first is not None:
        connection.execute(sa.update(evaluations).values(day=local_day(instant, zone, first, last)))
    tell(50, Message(JobStep.COMPUTING_ROLLUPS))
    rebuild(connection)
    tell(95, Message(JobStep.WRITING_CHANGES))
    connection.execute(
        sa.update(workspace).values(
            timezone=zone.key, data_version=workspace.c.data_version + 1, changed_at=datetime.now(UTC)
        )
    )
