"""The facts' store: DuckDB, PostgreSQL or DuckLake, its transactions and its migrations.

`FactStore.read()` gives one unchanging view of the facts, `FactStore.write()` the facts to change in one transaction,
one writer at a time. Everything else asks in SQLAlchemy, one text for all engines; where they differ, it is here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from time import monotonic
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.configuration.storage_address import StorageAddress
from lib.errors import DatabaseUnavailableError, QueryTimeoutError, StandbyLostError
from lib.errors.codes import FailureCode
from lib.settings import Settings
from lib.store import archived_rows, atomic_swap, data_dir, migrations, schema
from lib.store.bulk_io import discard_temporary
from lib.store.disk_space import DiskSpaceMonitor
from lib.store.driver_errors import translated_errors
from lib.store.duckdb_engine import DuckDBEngine, embedded_engine
from lib.store.ducklake_dialect import is_ducklake
from lib.store.ducklake_engine import DuckLakeEngine
from lib.store.notifications import ChangeListener
from lib.store.postgresql_engine import postgresql_engine
from lib.store.standby import Standby

_WRITER_LOCK = 0x63616C6C626F6172  # "callboar": the advisory lock of the one who changes the facts
_WRITER_MEMORY = "256MB"  # PostgreSQL's, for each sort and each grouping of the one who changes the facts
_FACTS_CHANGED = "callboard_facts"  # the channels of PostgreSQL
_KEEPS_CATALOG = "keeps_catalog"  # what is told there of a write that does
# Sorting and joining an import's rows takes memory; an analyst's question takes none of it, and is answered before it
# would be compiled.
_ASKING = "-c work_mem=64MB -c temp_buffers=64MB -c jit=off -c DateStyle=ISO"


_ENDS_AT = "ends_at"
"""Where a connection has the time at which what reads from it is to have ended."""

_ARCHIVE_FOLDER = "archive_folder"
"""Where a connection has the place of archives that say none of their own."""


def archive_folder(connection: Connection) -> StorageAddress:
    """Return where the archives of a connection's store lie that say no other place."""
    found: StorageAddress = connection.info[_ARCHIVE_FOLDER]
    return found


def check_time(connection: Connection) -> None:
    """Raise QueryTimeoutError where what reads from a connection has taken as long as it may, in Python too."""
    ends_at = connection.info.get(_ENDS_AT)
    if ends_at is not None and monotonic() > ends_at:
        raise QueryTimeoutError(FailureCode.QUERY_TIMEOUT)


