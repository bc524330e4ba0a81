"""Rows of archives beside those of the facts, until a transaction ends: temporary views that hold both.

`all_evaluations` holds the rows of `evaluations` and of the archives that were attached, and so with the other tables.
They come in temporary tables: no engine here reads Parquet in any place, and what DuckDB asks of Arrow it can't answer
(filters by Bloom, as of 1.5.6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.errors import DatabaseUnavailableError
from lib.store.arrow_shapes import shape
from lib.store.bulk_io import analyze, load_batches
from lib.store.schema import answers, returned_ids

ARCHIVE = "archive"
"""The column of an archived row that has the number of its archive."""

IS_ARCHIVED = "is_archived"
"""The column of all rows that says whether one is archived."""

_ATTACHED = "attached_archives"
"""Where a connection has the numbers of the archives that were attached, by table."""


@lru_cache(maxsize=64)  # always the same: tables are known by identity
def with_archived(table: sa.Table) -> sa.Table:
    """Return the view that holds the rows of a table and those of archives."""
    columns = (sa.Column(each.name, each.type, nullable=each.nullable) for each in table.columns)
    return sa.Table(f"all_{table.name}", sa.MetaData(), *columns, sa.Column(IS_ARCHIVED, sa.Boolean, nullable=False))


def archived_shape(table: sa.Table) -> pa.Schema:
    """Return what the rows of a table look like in a file."""
    return shape(table).append(pa.field(ARCHIVE, pa.int32()))


def attach(
    connection: Connection,
    table: sa.Table,
    key: str,
    rows: Mapping[int, pa.dataset.Dataset],
    check: Callable[[], None],
) -> None:
    """Have the view of a table hold the rows of archives, by their number, beside those that were attached before.

    `key` is what a row that came back from its archive is known by. `check` is called now and then, and may raise.
    """
    attached: dict[str, set[int]] = connection.info.setdefault(_ATTACHED, {})
    archived = _archived(table, connection.dialect.name)
    if table.name not in attached:
        _create(connection, archived)
        view = _both(table, archived, key).compile(connection, compile_kwargs={"literal_binds": True})
        connection.exec_driver_sql(f"CREATE TEMPORARY VIEW all_{table.name} AS {view}")
    held = attached.setdefault(table.name, set())
    new = {number: each for number, each in rows.items() if number not in held}
    if new:
        load_batches(connection, archived, _checked(pa.dataset.dataset(list(new.values())), check))
        _index(connection, table, archived)
        held.update(new)
        analyze(connection, archived)


def detach(connection: Connection, info: dict[Any, Any]) -> None:
    """Let go of what was attached, after the transaction; PostgreSQL does so by itself. `info` is the connection's."""
    attached = info.pop(_ATTACHED, None)
    if not attached or connection.closed or connection.invalidated or connection.dialect.name != "duckdb":
        return
    if connection.in_transaction():
        connection.rollback()
    for name in attached:
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS all_{name}")
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS archived_{name}")
    connection.commit()


@lru_cache(maxsize=64)
def _archived(table: sa.Table, dialect: str) -> sa.Table:
    """Return the temporary table of archived rows; PostgreSQL drops it, and the view, when the transaction ends."""
    columns = (sa.Column(each.name, each.type) for each in table.columns)
    name, number = f"archived_{table.name}", sa.Column(ARCHIVE, sa.Integer)
    ends = "DROP" if dialect == "postgresql" else None
    return sa.Table(name, sa.MetaData(), *columns, number, prefixes=["TEMPORARY"], postgresql_on_commit=ends)


def _both(table: sa.Table, archived: sa.Table, key: str) -> sa.CompoundSelect[Any]:
    came_back = sa.exists().where(
        returned_ids.c[ARCHIVE] == archived.c[ARCHIVE], returned_ids.c[key] == archived.c[key]
    )
    columns = (
        # A field may have been defined since.
        archived.c[each.name]
        if each.server_default is None
        else sa.func.coalesce(archived.c[each.name], sa.literal_column(str(each.server_default.arg))).label(each.name)  # type: ignore[attr-defined]
        for each in table.columns
    )
    return sa.union_all(
        sa.select(*table.columns, sa.false().label(IS_ARCHIVED)),
        sa.select(*columns, sa.true().label(IS_ARCHIVED)).where(~came_back),
    )


def _create(connection: Connection, archived: sa.Table) -> None:
    is_postgresql = connection.dialect.name == "postgresql"
    if is_postgresql and connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on":
        # Somebody archived the first month a moment ago; who asks again gets a transaction that may.
        raise DatabaseUnavailableError("The archive is new; the question has to be asked again.")
    archived.create(connection)


def _index(connection: Connection, table: sa.Table, archived: sa.Table) -> None:
    """Have PostgreSQL find the answers of an evaluation, which measures ask for one by one."""
    if table is answers and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {archived.name}_set ON {archived.name} (answer_set)")


def _checked(rows: pa.dataset.Dataset, check: Callable[[], None]) -> pa.RecordBatchReader:
    def batches() -> Any:
        for batch in rows.to_batches():
            check()
            yield batch

    return pa.RecordBatchReader.from_batches(rows.schema, batches())
