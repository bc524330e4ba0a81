"""Keys while something is sent to who holds them: revoked, expired or changed, they are no longer good.

For one event loop, which looks at all of them at once.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from time import monotonic

import anyio
import anyio.to_thread

from lib.access.api_keys import Key, usable_keys
from lib.errors import CallboardError
from lib.store.state import StateStore

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.5
"""Seconds between two looks."""

SURE_SECONDS = 5.0
"""Seconds after a look for which a key is taken to be good."""

_THREADS = anyio.CapacityLimiter(1)


class WatchedKey:
    """A key as it was when it came, and whether it is good still."""

    def __init__(self, key: Key, wake: Callable[[], None]) -> None:
        """Take it to be good; `wake` is called once it is not."""
        self.key, self.is_good = key, True
        self._wake = wake
        self._seen_at = monotonic()

    @property
    def is_sure(self) -> bool:
        """Whether it was looked at lately: while nobody answers, it may have been revoked."""
        return monotonic() - self._seen_at < SURE_SECONDS

    def compare(self, now: Key | None) -> None:
        """See whether it is as it was; None where it is usable no longer."""
        self._seen_at = monotonic()
        is_same = now is not None and (now.scopes, now.grant) == (self.key.scopes, self.key.grant)
        if self.is_good and not (is_same and self.key.usable(datetime.now(UTC))):
            self.is_good = False
            self._wake()


class KeyWatch:
    """Looks at the keys that are watched, by one question for all, and asks none where the state did not change."""

    def __init__(self, state: StateStore) -> None:
        """Look at the keys of this store."""
        self._state = state
        self._watched: set[WatchedKey] = set()
        self._mark: Hashable | None = None
        self._asked: set[str] = set()
        self._usable: dict[str, Key] = {}
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def watch(self, key: Key, wake: Callable[[], None]) -> Iterator[WatchedKey]:
        """Watch a key that was good a moment ago."""
        watched = WatchedKey(key, wake)
        self._watched.add(watched)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow(), context=contextvars.Context())
        try:
            yield watched
        finally:
            self._watched.remove(watched)

    async def _follow(self) -> None:
        fails = False
        while self._watched:
            try:
                await self._look()
                fails = False
            except CallboardError as error:
                if not fails:
                    log.warning("Keys can't be looked at: %s", error.message)
                fails = True
            except Exception:  # whatever it is, it has to be looked again
                log.exception("Keys can't be looked at")
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        watched = tuple(self._watched)
        prefixes = {each.key.prefix for each in watched}
        mark = self._state.change_token()
        if mark is None or mark != self._mark or not prefixes <= self._asked:
            asking = partial(usable_keys, self._state, prefixes)
            self._usable = await anyio.to_thread.run_sync(asking, limiter=_THREADS)
            self._mark, self._asked = mark, prefixes
        for each in watched:
            each.compare(self._usable.get(each.key.prefix))
