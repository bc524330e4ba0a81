"""Counts distinct texts of many rows, by hashes of eight bytes each, and keeps examples of those that come again."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

Hashes: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

MAX_DISTINCT = 8_000_000
"""Texts of a column that are counted; with more it is left open how many differ."""

_EXAMPLES = 3


class DistinctCounter:
    """Counts texts that come batch by batch, each batch without repetitions."""

    def __init__(self) -> None:
        """Begin with none."""
        self._runs: list[Hashes] = []  # sorted, each at least twice as long as the next; no hash is in two of them
        self._is_open = True
        self.repeated: dict[str, None] = {}

    @property
    def count(self) -> int | None:
        """How many texts differ; None where they are too many."""
        return sum(len(run) for run in self._runs) if self._is_open else None

    def add(self, texts: pa.StringArray, counts: Any) -> None:
        """Add the distinct texts of a batch, each with the number of its cells."""
        if not self._is_open:
            return
        if len(self.repeated) < _EXAMPLES:
            again = np.flatnonzero(counts > 1)[: _EXAMPLES - len(self.repeated)]
            self.repeated.update(dict.fromkeys(texts.take(pa.array(again)).to_pylist()))
        hashes = np.fromiter(map(hash, texts.to_pylist()), np.int64, len(texts))
        order = np.argsort(hashes)
        hashes = hashes[order]
        known = np.zeros(len(hashes), dtype=bool)
        for run in self._runs:
            known |= run[np.minimum(np.searchsorted(run, hashes), len(run) - 1)] == hashes
        if known.any() and len(self.repeated) < _EXAMPLES:
            again = order[known][: _EXAMPLES - len(self.repeated)]
            self.repeated.update(dict.fromkeys(texts.take(pa.array(again)).to_pylist()))
        self._push(hashes[~known])

    def give_up(self) -> None:
        """Count no more."""
        self._is_open = False
        self._runs = []

    def _push(self, hashes: Hashes) -> None:
        if not len(hashes):
            return
        self._runs.append(hashes)
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            last = self._runs.pop()
            merged = np.concatenate([self._runs.pop(), last])
            merged.sort(kind="stable")  # two runs that are sorted are merged in one pass
            self._runs.append(merged)
        if (self.count or 0) > MAX_DISTINCT:
            self.give_up()
