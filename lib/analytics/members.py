"""Members: the groups of a dimension by their keys, looked up by name or key, or joined to sums by key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.catalog.dimensions import Dimension, Member

_FEW_KEYS = 100
"""Of more keys, all names are read: it takes longer to ask for so many one by one."""


def keys_of(connection: Connection, dimension: Dimension, names: Sequence[Member]) -> dict[int, Member]:
    """Return the keys of a dimension's groups, each with what it stands for."""
    members = dimension.members.c
    chosen: sa.ColumnElement[bool] = members.id.in_([named.id for named in names if named.id is not None])
    if any(named.id is None for named in names):
        chosen = sa.or_(chosen, members.id.is_(None))
    rows = connection.execute(sa.select(members.key, members.id, members.name).where(chosen))
    return {row.key: dimension.member(row.id, row.name) for row in rows}


def member_names(connection: Connection, dimension: Dimension, keys: set[int]) -> dict[int, Member]:
    """Return what the keys of a dimension stand for."""
    names = dimension.members
    asked = sa.select(names.c.key, names.c.id, names.c.name)
    if len(keys) <= _FEW_KEYS:
        asked = asked.where(names.c.key.in_(keys))
    rows = connection.execute(asked).fetchall()
    return {key: dimension.member(each, name) for key, each, name in rows if key in keys}


def with_members(keyed: sa.Subquery, dimensions: Sequence[Dimension]) -> sa.Select[Any]:
    """Return the rows of grouped sums with the id and name of each dimension's key after them, null without a key."""
    joined: sa.FromClause = keyed
    names: list[sa.ColumnElement[Any]] = []
    for dimension in dimensions:
        joined = joined.outerjoin(dimension.members, dimension.members.c.key == keyed.c[dimension.column])
        names += [dimension.members.c.id, dimension.members.c.name]
    return sa.select(keyed, *names).select_from(joined)
