"""The daily rollup: measures by day, campaign, call center, engagement, executive and AI or human.

It changes in the transaction that changes the facts, by signed sums: what new rows add less what old ones held.
Measures are whole numbers, so this is exact in any order, and `differences` can hold the rollup to the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.local_time import local_day
from lib.analytics.measures import aggregates
from lib.bulk import analyze, bulk_insert
from lib.schema import CELL_COLUMNS, MEASURES, daily, evaluations, workspace


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell in which the rollup and the facts disagree; None where one of them lacks the cell."""

    day: date
    cell: tuple[Any, ...]
    rollup: dict[str, int] | None
    facts: dict[str, int] | None


def cells(rows: sa.FromClause, sign: int = 1) -> sa.Select[Any]:
    """Return the cells that rows of the facts' columns add up to, each measure times `sign`."""
    sums = aggregates(rows)
    measures = [
        (sums[name] * sa.literal_column(str(sign)) if sign < 0 else sums[name]).label(name) for name in MEASURES
    ]
    keys = [rows.c[name] for name in CELL_COLUMNS]
    return sa.select(*keys, *measures).group_by(*keys)


def apply(connection: Connection, added: sa.FromClause, removed: sa.FromClause | None) -> None:
    """Add the rows of `added` to the rollup and take those of `removed` away; both have the facts' columns.

    Must run in the transaction that changes the facts, by the one writer.
    """
    columns = [*CELL_COLUMNS, *MEASURES]
    if removed is None and connection.execute(sa.select(daily.c.day).limit(1)).first() is None:
        with bulk_insert(connection, daily):
            connection.execute(sa.insert(daily).from_select(columns, cells(added)))
        return
    changes = sa.Table(
        "rollup_changes", sa.MetaData(), *(sa.Column(c.name, c.type) for c in daily.columns), prefixes=["TEMPORARY"]
    )
    changes.drop(connection, checkfirst=True)
    changes.create(connection)
    connection.execute(
        sa.insert(changes).from_select(columns, cells(added) if removed is None else _net(added, removed))
    )
    analyze(connection, changes)
    same_cell = sa.and_(*(daily.c[name] == changes.c[name] for name in CELL_COLUMNS))
    moved = {name: daily.c[name] + changes.c[name] for name in MEASURES}
    connection.execute(sa.update(daily).where(same_cell).values(moved))
    unknown = ~sa.exists().where(same_cell).correlate(changes)
    connection.execute(sa.insert(daily).from_select(changes.columns.keys(), sa.select(changes).where(unknown)))
    if removed is not None:
        emptied = sa.select(changes.c.day).where(changes.c.evaluations < 0)
        connection.execute(sa.delete(daily).where(daily.c.evaluations == 0, daily.c.day.in_(emptied)))
    changes.drop(connection)


def _net(added: sa.FromClause, removed: sa.FromClause) -> sa.Select[Any]:
    union = sa.union_all(cells(added), cells(removed, -1)).subquery()
    keys = [union.c[name] for name in CELL_COLUMNS]
    return sa.select(*keys, *(sa.func.sum(union.c[name]).label(name) for name in MEASURES)).group_by(*keys)


def rebuild(connection: Connection) -> None:
    """Compute the whole rollup from the facts."""
    connection.execute(sa.delete(daily))
    source = cells(evaluations)
    connection.execute(sa.insert(daily).from_select([*CELL_COLUMNS, *MEASURES], source))


def differences(connection: Connection, limit: int = 20) -> list[Difference]:
    """Recompute the rollup from the facts and return cells that differ, by day; none when all is well."""
    facts = cells(evaluations).subquery("facts")
    same = sa.and_(*(daily.c[name] == facts.c[name] for name in CELL_COLUMNS))
    differs = sa.or_(*(daily.c[name].is_distinct_from(facts.c[name]) for name in MEASURES))
    columns = [
        *(sa.func.coalesce(daily.c[name], facts.c[name]).label(name) for name in CELL_COLUMNS),
        *(daily.c[name].label(f"rollup_{name}") for name in MEASURES),
        *(facts.c[name].label(f"facts_{name}") for name in MEASURES),
    ]
    joined = daily.join(facts, same, full=True)
    rows = connection.execute(
        sa.select(*columns)
        .select_from(joined)
        .where(differs)
        .order_by(*(sa.literal_column(str(n)) for n in range(1, 7)))
        .limit(limit)
    )
    found = []
    for row in rows:
        values = row._mapping
        sides = [
            None
            if values[f"{side}_evaluations"] is None
            else {name: int(values[f"{side}_{name}"]) for name in MEASURES}
            for side in ("rollup", "facts")
        ]
        found.append(Difference(values["day"], tuple(values[name] for name in CELL_COLUMNS[1:]), sides[0], sides[1]))
    return found


def rezone(connection: Connection, zone: ZoneInfo) -> None:
    """Compute every evaluation's day anew in another zone, and the rollup with them."""
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
