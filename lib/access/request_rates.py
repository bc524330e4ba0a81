"""How many requests each API key has made lately: counted in this process, or in PostgreSQL for all of them.

Rates are values of the library `limits`, which reads them. What a key that asks too much is told is the API's.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Protocol

import limits
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from lib.errors import DiskFullError
from lib.store.schema import request_counts
from lib.store.state import StateStore

SHARES = 100
"""A process takes the right to a hundredth of a rate at a time, and a period is counted in as many steps."""

_LOCK = 0x72617465  # "rate": PostgreSQL's advisory locks of those who count, one for each key


class RequestRates(Protocol):
    """Counts the requests of keys."""

    def hit_at_once(self, rate: limits.RateLimitItem, name: str, cost: int) -> float | None:
        """Count a request as `hit` does; return None where that takes the database. For the event loop."""

    def hit(self, rate: limits.RateLimitItem, name: str, cost: int) -> float:
        """Count a request; return 0, or the seconds until there is room for the next one where it has no room."""


def request_rates(state: StateStore) -> RequestRates:
    """Return what counts for all processes that use a state's store."""
    return MovingWindow() if state.embedded else SharedRates(state)


class MovingWindow:
    """Requests of the last minute, or what a rate's period is, by key, in this process.

    The library that reads a rate counts, too, but starts a thread for each request, and the event loop waits for it.
    """

    def __init__(self) -> None:
        """Begin without requests."""
        self._hits: dict[str, deque[tuple[float, int]]] = {}
        self._counted: Counter[str] = Counter()
        self._lock = threading.Lock()

    def hit_at_once(self, rate: limits.RateLimitItem, name: str, cost: int) -> float:
        """Count a request as `hit` does."""
        return self.hit(rate, name, cost)

    def hit(self, rate: limits.RateLimitItem, name: str, cost: int) -> float:
        """Count a request; return 0, or the seconds until there is room for the next one where it has no room."""
        now, period = time.monotonic(), rate.get_expiry()
        with self._lock:
            hits = self._hits.setdefault(name, deque())
            while hits and hits[0][0] <= now - period:
                self._counted[name] -= hits.popleft()[1]
            if self._counted[name] + cost > rate.amount:
                return hits[0][0] + period - now
            hits.append((now, cost))
            self._counted[name] += cost
            return 0.0


@dataclass(frozen=True, slots=True)
class _Allowance:
    """The requests that a key may still make of this process, and the monotonic time at which that ends."""

    requests: int
    until: float


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What was too much for a key, and the monotonic time until which it is."""

    cost: int
    until: float


class SharedRates:
    """The same, counted in PostgreSQL for all processes together.

    Each process takes the right to a few requests at a time, so that most are counted without the database. What one
    process took and did not use is not free for the others: at most a hundredth of the rate. Where the disk of the
    database is full, each process counts for itself.
    """

    def __init__(self, state: StateStore) -> None:
        """Count in this store."""
        self._state = state
        self._shares: dict[str, _Allowance] = {}
        self._refusals: dict[str, _Refusal] = {}
        self._lock = threading.Lock()
        self._taking = threading.Lock()
        self._own = MovingWindow()

    def hit_at_once(self, rate: limits.RateLimitItem, name: str, cost: int) -> float | None:
        """Count a request of what this process has the right to; return None where it has to take more."""
        del rate  # it counts where rights are taken
        now = time.monotonic()
        with self._lock:
            share = self._shares.get(name)
            if share is not None and now < share.until and cost <= share.requests:
                self._shares[name] = _Allowance(share.requests - cost, share.until)
                return 0.0
            refusal = self._refusals.get(name)
            if refusal is not None and now < refusal.until and cost >= refusal.cost:
                return refusal.until - now
        return None

    def hit(self, rate: limits.RateLimitItem, name: str, cost: int) -> float:
        """Count a request; return 0, or the seconds until there is room for the next one where it has no room.

        Raises DatabaseUnavailableError where the database does not answer.
        """
        with self._taking:
            wait = self.hit_at_once(rate, name, cost)  # another thread may have taken a share meanwhile
            if wait is not None:
                return wait
            try:
                taken, wait = self._take(rate, name, cost)
            except DiskFullError:
                return self._own.hit(rate, name, cost)
            now = time.monotonic()
            with self._lock:
                if not taken:
                    self._refusals[name] = _Refusal(cost, now + wait)
                    return wait
                share = self._shares.get(name)
                left = share.requests if share is not None and now < share.until else 0
                self._shares[name] = _Allowance(left + taken - cost, now + rate.get_expiry())
                self._refusals.pop(name, None)
            return 0.0

    def _take(self, rate: limits.RateLimitItem, name: str, cost: int) -> tuple[int, float]:
        """Take the right to a share of a rate, at least to `cost`; return it, or 0 and the seconds to wait."""
        period = rate.get_expiry() * 1000
        step = max(1, period // SHARES)
        mine = request_counts.c.api_key == name
        # One process after another, so that all see what the others took; it need not survive a crash of the server.
        lock = sa.func.pg_advisory_xact_lock(_LOCK, sa.func.hashtext(name))
        fast = sa.func.set_config("synchronous_commit", "off", True)
        clock = sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1000, sa.BigInteger)
        with self._state.transaction(is_told=False) as connection:
            now = connection.execute(sa.select(lock, fast, clock)).one()[2]
            passed = now - period - step  # what began before has left the period, also what came at the step's end
            connection.execute(sa.delete(request_counts).where(mine, request_counts.c.at_ms <= passed))
            sums = sa.select(sa.func.sum(request_counts.c.requests), sa.func.min(request_counts.c.at_ms)).where(mine)
            counted, oldest = connection.execute(sums).one()
            room = rate.amount - (counted or 0)
            if room < cost:
                return 0, max(1, oldest - passed) / 1000
            taken = min(room, max(cost, math.ceil(rate.amount / SHARES)))
            row = {"api_key": name, "at_ms": now - now % step, "requests": taken}
            more = postgresql.insert(request_counts).values(row)
            added = {"requests": request_counts.c.requests + more.excluded.requests}
            connection.execute(more.on_conflict_do_update(index_elements=["api_key", "at_ms"], set_=added))
        return taken, 0.0
