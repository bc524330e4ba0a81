"""Variances that allow for clusters: against the matrices of their definition, and in simulated worlds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS
from lib.statistics.clusters import (
    ClusterSpread,
    SharedSpread,
    change_error,
    cluster_spreads,
    design_effects,
    shared_spreads,
)
from lib.store.enums import SCORE_SCALE
from tests.statistics.worlds import CLUSTERED, DRAWS, INDEPENDENT, SCALE, Calls, Floats, Ints, World, most, spread_of

SCORE = METRICS["averageScore"]

clusters = st.lists(st.lists(st.floats(-5, 5), min_size=1, max_size=6), min_size=2, max_size=8)


@given(clusters)
def test_bell_and_mccaffrey_by_their_matrices(values: list[list[float]]) -> None:
    """The variance and the degrees of freedom of an ordinary regression on a constant, computed as they define them."""
    y = np.array([value for cluster in values for value in cluster])
    total = len(y)
    ones = np.ones((total, 1))
    hat = ones @ ones.T / total
    residuals = y - y.mean()
    variance, start, columns = 0.0, 0, []
    for cluster in values:
        place = slice(start, start + len(cluster))
        start += len(cluster)
        block = np.eye(len(cluster)) - hat[place, place]
        eigenvalues, vectors = np.linalg.eigh(block)
        adjusted = vectors @ np.diag(eigenvalues**-0.5) @ vectors.T
        variance += float((ones[place].T @ adjusted @ residuals[place]).item()) ** 2
        columns.append((np.eye(total) - hat)[:, place] @ adjusted @ ones[place] / total)
    spread = spread_of([len(cluster) for cluster in values], [sum(cluster) for cluster in values])
    assert spread is not None
    assert spread.variance == pytest.approx(variance / total**2, rel=1e-6, abs=1e-12)
    products = np.hstack(columns).T @ np.hstack(columns)
    degrees = np.trace(products) ** 2 / (products * products).sum()
    assert spread.degrees == pytest.approx(degrees, rel=1e-6)


def test_fewer_than_two_clusters() -> None:
    assert spread_of([0, 0], [0, 0]) is None
    assert spread_of([5, 0], [30, 0]) is None


def test_balanced_clusters_by_hand() -> None:
    # Means 6 and 8 of two values each: (1² + 1²) / (2 · 1) = 1, one degree of freedom.
    assert spread_of([2, 2], [12, 16]) == ClusterSpread(2, 1.0, 1.0, 0.5)
    assert spread_of([2, 2], [1200, 1600], scale=100) == ClusterSpread(2, 1.0, 1.0, 0.5)


@pytest.mark.parametrize("most_cells", [1, 40, 10_000])
def test_many_groups_are_as_each_alone(monkeypatch: pytest.MonkeyPatch, most_cells: int) -> None:
    """Also where they are too many to be held at once, and where a cell comes in several rows."""
    monkeypatch.setattr("lib.statistics.clusters._MOST_CELLS", most_cells)
    rng = np.random.default_rng(3)
    groups, days = rng.integers(0, 9, 400), rng.integers(0, 20, 400)
    groups[days > 2 * groups] = 0  # so that few have all days, and some a single one
    counts, totals = rng.integers(0, 5, 400), rng.integers(0, 900, 400)
    found = cluster_spreads(groups * 20 + days, (9, 20), counts, totals, 10)
    alone = []
    for group in range(9):
        own = groups == group
        alone.append(spread_of(np.bincount(days[own], counts[own], 20), np.bincount(days[own], totals[own], 20), 10))
    assert found == alone
    assert len({spread and spread.clusters for spread in found}) > 4


def test_clusters_that_are_not_known() -> None:
    """They count for the whole, and are no clusters."""
    places = np.array([0, 0, 1])
    values = np.array([[10.0, 30.0, 5.0], [70.0, 240.0, 35.0]])
    nobody = shared_spreads(places, np.zeros(3, dtype=bool), values, values)
    assert nobody == [None, None]
    # One of two clusters is known, with a quarter of the values: its e are 0, and q is 1/16 + 1/16.
    known, none = shared_spreads(places, np.array([True, False, False]), values, values)
    assert none is None and known == SharedSpread(0.0, 1.0, 0.25, 0.25)
    assert shared_spreads(places[:0], np.zeros(0, dtype=bool), values[:, :0], values[:, :0]) == []


def test_design_effects() -> None:
    alike = ClusterSpread(10, 0.05, 9.0, 0.1)
    # n = 100, variance 1: five times that of independent values. ρ = (5 − 1) / (10 − 1), so that the effect is 5.
    assert design_effects([100.0], [1.0], [alike]) == [pytest.approx(5)]
    assert design_effects([100.0], [10.0], [alike]) == [1.0]  # less than independent ones
    assert design_effects([100.0, 40.0], [1.0, 1.0], [alike, None]) == [pytest.approx(5), pytest.approx(1 + 39 * 4 / 9)]
    assert design_effects([30.0], [0.0], [None]) == [1.0]


def totals(calls: Calls) -> MeasureTotals:
    n, total, squares = calls.totals
    scale = SCORE_SCALE // SCALE
    sums = MeasureTotals(scored=n, score_sum=total * scale, score_square_sum=squares * scale * scale)
    spread = days_of(calls)
    return sums if spread is None else sums.with_days({SCORE.name: spread})


def days_of(calls: Calls) -> ClusterSpread | None:
    counts, sums = calls.by(calls.day)
    return spread_of(counts, sums, SCALE)


def executives_of(before: Calls, now: Calls) -> SharedSpread:
    most_executives = 1 + max(before.executive.max(), now.executive.max())
    parts, shares = [], []
    for calls in (before, now):
        points: Floats = calls.score / SCALE
        residuals = points - points.mean()
        parts.append(np.bincount(calls.executive, residuals, minlength=most_executives) / len(points))
        shares.append(np.bincount(calls.executive, minlength=most_executives) / len(points))
    weights = shares[0] ** 2 + shares[1] ** 2
    squares = float(((parts[1] - parts[0]) ** 2).sum())
    return SharedSpread(squares, float(weights.sum() ** 2 / (weights**2).sum()), 1.0, 1.0)


@pytest.mark.simulation
@pytest.mark.parametrize("world", (*INDEPENDENT, *CLUSTERED), ids=lambda world: world.name)
def test_a_change_by_chance_is_seldom_marked(world: World) -> None:
    """▲ and ▼ where nothing differs but by chance: in at most 7 of 100 periods, whatever calls have in common."""
    marked = sum(
        SCORE.differs(totals(before), totals(now), executives_of(before, now)) is True
        for before, now in world.pairs(DRAWS)
    )
    assert marked <= most(0.07, DRAWS), f"{marked} of {DRAWS}"


@pytest.mark.simulation
def test_a_change_that_is_real_is_marked() -> None:
    """Half a point between two periods of 600 calls each is seen in most of them."""
    world = World("half a point", executive_share=0.02, day_share=0.01)
    seen = 0
    for before, now in world.pairs(DRAWS):
        better = Calls(now.day, now.executive, np.minimum(now.score + SCALE // 2, 10 * SCALE))
        seen += SCORE.differs(totals(before), totals(better), executives_of(before, better)) is True
    assert seen > 0.75 * DRAWS


def true_mean(world: World) -> float:
    rng = np.random.default_rng(1)
    return float(world.scores(rng, rng.normal(size=400_000) * np.sqrt(world.day_share)).mean() / SCALE)


INTERVALS = (
    *(
        World(f"{shape}, {calls} calls in {days} days", shape, calls, days=days)
        for shape, calls, days in (
            ("bounded", 30, 20),
            ("bounded", 200, 12),
            ("skewed", 200, 30),
            ("bimodal", 200, 30),
            ("rare zeros", 600, 30),
        )
    ),
    World("days alike, ten", calls=1000, days=10, day_share=0.02),
    World("days alike, a month", calls=3000, day_share=0.03),
    World("days alike, skewed, twelve", "skewed", 300, days=12, day_share=0.03),
)


@pytest.mark.simulation
@pytest.mark.parametrize("world", INTERVALS, ids=lambda world: world.name)
def test_intervals_of_a_mean_hold(world: World) -> None:
    """The interval holds the mean that would come out if the period went on, in 95 of 100 periods."""
    mean = true_mean(world)
    missed = 0
    for calls in world.periods(DRAWS):
        ends = SCORE.interval(totals(calls))
        missed += ends is None or not ends[0] <= mean <= ends[1]
    assert missed <= most(0.065, DRAWS), f"{missed} of {DRAWS}"


def felt(calls: Ints, day: Ints, *, with_days: bool) -> MeasureTotals:
    """Return sentiments, each +1, 0 or −1, as totals."""
    sums = MeasureTotals(
        positive=int((calls == 1).sum()), neutral=int((calls == 0).sum()), negative=int((calls == -1).sum())
    )
    counts = np.bincount(day)
    spread = spread_of(counts, np.bincount(day, calls))
    return sums.with_days({"netSentiment": spread}) if with_days and spread else sums


@pytest.mark.simulation
@pytest.mark.parametrize("negative", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("n", [60, 300])
@pytest.mark.parametrize("with_days", [False, True])
def test_intervals_of_net_sentiment_hold_close_to_one(negative: float, n: int, *, with_days: bool) -> None:
    rng = np.random.default_rng([n, round(negative * 100)])
    shares = [negative, 0.02, 0.98 - negative]
    metric, missed, made = METRICS["netSentiment"], 0, 0
    for _ in range(DRAWS):
        calls, day = rng.choice([-1, 0, 1], n, p=shares), rng.integers(0, 20, n)
        ends = metric.interval(felt(calls, day, with_days=with_days))
        made += ends is not None  # none where all are the same
        missed += ends is not None and not ends[0] <= shares[2] - shares[0] <= ends[1]
    assert made > 0.5 * DRAWS
    assert missed <= most(0.07, made), f"{missed} of {made}"


@pytest.mark.simulation
@pytest.mark.parametrize(("share", "n"), [(0.02, 300), (0.1, 100), (0.5, 60), (0.9, 1000)])
def test_intervals_of_a_share_hold(share: float, n: int) -> None:
    rng = np.random.default_rng([n])
    metric, missed = METRICS["completionRate"], 0
    for _ in range(DRAWS):
        of_day = np.clip(share + rng.normal(size=20) * 0.1 * np.sqrt(share * (1 - share)), 0, 1)
        day = rng.integers(0, 20, n)
        done = rng.random(n) < of_day[day]
        spread = spread_of(np.bincount(day), np.bincount(day, done))
        sums = MeasureTotals(evaluations=n, completed=int(done.sum()))
        ends = metric.interval(sums.with_days({metric.name: spread}) if spread else sums)
        missed += ends is None or not ends[0] <= share <= ends[1]
    assert missed <= most(0.07, DRAWS), f"{missed} of {DRAWS}"


def test_executives_come_on_top_of_days() -> None:
    day = ClusterSpread(30, 0.01, 29.0, 1 / 30)
    assert change_error(day, day, (0.005, 0.005), None) == (0.02, pytest.approx(58))
    # Executives explain .04 · 5/4, of which .01 is that of calls alone.
    shared = SharedSpread(0.04, 5.0, 1.0, 1.0)
    variance, degrees = change_error(day, day, (0.005, 0.005), shared)
    assert variance == pytest.approx(0.02 + 0.05 - 0.01)
    assert degrees == pytest.approx(0.06**2 / (0.02**2 / 58 + 0.04**2 / 4))
    # Where they explain less than calls alone would, nothing is taken off; a single one says nothing.
    assert change_error(day, day, (0.005, 0.005), SharedSpread(0.001, 5.0, 1.0, 1.0))[0] == 0.02
    assert change_error(day, day, (0.005, 0.005), SharedSpread(0.04, 1.0, 1.0, 1.0))[0] == 0.02