class FactStore:
    """The facts' store, opened and migrated. Safe to use from several threads."""

    def __init__(self, settings: Settings, to: str | None = migrations.HEAD) -> None:
        """Open the store and bring its tables to a revision; with None only see that this program knows theirs.

        Raises DatabaseHeldError where another process holds the embedded database, DatabaseVersionError where another
        version wrote it (`migrations.refuse_newer`, `refuse_behind`), and DatabaseUnavailableError where it does not
        answer.
        """
        self._writing = threading.Lock()
        self._writes = 0  # how many transactions ended that may have changed the facts
        self._catalog_writes = 0  # how many of them may have changed own fields, own metrics or what rollups hold
        self._told: list[Callable[[], None]] = []
        self._listener: ChangeListener | None = None
        self._archive_folder = settings.archive_folder
        self._archives_known: tuple[int, bool] = (-1, False)  # the mark of the catalog, and whether there were any
        data_dir.prepare(settings)
        atomic_swap.finish(settings.facts_file, settings.state_file)
        self._lake = DuckLakeEngine(settings, settings.lake) if settings.lake is not None else None
        self._instance: DuckDBEngine | None = embedded_engine(settings) if settings.embedded else self._lake
        if self._instance is not None:
            self.engine = self._instance.engine
        else:
            self.engine = postgresql_engine(settings.facts_url, settings.facts_connections, _ASKING)
        self._standby = self._followed_by(settings)
        self._room = DiskSpaceMonitor(self.engine) if self._lake is None else self._lake.disk_space_monitor()
        try:
            with translated_errors():
                if self._instance is not None:
                    self._instance.open()
                migrations.refuse_newer(self.engine, "facts")
            if to is not None:
                self.refuse_behind()
                self.migrate(to)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection; the embedded database's file is free then."""
        if self._listener is not None:
            self._listener.stop()
        if self._instance is not None:
            self._instance.close()
        if self._standby is not None:
            self._standby.close()
        self.engine.dispose()

    def _followed_by(self, settings: Settings) -> Standby | None:
        if settings.standby_url is None:
            return None
        return Standby(postgresql_engine(settings.standby_url, settings.facts_connections, _ASKING), self.engine)

    @property
    def embedded(self) -> bool:
        """Whether the facts lie in an embedded DuckDB, which this process has for itself."""
        return self._instance is not None and self._lake is None

    @property
    def engine_name(self) -> Literal["duckdb", "postgresql", "ducklake"]:
        """Where the facts are."""
        if self._instance is None:
            return "postgresql"
        return "duckdb" if self._lake is None else "ducklake"

    def check_room(self) -> None:
        """Raise DiskFullError where there is no room for a change, StorageError where the disk can't be written."""
        with translated_errors():
            self._room.check()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        connected: AbstractContextManager[Connection] = (
            self.engine.connect() if self._instance is None else self._instance.connected()
        )
        with connected as connection:
            connection.info[_ARCHIVE_FOLDER] = self._archive_folder
            yield connection

    def refuse_behind(self) -> None:
        """Raise DatabaseVersionError where `callboard migrate` has to bring the tables up to date first."""
        if not self.embedded:  # who opens that one is alone
            with translated_errors():
                migrations.refuse_behind(self.engine, "facts")

    def revision(self) -> str | None:
        """Return the revision that the tables are at; None where there are none."""
        with translated_errors(), self._connected() as connection:
            return migrations.revision(connection, "facts")

    def migrate(self, to: str = migrations.HEAD) -> None:
        """Bring the tables up to a revision."""
        with translated_errors():
            if self._lake is not None:
                self._lake.migrate(to)
            elif migrations.migrate(self.engine, "facts", to):
                with self.engine.connect() as connection:
                    checkpoint(connection)

    def start_listener(self) -> None:
        """Begin to hear of what other processes write, for `change_token`; nobody else writes an embedded database."""
        if self._lake is not None:
            self._listener = self._lake.listener(self._count_write)
        elif not self.embedded:
            self._listener = ChangeListener(self.engine, _FACTS_CHANGED, self._hear)
        if self._listener is not None:
            self._listener.start()

    @property
    def known_writes(self) -> int:
        """How many transactions ended that may have changed the facts: this process's, and others that it heard of."""
        return self._writes

    @property
    def known_catalog_writes(self) -> int:
        """How many of those may have changed own fields, own metrics, or which measures rollups hold."""
        return self._catalog_writes

    def change_token(self) -> int | None:
        """Return a number that changes whenever the facts may have changed; None where that can't be known."""
        known = self.embedded or (self._listener is not None and self._listener.hears)
        return self._writes if known else None

    def _has_archives(self) -> bool:
        """Return whether months are archived, which PostgreSQL reads by temporary tables: so may no standby."""
        mark = self._catalog_writes
        if self.change_token() is None or self._archives_known[0] != mark:
            with self.engine.connect() as connection:
                some = sa.select(sa.exists().where(schema.archives.c.ended_at.is_(None)))
                self._archives_known = mark, bool(connection.execute(some).scalar_one())
        return self._archives_known[1]

    @contextmanager
    def read(self, seconds: float | None = None) -> Iterator[Connection]:
        """Give a connection that sees the facts as they are at its first query, throughout.

        Raises QueryTimeoutError where that takes longer than `seconds`.
        """
        with translated_errors():
            is_readonly = self._instance is not None or not self._has_archives()
            with self._connected() as connection, self._snapshot(connection, seconds, is_readonly) as snapshot:
                yield snapshot

    @contextmanager
    def read_anywhere(self, seconds: float | None = None) -> Iterator[Connection]:
        """Do the same, on the standby where it has every change that is known here.

        Raises StandbyLostError where the standby stops answering; the primary may be asked then.
        """
        standby = self._standby
        if standby is not None and not self._has_archives():
            try:
                with translated_errors(), standby.connected(self.change_token()) as found:
                    if found is not None:
                        with self._snapshot(found, seconds, True) as connection:
                            yield connection
                            return
            except DatabaseUnavailableError as error:
                if type(error) is not DatabaseUnavailableError:
                    raise  # what would not go better on the primary
                standby.leave(error)
                raise StandbyLostError(error.message) from error
        with self.read(seconds) as connection:
            yield connection

    @contextmanager
    def _snapshot(self, connection: Connection, seconds: float | None, is_readonly: bool) -> Iterator[Connection]:
        """Give a connection that reads one state of the facts, for at most so many seconds."""
        with ExitStack() as stack:
            if seconds is not None:
                connection.info[_ENDS_AT] = monotonic() + seconds
                stack.callback(connection.info.pop, _ENDS_AT, None)
            stack.callback(archived_rows.detach, connection, connection.info)
            if self._instance is None:
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=is_readonly
                )
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
    def write(self, connection: Connection | None = None, *, keeps_catalog: bool = False) -> Iterator[Connection]:
        """Give a connection to change the facts with: one transaction, one writer at a time, kept if nothing fails.

        `keeps_catalog` promises that it leaves own fields, own metrics and the measures that rollups hold as they are.
        """
        with ExitStack() as stack:
            stack.enter_context(self._room.track_disk_full())
            stack.enter_context(translated_errors())
            if self.embedded:
                stack.enter_context(self._writing)
            stack.callback(self._count_write, keeps_catalog)
            lock = stack.enter_context(self._lake.writer_lock(keeps_catalog)) if self._lake is not None else None
            if connection is None:
                connection = stack.enter_context(self._connected())
            stack.callback(archived_rows.detach, connection, connection.info)
            stack.enter_context(connection.begin())
            if self._instance is None:
                memory = sa.func.set_config("work_mem", _WRITER_MEMORY, True)
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK), memory))
                told = _KEEPS_CATALOG if keeps_catalog else ""
                connection.execute(sa.select(sa.func.pg_notify(_FACTS_CHANGED, told)))  # heard at the commit
            yield connection
            if lock is not None:
                lock.confirm()

    def tidy_files(self) -> None:
        """Put the files of a DuckLake in order where that is due; other engines do so by themselves."""
        if self._lake is not None:
            with self._room.track_disk_full(), translated_errors():
                self._lake.tidy()

    def call_after_writes(self, callback: Callable[[], None]) -> None:
        """Have a function called whenever `change_token` has changed, in the thread that wrote or heard; be quick."""
        self._told.append(callback)

    def _hear(self, told: str) -> None:
        self._count_write(told == _KEEPS_CATALOG)

    def _count_write(self, keeps_catalog: bool) -> None:
        self._catalog_writes += not keeps_catalog
        self._writes += 1
        for callback in self._told:
            callback()

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """Give a connection of one's own, for temporary tables that live through several transactions."""
        with self._room.track_disk_full(), translated_errors(), self._connected() as connection:
            is_clean = False
            try:
                yield connection
                is_clean = discard_temporary(connection)
            finally:
                if not is_clean and not connection.closed:
                    connection.invalidate()  # its temporary tables must not turn up with the next user


def checkpoint(connection: Connection) -> None:
    """Write DuckDB's log into its file, so that it opens quickly; PostgreSQL does so by itself."""
    if connection.dialect.name == "duckdb" and not is_ducklake(connection):
        connection.exec_driver_sql("CHECKPOINT")
