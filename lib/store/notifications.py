"""PostgreSQL's notifications: what other processes change is heard of."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

_SILENCE_SECONDS = 4.0  # after which a server that should answer each second is not trusted to tell of changes


class ChangeListener(threading.Thread):
    """Hears from PostgreSQL of each change that is told on a channel, also of those by other processes."""

    def __init__(self, engine: Engine, channel: str, heard: Callable[[str], None]) -> None:
        """Listen on a channel; `heard` is called with what is told of each change, or "" where one may be missed."""
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
        self._heard("")
        while not self._stopped.is_set():
            self._ask(connection)
            self._alive_at = time.monotonic()
            for told in driver.notifies(timeout=_SILENCE_SECONDS / 4):
                self._heard(told.payload)

    def _ask(self, connection: Connection) -> None:
        """Ask the server something, which shows that it still answers."""
        connection.exec_driver_sql("SELECT 1")
