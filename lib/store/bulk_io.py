"""Rows by the million: into a table, out of it in batches, out of it into a file. Each engine's own way.

The rest of what differs between the engines is in `facts.py`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable

from lib.errors import CallboardError

_STREAMED_ROWS = 20_000
_LEAST_ROWS = 10_000  # of what DuckDB takes at a time: it keeps room for each column of every batch
_ROWS_AT_ONCE = 2**20  # one array of each column, where there are fewer
_BYTE_ORDER_MARK = "\ufeff"  # Excel takes a CSV without it for one in the code page of the country
_TELL_SECONDS = 0.25
_BLOCK_BYTES = 32 * 2**20  # of CSV at a time; the longest row has to fit in

_MADE = "temporary_tables"
"""Where a connection has the names of the temporary tables that were made on it."""

MANY_ROWS = 10_000
"""Rows of a load after which the planner may know too little."""

_GROWN = """
    SELECT oid::regclass::text FROM pg_class AS held
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
    AND pg_relation_size(oid) > current_setting('block_size')::bigint * 64
    AND (pg_relation_size(oid) > current_setting('block_size')::bigint * relpages * 2
        OR NOT EXISTS (SELECT FROM pg_stats WHERE schemaname = current_schema() AND tablename = held.relname))
"""
"""The tables of more than a few pages that have grown to twice what the planner knows, or of which it knows nothing."""


def load_batches(connection: Connection, table: sa.Table, batches: pa.RecordBatchReader) -> None:
    """Append a stream of Arrow batches to a table; their columns are named as the table's are, in any order."""
    driver: Any = connection.connection.driver_connection
    names = batches.schema.names
    if connection.dialect.name == "duckdb":
        # One statement over the whole stream: a statement for each batch takes five times as long.
        driver.register("incoming_batches", pa.RecordBatchReader.from_batches(batches.schema, _gathered(batches)))
        try:
            incoming = sa.table("incoming_batches", *(sa.column(name) for name in names))
            connection.execute(sa.insert(table).from_select(names, sa.select(incoming)))
        finally:
            driver.unregister("incoming_batches")
        return
    preparer = connection.dialect.identifier_preparer
    columns = ", ".join(preparer.quote(name) for name in names)
    copy_in = f"COPY {preparer.format_table(table)} ({columns}) FROM STDIN (FORMAT csv)"
    options = pa.csv.WriteOptions(include_header=False, quoting_style="needed")
    with driver.cursor() as cursor, cursor.copy(copy_in) as copy:
        for batch in batches:
            buffer = BytesIO()
            pa.csv.write_csv(batch, buffer, options)
            copy.write(buffer.getbuffer())


