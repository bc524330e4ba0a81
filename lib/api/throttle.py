"""How much of the server one key may have: a rate of requests, questions at a time, threads that ask.

A question whose answer is kept costs one request and no slot. Others cost more the more points or rows they return, and
more again where only the evaluations themselves can answer. Health checks have threads of their own.
"""

from __future__ import annotations

import functools
import math
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import limits
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from lib.access.api_keys import Key
from lib.api.errors import ApiError

MAX_CONCURRENT = 4
"""Questions that one key may have under way."""

MAX_CHANGES = 16
"""Orders and evaluations that one key may have under way: less than half of the threads that they take."""

MAX_CONCURRENT_IN_ALL = 256
"""Questions, and changes, that all keys together may have under way."""

ROWS_A_REQUEST = 500
"""Points or rows that the cost of one request covers."""

FACTS_FACTOR = 5
"""How many times as much a question costs that no rollup can answer: of instants, or of another time zone."""

RETRY_SECONDS = 1

QUESTION_THREADS = anyio.CapacityLimiter(3 * MAX_CONCURRENT)
"""Threads that ask the facts; more than one key's share, so that no key keeps the others waiting."""

HEALTH_THREADS = anyio.CapacityLimiter(2)
"""Threads that answer /readyz and /metrics, whatever the API has to do."""

_rates = MovingWindowRateLimiter(MemoryStorage())
_rates_lock = threading.Lock()


def question_cost(rows: int, from_facts: bool) -> int:
    """Return how many requests a question counts for that returns at most so many points or rows."""
    return max(1, math.ceil(rows / ROWS_A_REQUEST)) * (FACTS_FACTOR if from_facts else 1)


def charge(rate: str, key: Key, cost: int = 1) -> None:
    """Count `cost` requests against a key's rate. Raises ApiError (429) where that is more than are left."""
    if rate == "off" or cost < 1:
        return
    item = _parsed_rate(rate)
    cost = min(cost, item.amount)  # else it could never be asked
    with _rates_lock:
        if _rates.hit(item, key.prefix, cost=cost):
            return
        free_at = _rates.get_window_stats(item, key.prefix).reset_time
    wait = max(1, math.ceil(free_at - time.time()))
    counted = "" if cost == 1 else f" This one counts for {cost}."
    message = f"More than {rate} requests with this key; the next one is free in {wait} s.{counted}"
    raise ApiError(429, "RATE_LIMIT_EXCEEDED", message, retry_after=wait)


@functools.cache
def _parsed_rate(rate: str) -> limits.RateLimitItem:
    return limits.parse(rate)


class Slots:
    """What is under way, by key. For the event loop alone."""

    def __init__(self, what: str, most: int) -> None:
        """Begin with nothing under way; a key may have `most` of what this counts."""
        self._what, self._most = what, most
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, key: Key) -> Iterator[None]:
        """Hold a slot. Raises ApiError (429) where the key, or all keys together, hold as many as they may."""
        if self._taken[key.prefix] >= self._most:
            raise _busy(f"{self._most} {self._what} of this key are under way, as many as it may have at once.")
        if self._taken.total() >= MAX_CONCURRENT_IN_ALL:
            raise _busy(f"{MAX_CONCURRENT_IN_ALL} {self._what} are under way, as many as there may be at once.")
        self._taken[key.prefix] += 1
        try:
            yield
        finally:
            self._taken[key.prefix] -= 1
            if not self._taken[key.prefix]:
                del self._taken[key.prefix]


QUESTIONS = Slots("questions", MAX_CONCURRENT)
CHANGES = Slots("changes", MAX_CHANGES)


def _busy(message: str) -> ApiError:
    return ApiError(429, "TOO_MANY_CONCURRENT", f"{message} Ask again when one has ended.", retry_after=RETRY_SECONDS)
