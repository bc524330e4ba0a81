"""Answers that follow the data: each question is computed once after a change, for all who watch it.

For one event loop; what is computed is computed in threads, few at a time.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, Protocol, TypeVar

import anyio
import anyio.to_thread
from cachetools import LRUCache

from lib.errors import CallboardError
from lib.live.change_feed import ChangeFeed

log = logging.getLogger(__name__)

PACE_SECONDS = 1.0
"""Seconds from one computation of a question to its next one; a slow one rests as long as it took."""

RETRY_SECONDS = 5.0
"""Seconds after which a question that could not be answered is asked again, though nothing has changed."""

MAX_KNOWN = 50_000
"""Digests of earlier answers that are remembered, of all questions."""

SEVERAL = "several"
"""What is remembered in place of a digest where a version of the data had several answers, as formulas changed."""

_THREADS = anyio.CapacityLimiter(2)


class DigestedAnswer(Protocol):
    """What can be told from another one by its digest."""

    @property
    def digest(self) -> str:
        """What is the same for equal ones alone."""
        ...


A = TypeVar("A", bound=DigestedAnswer)


class WatchedQuestion(Generic[A]):
    """A question while it is watched: its last answer, the version of the data, and why there is no newer one."""

    def __init__(self, compute: Callable[[], tuple[A, int]], remember: Callable[[A, int], None]) -> None:
        """Begin without an answer; `compute` is called in a thread, `remember` with each answer."""
        self._compute, self._remember = compute, remember
        self.answer: A | None = None
        self.version = 0
        self.failure: Exception | None = None
        self.watchers: set[Callable[[], None]] = set()
        self._wanted = asyncio.Event()  # a newer answer is wanted
        self._hurried = asyncio.Event()  # and somebody waits for it
        self._begun = self._ended = 0
        self._arrived = asyncio.Condition()
        self._task = asyncio.create_task(self._follow(), context=contextvars.Context())

    @property
    def is_due(self) -> bool:
        """Whether a newer answer is to come within a second or so."""
        return self._wanted.is_set()

    @property
    def number(self) -> int:
        """How many times it has been computed."""
        return self._ended

    @property
    def is_settled(self) -> bool:
        """Whether there is an answer, and none newer is wanted or being computed."""
        is_idle = self._begun == self._ended and not self.is_due
        return is_idle and self.answer is not None and self.failure is None

    def renew(self) -> None:
        """Have it computed again."""
        self._wanted.set()

    def wake_watchers(self) -> None:
        """Have those who watch look what there is to say."""
        for wake in tuple(self.watchers):
            wake()

    async def ask_now(self) -> None:
        """Have it computed without a rest, and return when it has been, or could not be."""
        number = self._begun + 1
        self._wanted.set()
        self._hurried.set()
        async with self._arrived:
            await self._arrived.wait_for(lambda: self._ended >= number)

    def close(self) -> None:
        """Compute no more."""
        self._task.cancel()

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._hurried.clear()
            self._begun += 1
            began = loop.time()
            await self._compute_once()
            took = loop.time() - began
            async with self._arrived:
                self._ended = self._begun
                self._arrived.notify_all()
            self.wake_watchers()
            if self.failure is not None:
                loop.call_later(RETRY_SECONDS, self.renew)
            await wait_for_event(self._hurried, max(PACE_SECONDS - took, took))

    async def _compute_once(self) -> None:
        try:
            answer, version = await anyio.to_thread.run_sync(self._compute, limiter=_THREADS)
        except CallboardError as error:
            self.failure = error
        except Exception as error:  # whatever it is, those who watch go on
            log.exception("A question that is watched can't be answered")
            self.failure = error
        else:
            self.failure, self.answer, self.version = None, answer, version
            self._remember(answer, version)


class WatchedQuestions(Generic[A]):
    """The questions that are watched, and which answers went before."""

    def __init__(self, feed: ChangeFeed) -> None:
        """Renew answers when this feed tells of a change."""
        self._feed = feed
        self._questions: dict[Hashable, WatchedQuestion[A]] = {}
        self._known: LRUCache[tuple[Hashable, int], str] = LRUCache(MAX_KNOWN)
        self._unsubscribe: Callable[[], None] | None = None

    @contextmanager
    def watch(
        self, name: Hashable, compute: Callable[[], tuple[A, int]], wake: Callable[[], None]
    ) -> Iterator[WatchedQuestion[A]]:
        """Watch a question: all who give the same name share its answers. `wake` is called when there is a new one."""
        question = self._questions.get(name)
        if question is None:
            self._listen()

            def remember(answer: A, version: int) -> None:
                before = self._known.get((name, version), answer.digest)
                self._known[name, version] = answer.digest if before == answer.digest else SEVERAL

            question = self._questions[name] = WatchedQuestion(compute, remember)
        question.watchers.add(wake)
        try:
            yield question
        finally:
            question.watchers.remove(wake)
            if not question.watchers:
                question.close()
                del self._questions[name]
                if not self._questions and self._unsubscribe is not None:
                    self._unsubscribe()
                    self._unsubscribe = None

    @property
    def database_answers(self) -> bool:
        """Whether changes can be seen."""
        return self._feed.answers

    async def bring_up_to_date(self, question: WatchedQuestion[A]) -> None:
        """Return when a question has the answer of the data as they are now, or could not be answered."""
        if not (question.is_settled and self._feed.has_seen_all):
            await question.ask_now()

    def digest_at(self, name: Hashable, version: int) -> str | None:
        """Return the digest of a question's answer at a version of the data, or SEVERAL; None where it is not known."""
        return self._known.get((name, version))

    def _listen(self) -> None:
        if self._unsubscribe is None:
            loop = asyncio.get_running_loop()

            def tell() -> None:
                with suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(self._hear)

            self._unsubscribe = self._feed.subscribe(tell)

    def _hear(self) -> None:
        for question in tuple(self._questions.values()):
            if self._feed.answers:
                question.renew()
            else:
                question.wake_watchers()


async def wait_for_event(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most for so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
