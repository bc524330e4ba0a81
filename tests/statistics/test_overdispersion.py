"""Overdispersion, beside NumPy, and the range that it widens."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.analytics.breakdowns import Group
from lib.catalog.dimensions import EXECUTIVE, Member
from lib.catalog.measures import MeasureTotals
from lib.charts.funnel import funnel
from lib.charts.theme import LIGHT, ChartTheme
from lib.statistics.overdispersion import overdispersion
from lib.store.enums import SCORE_SCALE
from tests.statistics.worlds import SCALE, World, count

LOOK = ChartTheme(LIGHT, "en")


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=50))
def test_phi_is_the_winsorized_mean_square(z_scores: list[float]) -> None:
    drawn_in = np.clip(z_scores, np.quantile(z_scores, 0.1), np.quantile(z_scores, 0.9))
    assert overdispersion(z_scores) == pytest.approx(np.mean(drawn_in**2), abs=1e-9)


def test_phi_by_hand() -> None:
    # Of 11, the second and the second to last are the tenth at each end: ±9 and ±4 count as ±4.
    z_scores = [-9.0, -4.0, -2.0, -2.0, -1.0, 0.0, 1.0, 2.0, 2.0, 4.0, 9.0]
    assert overdispersion(z_scores) == pytest.approx((4 * 16 + 4 * 4 + 2 * 1) / 11)
    with pytest.raises(ValueError, match="one group at least"):
        overdispersion([])


def _groups(world: World, draws: int) -> list[list[Group]]:
    """Return executives with at least 30 scores each, so many times."""
    found = []
    for calls in world.periods(draws):
        groups = []
        for executive in range(world.executives):
            scores = calls.score[calls.executive == executive] * (SCORE_SCALE // SCALE)
            n = len(scores)
            totals = MeasureTotals(
                evaluations=n, scored=n, score_sum=int(scores.sum()), score_square_sum=int((scores**2).sum())
            )
            groups.append(Group(Member(str(executive), str(executive)), totals))
        found.append(groups)
    return found


def _notes(groups: list[Group], *, is_adjusted: bool = False) -> str:
    chart = funnel(groups, MeasureTotals.total(each.sums for each in groups), EXECUTIVE, LOOK, is_adjusted=is_adjusted)
    assert chart is not None
    return " ".join(chart.notes)


@pytest.mark.simulation
def test_the_range_can_be_widened_by_how_much_executives_differ() -> None:
    world = World("funnel, executives differ", calls=4000, executives=40, executive_share=0.1)
    draws = _groups(world, 40)
    chart = [
        funnel(draws[0], MeasureTotals.total(each.sums for each in draws[0]), EXECUTIVE, LOOK, is_adjusted=wide)
        for wide in (False, True)
    ]
    outside = [count(row["where"] in ("above", "below") for row in each.data["rows"]) for each in chart]
    assert outside[0] > 2 * outside[1]
    widths = [each.data["limits"][-1]["high"] - each.data["mean"][0]["value"] for each in chart]
    phi = re.search(r"φ = (\d+\.\d)", _notes(draws[0]))
    assert (widths[1] / widths[0]) ** 2 == pytest.approx(float(phi[1]), abs=0.051)
    assert all("√φ times as wide" in _notes(groups, is_adjusted=True) for groups in draws)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (3, "With 3 executives, fewer than one falls"),
        (19, "With 19 executives, fewer than one falls"),
        (20, "With 20 executives, about one falls"),
        (117, "With 117 executives, about 6 fall"),
    ],
)
def test_how_many_fall_outside_by_chance(groups: int, said: str) -> None:
    scores = [MeasureTotals(scored=40, score_sum=40 * 70_000, score_square_sum=40 * 70_000**2 + 10**10)] * groups
    told = _notes([Group(Member(str(place), str(place)), each) for place, each in enumerate(scores)])
    assert said in told and "Overdispersion φ = 0.0 (" in told and "Inside the expected range: no evidence" in told
