"""The rollups: measures by day or month and some keys, each question answered from the shortest that will do.

They change in the transaction that changes the facts, by signed sums: what new rows add less what old ones held is
appended, so that a change costs what it brings. Measures are whole numbers, so their sum is exact in any order;
`differences` holds the rollups to the facts, and `compact` puts the rows of a cell together when there are many.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Granularity
from lib.analytics.local_time import bucket_start, local_day
from lib.analytics.measures import aggregates
from lib.bulk import analyze, bulk_insert
from lib.schema import CELL_COLUMNS, FINEST, MEASURES, ROLLUPS, evaluations, workspace

changes = sa.Table(
    "rollup_changes",
    sa.MetaData(),
    *(sa.Column(column.name, column.type) for column in FINEST.daily.columns),
    prefixes=["TEMPORARY"],
)
"""What an import adds to the finest cells, or takes from them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell in which a rollup and the facts disagree; None where one of them lacks the cell."""

    table: str
    day: date
    cell: dict[str, Any]
    rollup: dict[str, int] | None
    facts: dict[str, int] | None


def cells(rows: sa.FromClause, sign: int = 1) -> sa.Select[Any]:
    """Return the finest cells that rows of the facts' columns add up to, each measure times `sign`."""
    sums = aggregates(rows)
    measures = [
        (sums[name] * sa.literal_column(str(sign)) if sign < 0 else sums[name]).label(name) for name in MEASURES
    ]
    keys = [rows.c[name] for name in CELL_COLUMNS]
    return sa.select(*keys, *measures).group_by(*keys)


def coarser(rows: sa.FromClause, table: sa.Table) -> sa.Select[Any]:
    """Return the cells of a rollup's table that finer ones add up to, without those that hold nothing."""
    monthly = table.name.startswith("monthly")
    day = bucket_start(rows.c.day, Granularity.MONTHLY, "monday") if monthly else rows.c.day
    cell = [day, *(rows.c[key] for key in _cell(table)[1:])]
    sums = [sa.func.sum(rows.c[name]) for name in _measures(table)]
    labelled = [each.label(column.name) for each, column in zip([*cell, *sums], table.columns, strict=True)]
    return sa.select(*labelled).group_by(*cell).having(sa.or_(*(each != 0 for each in sums)))


def apply(connection: Connection, added: sa.FromClause, removed: sa.FromClause | None) -> None:
    """Add the rows of `added` to the rollups and take those of `removed` away; both have the facts' columns.

    Must run in the transaction that changes the facts, by the one writer.
    """
    if removed is None and connection.execute(sa.select(FINEST.daily.c.day).limit(1)).first() is None:
        _fill(connection, added)
        return
    changes.drop(connection, checkfirst=True)
    changes.create(connection)
    finest = cells(added) if removed is None else _net(added, removed)
    connection.execute(sa.insert(changes).from_select(changes.columns.keys(), finest))
    analyze(connection, changes)
    _insert(connection, FINEST.daily, sa.select(changes))
    _spread(connection, changes)
    changes.drop(connection)


def clear(connection: Connection) -> None:
    """Empty the rollups."""
    for rollup in ROLLUPS:
        for table in rollup.tables:
            connection.execute(sa.delete(table))


def rebuild(connection: Connection) -> None:
    """Compute the rollups from the facts."""
    clear(connection)
    _fill(connection, evaluations)


def _fill(connection: Connection, rows: sa.FromClause) -> None:
    """Fill empty rollups."""
    with bulk_insert(connection, FINEST.daily):
        _insert(connection, FINEST.daily, cells(rows))
    _spread(connection, FINEST.daily)


def _spread(connection: Connection, finest: sa.FromClause) -> None:
    """Append to the other rollups what finest cells add up to there."""
    for rollup in ROLLUPS:
        for table in rollup.tables:
            if table is not FINEST.daily:
                with bulk_insert(connection, table):
                    _insert(connection, table, coarser(finest, table))


def _insert(connection: Connection, table: sa.Table, source: sa.Select[Any]) -> None:
    # The finest by day, as that is how it is read; the others are short.
    ordered = source.order_by(sa.literal_column("1")) if table is FINEST.daily else source
    connection.execute(sa.insert(table).from_select(table.columns.keys(), ordered))


def _cell(table: sa.Table) -> list[str]:
    """Return the columns that tell one cell of a rollup from another."""
    return [column.name for column in table.columns if column.name not in MEASURES]


def _measures(table: sa.Table) -> list[str]:
    return [column.name for column in table.columns if column.name in MEASURES]


def scattered(connection: Connection, lengths: dict[str, int]) -> list[sa.Table]:
    """Return the rollups that have many more rows than cells.

    `lengths` keeps how long each was when it was looked at last; one that has hardly grown since is not counted again.
    """
    found = []
    for table in (table for rollup in ROLLUPS for table in rollup.tables):
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
    together = sa.Table(
        "together",
        sa.MetaData(),
        *(sa.Column(column.name, column.type) for column in table.columns),
        prefixes=["TEMPORARY"],
    )
    together.drop(connection, checkfirst=True)
    together.create(connection)
    connection.execute(sa.insert(together).from_select(table.columns.keys(), _whole(table)))
    connection.execute(sa.delete(table))
    _insert(connection, table, sa.select(together))  # with its indexes, as making them anew would keep readers waiting
    together.drop(connection)


_GROWN_SHARE = 0.1
_MANY_ROWS, _MANY_SHARE = 20_000, 0.3


def _whole(table: sa.Table) -> sa.Select[Any]:
    """Return a rollup's cells, each in one row."""
    return coarser(table, table)


def _net(added: sa.FromClause, removed: sa.FromClause) -> sa.Select[Any]:
    union = sa.union_all(cells(added), cells(removed, -1)).subquery()
    return coarser(union, FINEST.daily)


def differences(connection: Connection, limit: int = 20) -> list[Difference]:
    """Recompute the rollups from the facts and return cells that differ, by table and day; none when all is well.

    The finest is held to the facts; where it agrees with them, the others are held to it.
    """
    found = _differing(connection, FINEST.daily, cells(evaluations).subquery("facts"), limit)
    if found:
        return found
    for rollup in ROLLUPS:
        for table in rollup.tables:
            if table is not FINEST.daily:
                from_finest = coarser(FINEST.daily, table).subquery("facts")
                found += _differing(connection, table, from_finest, limit - len(found))
    return found


def _differing(connection: Connection, table: sa.Table, facts: sa.Subquery, limit: int) -> list[Difference]:
    keys, measures = _cell(table), _measures(table)
    held = _whole(table).subquery("held")
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


def rezone(connection: Connection, zone: ZoneInfo) -> None:
    """Compute every evaluation's day anew in another zone, and the rollups with them."""
    instant = evaluations.c.audio_at
    first, last = connection.execute(sa.select(sa.func.min(instant), sa.func.max(instant))).one()
    if first is not None:
        connection.execute(sa.update(evaluations).values(day=local_day(instant, zone, first, last)))
    rebuild(connection)
    connection.execute(
        sa.update(workspace).values(
            timezone=zone.key, data_version=workspace.c.data_version + 1, changed_at=datetime.now(UTC)
        )
    )
