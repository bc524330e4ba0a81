"""The intervals of own metrics hold what they say: simulated, 2,000 draws of each kind, by the formula's own measures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest

from lib.catalog.catalog import BUILT_IN
from lib.catalog.formulas.own_uncertainty import OfRatio, OfScaled
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.catalog.own_metrics import MetricDefinition, reader_of
from lib.catalog.unsummed import Unsummed
from lib.statistics.order_statistics import quantile_of

DRAWS = 2_000
LEAST, MOST = 0.935, 0.965
"""What a 95 % interval may hold of the true values: as many as the contract says."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """Where calls come from: their scores, 0 to 10, and how long they take, in seconds; both go together."""

    scores: Callable[[np.random.Generator, int], Floats]
    seconds: Callable[[np.random.Generator, Floats], Floats]


WORLD = World(
    lambda dice, n: np.clip(np.round(dice.normal(7, 1.5, n), 1), 0, 10),
    lambda dice, scores: np.round(300 + 30 * scores + dice.normal(0, 60, len(scores))).clip(1),
)


def metric_of(formula: str) -> Metric:
    """Return the metric of a formula."""
    return reader_of(BUILT_IN, ()).made(MetricDefinition("m", "M", formula))


def made_of(values: dict[str, int]) -> MeasureTotals:
    """Return totals that have these values under the measures' names."""
    names = tuple(values)
    return MeasureTotals.from_values([values[name] for name in names], names)


def coverage(n: int, truth: float, ends: Callable[[Floats, Floats], tuple[float, float] | None]) -> float:
    """Return how many intervals hold the true value."""
    dice = np.random.default_rng(n)
    held = 0
    for _ in range(DRAWS):
        scores = WORLD.scores(dice, n)
        found = ends(scores, WORLD.seconds(dice, scores))
        assert found is not None
        held += found[0] <= truth <= found[1]
    return held / DRAWS


def population() -> tuple[Floats, Floats]:
    """Return calls that are so many that their figures are the true ones."""
    dice = np.random.default_rng(99)
    scores = WORLD.scores(dice, 2_000_000)
    return scores, WORLD.seconds(dice, scores)


@pytest.mark.parametrize("n", [30, 200])
def test_means(n: int) -> None:
    metric = metric_of("avg(score)")
    truth = float(population()[0].mean())

    def ends(scores: Floats, _: Floats) -> tuple[float, float] | None:
        whole = np.round(scores * 10_000).astype(np.int64)
        sums = {"scored": n, "score_sum": int(whole.sum()), "score_square_sum": int((whole**2).sum())}
        return metric.interval(made_of({"evaluations": n, **sums}))

    assert LEAST <= coverage(n, truth, ends) <= MOST


@pytest.mark.parametrize("n", [30, 200])
def test_shares(n: int) -> None:
    """Of few calls a share has few values: for a single one Wilson's holds 92 to 98 %, on average over them 95 %."""
    metric = metric_of('count_if(state = "Failed") / count()')
    dice = np.random.default_rng(n)
    truths = dice.uniform(0.2, 0.8, DRAWS)
    held = 0
    for truth, failed in zip(truths, dice.binomial(n, truths), strict=True):
        ends = metric.interval(made_of({"evaluations": n, "failed": int(failed)}))
        held += ends is not None and ends[0] <= truth <= ends[1]
    assert LEAST <= held / DRAWS <= MOST


@pytest.mark.parametrize("n", [30, 200])
def test_ratios(n: int) -> None:
    """Of the score that a minute of conversation comes with, both of which vary."""
    metric = metric_of("sum(score) / sum(duration_seconds)")
    all_scores, all_seconds = population()
    truth = float(all_scores.sum() / all_seconds.sum())
    scaled = metric.uncertainty
    assert isinstance(scaled, OfScaled)
    ratio = scaled.inner
    assert isinstance(ratio, OfRatio)
    names = [each.plus[0] for each in (ratio.count, ratio.total, ratio.squares, ratio.products, ratio.denominators)]

    def ends(scores: Floats, seconds: Floats) -> tuple[float, float] | None:
        x, y = np.round(scores * 10_000), seconds
        sums = [y.sum(), x.sum(), (x * x).sum(), (x * y).sum(), (y * y).sum()]
        values = dict(zip(names, map(int, sums), strict=True)) | {ratio.units.plus[0]: n}
        values |= {"scored": n, "timed": n, "score_sum": int(x.sum()), "duration_sum": int(y.sum())}
        return metric.interval(made_of(values))

    assert LEAST <= coverage(n, truth, ends) <= MOST


@pytest.mark.parametrize("n", [30, 200])
@pytest.mark.parametrize("percent", [25, 50])
def test_percentiles(n: int, percent: int) -> None:
    metric = metric_of(f"percentile(duration_seconds, {percent})")
    (part,) = metric.formula.unsummed  # type: ignore[attr-defined]
    dice = np.random.default_rng(n + percent)
    held = 0
    for _ in range(DRAWS):
        draws = np.round(dice.normal(0, 10**6, n)).astype(np.int64)
        values, counts = np.unique(draws, return_counts=True)
        middle, ends = quantile_of(values, counts, Fraction(percent, 100))
        totals = MeasureTotals().with_unsummed({part.name: Unsummed(middle, n, ends)})
        found = metric.interval(totals)
        assert found is not None and metric.value(totals) == middle
        held += found[0] <= NormalDist(0, 10**6).inv_cdf(percent / 100) <= found[1]
    assert LEAST <= held / DRAWS <= MOST


def test_few_values_have_no_interval_of_a_far_percentile() -> None:
    values = np.arange(30, dtype=np.int64)
    assert quantile_of(values, np.ones(30, dtype=np.int64), Fraction(9, 10))[1] is None
    assert quantile_of(values, np.ones(30, dtype=np.int64), Fraction(1, 2))[1] is not None
    assert quantile_of(values[:1], np.array([30]), Fraction(1, 2)) == (0, None)


@pytest.mark.parametrize("share", [Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(9, 10), Fraction(1)])
def test_quantiles_are_those_of_spreadsheets(share: Fraction) -> None:
    dice = np.random.default_rng(5)
    for n in (1, 2, 3, 10, 101):
        draws = dice.integers(0, 20, n)
        values, counts = np.unique(draws, return_counts=True)
        found = quantile_of(values.astype(np.int64), counts.astype(np.int64), share)[0]
        assert math.isclose(float(found), np.quantile(draws, float(share)), rel_tol=0, abs_tol=1e-12)
