"""What the process counts, in plain numbers: counting costs next to nothing, and whoever asks reads them."""

from __future__ import annotations

import bisect
import threading
from collections import Counter

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""The ends of the ranges by which times are counted."""


class LatencyHistogram:
    """How often something was done, by name, and how long it took."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = threading.Lock()
        self._ranges: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def add(self, name: str, seconds: float) -> None:
        """Count one."""
        with self._lock:
            ranges = self._ranges.setdefault(name, [0] * (len(SECONDS) + 1))
            ranges[bisect.bisect_left(SECONDS, seconds)] += 1
            self._sums[name] = self._sums.get(name, 0.0) + seconds

    def read(self) -> dict[str, tuple[list[int], float]]:
        """Return by name how many fell into each range, the last without an end, and the sum of seconds."""
        with self._lock:
            return {name: (list(ranges), self._sums[name]) for name, ranges in self._ranges.items()}


class Pages:
    """The pages: visitors' sessions that are open now and that were opened, requests and refusals by status, runs.

    All but the runs are counted by the one thread that serves.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.sessions = 0
        self.opened = 0
        self.requests: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.runs: Counter[str] = Counter()
        self.failed = 0
        self._lock = threading.Lock()

    def count_run(self, page: str) -> None:
        """Count a run of a page."""
        with self._lock:
            self.runs[page or "overview"] += 1

    def count_failure(self) -> None:
        """Count a run that ended in an error that should not be."""
        with self._lock:
            self.failed += 1


PAGES = Pages()
"""Those of this process."""
