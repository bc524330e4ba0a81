"""Group commit: posts that come together are loaded together, by one thread, each told what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from lib.errors import DatabaseUnavailableError
from lib.ingest.history import ImportReport
from lib.ingest.posts import MOST_TOGETHER, Gathering, Post

GATHER_SECONDS = 0.1
"""How long posts wait for others at most, from when the last group began, where that one had several."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A post that is to be loaded, and what tells its sender."""

    post: Post
    told: Future[ImportReport]


class GroupCommit:
    """Loads posts in the order in which they come. Safe to use from several threads.

    A post that comes alone is loaded at once. Those that come while another is loaded are loaded together afterwards;
    while that goes on, a group begins every GATHER_SECONDS, or as soon as MOST_TOGETHER rows wait.
    """

    def __init__(self, load: Callable[[Sequence[Post]], Sequence[ImportReport | Exception]]) -> None:
        """Load by a function, which returns for each post what came of it; what it raises is told to all of them."""
        self._load = load
        self._waiting: list[_Waiting] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    def add(self, post: Post) -> Future[ImportReport]:
        """Have a post loaded; what is returned tells when that is done, and what came of it.

        One that can't be loaded with others is loaded before this returns.
        """
        waiting = _Waiting(post, Future())
        if not post.is_joinable:
            self._do([waiting])
            return waiting.told
        with self._changed:
            if self._is_stopped:
                raise DatabaseUnavailableError("The server is about to end.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="posts", daemon=True)
                self._thread.start()
            self._waiting.append(waiting)
            self._changed.notify_all()
        return waiting.told

    def stop(self) -> None:
        """Load what waits, and end."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        gathers_until = 0.0
        while group := self._next(gathers_until):
            gathers_until = time.monotonic() + GATHER_SECONDS if len(group) > 1 else 0.0
            self._do(group)

    def _next(self, gathers_until: float) -> list[_Waiting]:
        """Wait for posts, and return those that are loaded next; none where all are done and no more will come."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_stopped)
            while self._gathers() and (left := gathers_until - time.monotonic()) > 0:
                self._changed.wait(left)
            gathering = Gathering()
            taken = [each for each in self._waiting if gathering.take(each.post)]
            self._waiting = [each for each in self._waiting if each not in taken]
            return taken

    def _gathers(self) -> bool:
        return not self._is_stopped and sum(each.post.rows for each in self._waiting) < MOST_TOGETHER

    def _do(self, group: Sequence[_Waiting]) -> None:
        group = [each for each in group if each.told.set_running_or_notify_cancel()]
        try:
            outcomes = self._load([each.post for each in group]) if group else ()
        except BaseException as error:  # whatever it is, who waits has to be told
            for each in group:
                each.told.set_exception(error)
            return
        for each, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Exception):
                each.told.set_exception(outcome)
            else:
                each.told.set_result(outcome)
