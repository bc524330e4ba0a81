"""The standby: a PostgreSQL that follows the one of the facts, and whether it has what this process knows of.

It answers questions as long as it has every change that is known here, so that nobody misses what they just wrote. It
takes no LISTEN and no temporary tables, and so everything else asks the primary.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from lib.errors import DatabaseUnavailableError

AWAY_SECONDS = 5.0
"""Seconds for which a standby that did not answer is not asked again: a connection may take as long to fail."""

_START: sa.ColumnElement[str] = sa.literal_column("'0/0'::pg_lsn")
_WRITTEN = sa.select(sa.func.pg_wal_lsn_diff(sa.func.pg_current_wal_insert_lsn(), _START))
"""How many bytes the primary's log has; what is committed lies within."""

_REPLAYED = sa.select(sa.func.pg_wal_lsn_diff(sa.func.pg_last_wal_replay_lsn(), _START))
"""How many of them the standby has replayed; null on a server that is no standby."""

log = logging.getLogger(__name__)


_HAS_ALL = "has_all"
"""Where a connection has the newest token of which its server is known to have all; a new connection has none."""


class Standby:
    """A server that replays what the primary writes. Safe to use from several threads."""

    def __init__(self, engine: Engine, primary: Engine) -> None:
        """Ask this server, which follows the primary."""
        self._engine = engine
        self._primary = primary
        self._written: tuple[int, Decimal] | None = None  # the facts' change token, and how long the log was after it
        self._away_until = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def connected(self, token: int | None) -> Iterator[Connection | None]:
        """Give a connection to it where it has every change that a token of `FactStore.change_token` knows of.

        None where it has not, where that can't be known, as without a token, and for a while after it was lost.
        """
        if token is None or monotonic() < self._away_until:
            yield None
            return
        with self._engine.connect() as connection:
            if connection.info.get(_HAS_ALL) != token:
                reading = connection.execution_options(postgresql_readonly=True)  # nothing else begins there
                needed, replayed = self._length_after(token), reading.execute(_REPLAYED).scalar_one()
                connection.rollback()  # a snapshot that is taken afterwards has what was replayed by now
                if replayed is None or replayed < needed:
                    yield None
                    return
                connection.info[_HAS_ALL] = token
            yield connection

    def leave(self, error: DatabaseUnavailableError) -> None:
        """Ask the primary alone for a while, as the standby did not answer."""
        was_away = monotonic() < self._away_until
        self._away_until = monotonic() + AWAY_SECONDS
        if not was_away:
            log.warning("The standby is not asked for %.0f s: %s", AWAY_SECONDS, error.message)

    def close(self) -> None:
        """Close every connection to it."""
        self._engine.dispose()

    def _length_after(self, token: int) -> Decimal:
        """Return how long the primary's log was at some time after the changes that a token knows of."""
        with self._lock:
            written = self._written
        if written is None or written[0] != token:
            with self._primary.connect() as connection:
                written = token, Decimal(connection.execute(_WRITTEN).scalar_one())
            with self._lock:
                self._written = written
        return written[1]
