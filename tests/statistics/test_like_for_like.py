"""Like for like: by hand, and its interval where strata are empty, and executives have one campaign alone."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lib.statistics import intervals
from lib.statistics.like_for_like import Sample, Stratum, standardized_interval, standardized_mean
from tests.statistics.worlds import DRAWS, SCALE, SHAPES, Ints, World, most

scores = st.lists(st.integers(0, 1000), min_size=1, max_size=30)


def sample(values: Sequence[int] | Ints) -> Sample:
    return len(values), int(sum(values)), int(sum(int(value) ** 2 for value in values))


@given(scores, scores)
def test_of_one_stratum_it_is_the_group_s_own_mean(own: list[int], others: list[int]) -> None:
    stratum = Stratum(sample(own), sample(others))
    whole = len(own) + len(others), sum(own) + sum(others)
    assert standardized_mean(whole, len(own), [stratum]) == Fraction(sum(own), len(own))


def test_of_many_values_in_one_stratum_the_interval_is_the_mean_s() -> None:
    rng = np.random.default_rng(4)
    own, others = sample(rng.integers(0, 1000, 20_000)), sample(rng.integers(0, 1000, 30_000))
    found = standardized_interval((50_000, own[1] + others[1]), own[0], [Stratum(own, others)], 100)
    assert found == pytest.approx(intervals.mean_interval(*own, 100), rel=1e-5)


def test_by_hand() -> None:
    # Easy: own 9, 9 to 8, 6; hard: own 5 to 2, 4. Differences 2 and 2 → D = 2; of 8 calls in all, one that none compares
    # with among them, 4 are own: M + (1 − 1/2) · 2.
    strata = [Stratum(sample([9, 9]), sample([8, 6])), Stratum(sample([5]), sample([2, 4]))]
    assert standardized_mean((8, 51), 4, strata) == Fraction(51, 8) + 1
    # Strata weigh 2 · 2 / 4 = 1 and 1 · 2 / 3 = 2/3, that is 3/5 and 2/5, half of which is 3/10 and 1/5. Own calls weigh
    # 1/8 + 3/20 twice, 1/8 + 1/5 and 1/8 for the other; the others' 1/8 − 3/20 and 1/8 − 1/10, twice each. Squares are 0
    # with 1 degree, and 2 + 2 with 2: 4/3 in common, as if of 30 degrees: (0 + 40) / 31 and (4 + 40) / 32.
    own = (2 * 0.275**2 + 0.325**2 + 0.125**2) * 40 / 31
    others = (2 * 0.025**2 + 2 * 0.025**2) * 44 / 32
    degrees = (own + others) ** 2 / (own**2 / 31 + others**2 / 32)
    half = stats.t.ppf(0.975, degrees) * (own + others) ** 0.5
    mean = 51 / 8 + 1
    assert standardized_interval((8, 51), 4, strata) == pytest.approx((mean - half, mean + half), rel=1e-9)


def test_what_nothing_can_be_said_of() -> None:
    assert standardized_interval((2, 9), 1, [Stratum(sample([4]), sample([5]))]) is None
    with pytest.raises(ValueError, match="nothing compares"):
        standardized_mean((2, 9), 1, [])


def _missed(world: World, campaigns: int, *, one_campaign: bool, draws: int) -> tuple[int, int]:
    """Return how often intervals miss what they are of, and how many there are.

    Executives have 20 to 200 calls in strata of their own choice, many of them empty, or in one campaign alone.
    """
    rng = world.rng()
    missed = made = 0
    for _ in range(draws):
        strata = campaigns * 3
        level = rng.normal(size=strata)[None, :] * 0.6 + rng.normal(size=world.executives)[:, None] * 0.25
        shares = rng.dirichlet(np.full(strata, 0.3), size=world.executives)
        if one_campaign:
            of = rng.integers(campaigns, size=world.executives)
            shares = np.where(np.arange(strata)[None, :] // 3 == of[:, None], shares + 0.1, 0)
            shares /= shares.sum(axis=1, keepdims=True)
        counts = np.array([rng.multinomial(rng.integers(20, 200), each) for each in shares])
        cells = [
            [
                np.zeros(0, np.int64) if not n else world.scores(rng, np.full(n, where))
                for n, where in zip(*row, strict=True)
            ]
            for row in zip(counts, level, strict=True)
        ]
        # What scores are on average: those of half points within bounds, of so many calls that chance is gone.
        truth = np.array([[_expected(world, where) for where in row] for row in level])
        for executive in range(4):
            expected, found = _standardized(cells, counts, truth, executive)
            if found is not None:
                made += 1
                missed += not found[0] <= expected <= found[1]
    return missed, made


_EXPECTED: dict[str, tuple[np.ndarray, np.ndarray]] = {}


def _expected(world: World, shift: float) -> float:
    """Return the mean of a world's scores at a shift, between those of a grid."""
    if world.shape not in _EXPECTED:
        rng = np.random.default_rng(7)
        grid = np.linspace(-4, 4, 81)
        means = [world.scores(rng, np.full(40_000, at)).mean() / SCALE for at in grid]
        _EXPECTED[world.shape] = grid, np.array(means)
    return float(np.interp(shift, *_EXPECTED[world.shape]))


