"""Turns: what computes at the same time, of one who asks and of all.

More threads than cores only interrupt each other, and the event loop, which serves everybody, waits behind them all.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class _Claim:
    """The turns of one who asks, and how many of them are held or waited for."""

    turns: threading.Semaphore
    wanted: int = 0


class Turns:
    """Turns that threads wait for. Who asks for many waits for their own; the others go on beside them."""

    def __init__(self, of_one: int, in_all: int) -> None:
        """Give so many at once to one who asks, and so many to all together."""
        self._of_one = of_one
        self._in_all = threading.Semaphore(in_all)
        self._shares: dict[str, _Claim] = {}
        self._lock = threading.Lock()

    @contextmanager
    def take(self, who: str) -> Iterator[None]:
        """Wait for a turn, and hold it."""
        with self._lock:
            share = self._shares.setdefault(who, _Claim(threading.Semaphore(self._of_one)))
            share.wanted += 1
        try:
            with share.turns, self._in_all:
                yield
        finally:
            with self._lock:
                share.wanted -= 1
                if not share.wanted:
                    del self._shares[who]
