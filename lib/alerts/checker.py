"""The checker: one thread that checks alerts when they are due, by the clock or by new data."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

import sqlalchemy as sa

from lib.alerts.engine import AlertEngine
from lib.errors import CallboardError
from lib.store.facts import FactStore
from lib.store.schema import workspace

POLL_SECONDS = 5.0
TIDY_SECONDS = 3600.0

log = logging.getLogger(__name__)


class AlertChecker:
    """Checks what is due, one alert after another."""

    def __init__(self, engine: AlertEngine, facts: FactStore, poll_seconds: float = POLL_SECONDS) -> None:
        """Prepare; `start` begins. Every `poll_seconds` it is looked for what is due."""
        self._engine = engine
        self._facts = facts
        self._poll_seconds = poll_seconds
        self._known: tuple[int | None, int] | None = None  # the facts' mark, and the version that was read under it
        self._tidied: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin to check."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no further check; one under way goes on for at most five seconds, and is made again by the next one."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def run_once(self) -> int:
        """Make the checks that are due, and tell what is to be told without one; return how many checks there were.

        Each alert is checked once, also where data arrive all the while, so that none keeps the others waiting.
        """
        now = datetime.now(UTC)
        if self._tidied is None or time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidied = time.monotonic()
            self._engine.forget_old(now)
        self._engine.attend(now)
        checked: list[str] = []
        while not self._stopping.is_set():
            alert = self._engine.claim(self._data_version(), datetime.now(UTC), checked)
            if alert is None:
                break
            self._engine.check(alert, datetime.now(UTC))
            checked.append(alert.id)
        return len(checked)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.run_once()
            except CallboardError as error:
                log.warning("Alerts can't be checked: %s", error.message)
            except Exception:  # whatever it is, the checker has to be there for the next time
                log.exception("Alerts can't be checked")
            self._stopping.wait(self._poll_seconds)

    def _data_version(self) -> int | None:
        """Return the version of the data, asked only where it may be another one; None where nobody answers."""
        token = self._facts.change_token()
        if self._known is not None and token is not None and self._known[0] == token:
            return self._known[1]
        try:
            with self._facts.read() as connection:
                version = int(connection.execute(sa.select(workspace.c.data_version)).scalar_one())
        except CallboardError as error:
            log.warning("It can't be seen whether there are new data: %s", error.message)
            return None
        self._known = token, version
        return version
