"""Answers that many ask for again and again, as open Live pages do: each is worked out once for all of them.

An answer stands as long as the data do. While they change all the time, it is worked out anew every half second at
most, and whoever asks in between gets the last one, with the time that it is of.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Generic, TypeVar

from cachetools import LRUCache

from lib.store.facts import FactStore

REST_SECONDS = 0.5
"""Seconds after which an answer is worked out anew where the data have changed."""

MOST_KEPT = 256
"""Answers that are kept; each is of some kilobytes."""

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class TimedAnswer(Generic[A]):
    """An answer, and the instant up to which it holds."""

    answer: A
    as_of: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    """The last answer to a question, what the data were known by before it was asked, and when that was."""

    answer: Any
    as_of: datetime
    token: int | None
    asked_at: float
    moment: Hashable


@dataclass(slots=True)
class _Place:
    """Where the last answer to a question is; who holds the turn works out the next one."""

    kept: _Kept | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)


class TimedAnswers:
    """The last answers to questions, shared by all who ask the same. Safe to use from several threads."""

    def __init__(self, facts: FactStore, rest_seconds: float = REST_SECONDS) -> None:
        """Keep answers about a store's facts."""
        self._facts, self._rest = facts, rest_seconds
        self._places: LRUCache[Hashable, _Place] = LRUCache(MOST_KEPT)
        self._lock = threading.Lock()

    def get(self, question: Hashable, moment: Hashable, work_out: Callable[[], A]) -> TimedAnswer[A]:
        """Return the answer to a question; `work_out` is called where the last one holds no more, and may raise.

        It holds no more at another `moment`, such as the next minute, either.
        """
        with self._lock:
            place = self._places.setdefault(question, _Place())
        kept = place.kept
        if (found := self._standing(kept, moment)) is not None:
            return found
        # While somebody works it out, others get the last one; those who come when there is none wait for it.
        if not place.turn.acquire(blocking=False):
            if kept is not None:
                return TimedAnswer(kept.answer, kept.as_of)
            place.turn.acquire()
        try:
            if (found := self._standing(place.kept, moment)) is not None:
                return found
            token, now, asked_at = self._facts.change_token(), datetime.now(UTC), monotonic()
            answer = work_out()
            place.kept = _Kept(answer, now, token, asked_at, moment)
            return TimedAnswer(answer, now)
        finally:
            place.turn.release()

    def _standing(self, kept: _Kept | None, moment: Hashable) -> TimedAnswer[Any] | None:
        """Return the last answer where it holds still, or was worked out a moment ago."""
        if kept is None or kept.moment != moment:
            return None
        now = datetime.now(UTC)
        if kept.token is not None and kept.token == self._facts.change_token():
            return TimedAnswer(kept.answer, now)
        return TimedAnswer(kept.answer, kept.as_of) if monotonic() - kept.asked_at < self._rest else None