def _standardized(
    cells: list[list[Ints]], counts: Ints, truth: np.ndarray, executive: int
) -> tuple[float, tuple[float, float] | None]:
    """Return what an executive's mean like for like would be without chance, and its interval."""
    n, own = int(counts.sum()), int(counts[executive].sum())
    strata, difference, weight = [], 0.0, 0.0
    for place in range(counts.shape[1]):
        mine = counts[executive, place]
        others = counts[:, place].sum() - mine
        if mine and others:
            values = np.concatenate([row[place] for each, row in enumerate(cells) if each != executive])
            strata.append(Stratum(sample(cells[executive][place]), sample(values.astype(np.int64))))
            of_others = ((counts[:, place] * truth[:, place]).sum() - mine * truth[executive, place]) / others
            difference += mine * others / (mine + others) * (truth[executive, place] - of_others)
            weight += mine * others / (mine + others)
    if not strata:
        return 0.0, None
    total = int(sum(values.sum() for row in cells for values in row))
    expected = (counts * truth).sum() / n + (1 - own / n) * difference / weight
    return expected, standardized_interval((n, total), own, strata, SCALE)


@pytest.mark.simulation
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("one_campaign", [False, True], ids=["empty strata", "one campaign each"])
def test_the_interval_holds_its_rate(shape: str, one_campaign: bool) -> None:
    world = World(f"like for like, {shape}, {one_campaign}", shape, executives=12, mean=6.5)
    missed, made = _missed(world, 4, one_campaign=one_campaign, draws=max(20, DRAWS // 8))
    assert made > 3 * max(20, DRAWS // 8)
    assert missed <= most(0.065, made)


def _strictness_missed(draws: int, *, executive_held: bool) -> tuple[int, int]:
    """Return how often intervals of evaluators miss how strict they are, and how many there are.

    Twelve evaluators have executives of their own, more or less; who handled a call makes 10 % of a score's variance.
    """
    rng = np.random.default_rng(23)
    evaluators, executives, kinds, calls = 12, 25, 6, 3_000
    missed = made = 0
    for _ in range(draws):
        evaluator = rng.choice(evaluators, calls, p=rng.dirichlet(np.full(evaluators, 3.0)))
        chances = rng.dirichlet(np.full(executives, 0.3), size=evaluators).cumsum(axis=1)
        executive = (chances[evaluator] > rng.random(calls)[:, None]).argmax(axis=1)
        kind = rng.integers(0, kinds, calls)
        own = rng.normal(0, 0.33, executives)[executive]
        due = 6.5 + rng.normal(0, 0.4, kinds)[kind] + rng.normal(0, 0.5, evaluators)[evaluator] + own.mean()
        score = np.round((due - own.mean() + own + rng.normal(0, 1, calls)) * SCALE).astype(np.int64)
        stratum = kind * executives + executive if executive_held else kind
        whole = calls, int(score.sum())
        for who in range(evaluators):
            is_own, pairs, gap, weight = evaluator == who, [], 0.0, 0.0
            for each in np.unique(stratum[is_own]):
                mine, others = is_own & (stratum == each), ~is_own & (stratum == each)
                if others.any():
                    pairs.append(Stratum(sample(score[mine]), sample(score[others])))
                    share = mine.sum() * others.sum() / (mine.sum() + others.sum())
                    gap, weight = gap + share * (due[mine].mean() - due[others].mean()), weight + share
            if (found := standardized_interval(whole, int(is_own.sum()), pairs, SCALE) if pairs else None) is not None:
                made += 1
                missed += not found[0] <= due.mean() + (1 - is_own.mean()) * gap / weight <= found[1]
    return missed, made


@pytest.mark.simulation
def test_evaluators_with_executives_of_their_own() -> None:
    """With the executive held constant, the interval is that of how strict one is; without, it is also theirs."""
    missed, made = _strictness_missed(max(20, DRAWS // 8), executive_held=True)
    assert made > 11 * max(20, DRAWS // 8) and missed <= most(0.065, made)
    missed, made = _strictness_missed(20, executive_held=False)
    assert missed > made * 0.15
