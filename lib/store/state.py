"""The state's store: users, keys, jobs, saved views, the audit; SQLite or PostgreSQL, several processes at a time."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import ConnectionPoolEntry

from lib.settings import Settings
from lib.store import atomic_swap, data_dir, migrations
from lib.store.disk_space import DiskSpaceMonitor
from lib.store.driver_errors import translated_errors
from lib.store.notifications import ChangeListener
from lib.store.postgresql_engine import postgresql_engine
from lib.store.sqlite_changes import SqliteChanges

_STATE_CHANGED = "callboard_state"  # the channels of PostgreSQL


class StateStore:
    """The state's store, opened and migrated. Several processes may open it at a time."""

    def __init__(self, settings: Settings, to: str | None = migrations.HEAD) -> None:
        """Open the store and bring its tables to a revision, or leave them, as `FactStore` does.

        Raises what it raises.
        """
        data_dir.prepare(settings)
        atomic_swap.finish(settings.facts_file, settings.state_file)
        self.engine = _state_engine(settings)
        self._room = DiskSpaceMonitor(self.engine)
        self._writes = 0
        self._listener: ChangeListener | None = None
        url = self.engine.url
        self._file = SqliteChanges(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        try:
            with translated_errors():
                migrations.refuse_newer(self.engine, "state")
            if to is not None:
                self.refuse_behind()
                self.migrate(to)
        except BaseException:
            self.close()
            raise

    def refuse_behind(self) -> None:
        """Raise DatabaseVersionError where `callboard migrate` has to bring the tables up to date first."""
        if not self.embedded:  # the one process that serves it brings it up
            with translated_errors():
                migrations.refuse_behind(self.engine, "state")

    def revision(self) -> str | None:
        """Return the revision that the tables are at; None where there are none."""
        with self.read() as connection:
            return migrations.revision(connection, "state")

    def migrate(self, to: str = migrations.HEAD) -> None:
        """Bring the tables up to a revision."""
        with translated_errors():
            migrations.migrate(self.engine, "state", to)

    def close(self) -> None:
        """Close every connection."""
        if self._listener is not None:
            self._listener.stop()
        if self._file is not None:
            self._file.close()
        self.engine.dispose()

    @property
    def embedded(self) -> bool:
        """Whether the state lies in a SQLite file."""
        return self.engine.dialect.name == "sqlite"

    def start_listener(self) -> None:
        """Begin to hear of what other processes write, for `change_token`; what writes SQLite shows in its file."""
        if self.engine.dialect.name == "postgresql":
            self._listener = ChangeListener(self.engine, _STATE_CHANGED, lambda _: self._count_write())
            self._listener.start()

    def change_token(self) -> Hashable | None:
        """Return what changes whenever the state may have changed; None where that can't be known."""
        if self._listener is not None:
            return self._writes if self._listener.hears else None
        return None if self._file is None else self._file.token()

    def _count_write(self) -> None:
        self._writes += 1

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection to read the state with; it waits for no writer."""
        with translated_errors(), self.engine.connect() as connection:
            yield connection.execution_options(reads_only=True)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give a connection that sees the state as it is at its first query, throughout; it waits for no writer."""
        with self.read() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    @contextmanager
    def transaction(self, within: Connection | None = None, *, is_told: bool = True) -> Iterator[Connection]:
        """Give a connection to change the state with, in one transaction; `within` one of the same database.

        Without `is_told` nobody is told of the change: for what no process keeps.
        """
        begun = self.engine.begin() if within is None else nullcontext(within)
        with self._room.track_disk_full(), translated_errors(), begun as connection:
            if is_told and connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_notify(_STATE_CHANGED, "")))
            yield connection
        if is_told:
            self._count_write()

    def check_room(self) -> None:
        """Raise DiskFullError where there is no room for a change, StorageError where the disk can't be written."""
        with translated_errors():
            self._room.check()


def insert_if_absent(connection: Connection, table: sa.Table, **values: Any) -> bool:
    """Insert a row unless its primary key is taken, waiting for whoever is taking it; return whether it was."""
    dialects: dict[str, Any] = {"postgresql": postgresql, "sqlite": sqlite}
    insert = dialects[connection.dialect.name].insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(insert.returning(*table.primary_key)).first() is not None


def _state_engine(settings: Settings) -> Engine:
    url = settings.state_database_url
    if url.get_backend_name() == "postgresql":
        return postgresql_engine(url, settings.state_connections)
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
