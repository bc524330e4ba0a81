"""DuckDB's dialect for a DuckLake: the same SQL, but tables without keys and constraints, which DuckLake has not.

What they promise elsewhere, the one writer holds.
"""

from __future__ import annotations

from typing import Any

from duckdb_sqlalchemy import ConnectionWrapper, Dialect, DuckDBDDLCompiler
from sqlalchemy.dialects import registry
from sqlalchemy.engine import Connection

DRIVER = "ducklake"


class DuckLakeDDLCompiler(DuckDBDDLCompiler):
    """Writes tables without their constraints."""

    def create_table_constraints(self, *_arguments: Any, **_options: Any) -> str:
        """Write none."""
        return ""


class DuckLakeDialect(Dialect):
    """The dialect of connections whose default database is a DuckLake."""

    driver = DRIVER
    ddl_compiler = DuckLakeDDLCompiler
    supports_statement_cache = True
    insert_returning = update_returning = delete_returning = False  # which DuckLake has not


registry.register(f"duckdb.{DRIVER}", __name__, DuckLakeDialect.__name__)


def is_ducklake(connection: Connection) -> bool:
    """Return whether a connection is to a DuckLake."""
    return connection.dialect.driver == DRIVER


__all__ = ["DRIVER", "ConnectionWrapper", "DuckLakeDialect", "is_ducklake"]
