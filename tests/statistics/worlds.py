"""Simulated worlds: periods of calls of which it is known what is chance and what is not.

A sentence that speaks of chance is held to its rate here: in each world many draws are made, and counted is how often
the sentence is wrong. `DRAWS` of the environment says how many draws; `make simulate` makes 20,000.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from lib.statistics.clusters import ClusterSpread, cluster_spreads

DRAWS = int(os.environ.get("DRAWS", "400"))
"""How many draws a claim is held to in each world."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Shape = Callable[[np.random.Generator, int], Floats]

SCALE = 100
"""Scores are whole numbers, in 1/SCALE of a point."""


def _bounded(rng: np.random.Generator, n: int) -> Floats:
    deviates: Floats = rng.normal(size=n)
    return deviates


def _skewed(rng: np.random.Generator, n: int) -> Floats:
    deviates: Floats = (2 - rng.gamma(2, 1, n)) / np.sqrt(2)
    return deviates


def _bimodal(rng: np.random.Generator, n: int) -> Floats:
    deviates: Floats = np.where(rng.random(n) < 0.3, -1.5, 0.64) + rng.normal(size=n) * 0.3
    return deviates


def _rare_zeros(rng: np.random.Generator, n: int) -> Floats:
    deviates: Floats = np.where(rng.random(n) < 0.03, -4.6, 0.14) + rng.normal(size=n) * 0.45
    return deviates


SHAPES: dict[str, Shape] = {"bounded": _bounded, "skewed": _skewed, "bimodal": _bimodal, "rare zeros": _rare_zeros}
"""Distributions of single scores, with a mean of about 0 and a spread of about 1."""


@dataclass(frozen=True)
class Calls:
    """Calls of one period: the day (from 0), the executive (from 0) and the score (in 1/SCALE of a point) of each."""

    day: Ints
    executive: Ints
    score: Ints

    def by(self, cluster: Ints) -> tuple[Ints, Ints]:
        """Return how many scores each cluster has, and their sum; without clusters that have none."""
        counts = np.bincount(cluster)
        sums = np.bincount(cluster, self.score).astype(np.int64)
        return counts[counts > 0].astype(np.int64), sums[counts > 0]

    @property
    def totals(self) -> tuple[int, int, int]:
        """The number of scores, their sum, and that of their squares, as `intervals` takes them."""
        return len(self.score), int(self.score.sum()), int((self.score * self.score).sum())


@dataclass(frozen=True)
class World:
    """What calls are like.

    The shares are those of a single score's variance: of what calls of one day have in common, of what executives are
    like at all times, and of what they are like in one period alone. `turnover` is the share of executives who are
    others in the second period; with `shifting`, executives take other shares of the calls in it.
    """

    name: str
    shape: str = "bounded"
    calls: int = 600
    calls_before: int | None = None
    days: int = 30
    executives: int = 20
    day_share: float = 0.0
    executive_share: float = 0.0
    period_share: float = 0.0
    turnover: float = 0.0
    shifting: bool = False
    mean: float = 7.0
    spread: float = 1.5
    seed: int = field(default=0)

    def rng(self) -> np.random.Generator:
        """Return the world's own generator, the same each time."""
        return np.random.default_rng([zlib.crc32(self.name.encode()), self.seed])

    def scores(self, rng: np.random.Generator, shift: Floats) -> Ints:
        """Return a score for each call, shifted by so many spreads: half points from 0 to 10."""
        raw = self.mean + self.spread * (SHAPES[self.shape](rng, len(shift)) + shift)
        return np.clip(np.round(raw * 2) * (SCALE // 2), 0, 10 * SCALE).astype(np.int64)

    def pairs(self, draws: int) -> Iterator[tuple[Calls, Calls]]:
        """Yield two periods of calls, in which nothing differs but by chance, so many times."""
        rng = self.rng()
        leaving = int(self.executives * self.turnover)
        for _ in range(draws):
            everybody = rng.normal(size=self.executives + leaving) * np.sqrt(self.executive_share)
            load = rng.gamma(3, 1, self.executives + leaving) + 0.1
            first, second = np.arange(self.executives), np.arange(leaving, self.executives + leaving)
            load_now = load[second] * (rng.gamma(2, 0.5, len(second)) + 0.01 if self.shifting else 1)
            before = self._period(rng, self.calls_before or self.calls, first, load[first], everybody)
            yield before, self._period(rng, self.calls, second, load_now, everybody)

    def periods(self, draws: int) -> Iterator[Calls]:
        """Yield periods of calls, so many."""
        rng = self.rng()
        for _ in range(draws):
            everybody = rng.normal(size=self.executives) * np.sqrt(self.executive_share)
            load = rng.gamma(3, 1, self.executives) + 0.1
            yield self._period(rng, self.calls, np.arange(self.executives), load, everybody)

    def _period(self, rng: np.random.Generator, calls: int, executives: Ints, load: Floats, everybody: Floats) -> Calls:
        day = rng.integers(0, self.days, calls)
        place = rng.choice(len(executives), calls, p=load / load.sum())
        of_day = rng.normal(size=self.days) * np.sqrt(self.day_share)
        of_period = rng.normal(size=len(executives)) * np.sqrt(self.period_share)
        shift = of_day[day] + everybody[executives[place]] + of_period[place]
        return Calls(day, executives[place], self.scores(rng, shift))


def spread_of(counts: npt.ArrayLike, totals: npt.ArrayLike, scale: int = 1) -> ClusterSpread | None:
    """Return how the clusters of a single group spread, by the number and the sum of each one's values."""
    n, total = np.asarray(counts), np.asarray(totals)
    return cluster_spreads(np.arange(len(n)), (1, len(n)), n, total, scale)[0]


def most(rate: float, draws: int) -> int:
    """Return how often something of at most this rate happens in so many draws, but for one run in ten thousand."""
    return int(stats.binom.ppf(0.9999, draws, rate))


def count(claims: Iterator[Any]) -> int:
    """Return how many of the claims are made."""
    return sum(bool(claim) for claim in claims)


INDEPENDENT = tuple(
    World(f"{shape}, {calls} calls", shape, calls, calls + 10, days=14, executives=10)
    for shape in SHAPES
    for calls in (30, 200, 600)
)
"""Calls that have nothing in common."""

CLUSTERED = (
    World("days alike, 10 days", calls=3000, days=10, day_share=0.03),
    World("days alike, a month", calls=3000, day_share=0.02),
    World("days alike, a week", calls=1000, days=7, day_share=0.03),
    World("executives change by month", calls=3000, executive_share=0.05, period_share=0.02),
    World("eight executives change by month", calls=3000, executives=8, executive_share=0.05, period_share=0.03),
    World("five executives change by month", calls=3000, executives=5, executive_share=0.05, period_share=0.03),
    World("turnover", calls=3000, executive_share=0.05, turnover=0.3),
    World("half leave", calls=3000, executives=10, executive_share=0.05, turnover=0.5),
    World("shares shift", calls=3000, executive_share=0.1, shifting=True),
    World("all at once", "bounded", 3000, None, 30, 20, 0.02, 0.05, 0.02, 0.2, shifting=True),
    World("all at once, skewed, few", "skewed", 300, None, 30, 12, 0.03, 0.05, 0.02, 0.2, shifting=True),
    World("all at once, rare zeros, fewer", "rare zeros", 60, None, 30, 12, 0.03, 0.05, 0.02, 0.2, shifting=True),
    World("all at once, a hundred executives", "bounded", 5000, None, 30, 100, 0.02, 0.05, 0.02, 0.2, shifting=True),
)
"""Calls of one day, and of one executive in one period, that resemble each other."""
