"""The two stores: engines, transactions, migrations. With `bulk_io.py`, the only file that knows a driver.

`Facts.read()` gives one unchanging view of the facts, `Facts.write()` the facts to change in one transaction, one
writer at a time. Everything else asks in SQLAlchemy, one text for both engines; where they differ, it is here.
"""

from __future__ import annotations

import math
import os
import re
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from lib.errors import (
    CallboardError,
    DatabaseHeldError,
    DatabaseUnavailableError,
    DatabaseVersionError,
    DiskFullError,
    QueryTimeoutError,
    StorageError,
)
from lib.settings import Settings
from lib.store import atomic_swap, data_dir, migrations
from lib.store.disk_space import Room
from lib.store.duckdb_engine import FATAL, Embedded

_WRITER_LOCK = 0x63616C6C626F6172  # "callboar": the advisory lock of the one who changes the facts
_WRITER_MEMORY = "256MB"  # PostgreSQL's, for each sort and each grouping of the one who changes the facts
_FACTS_CHANGED, _STATE_CHANGED = "callboard_facts", "callboard_state"  # the channels of PostgreSQL
_SILENCE_SECONDS = 4.0  # after which a server that should answer each second is not trusted to tell of changes
_SETTLED_NS = 2_000_000_000
_FULL_DISK = ("no space left on device", "disk full", "database or disk is full", "could not extend file")
_UNOPENED = re.compile(r'Cannot open file "(?P<path>[^"\n]+)": (?P<reason>[^\n]+)')  # DuckDB's
_LOST = (
    *(OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError),
    *(duckdb.OperationalError, duckdb.ConnectionException),
)
# A server, or a client, that vanishes without a word, as a machine that loses its power does, is noticed within half a
# minute or a whole one, not after hours. A Unix socket needs none of it.
_NOTICING = {
    "connect_timeout": 5,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SERVER_NOTICING = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
# Sorting and joining an import's rows takes memory; an analyst's question takes none of it, and is answered before it
# would be compiled.
_ASKING = "-c work_mem=64MB -c temp_buffers=64MB -c jit=off -c DateStyle=ISO"


class Facts:
    """The facts' store, opened and migrated. Safe to use from several threads."""

    def __init__(self, settings: Settings, to: str | None = migrations.HEAD) -> None:
        """Open the store and bring its tables to a revision; with None only see that this program knows theirs.

        Raises DatabaseHeldError where another process holds the embedded database, DatabaseVersionError where a
        newer program wrote it, and DatabaseUnavailableError where it does not answer.
        """
        self._writing = threading.Lock()
        self._writes = 0  # how many transactions ended that may have changed the facts
        self._listener: _Listener | None = None
        data_dir.prepare(settings)
        atomic_swap.finish(settings.facts_file, settings.state_file)
        self._file = _embedded_file(settings) if settings.embedded else None
        self.engine = self._file.engine if self._file is not None else _postgresql_engine(settings.facts_url, _ASKING)
        self._room = Room(self.engine)
        try:
            with _plain_errors():
                if self._file is not None:
                    self._file.open()
                migrations.refuse_newer(self.engine, "facts")
            if to is not None:
                self.migrate(to)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection; the embedded database's file is free then."""
        if self._listener is not None:
            self._listener.stop()
        if self._file is not None:
            self._file.close()
        self.engine.dispose()

    @property
    def embedded(self) -> bool:
        """Whether the facts lie in an embedded DuckDB."""
        return self._file is not None

    def check_room(self) -> None:
        """Raise DiskFullError where there is no room for a change, StorageError where the disk can't be written."""
        with _plain_errors():
            self._room.check()

    def _connected(self) -> AbstractContextManager[Connection]:
        return self.engine.connect() if self._file is None else self._file.connected()

    def migrate(self, to: str = migrations.HEAD) -> None:
        """Bring the tables up to a revision."""
        with _plain_errors():
            if migrations.migrate(self.engine, "facts", to):
                with self.engine.connect() as connection:
                    checkpoint(connection)

    def listen(self) -> None:
        """Begin to hear of what other processes write, for `mark`; nobody else writes an embedded database."""
        if not self.embedded:
            self._listener = _Listener(self.engine, _FACTS_CHANGED, self._count_write)
            self._listener.start()

    def mark(self) -> int | None:
        """Return a number that changes whenever the facts may have changed; None where that can't be known."""
        known = self.embedded or (self._listener is not None and self._listener.hears)
        return self._writes if known else None

    @contextmanager
    def read(self, seconds: float | None = None) -> Iterator[Connection]:
        """Give a connection that sees the facts as they are at its first query, throughout.

        Raises QueryTimeoutError where that takes longer than `seconds`.
        """
        with ExitStack() as stack:
            stack.enter_context(_plain_errors())
            connection = stack.enter_context(self._connected())
            if not self.embedded:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                if seconds is not None:
                    limit = sa.func.set_config("statement_timeout", str(int(seconds * 1000)), True)
                    connection.execute(sa.select(limit))
            elif seconds is not None:
                driver: Any = connection.connection.driver_connection
                timer = threading.Timer(seconds, driver.interrupt)
                timer.daemon = True
                timer.start()
                stack.callback(timer.cancel)
            yield connection

    @contextmanager
    def write(self, connection: Connection | None = None) -> Iterator[Connection]:
        """Give a connection to change the facts with: one transaction, one writer at a time, kept if nothing fails."""
        with ExitStack() as stack:
            stack.enter_context(self._room.watched())
            stack.enter_context(_plain_errors())
            if self.embedded:
                stack.enter_context(self._writing)
            stack.callback(self._count_write)
            if connection is None:
                connection = stack.enter_context(self._connected())
            stack.enter_context(connection.begin())
            if not self.embedded:
                memory = sa.func.set_config("work_mem", _WRITER_MEMORY, True)
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK), memory))
                connection.execute(sa.select(sa.func.pg_notify(_FACTS_CHANGED, "")))  # heard at the commit
            yield connection

    def _count_write(self) -> None:
        self._writes += 1

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """Give a connection of one's own, for temporary tables that live through several transactions."""
        with self._room.watched(), _plain_errors(), self._connected() as connection:
            try:
                yield connection
            finally:
                if not connection.closed:
                    connection.invalidate()  # its temporary tables must not turn up with the next user


