"""Group commit: posts that come together are loaded together, by one thread, each told what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from lib.errors import DatabaseUnavailableError
from lib.ingest.history import ImportReport
from lib.ingest.post_checks import SentPost
from lib.ingest.posts import MOST_TOGETHER, Gathering, Post

GATHER_SECONDS = 0.1
"""How long posts wait for others at most, from when the last group began, where that one had several."""

AnyPost = TypeVar("AnyPost", Post, SentPost)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[AnyPost]):
    """A post that is to be loaded, and what tells its sender."""

    post: AnyPost
    told: Future[ImportReport]


class GroupCommit:
    """Checks and loads posts in the order in which they come. Safe to use from several threads.

    A post that comes alone is loaded at once. Those that come while another is loaded are checked and loaded together
    afterwards; while that goes on, a group begins every GATHER_SECONDS, or as soon as MOST_TOGETHER posts wait.
    """

    def __init__(
        self,
        check: Callable[[Sequence[SentPost]], Sequence[Post | Exception]],
        load: Callable[[Sequence[Post]], Sequence[ImportReport | Exception]],
    ) -> None:
        """Check and load by functions, which return for each post what came of it.

        What they raise is told to the senders of all.
        """
        self._check, self._load = check, load
        self._sent: list[_Waiting[SentPost]] = []
        self._checked: list[_Waiting[Post]] = []  # that have to wait for others; for the thread alone
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    def add(self, post: SentPost) -> Future[ImportReport]:
        """Have a post checked and loaded; what is returned tells when that is done, and what came of it.

        One that is not short is checked and loaded before this returns.
        """
        waiting = _Waiting(post, Future[ImportReport]())
        if not post.is_short:
            self._do(self._pass([waiting]))
            return waiting.told
        with self._changed:
            if self._is_stopped:
                raise DatabaseUnavailableError("The server is about to end.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="posts", daemon=True)
                self._thread.start()
            self._sent.append(waiting)
            if len(self._sent) in (1, MOST_TOGETHER):
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
        while self._gather(gathers_until):
            gathering = Gathering()
            taken = [gathering.take(each.post) for each in self._checked]
            group = [each for each, is_taken in zip(self._checked, taken, strict=True) if is_taken]
            self._checked = [each for each, is_taken in zip(self._checked, taken, strict=True) if not is_taken]
            gathers_until = time.monotonic() + GATHER_SECONDS if len(group) > 1 else 0.0
            self._do(group)

    def _gather(self, until: float) -> bool:
        """Wait for posts, and check those that came; return False where all are done and no more will come."""
        with self._changed:
            self._changed.wait_for(lambda: self._sent or self._checked or self._is_stopped)
            while self._may_wait() and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            sent, self._sent = self._sent, []
        if not sent and not self._checked:
            return False
        self._checked += self._pass(sent)
        return True

    def _may_wait(self) -> bool:
        return not self._is_stopped and len(self._sent) < MOST_TOGETHER

    def _pass(self, sent: Sequence[_Waiting[SentPost]]) -> list[_Waiting[Post]]:
        """Check posts; return the good ones, and tell the senders of the others."""
        outcomes: Sequence[Post | BaseException]
        try:
            outcomes = self._check([each.post for each in sent])
        except BaseException as error:  # whatever it is, who waits has to be told
            outcomes = [error] * len(sent)
        passed = []
        for each, outcome in zip(sent, outcomes, strict=True):
            if isinstance(outcome, Post):
                passed.append(_Waiting(outcome, each.told))
            elif each.told.set_running_or_notify_cancel():
                each.told.set_exception(outcome)
        return passed

    def _do(self, group: Sequence[_Waiting[Post]]) -> None:
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
