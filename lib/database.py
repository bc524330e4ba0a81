"""The two stores: engines, transactions, migrations. With `bulk.py`, the only file that knows a driver.

`Facts.read()` gives one unchanging view of the facts, `Facts.write()` the facts to change in one transaction, one
writer at a time. Everything else asks in SQLAlchemy, one text for both engines; where they differ, it is here.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from lib import recovery
from lib.errors import (
    CallboardError,
    DatabaseHeldError,
    DatabaseUnavailableError,
    DatabaseVersionError,
    QueryTimeoutError,
    StorageError,
)
from lib.settings import Settings

_WRITER_LOCK = 0x63616C6C626F6172  # "callboar": the advisory lock of the one who changes the facts
_WRITER_MEMORY = "256MB"  # PostgreSQL's, for each sort and each grouping of the one who changes the facts
_MIGRATION_LOCK = _WRITER_LOCK + 1
_FACTS_CHANGED, _STATE_CHANGED = "callboard_facts", "callboard_state"  # the channels of PostgreSQL
_SILENCE_SECONDS = 4.0  # after which a server that should answer each second is not trusted to tell of changes
_SETTLED_NS = 2_000_000_000
_FULL_DISK = ("no space left on device", "disk full", "database or disk is full", "could not extend file")


class Facts:
    """The facts' store, opened and migrated. Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        """Open the store and bring its tables up to date.

        Raises DatabaseHeldError where another process holds the embedded database, DatabaseVersionError where a
        newer program wrote it, and DatabaseUnavailableError where it does not answer.
        """
        self._writing = threading.Lock()
        self._writes = 0  # how many transactions ended that may have changed the facts
        self._hold: Connection | None = None
        self._listener: _Listener | None = None
        _make_folder(settings.data_dir)
        self.engine = _facts_engine(settings)
        try:
            with _plain_errors():
                # Held open, so that no other process takes the file between two of our transactions.
                self._hold = self.engine.connect() if self.embedded else None
                _migrate(self.engine, "facts")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection; the embedded database's file is free then."""
        if self._listener is not None:
            self._listener.stop()
        if self._hold is not None:
            self._hold.close()
        self.engine.dispose()

    @property
    def embedded(self) -> bool:
        """Whether the facts lie in an embedded DuckDB."""
        return self.engine.dialect.name == "duckdb"

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
            connection = stack.enter_context(self.engine.connect())
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
            stack.enter_context(_plain_errors())
            if self.embedded:
                stack.enter_context(self._writing)
            stack.callback(self._count_write)
            if connection is None:
                connection = stack.enter_context(self.engine.connect())
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
        with _plain_errors(), self.engine.connect() as connection:
            try:
                yield connection
            finally:
                if not connection.closed:
                    connection.invalidate()  # its temporary tables must not turn up with the next user


class State:
    """The state's store, opened and migrated. Several processes may open it at a time."""

    def __init__(self, settings: Settings) -> None:
        """Open the store and bring its tables up to date; raises as `Facts` does."""
        _make_folder(settings.data_dir)
        self.engine = _state_engine(settings)
        self._writes = 0
        self._listener: _Listener | None = None
        try:
            with _plain_errors():
                _migrate(self.engine, "state")
        except BaseException:
            self.close()
            raise

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
    def transaction(self) -> Iterator[Connection]:
        """Give a connection to read and change the state with, in one transaction."""
        with _plain_errors(), self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_notify(_STATE_CHANGED, "")))
            yield connection
        self._count_write()


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


def _facts_engine(settings: Settings) -> Engine:
    url = settings.facts_url
    if url.get_backend_name() == "postgresql":
        # Sorting and joining an import's rows takes memory; an analyst's question takes none of it, and is answered
        # before it would be compiled.
        options = {"options": "-c work_mem=64MB -c temp_buffers=64MB -c jit=off -c DateStyle=ISO"}
        return sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args=options)
    if url.database and url.database != ":memory:":
        _make_folder(Path(url.database).parent)
        recovery.drop_unfinished(Path(url.database))
    engine = sa.create_engine(
        url, pool_size=10, max_overflow=50, connect_args={"config": {"memory_limit": f"{settings.duckdb_memory_mb}MB"}}
    )
    spill = settings.data_dir.absolute() / "spill"
    _make_folder(spill)

    def literal(path: Path) -> str:
        return str(sa.literal(str(path)).compile(engine, compile_kwargs={"literal_binds": True}))

    def harden(connection: Any, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("SELECT current_setting('lock_configuration')")
        if cursor.fetchone()[0] is False:
            cursor.execute(f"SET temp_directory = {literal(spill)}")
            cursor.execute(f"SET allowed_directories = [{literal(settings.exports_dir)}]")
            for line in ("SET autoinstall_known_extensions = false", "SET enable_external_access = false"):
                cursor.execute(line)
            cursor.execute("SET lock_configuration = true")

    sa.event.listen(engine, "connect", harden)
    return engine


def _state_engine(settings: Settings) -> Engine:
    url = settings.state_database_url
    if url.get_backend_name() == "postgresql":
        return sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
    if url.database and url.database != ":memory:":
        _make_folder(Path(url.database).parent)
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


def _migrate(engine: Engine, store: str) -> None:
    """Bring one store's tables up to date; refuse a store that a newer program wrote."""
    config = Config()
    config.set_main_option("script_location", f"lib.migrations:{store}")
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    table = f"alembic_version_{store}"
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        current = MigrationContext.configure(connection, opts={"version_table": table}).get_current_revision()
        known = {script.revision for script in scripts.walk_revisions()}
        if current is not None and current not in known:
            raise DatabaseVersionError(
                f"The {store} were written by a newer version of Callboard (at migration {current}). Right would be "
                "to start that version, or a newer one."
            )
        if current == scripts.get_current_head():
            return
        config.attributes["connection"] = connection
        config.attributes["version_table"] = table
        command.upgrade(config, "head")
    if engine.dialect.name == "duckdb":
        with engine.connect() as connection:
            checkpoint(connection)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {path} can't be made: {error.strerror}. CALLBOARD_DATA_DIR says where."
        ) from None


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
    except DBAPIError as error:
        told = str(error.orig)
        if "INTERRUPT" in told or "statement timeout" in told:
            raise QueryTimeoutError("The question took longer than it may; ask for a shorter period.") from error
        if "Could not set lock on file" in told:
            raise DatabaseHeldError(
                "Another process holds the embedded database, which one at a time may open. Right would be to end that "
                "process, or to use another CALLBOARD_DATA_DIR, or PostgreSQL for several."
            ) from error
        if any(sign in told.lower() for sign in _FULL_DISK):
            raise StorageError("The disk is full; nothing was changed. Right would be room on the disk.") from error
        lost = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
        if lost:
            raise DatabaseUnavailableError(f"The database does not answer: {told.splitlines()[0]}") from error
        raise