class State:
    """The state's store, opened and migrated. Several processes may open it at a time."""

    def __init__(self, settings: Settings, to: str | None = migrations.HEAD) -> None:
        """Open the store and bring its tables to a revision, or leave them, as `Facts` does; raises what it raises."""
        data_dir.prepare(settings)
        atomic_swap.finish(settings.facts_file, settings.state_file)
        self.engine = _state_engine(settings)
        self._room = Room(self.engine)
        self._writes = 0
        self._listener: _Listener | None = None
        try:
            with _plain_errors():
                migrations.refuse_newer(self.engine, "state")
            if to is not None:
                self.migrate(to)
        except BaseException:
            self.close()
            raise

    def migrate(self, to: str = migrations.HEAD) -> None:
        """Bring the tables up to a revision."""
        with _plain_errors():
            migrations.migrate(self.engine, "state", to)

    def close(self) -> None:
        """Close every connection."""
        if self._listener is not None:
            self._listener.stop()
        self.engine.dispose()

    def listen(self) -> None:
        """Begin to hear of what other processes write, for `mark`; what writes SQLite shows in its files."""
        if self.engine.dialect.name == "postgresql":
            self._listener = _Listener(self.engine, _STATE_CHANGED, self._count_write)
            self._listener.start()

    def mark(self) -> Hashable | None:
        """Return what changes whenever the state may have changed; None where that can't be known."""
        if self._listener is not None:
            return self._writes if self._listener.hears else None
        if self.engine.dialect.name == "postgresql" or not self.engine.url.database:
            return None
        files = [Path(f"{self.engine.url.database}{suffix}") for suffix in ("", "-wal")]
        try:
            found = [(status.st_mtime_ns, status.st_size) for status in map(os.stat, files)]
        except OSError:
            return None
        # Two changes within a tick of the file system's clock leave the same time behind.
        settled = time.time_ns() - max(when for when, _ in found) > _SETTLED_NS
        return tuple(found) if settled else None

    def _count_write(self) -> None:
        self._writes += 1

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection to read the state with; it waits for no writer."""
        with _plain_errors(), self.engine.connect() as connection:
            yield connection.execution_options(reads_only=True)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give a connection that sees the state as it is at its first query, throughout; it waits for no writer."""
        with self.read() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    @contextmanager
    def transaction(self, within: Connection | None = None) -> Iterator[Connection]:
        """Give a connection to change the state with, in one transaction; `within` one of the same database."""
        begun = self.engine.begin() if within is None else nullcontext(within)
        with self._room.watched(), _plain_errors(), begun as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_notify(_STATE_CHANGED, "")))
            yield connection
        self._count_write()

    def check_room(self) -> None:
        """Raise DiskFullError where there is no room for a change, StorageError where the disk can't be written."""
        with _plain_errors():
            self._room.check()