def _gathered(batches: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of _LEAST_ROWS at least, but for the last."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= _LEAST_ROWS:
            yield pa.concat_batches(waiting)
            waiting = []
    if waiting:
        yield pa.concat_batches(waiting)


@contextmanager
def temporary_tables(connection: Connection) -> Iterator[None]:
    """Change temporary tables alone, in a transaction: nobody has to wait until it is on the disk."""
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        yield


def discard_temporary(connection: Connection) -> bool:
    """Drop every temporary table of a connection, where that is quicker than another one; return whether it was."""
    if connection.dialect.name != "postgresql" or connection.in_transaction():
        return False
    with temporary_tables(connection):
        connection.exec_driver_sql("DISCARD TEMP")
    connection.info.pop(_MADE, None)
    return True


def create_anew(connection: Connection, *tables: sa.Table) -> None:
    """Create temporary tables, in place of those that this was done for on the connection before."""
    made: set[str] = connection.info.setdefault(_MADE, set())
    for table in tables:
        if table.name in made:
            drop(connection, table)
        made.add(table.name)
        connection.exec_driver_sql(_creation(table, connection.dialect))


@lru_cache(maxsize=256)
def _creation(table: sa.Table, dialect: sa.Dialect) -> str:
    return str(sa.schema.CreateTable(table).compile(dialect=dialect))


def fill(connection: Connection, table: sa.Table, rows: sa.Select[Any], *, are_few: bool = False) -> None:
    """Make a temporary table of rows, in place of the one that was made of others."""
    create_anew(connection, table)
    connection.execute(sa.insert(table).from_select(table.columns.keys(), rows))
    if not are_few:  # of which the planner thinks right anyway
        analyze(connection, table)


def drop(connection: Connection, *tables: sa.Table) -> None:
    """Drop the temporary tables that are there, without asking first, which takes DuckDB's dialect longer."""
    # By its name alone PostgreSQL would find somebody's own table where there is no temporary one.
    where = "pg_temp." if connection.dialect.name == "postgresql" else ""
    preparer = connection.dialect.identifier_preparer
    for table in tables:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {where}{preparer.format_table(table)}")


def analyze(connection: Connection, table: sa.Table, *columns: sa.Column[Any]) -> None:
    """Let the planner know what a new temporary table holds, or some columns of it; DuckDB knows by itself."""
    if connection.dialect.name == "postgresql":
        preparer = connection.dialect.identifier_preparer
        chosen = f" ({', '.join(map(preparer.format_column, columns))})" if columns else ""
        connection.exec_driver_sql(f"ANALYZE {preparer.format_table(table)}{chosen}")


def analyze_grown(connection: Connection) -> None:
    """Let the planner know of the tables that hold much more than it knows of; DuckDB knows by itself.

    PostgreSQL finds out by itself a minute later, and until then may take a hundred times as long.
    """
    if connection.dialect.name == "postgresql":
        for table in connection.exec_driver_sql(_GROWN).scalars().all():
            connection.exec_driver_sql(f"ANALYZE {table}")


@contextmanager
def bulk_insert(connection: Connection, table: sa.Table) -> Iterator[None]:
    """Make a large insert into a table quick: one that never held rows gets its indexes when the rows are in.

    One that was emptied keeps them, as others may be reading what it held, and would have to wait.
    """
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    if connection.dialect.name != "postgresql" or not indexes or not _unused(connection, table):
        yield
        return
    for index in indexes:
        index.drop(connection, checkfirst=True)
    yield
    for index in indexes:
        index.create(connection)


def _unused(connection: Connection, table: sa.Table) -> bool:
    name = connection.dialect.identifier_preparer.format_table(table)
    size = sa.func.pg_relation_size(sa.cast(name, postgresql.REGCLASS))
    return bool(connection.execute(sa.select(size)).scalar_one() == 0)


def stream_batches(
    connection: Connection, query: sa.Select[Any], shape: pa.Schema, values: Mapping[str, Any] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield a query's rows as Arrow batches of a shape, without ever holding them all; `values` are of parameters."""
    if connection.dialect.name == "duckdb":
        cursor: Any = connection.execute(query, values).cursor
        for batch in cursor.to_arrow_reader(_STREAMED_ROWS):
            yield pa.RecordBatch.from_arrays(
                [column.cast(field.type) for column, field in zip(batch.columns, shape, strict=True)], schema=shape
            )
        return
    copied = query.compile(connection).construct_expanded_state(values)
    driver: Any = connection.connection.driver_connection
    # What COPY writes as true and false is t and f.
    options = pa.csv.ConvertOptions(
        column_types=shape,
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
        true_values=["t"],
        false_values=["f"],
    )
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY ({copied.statement}) TO STDOUT (FORMAT csv)", copied.parameters) as copy,
    ):
        text = _CopyText(copy)
        if text.peek():
            yield from pa.csv.open_csv(
                text,
                pa.csv.ReadOptions(column_names=shape.names, use_threads=False, block_size=_BLOCK_BYTES),
                pa.csv.ParseOptions(newlines_in_values=True),
                options,
            )


def read_numbers(connection: Connection, query: sa.Select[Any], values: Mapping[str, Any]) -> list[npt.NDArray[Any]]:
    """Return the columns of a query's rows as arrays: numbers, yes and no as 1 and 0, days since 1970.

    None of them is null, or more than 64 bits wide. `values` are of the query's parameters.
    """
    if connection.dialect.name != "duckdb":
        return _read_joined(connection, query, values)
    cursor: Any = connection.execute(query, values).cursor
    rows = cursor.to_arrow_table(_ROWS_AT_ONCE)
    plain = {pa.date32(): pa.int32(), pa.bool_(): pa.int8()}
    return [(each.cast(plain[each.type]) if each.type in plain else each).to_numpy() for each in rows.columns]


def _read_joined(connection: Connection, query: sa.Select[Any], values: Mapping[str, Any]) -> list[npt.NDArray[Any]]:
    """Return the same from PostgreSQL, which joins the bytes of each column: rows by themselves take thrice as long."""
    columns = query.subquery().columns
    joined = [sa.func.string_agg(_sent(each), sa.literal_column("''::bytea")) for each in columns]
    compiled = sa.select(*joined).compile(connection).construct_expanded_state(values)
    driver: Any = connection.connection.driver_connection
    with driver.cursor(binary=True) as cursor:
        of_columns = cursor.execute(compiled.statement, compiled.parameters).fetchone()
    kinds = [">f8" if isinstance(each.type, sa.Double) else ">i8" for each in columns]
    arrays = [np.frombuffer(found or b"", kind) for found, kind in zip(of_columns, kinds, strict=True)]
    if len({len(each) for each in arrays}) > 1:
        raise ValueError("one of the numbers is null")
    return [each.astype(each.dtype.newbyteorder("=")) for each in arrays]


def _sent(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bytes]:
    """Return the eight bytes of a number, the highest first."""
    if isinstance(column.type, sa.Double):
        return sa.func.float8send(column)
    if isinstance(column.type, sa.Date):
        column = column - sa.literal_column("'1970-01-01'::date", sa.Date)
    elif isinstance(column.type, sa.Boolean):
        column = sa.cast(column, sa.Integer)
    return sa.func.int8send(sa.cast(column, sa.BigInteger))


def write_csv(connection: Connection, query: sa.Select[Any], path: Path, tell: Callable[[int], None]) -> int:
    """Write a query's rows to a CSV file, UTF-8 with a byte-order mark and a header; return how many there were.

    The engine writes it, on DuckDB into the folder of exports alone. `tell` is told the bytes written so far, some
    times a second and on DuckDB from another thread; a CallboardError that it raises ends the writing.
    """
    first, *others = query.subquery().columns
    headed = sa.select(first.label(f"{_BYTE_ORDER_MARK}{first.name}"), *others)
    rows = (_duckdb_csv if connection.dialect.name == "duckdb" else _postgresql_csv)(connection, headed, path, tell)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return rows


def _postgresql_csv(connection: Connection, query: sa.Select[Any], path: Path, tell: Callable[[int], None]) -> int:
    compiled = query.compile(connection, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    statement = f"COPY ({compiled}) TO STDOUT (FORMAT csv, HEADER)"
    told_at = time.monotonic()
    with path.open("wb") as file, driver.cursor() as cursor:
        with cursor.copy(statement, compiled.params) as copy:
            for row in copy:
                file.write(row)
                if time.monotonic() - told_at >= _TELL_SECONDS:
                    told_at = time.monotonic()
                    tell(file.tell())
        return int(cursor.rowcount)


def _duckdb_csv(connection: Connection, query: sa.Select[Any], path: Path, tell: Callable[[int], None]) -> int:
    driver: Any = connection.connection.driver_connection
    done = threading.Event()
    stopped: list[CallboardError] = []

    def watch() -> None:
        while not done.wait(_TELL_SECONDS):
            try:
                tell(path.stat().st_size)
            except FileNotFoundError:
                continue
            except CallboardError as error:
                stopped.append(error)
                driver.interrupt()
                return

    watcher = threading.Thread(target=watch, name="csv", daemon=True)
    watcher.start()
    try:
        rows = int(connection.execute(_CopyTo(query, path.absolute())).scalar_one())
    except DBAPIError:
        if not stopped:
            raise
    finally:
        done.set()
        watcher.join()
    if stopped:  # even where it came too late to interrupt
        raise stopped[0]
    return rows


class _CopyTo(Executable, ClauseElement):
    """DuckDB's COPY of a query to a file."""

    inherit_cache = False

    def __init__(self, query: sa.Select[Any], path: Path) -> None:
        self.query, self.path = query, path


@compiles(_CopyTo, "duckdb")
def _copy_to(element: _CopyTo, compiler: Any, **options: Any) -> str:
    path = compiler.render_literal_value(str(element.path), sa.Text())
    return f"COPY ({compiler.process(element.query, **options)}) TO {path} (FORMAT csv, HEADER, USE_TMP_FILE false)"


class _CopyText(RawIOBase):
    """What a COPY gives, as a file that can be read."""

    def __init__(self, copy: Any) -> None:
        self._copy = copy
        self._ready = bytearray()
        self._ended = False

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def peek(self) -> bool:
        """Return whether there is anything at all."""
        self._fill(1)
        return bool(self._ready)

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to `size` bytes."""
        wanted = 2**62 if size is None or size < 0 else size
        self._fill(wanted)
        taken = bytes(self._ready[:wanted])
        del self._ready[:wanted]
        return taken

    def _fill(self, wanted: int) -> None:
        while len(self._ready) < wanted and not self._ended:
            chunk = self._copy.read()
            self._ended = not chunk
            self._ready += chunk
