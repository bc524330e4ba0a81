"""SQLite's own count of changes: whether anybody, in whatever process, has changed a database file."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Hashable
from contextlib import suppress


class SqliteChanges:
    """Tells of changes of one file, by a connection that is kept for it. Safe to use from several threads."""

    def __init__(self, path: str) -> None:
        """Take the file's path; there need not be one yet."""
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0  # of the file that the connection is to: another may take its place

    def token(self) -> Hashable | None:
        """Return what changes whenever the file has; None where that can't be known. It waits for no writer."""
        with self._lock, suppress(OSError, sqlite3.Error):
            inode = os.stat(self._path).st_ino
            if self._connection is None or inode != self._inode:
                self._close()
                self._connection = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
                self._inode = inode
            ((version,),) = self._connection.execute("PRAGMA data_version").fetchall()
            return inode, version
        return None

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
