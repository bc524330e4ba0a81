"""Changes of tables while the program runs: columns and tables of a workspace's own fields come and go.

Each runs in the transaction of the one writer: all engines take changes of tables back with the rest.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.store.ducklake_dialect import is_ducklake


def add_column(connection: Connection, table: str, column: sa.Column[object]) -> None:
    """Add a column to a table. Its rows have the column's default, or nothing."""
    quoted = connection.dialect.identifier_preparer.quote
    name, kind = quoted(column.name), column.type.compile(connection.dialect)
    default = column.server_default
    if isinstance(default, sa.DefaultClause):
        connection.exec_driver_sql(f"ALTER TABLE {quoted(table)} ADD COLUMN {name} {kind} DEFAULT {default.arg}")
        refuse_nulls(connection, table, column.name)
    else:
        connection.exec_driver_sql(f"ALTER TABLE {quoted(table)} ADD COLUMN {name} {kind}")


def refuse_nulls(connection: Connection, table: str, column: str) -> None:
    """Have a column refuse nulls from now on; DuckLake takes that only when a table is made."""
    if not is_ducklake(connection):
        quoted = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"ALTER TABLE {quoted(table)} ALTER COLUMN {quoted(column)} SET NOT NULL")


def drop_column(connection: Connection, table: str, column: str) -> None:
    """Drop a column with its values."""
    quoted = connection.dialect.identifier_preparer.quote
    connection.exec_driver_sql(f"ALTER TABLE {quoted(table)} DROP COLUMN {quoted(column)}")
