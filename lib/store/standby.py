"""The standby: a PostgreSQL that follows the one of the facts, and whether it has what this process knows of.

It answers questions as long as it has every change that is known here, so that nobody misses what they just wrote. It
takes no LISTEN and no temporary tables, and so everything else asks the primary.
"""

from __future__ import annotations

import logging
import threading
from decimal import Decimal
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from lib.errors import DatabaseUnavailableError
from lib.store.driver_errors import translated_errors

AWAY_SECONDS = 5.0
"""Seconds for which a standby that did not answer is not asked again: a connection may take as long to fail."""

_START: sa.ColumnElement[str] = sa.literal_column("'0/0'::pg_lsn")
_WRITTEN = sa.select(sa.func.pg_wal_lsn_diff(sa.func.pg_current_wal_insert_lsn(), _START))
"""How many bytes the primary's log has; what is committed lies within."""

_REPLAYED = sa.select(sa.func.pg_wal_lsn_diff(sa.func.pg_last_wal_replay_lsn(), _START))
"""How many of them the standby has replayed; null on a server that is no standby."""

log = logging.getLogger(__name__)


class Standby:
    """A server that replays what the primary writes. Safe to use from several threads."""

    def __init__(self, engine: Engine, primary: Engine) -> None:
        """Ask this server, which follows the primary."""
        self.engine = engine
        self._primary = primary
        self._target: tuple[int, Decimal] | None = None  # the facts' change token, and how long the log was after it
        self._replayed: int | None = None  # the newest token of which the standby is known to have all
        self._away_until = 0.0
        self._lock = threading.Lock()

    def has_all(self, token: int | None) -> bool:
        """Return whether it has every change that a token of `FactStore.change_token` knows of.

        False where that can't be known, as without a token, and for a while after it did not answer.
        """
        with self._lock:
            if token is None or monotonic() < self._away_until:
                return False
            if self._replayed == token:
                return True
            target = self._target
        if target is None or target[0] != token:
            target = token, self._written()
        try:
            with translated_errors(), self.engine.connect() as connection:
                reading = connection.execution_options(postgresql_readonly=True)  # nothing else begins there
                replayed = reading.execute(_REPLAYED).scalar_one()
        except DatabaseUnavailableError as error:
            self.leave(error)
            return False
        has_all = replayed is not None and replayed >= target[1]
        with self._lock:
            self._target = target
            if has_all:
                self._replayed = token
        return has_all

    def leave(self, error: DatabaseUnavailableError) -> None:
        """Ask the primary alone for a while, as the standby did not answer."""
        with self._lock:
            was_away = monotonic() < self._away_until
            self._away_until = monotonic() + AWAY_SECONDS
        if not was_away:
            log.warning("The standby is not asked for %.0f s: %s", AWAY_SECONDS, error.message)

    def close(self) -> None:
        """Close every connection to it."""
        self.engine.dispose()

    def _written(self) -> Decimal:
        with translated_errors(), self._primary.connect() as connection:
            return Decimal(connection.execute(_WRITTEN).scalar_one())
