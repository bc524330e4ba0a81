"""Room on the disk of a store: whether a change can be written."""

from __future__ import annotations

import logging
import math
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import Engine

from lib.errors import DiskFullError, StorageError
from lib.errors.codes import FailureCode
from lib.store.data_dir import NO_ROOM

log = logging.getLogger(__name__)

_BYTES = 2**20  # without which a change can't be expected to go through
_CHECKED_SECONDS = 1.0  # that what was found holds
_ON_SERVER = f"CREATE TEMPORARY TABLE room ON COMMIT DROP AS SELECT generate_series(1, {_BYTES // 36}) AS number"


class DiskSpaceMonitor:
    """Whether a store's disk has room: tried in the folder of a file, asked of a server that lacked it last."""

    def __init__(self, engine: Engine, folder: Path | None = None) -> None:
        """Look after the disk of this engine's database, and of a folder that holds the rest of it."""
        self._engine = engine
        is_server = engine.dialect.name == "postgresql"
        self._folder = folder if is_server else Path(engine.url.database or ".").parent
        self._lacked = False
        self._found_at = -math.inf

    @contextmanager
    def track_disk_full(self) -> Iterator[None]:
        """Remember where a change fails for want of room."""
        try:
            yield
        except DiskFullError:
            self._lacked, self._found_at = True, -math.inf
            raise

    def check(self) -> None:
        """Try whether there is room. Raises DiskFullError, StorageError, or what the server raises."""
        if time.monotonic() - self._found_at < _CHECKED_SECONDS:
            return
        if self._folder is not None:
            _try(self._folder)
        if self._lacked and self._engine.dialect.name == "postgresql":
            with self._engine.begin() as connection:
                connection.exec_driver_sql(_ON_SERVER)
        self._lacked, self._found_at = False, time.monotonic()


@contextmanager
def skip_when_disk_full(what: str) -> Iterator[None]:
    """Let go what a full disk can't take and nobody waits for: what is there can be read all the same."""
    try:
        yield
    except DiskFullError as error:
        log.warning("Not written down: %s. %s", what, error.message)


def _try(folder: Path) -> None:
    """Write a file that nobody sees, and that is gone at once."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(FailureCode.DISK_STILL_FULL) from None
        raise StorageError(FailureCode.FOLDER_UNWRITABLE, folder=str(folder), error=str(error.strerror)) from None