class _Listener(threading.Thread):
    """Hears from PostgreSQL of each change that is told on a channel, also of those by other processes."""

    def __init__(self, engine: Engine, channel: str, heard: Callable[[], None]) -> None:
        """Listen on a channel; `heard` is called after each change, and whenever one may have been missed."""
        super().__init__(name=f"listener {channel}", daemon=True)
        self._engine, self._channel, self._heard = engine, channel, heard
        self._stopped = threading.Event()
        self._alive_at = -math.inf

    @property
    def hears(self) -> bool:
        """Whether the server has answered lately, so that no change can be unheard of for longer."""
        return time.monotonic() - self._alive_at < _SILENCE_SECONDS

    def stop(self) -> None:
        """Stop listening."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """Listen until stopped; where the connection is lost, listen anew."""
        while not self._stopped.is_set():
            try:
                with self._engine.connect() as pooled:
                    connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
                    try:
                        self._listen(connection)
                    finally:
                        connection.invalidate()  # the next user of it would be told of changes, too
            except (sa.exc.SQLAlchemyError, psycopg.Error):
                self._stopped.wait(1)

    def _listen(self, connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        connection.exec_driver_sql(f"LISTEN {self._channel}")
        self._heard()
        while not self._stopped.is_set():
            connection.exec_driver_sql("SELECT 1")
            self._alive_at = time.monotonic()
            for _ in driver.notifies(timeout=_SILENCE_SECONDS / 4):
                self._heard()


def insert_unless_known(connection: Connection, table: sa.Table, **values: Any) -> bool:
    """Insert a row unless its primary key is taken, waiting for whoever is taking it; return whether it was."""
    dialects: dict[str, Any] = {"postgresql": postgresql, "sqlite": sqlite}
    insert = dialects[connection.dialect.name].insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(insert.returning(*table.primary_key)).first() is not None


def checkpoint(connection: Connection) -> None:
    """Write DuckDB's log into its file, so that it opens quickly; PostgreSQL does so by itself."""
    if connection.dialect.name == "duckdb":
        connection.exec_driver_sql("CHECKPOINT")


def _embedded_file(settings: Settings) -> Embedded:
    if settings.facts_url.database and settings.facts_url.database != ":memory:":
        data_dir.make_folder(Path(settings.facts_url.database).parent)
    data_dir.make_folder(settings.data_dir / data_dir.SPILL)  # DuckDB makes no more than the folder in it
    return Embedded(settings)


def _postgresql_engine(url: sa.URL, options: str = "") -> Engine:
    theirs = url.normalized_query  # what the address says holds
    arguments: dict[str, Any] = {name: value for name, value in _NOTICING.items() if name not in theirs}
    arguments["options"] = " ".join(filter(None, [_SERVER_NOTICING, options, *theirs.get("options", ())]))
    return sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args=arguments)


def _state_engine(settings: Settings) -> Engine:
    url = settings.state_database_url
    if url.get_backend_name() == "postgresql":
        return _postgresql_engine(url)
    if url.database and url.database != ":memory:":
        data_dir.make_folder(Path(url.database).parent)
    engine = sa.create_engine(url, connect_args={"timeout": 30})

    def prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver would commit before every change of a table
        for line in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"):
            connection.execute(line)

    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later would fail where another one wrote between.
        reads = connection.get_execution_options().get("reads_only")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    sa.event.listen(engine, "connect", prepare)
    sa.event.listen(engine, "begin", begin)
    return engine


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn what a driver raises when its database can't be used into an error of ours."""
    try:
        yield
    except (CallboardError, IntegrityError):
        raise  # the latter quotes the row that was refused, whose words are not to be taken for the driver's
    except RuntimeError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise KeyboardInterrupt from None  # DuckDB's own form of it, where Ctrl-C came within a call
        raise
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError("Every connection to the database is busy.") from error
    except (
        DBAPIError,
        psycopg.Error,
        duckdb.Error,
    ) as error:
        plain = _plain(error)
        if plain is None:
            raise
        raise plain from error


def _plain(error: DBAPIError | psycopg.Error | duckdb.Error) -> CallboardError | None:
    """Return an error of ours for a driver's, by what it says; None where it is not the database's fault."""
    told = str(error.orig if isinstance(error, DBAPIError) else error)
    if "INTERRUPT" in told or "statement timeout" in told:
        return QueryTimeoutError("The question took longer than it may; ask for a shorter period.")
    if "Could not set lock on file" in told:
        return DatabaseHeldError(
            "Another process holds the embedded database, which one at a time may open. Right would be to end that "
            "process, or to use another CALLBOARD_DATA_DIR, or PostgreSQL for several."
        )
    if "database file with version number" in told:
        return DatabaseVersionError(
            "A newer version of Callboard wrote the database: its file has a form that this one can't read. Nothing "
            "was changed. Right would be to start the version that wrote it, or a newer one."
        )
    if any(sign in told.lower() for sign in _FULL_DISK):
        return DiskFullError("The disk is full; nothing was changed. Right would be room on the disk.")
    if unwritten := _UNOPENED.search(told):
        # Its name alone: who reads this need not know where it lies.
        return StorageError(
            f"The file '{Path(unwritten['path']).name}' can't be opened: {unwritten['reason']}. Right would be a "
            "folder that is there, and that the program may write in."
        )
    lost = isinstance(error, _LOST) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    if lost or told.startswith(FATAL):
        return DatabaseUnavailableError(f"The database does not answer: {told.splitlines()[0]}")
    return None
