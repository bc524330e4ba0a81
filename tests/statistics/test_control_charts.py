"""Control charts: limits by hand, false alarms of points and runs, the level of a change and what its days hold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from lib.statistics.control_charts import LEVEL, RUN_LENGTH, _quantiles, change_point, control_limits
from tests.statistics.worlds import DRAWS, SCALE, SHAPES, Floats, Ints, World, most

POINTS = 60

FEWER = max(DRAWS // 4, 100)
"""Draws of what takes longer: a change is tested against a thousand orders."""


@dataclass(frozen=True)
class Course:
    """What points are like: how many, of how many calls each, and what calls of one day have in common."""

    name: str
    shape: str
    calls: tuple[int, int]
    day_share: float = 0.0
    points: int = POINTS

    def draws(self, draws: int, shift: float = 0.0) -> Iterator[tuple[Floats, Ints, float, float, int]]:
        """Yield values, sizes, the variance and third moment of single scores, and where the level shifts."""
        world = World(self.name, self.shape)
        rng = world.rng()
        for _ in range(draws):
            sizes = rng.integers(*self.calls, self.points, endpoint=True)
            day = np.repeat(np.arange(self.points), sizes)
            place = int(rng.integers(3, self.points - 2))
            level = rng.normal(size=self.points) * math.sqrt(self.day_share)
            level += np.where(np.arange(self.points) >= place, shift * self.deviation, 0)
            scores = world.scores(rng, level[day]) / SCALE
            values = np.bincount(day, scores) / sizes
            variance = float(((scores - values[day]) ** 2).sum() / (len(scores) - self.points))
            third = float(((scores - scores.mean()) ** 3).mean())
            yield values, sizes, variance, third, place

    @property
    def deviation(self) -> float:
        """The standard deviation of a point of the mean size, in that of single scores."""
        return math.sqrt(self.day_share + 2 / sum(self.calls))


COURSES = (
    *(Course(f"{shape}, days alike", shape, (30, 300), 0.03) for shape in SHAPES),
    *(Course(f"{shape}, few calls", shape, (30, 40)) for shape in SHAPES),
    Course("bounded, equal days alike", "bounded", (100, 100), 0.03),
    Course("rare zeros, few calls, a year", "rare zeros", (30, 40), points=365),
    Course("bounded, two weeks", "bounded", (30, 300), 0.03, points=14),
)


def test_limits_are_those_of_moving_ranges_by_hand() -> None:
    # Moving ranges 2, 1, 3, 2, 2, 1, 3, 2, 2: their mean is 2, that of the values 5; 2.66 · 2 = 5.32.
    values = [4, 6, 5, 8, 6, 4, 5, 2, 4, 6]
    limits = control_limits(values, [1] * 10)
    assert limits is not None and limits.center == pytest.approx(5.0)
    assert (limits.low[0], limits.high[9]) == pytest.approx((5 - 5.317, 5 + 5.317), abs=1e-3)
    assert limits.outside == () and limits.runs == ()


def test_a_point_outside() -> None:
    values = [5, 6, 5, 6, 5, 6, 5, 6, 5, 12, 5, 6, 5, 6]
    limits = control_limits(values, [1] * 14)
    assert limits is not None and limits.outside == (9,)


def test_points_of_few_have_wider_limits() -> None:
    rng = np.random.default_rng(1)
    sizes = [400, 25] * 20
    values = [7 + rng.normal() * 1.5 / math.sqrt(n) for n in sizes]
    limits = control_limits(values, sizes, 2.25)
    assert limits is not None
    widths = [high - low for low, high in zip(limits.low, limits.high, strict=True)]
    assert widths[1] > 3 * widths[0]


def test_a_rare_share_has_no_lower_limit_and_a_higher_upper_one() -> None:
    share, sizes = 0.02, [100] * 20
    values = [0.02, 0.03, 0.01, 0.02, 0.02] * 4
    moments = share * (1 - share), share * (1 - share) * (1 - 2 * share)
    limits = control_limits(values, sizes, *moments)
    plain = control_limits(values, sizes, moments[0])
    assert limits is not None and plain is not None
    # Binomial of 100 at .02: more than 6 calls once in 250 times, more than 7 once in 1,100 times.
    assert 0.07 < limits.high[0] < 0.08 and plain.high[0] < 0.07
    assert limits.low[0] > plain.low[0]


@pytest.mark.parametrize("skewness", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("z", [-2.0, 1.0, 3.0])
def test_limits_of_skewed_means_are_those_of_a_gamma_distribution(skewness: float, z: float) -> None:
    shape = 4 / skewness**2
    exact = (stats.gamma.ppf(stats.norm.cdf(z), shape) - shape) / shape**0.5
    skewed, mirrored, straight = _quantiles(z, np.array([skewness, -skewness, 0.0]))
    assert skewed == pytest.approx(exact, abs=0.05) and straight == z
    assert mirrored == pytest.approx(-_quantiles(-z, np.array([skewness]))[0])


def test_a_run() -> None:
    values = [5.0, 4.0] * 8 + [5.0] * RUN_LENGTH + [4.0, 5.0] * 8
    limits = control_limits(values, [1] * len(values))
    assert limits is not None and limits.runs == ((16, 16 + RUN_LENGTH - 1),)
    short = control_limits([5.0, 4.0] * 8 + [5.0] * (RUN_LENGTH - 1) + [4.0, 5.0] * 8, [1] * (len(values) - 1))
    assert short is not None and short.runs == ()


def test_what_has_no_limits() -> None:
    assert control_limits([1.0] * 9 + [2.0], [1] * 10) is not None
    assert control_limits([1.0] * 10, [1] * 10) is None
    assert control_limits([1.0, 2.0] * 4, [1] * 8) is None
    assert change_point([1.0, 2.0] * 4, [1.0] * 8) is None


def test_a_change_by_hand() -> None:
    values = [7.3, 7.2, 7.4, 7.3, 7.2, 7.4, 7.3, 6.9, 7.0, 6.8, 6.9, 7.0, 6.8, 6.9]
    change = change_point(values, [0.01] * 14)
    assert change is not None
    assert (change.place, change.earliest, change.latest) == (7, 7, 7)
    assert (change.before, change.after) == pytest.approx((7.3, 6.9), abs=0.01)
    assert change == change_point(values, [0.01] * 14)


@pytest.mark.simulation
@pytest.mark.parametrize("course", COURSES, ids=lambda each: each.name)
def test_false_alarms(course: Course) -> None:
    """Points outside and runs that begin are together at most .003 of all points."""
    alarms = points = 0
    for values, sizes, variance, third, _ in course.draws(DRAWS):
        limits = control_limits(values.tolist(), sizes.tolist(), variance, third)
        alarms += len(limits.outside) + len(limits.runs)
        points += course.points
    assert alarms <= most(0.003, points)


@pytest.mark.simulation
@pytest.mark.parametrize("share", [0.002, 0.02, 0.3, 0.98])
def test_false_alarms_of_shares(share: float) -> None:
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(DRAWS):
        sizes = rng.integers(30, 400, POINTS)
        parts = rng.binomial(sizes, share)
        mean = parts.sum() / sizes.sum()
        moments = mean * (1 - mean), mean * (1 - mean) * (1 - 2 * mean)
        limits = control_limits((parts / sizes).tolist(), sizes.tolist(), *moments)
        alarms += len(limits.outside) + len(limits.runs) if limits else 0
    assert alarms <= most(0.003, DRAWS * POINTS)


@pytest.mark.simulation
def test_false_alarms_where_nothing_is_known_of_single_values() -> None:
    rng = np.random.default_rng(4)
    alarms = runs = 0
    for _ in range(DRAWS):
        limits = control_limits(rng.normal(size=POINTS).tolist(), [1] * POINTS)
        alarms += len(limits.outside) + len(limits.runs)
        runs += len(limits.runs)
    assert alarms <= most(0.003, DRAWS * POINTS)
    assert runs <= most(0.0002, DRAWS * POINTS)


CHANGING = (COURSES[0], COURSES[4], COURSES[8], COURSES[10])


@pytest.mark.simulation
@pytest.mark.parametrize("course", CHANGING, ids=lambda each: each.name)
def test_the_level_of_a_change(course: Course) -> None:
    claims = 0
    for values, sizes, variance, third, _ in course.draws(FEWER):
        limits = control_limits(values.tolist(), sizes.tolist(), variance, third)
        claims += change_point(values.tolist(), limits.variances) is not None
    assert claims <= most(LEVEL, FEWER)


@pytest.mark.simulation
@pytest.mark.parametrize("shift", [0.75, 1.0, 2.0])
@pytest.mark.parametrize("course", CHANGING, ids=lambda each: each.name)
def test_the_days_of_a_change(course: Course, shift: float) -> None:
    """Of the changes that are found, the days hold the true one in at least 95 of 100."""
    found = missed = 0
    for values, sizes, variance, third, place in course.draws(FEWER, shift):
        limits = control_limits(values.tolist(), sizes.tolist(), variance, third)
        if change := change_point(values.tolist(), limits.variances):
            found += 1
            missed += not change.earliest <= place <= change.latest
    assert missed <= most(0.05, found)
    assert found > FEWER * (0.8 if shift == 2 and course.points == POINTS else 0.1)
