"""The embedded database, held open by this process: its engine, its file, and how it comes back after a failed write.

Where DuckDB can't write its file, as on a full disk, it refuses every further question of the process until each
connection was closed and the file is opened anew. Who asks next does that; whoever asks meanwhile is told or waits.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from lib.errors import DatabaseUnavailableError
from lib.settings import Settings
from lib.store import data_dir, duckdb_wal, torn_blocks

log = logging.getLogger(__name__)

FATAL = "FATAL Error"
"""What DuckDB's words begin with when it has failed to write, and to every question after that."""

_UNOPTIMIZED = "unoptimized"  # where a connection notes that it does not optimize
_LEAVE_SECONDS = 5.0  # that a question waits for others to be told, before the file can be opened anew
_AGAIN_SECONDS = 1.0  # between two attempts


class DuckDBEngine:
    """The engine of an embedded database, and who uses it. Safe to use from several threads."""

    def __init__(self, engine: Engine, file: Path | None, spill: Path | None = None) -> None:
        """Prepare; `open` opens the file, whose process alone spills into a folder."""
        self._file, self._spill = file, spill
        self.engine = engine
        self._hold: Connection | None = None
        self._gate = threading.Condition()
        self._users = 0
        self._broken = False
        self._tried_at = 0.0
        sa.event.listen(self.engine, "handle_error", self._notice)
        sa.event.listen(self.engine, "checkin", _optimize_again)

    def open(self) -> None:
        """Open the file and hold it, so that no other process takes it between two of our transactions.

        What a killed process spilled is deleted then.
        """
        if self._file is not None:
            duckdb_wal.truncate_wal(self._file)
        try:
            self._hold = self.engine.connect()
        except DBAPIError as error:
            if self._file is None or not torn_blocks.mend(self._file, str(error.orig)):
                raise
            self._hold = self.engine.connect()
        if self._file is not None and self._spill is not None:
            shutil.rmtree(self._spill, ignore_errors=True)  # DuckDB makes it when it spills

    def close(self) -> None:
        """Close every connection; the file is free then."""
        if self._hold is not None:
            if self._broken:
                self._hold.invalidate()  # rolled back first, as it else would be, it fails
            self._hold.close()
            self._hold = None
        self.engine.dispose()

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Give a connection; the file is opened anew first where that is needed.

        Raises DatabaseUnavailableError, or what opening raises, where it can't be had yet.
        """
        with self._gate:
            if self._broken:
                self._open_anew()
            self._users += 1
        try:
            with self.engine.connect() as connection:
                try:
                    yield connection
                finally:
                    if self._broken and not connection.closed:
                        connection.invalidate()  # given back, it would be rolled back first, which fails
        finally:
            with self._gate:
                self._users -= 1
                self._gate.notify_all()

    def _notice(self, context: ExceptionContext) -> None:
        if str(context.original_exception).startswith(FATAL):
            self._broken = True
            context.is_disconnect = True  # the engine then closes the connection, and does not give it to another

    def _open_anew(self) -> None:
        """Close what is open and open the file again; must hold the gate."""
        if time.monotonic() - self._tried_at < _AGAIN_SECONDS:
            raise DatabaseUnavailableError("The embedded database could not write its file and is being opened anew.")
        if not self._gate.wait_for(lambda: self._users == 0 or not self._broken, _LEAVE_SECONDS):
            raise DatabaseUnavailableError("The embedded database waits for its last questions, to be opened anew.")
        if not self._broken:
            return  # another one was quicker
        log.warning("The embedded database could not write its file; it is opened anew")
        try:
            self.close()
            self.open()
        except BaseException:
            self._tried_at = time.monotonic()
            raise
        self._broken = False


def embedded_engine(settings: Settings) -> DuckDBEngine:
    """Return the engine of the settings' embedded database; its folder is made where it is missing."""
    name = settings.facts_url.database
    file = Path(name) if name and name != ":memory:" else None
    if file is not None:
        data_dir.make_folder(file.parent)
    data_dir.make_folder(settings.data_dir / data_dir.SPILL)  # DuckDB makes no more than the folder in it
    # Of all that is spilled, the one who holds a database's file can tell what is left over.
    spill = settings.data_dir.absolute() / data_dir.SPILL / (file.name if file is not None else "memory")
    return DuckDBEngine(_engine(settings, spill), file, spill)


def harden(connection: Any, spill: Path, folders: Sequence[str]) -> None:
    """Let an instance of DuckDB touch nothing but what it has open, where it spills to, and these folders; for good."""
    connection.execute(f"SET temp_directory = {literal(str(spill))}")
    connection.execute(f"SET allowed_directories = [{', '.join(map(literal, folders))}]")
    for line in ("SET autoinstall_known_extensions = false", "SET enable_external_access = false"):
        connection.execute(line)
    connection.execute("SET lock_configuration = true")


@contextmanager
def unoptimized(connection: Connection) -> Iterator[None]:
    """Have DuckDB not optimize statements about a few rows, which takes longer than it saves.

    After a failure the transaction takes no more statements: the connection then optimizes again once it is given back.
    """
    if connection.dialect.name != "duckdb":
        yield
        return
    connection.exec_driver_sql("PRAGMA disable_optimizer")
    connection.info[_UNOPTIMIZED] = True
    yield
    connection.exec_driver_sql("PRAGMA enable_optimizer")
    del connection.info[_UNOPTIMIZED]


def _optimize_again(connection: Any, entry: ConnectionPoolEntry) -> None:
    if connection is not None and entry.info.pop(_UNOPTIMIZED, False):
        connection.execute("PRAGMA enable_optimizer")


def literal(text: str) -> str:
    """Return a text as it is written in SQL."""
    return "'" + text.replace("'", "''") + "'"


def _engine(settings: Settings, spill: Path) -> Engine:
    engine = sa.create_engine(
        settings.facts_url,
        pool_size=10,
        max_overflow=50,
        connect_args={"config": {"memory_limit": f"{settings.duckdb_memory_mb}MB"}},
    )

    def harden_once(connection: Any, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("SELECT current_setting('lock_configuration')")
        if cursor.fetchone()[0] is False:
            harden(cursor, spill, [str(settings.exports_dir)])

    sa.event.listen(engine, "connect", harden_once)
    return engine
