"""How much of the server one key may have: a rate of requests, questions and streams at a time, threads that ask.

A question whose answer is kept costs one request and no slot. Others cost more the more points or rows they return, and
more again where only the evaluations themselves can answer. Health checks have threads of their own.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import limits
from fastapi.concurrency import run_in_threadpool

from lib.access.api_keys import Key
from lib.access.request_rates import RequestRates
from lib.api.errors import ApiError
from lib.web.turns import Turns

MAX_CONCURRENT = 4
"""Questions that one key may have under way."""

MAX_CHANGES = 16
"""Orders and definitions that one key may have under way: less than half of the threads that they take."""

MAX_POSTS, MAX_POSTS_IN_ALL = 200, 400
"""Posts of evaluations that one key, and all keys together, may have under way: as many as 200 a second make in 1 s.

While they wait to be committed, they hold no thread.
"""

MAX_CONCURRENT_IN_ALL = 256
"""Questions, and changes, that all keys together may have under way."""

MAX_STREAMS, MAX_STREAMS_IN_ALL = 10, 500
"""Streams that one key, and all keys together, may have open."""

ROWS_A_REQUEST = 500
"""Points or rows that the cost of one request covers."""

BYTES_A_REQUEST = 128 * 1024
"""Bytes of evaluations that the cost of one request covers."""

FACTS_FACTOR = 10
"""How many times as much a question costs that no rollup can answer, such as one of some states."""

RETRY_SECONDS = 1

QUESTION_THREADS = anyio.CapacityLimiter(8 * MAX_CONCURRENT)
"""Threads that ask the facts, or wait for their turn; more than one key's share, so that no key holds all."""

RUNNING_OF_ONE, RUNNING_IN_ALL = 2, 8
"""Questions that are computed at once, of one key and of all; the others that are under way wait for their turn."""

QUESTION_TURNS = Turns(RUNNING_OF_ONE, RUNNING_IN_ALL)

HEALTH_THREADS = anyio.CapacityLimiter(2)
"""Threads that answer /readyz and /metrics, whatever the API has to do."""


def question_cost(rows: int, from_facts: bool) -> int:
    """Return how many requests a question counts for that returns at most so many points or rows."""
    return max(1, math.ceil(rows / ROWS_A_REQUEST)) * (FACTS_FACTOR if from_facts else 1)


def body_cost(size: int) -> int:
    """Return how many requests a body of so many bytes counts for."""
    return max(1, math.ceil(size / BYTES_A_REQUEST))


async def charge_at_once(rates: RequestRates, rate: str, key: Key) -> None:
    """Count a request as it comes in, on the event loop, which waits for no database. Raises as `charge` does."""
    if rate == "off":
        return
    item = _parsed_rate(rate)
    wait = rates.hit_at_once(item, key.prefix, 1)
    if wait is None:
        wait = await run_in_threadpool(rates.hit, item, key.prefix, 1)
    _refuse(wait, rate, 1)


def charge(rates: RequestRates, rate: str, key: Key, cost: int = 1) -> None:
    """Count `cost` requests against a key's rate; it may ask the database.

    Raises ApiError (429) where that is more than are left, DatabaseUnavailableError where it does not answer.
    """
    if rate == "off" or cost < 1:
        return
    item = _parsed_rate(rate)
    cost = min(cost, item.amount)  # else it could never be asked
    _refuse(rates.hit(item, key.prefix, cost), rate, cost)


def _refuse(wait: float, rate: str, cost: int) -> None:
    """Raise ApiError (429) where a request has to wait."""
    if not wait:
        return
    seconds = math.ceil(wait)
    counted = "" if cost == 1 else f" This one counts for {cost}."
    message = f"More than {rate} requests with this key; the next one is free in {seconds} s.{counted}"
    raise ApiError(429, "RATE_LIMIT_EXCEEDED", message, retry_after=seconds)


@functools.cache
def _parsed_rate(rate: str) -> limits.RateLimitItem:
    return limits.parse(rate)


class Slots:
    """What is under way, by key. For the event loop alone."""

    def __init__(self, what: str, most: int, in_all: int = MAX_CONCURRENT_IN_ALL) -> None:
        """Begin with nothing under way; a key may have `most` of what this counts, all keys together `in_all`."""
        self._what, self._most, self._in_all = what, most, in_all
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, key: Key) -> Iterator[None]:
        """Hold a slot. Raises ApiError (429) where the key, or all keys together, hold as many as they may."""
        if self._taken[key.prefix] >= self._most:
            raise _busy(f"{self._most} {self._what} of this key are under way, as many as it may have at once.")
        if self._taken.total() >= self._in_all:
            raise _busy(f"{self._in_all} {self._what} are under way, as many as there may be at once.")
        self._taken[key.prefix] += 1
        try:
            yield
        finally:
            self._taken[key.prefix] -= 1
            if not self._taken[key.prefix]:
                del self._taken[key.prefix]


QUESTIONS = Slots("questions", MAX_CONCURRENT)
CHANGES = Slots("changes", MAX_CHANGES)
STREAMS = Slots("streams", MAX_STREAMS, MAX_STREAMS_IN_ALL)
POSTS = Slots("posts", MAX_POSTS, MAX_POSTS_IN_ALL)


def _busy(message: str) -> ApiError:
    return ApiError(429, "TOO_MANY_CONCURRENT", f"{message} Ask again when one has ended.", retry_after=RETRY_SECONDS)
