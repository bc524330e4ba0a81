"""Changes of the data: one thread looks which version they have, whenever it may be another one, and tells all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from lib.errors import CallboardError
from lib.store import schema
from lib.store.facts import FactStore

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""Seconds after which is looked again where nobody tells of changes, or the database did not answer."""

REST_SECONDS = 0.05
"""Seconds between two looks: changes that come thick and fast are seen together."""

LOOK_SECONDS = 5.0
"""Seconds that a look may take."""

_METRICS = sa.select(sa.func.count()).select_from(schema.metrics)
_MARKS = sa.select(
    schema.workspace.c.data_version,
    _METRICS.scalar_subquery(),
    _METRICS.where(schema.metrics.c.archived).scalar_subquery(),
)


@dataclass(frozen=True, slots=True)
class DataState:
    """The data as they were when it was looked: their version, and when that was first seen.

    `metrics` counts the versions of own metrics, and those that are archived: a formula changes no data.
    """

    version: int
    metrics: tuple[int, int]
    seen_at: datetime


class ChangeFeed:
    """Tells of changes of the facts, by whatever process. Safe to use from several threads."""

    def __init__(self, facts: FactStore, poll_seconds: float = POLL_SECONDS) -> None:
        """Prepare; `start` begins."""
        self._facts = facts
        self._poll_seconds = poll_seconds
        self._latest: DataState | None = None
        self._fails = False
        self._looked_after = -1  # how many writes were known before the last look that was answered
        self._callbacks: list[Callable[[], None]] = []
        self._changed = threading.Condition()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="changes", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._facts.call_after_writes(self._woken.set)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(LOOK_SECONDS)

    @property
    def latest(self) -> DataState | None:
        """The data as they were seen last; None before the first look."""
        return self._latest

    @property
    def answers(self) -> bool:
        """Whether the database answered the last look."""
        return self._latest is not None and not self._fails

    @property
    def has_seen_all(self) -> bool:
        """Whether no change is known of that was not looked at yet."""
        return self._facts.change_token() == self._looked_after

    def wait(self, known: DataState | None, seconds: float) -> DataState | None:
        """Return the data's state once it is another than `known`, or what it is after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._latest != known, seconds)
            return self._latest

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have a function called after each change, and when `answers` is another; return what ends that.

        It is called in the feed's thread, which waits for it.
        """
        with self._changed:
            self._callbacks.append(callback)

        def end() -> None:
            with self._changed, suppress(ValueError):
                self._callbacks.remove(callback)

        return end

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            if self._fails or not self.has_seen_all:
                try:
                    self._look()
                except Exception:  # whatever it is, the feed has to be there for the next change
                    log.exception("It can't be seen whether there are new data")
                self._stopping.wait(REST_SECONDS)
            self._woken.wait(self._poll_seconds)

    def _look(self) -> None:
        """See which version the data have, and tell of it where it is another one."""
        writes = self._facts.known_writes
        try:
            with self._facts.read(LOOK_SECONDS) as connection:
                version, *metrics = connection.execute(_MARKS).one()
        except CallboardError as error:
            if not self._fails:
                log.warning("It can't be seen whether there are new data: %s", error.message)
                self._fails = True
                self._tell(self._latest)
            return
        seen = DataState(version, (metrics[0], metrics[1]), datetime.now(UTC))
        before = self._latest
        is_new = before is None or (before.version, before.metrics) != (seen.version, seen.metrics)
        is_back, self._fails = self._fails, False
        if is_new or is_back:
            self._tell(seen if is_new else before)
        self._looked_after = writes

    def _tell(self, state: DataState | None) -> None:
        with self._changed:
            self._latest = state
            self._changed.notify_all()
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            callback()
