"""Simulations: an alert that looks every day seldom fires by chance, and fires soon where something drops.

The windows are judged by the function that checks call. `DRAWS` of the environment says how often, as for the other
claims about chance.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from lib.alerts.day_effects import REFERENCE_DAYS
from lib.alerts.false_alarms import FALSE_FIRINGS_A_QUARTER
from lib.alerts.states import MemberReading, MemberState, advance_all
from lib.alerts.window_changes import ComparedWindows, judge_changes
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS
from lib.statistics.clusters import ClusterSpread, SharedSpread, cluster_spreads, shared_spreads
from lib.store.enums import SCORE_SCALE
from tests.statistics.worlds import DRAWS, SHAPES, Ints

SCORE = METRICS["averageScore"]
CHECKS = 90
WINDOW = 7
WARM_UP = REFERENCE_DAYS + WINDOW
HALF_POINTS = SCORE_SCALE // 2
DROPS_ON = WARM_UP + 30
"""The first day that is lower, where something drops."""


@dataclass(frozen=True)
class Floor:
    """Executives in call centers: how many calls each has a day, and what calls of one day, and of one, have in common.

    The shares are those of a single score's variance. `drop` is by how many points the first center is lower from
    DROPS_ON on.
    """

    name: str
    shape: str = "bounded"
    executives: int = 1000
    centers: int = 5
    calls: float = 10.0
    day_share: float = 0.0
    executive_share: float = 0.05
    drop: float = 0.0
    mean: float = 7.0
    spread: float = 1.5

    def draws(self, count: int) -> Iterator[History]:
        """Yield so many histories of WARM_UP + CHECKS days."""
        for draw in range(count):
            rng = np.random.default_rng([zlib.crc32(self.name.encode()), draw])
            level = rng.normal(size=self.executives) * np.sqrt(self.executive_share)
            center = np.arange(self.executives) % self.centers
            shape = (3, self.executives, WARM_UP + CHECKS)
            sums = np.zeros(shape, dtype=np.int64)
            for day in range(shape[2]):
                of_day = rng.normal(size=self.centers) * np.sqrt(self.day_share)
                who = np.repeat(np.arange(self.executives), rng.poisson(self.calls, self.executives))
                shift = level[who] + of_day[center[who]] + SHAPES[self.shape](rng, len(who))
                points = self.mean + self.spread * shift
                if self.drop and day >= DROPS_ON:
                    points -= self.drop * (center[who] == 0)
                scores = np.clip(np.round(points * 2), 0, 20).astype(np.int64) * HALF_POINTS
                for place, values in enumerate((np.ones(len(who)), scores, scores.astype(float) ** 2)):
                    sums[place, :, day] = np.bincount(who, values, self.executives)
            yield History(sums, center)


@dataclass(frozen=True)
class History:
    """The number, the sum and the squares of scores by executive and day, and the center of each executive."""

    sums: Ints
    center: Ints

    def by_center(self) -> Ints:
        """Return the same by center and day."""
        groups = [self.sums[:, self.center == center].sum(axis=1) for center in range(int(self.center.max()) + 1)]
        return np.stack(groups, axis=1)


def window(sums: Ints, first: int, last: int) -> dict[int, MeasureTotals]:
    """Return the totals of members in the days from a first to before a last one, with how their days spread."""
    part = sums[:, :, first:last]
    cells = np.arange(part[0].size)
    spreads = cluster_spreads(cells, part[0].shape, part[0].ravel(), part[1].ravel(), SCORE_SCALE)
    whole = part.sum(axis=2)
    totals = {}
    for member, spread in enumerate(spreads):
        n, total, squares = (int(each) for each in whole[:, member])
        made = MeasureTotals(scored=n, score_sum=total, score_square_sum=squares)
        days: dict[str, ClusterSpread] = {} if spread is None else {SCORE.name: spread}
        totals[member] = made.with_days(days)
    return totals


def executives_of(history: History, day: int) -> dict[int, SharedSpread | None]:
    """Return how executives spread around the change of each center."""
    sides = [history.sums[:2, :, first : first + WINDOW].sum(axis=2).astype(float) for first in (day - 6, day - 13)]
    order = np.argsort(history.center, kind="stable")
    now, before = (side[:, order] for side in sides)
    known = np.ones(len(order), dtype=bool)
    return dict(enumerate(shared_spreads(history.center[order], known, now, before, SCORE_SCALE)))


def firings(history: History, *, by_executive: bool) -> dict[int, list[int]]:
    """Return the checks, from 0, at which each member begins to fire."""
    sums = history.sums if by_executive else history.by_center()
    begins: dict[int, list[int]] = {}
    states: dict[str, MemberState] = {}
    for check in range(CHECKS):
        day = WARM_UP + check
        windows = ComparedWindows(
            window(sums, day - 6, day + 1),
            window(sums, day - 13, day - 6),
            window(sums, day - 6 - REFERENCE_DAYS, day - 6),
            {} if by_executive else executives_of(history, day),
        )
        judged = judge_changes(SCORE, windows, 1, 30)
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=check)
        readings = [MemberReading(str(member), "", judgment) for member, judgment in judged.items()]
        after = advance_all(states, readings, 1, now)
        for number, state in after.items():
            if state.is_firing and not (number in states and states[number].is_firing):
                begins.setdefault(int(number), []).append(check)
        states = after
    return begins


def most_firings(draws: int) -> int:
    """Return how many firings there are at most in so many quarters, but for one run in ten thousand."""
    return int(stats.poisson.ppf(0.9999, draws * FALSE_FIRINGS_A_QUARTER))


QUIET = (
    Floor("a thousand executives"),
    Floor("a thousand executives, skewed, days alike", "skewed", day_share=0.02),
    Floor("a thousand executives, rare zeros, days alike", "rare zeros", day_share=0.01),
)


@pytest.mark.simulation
@pytest.mark.parametrize("floor", QUIET, ids=lambda floor: floor.name)
def test_a_thousand_executives_fire_seldom_by_chance(floor: Floor) -> None:
    """In 90 daily checks of a thousand executives of whom nothing changes fewer than five fire in all."""
    for history in floor.draws(max(1, DRAWS // 2000)):
        begun = firings(history, by_executive=True)
        assert sum(map(len, begun.values())) < 5


@pytest.mark.simulation
@pytest.mark.parametrize("day_share", [0.0, 0.005, 0.02])
@pytest.mark.parametrize("calls", [10.0, 1.0])
def test_five_centers_fire_once_a_year_by_chance(day_share: float, calls: float) -> None:
    """However alike the calls of one day are."""
    floor = Floor(f"five centers, {day_share}, {calls}", executives=100, calls=calls, day_share=day_share)
    draws = max(10, DRAWS // 40)
    count = sum(len(each) for history in floor.draws(draws) for each in firings(history, by_executive=False).values())
    assert count <= most_firings(draws), f"{count} in {draws} quarters"


@pytest.mark.simulation
def test_a_drop_of_half_a_point_fires_within_two_checks() -> None:
    """In one of five centers with 2,000 calls a day, where days have nothing in common; hardly ever another one."""
    floor = Floor("one center drops", drop=0.5)
    others, draws = 0, max(3, DRAWS // 400)
    for history in floor.draws(draws):
        begun = firings(history, by_executive=False)
        assert DROPS_ON - WARM_UP in begun[0] or DROPS_ON - WARM_UP + 1 in begun[0]
        others += sum(len(begins) for center, begins in begun.items() if center)
    assert others <= most_firings(draws)


@pytest.mark.simulation
@pytest.mark.parametrize(("day_share", "most_checks"), [(0.002, 4), (0.01, 6), (0.02, 8)])
def test_a_drop_is_seen_later_the_more_days_differ(day_share: float, most_checks: int) -> None:
    """In nine of ten draws by so many daily checks: the window has to hold enough of the lower days."""
    floor = Floor(f"one center drops, days alike {day_share}", executives=500, calls=10, day_share=day_share, drop=0.5)
    draws = max(10, DRAWS // 100)
    begun = [firings(history, by_executive=False).get(0, []) for history in floor.draws(draws)]
    delays = [next((each for each in begins if each >= DROPS_ON - WARM_UP), CHECKS) for begins in begun]
    late = sum(each - (DROPS_ON - WARM_UP) + 1 > most_checks for each in delays)
    assert late <= 0.1 * draws + 1, sorted(each - (DROPS_ON - WARM_UP) + 1 for each in delays)
