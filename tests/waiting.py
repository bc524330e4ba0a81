"""Waiting for what comes by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

LONG_SECONDS = 120


def until(what: Callable[[], bool]) -> float:
    """Wait until something holds; return how many seconds that took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < LONG_SECONDS
        time.sleep(0.02)
    return time.monotonic() - began
