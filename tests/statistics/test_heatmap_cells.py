"""The week by the hour: no hour stands out where there is chance alone, and estimates are nearer to the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pytest

from lib.analytics.calendar import Bucket, Granularity
from lib.analytics.heatmap import Heatmap, HeatmapCell, estimate_cells
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.queries import Trend, TrendPoint
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS
from lib.charts.chart import Chart
from lib.charts.heatmap import heatmap
from lib.charts.theme import LIGHT, ChartTheme
from lib.statistics.shrinkage import Cell, excess_variance, shrink_cells, stand_out
from lib.store.enums import SCORE_SCALE
from tests.statistics.worlds import DRAWS, SCALE, SHAPES, Floats, Ints, World, count, most

MONDAY = date(2024, 1, 1)
ANY = ResolvedPeriod(None, None)


def test_estimates_by_hand() -> None:
    # Two rows of two cells: the columns are 4 and 8 with a variance of 1 each, 7 apart from chance: (16/2 − 1) / 1.
    cells = [Cell(row, column, value, 2.0) for row in "ab" for column, value in (("x", 4.0), ("y", 8.0))]
    assert excess_variance([(4.0, 1.0), (8.0, 1.0)]) == pytest.approx(7)
    assert shrink_cells(cells) == pytest.approx([6 - 2 * 7 / 8, 6 + 2 * 7 / 8] * 2)
    assert shrink_cells([Cell("a", "x", 4.0, 2.0), Cell("a", "y", 6.0, 2.0)]) == pytest.approx([5, 5])
    assert shrink_cells([]) == [] and excess_variance([]) == 0 == excess_variance([(3.0, 1.0)])


def test_what_stands_out_by_hand() -> None:
    cells = [Cell(0, hour, 5.0 + (hour == 3) - (hour == 7), 0.04) for hour in range(24)]
    assert stand_out(cells) == [(hour == 3) - (hour == 7) for hour in range(24)]  # 5 standard errors each
    assert stand_out([Cell(0, hour, 5.0 + (hour == 3), 0.2) for hour in range(24)]) == [0] * 24
    assert stand_out(cells[:1]) == [0]


@dataclass(frozen=True)
class _Week:
    """Weeks of calls, most of them at some hours of the day; the hours differ by so many spreads."""

    world: World
    of_hours: float = 0.0
    of_cells: float = 0.0

    def draws(self, draws: int) -> Iterator[tuple[Heatmap, Trend, Floats]]:
        """Yield heat maps, the days of each, and the true mean of each cell but for bounds."""
        rng = self.world.rng()
        busy = rng.dirichlet(np.full(24, 1.5))
        for _ in range(draws):
            level = rng.normal(size=24)[None, :] * self.of_hours + rng.normal(size=(7, 24)) * self.of_cells
            day, hour = rng.integers(0, self.world.days, self.world.calls), rng.choice(24, self.world.calls, p=busy)
            of_day = rng.normal(size=self.world.days) * np.sqrt(self.world.day_share)
            scores = self.world.scores(rng, level[day % 7, hour] + of_day[day]) * (SCORE_SCALE // SCALE)
            cells = _totals(scores, day % 7 * 24 + hour, 7 * 24)
            days = _totals(scores, day, self.world.days)
            buckets = [Bucket(MONDAY + timedelta(each), MONDAY + timedelta(each), False) for each in range(len(days))]
            yield (
                Heatmap(ANY, tuple(HeatmapCell(place // 24 + 1, place % 24, each) for place, each in enumerate(cells))),
                Trend(ANY, Granularity.DAILY, tuple(map(TrendPoint, buckets, days))),
                self.world.mean + self.world.spread * level.ravel(),
            )


def _totals(scores: Ints, group: Ints, groups: int) -> list[MeasureTotals]:
    n = np.bincount(group, minlength=groups)
    sums, squares = (np.bincount(group, each, groups).astype(np.int64) for each in (scores, scores * scores))
    return [
        MeasureTotals(evaluations=int(a), completed=int(a), scored=int(a), score_sum=int(b), score_square_sum=int(c))
        for a, b, c in zip(n, sums, squares, strict=True)
    ]


SCORE = METRICS["averageScore"]


@pytest.mark.simulation
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("calls", "days", "day_share"), [(3000, 91, 0.0), (9000, 91, 0.02), (9000, 28, 0.03)])
def test_of_chance_alone_no_hour_stands_out(shape: str, calls: int, days: int, day_share: float) -> None:
    week = _Week(World(f"week, {shape}, {calls}, {days}", shape, calls, days=days, day_share=day_share, mean=6.5))
    draws = max(50, DRAWS // 4)
    named = count(
        any(each.stands_out for each in estimate_cells(found, SCORE, of_days))
        for found, of_days, _ in week.draws(draws)
    )
    assert named <= most(0.05, draws)


@pytest.mark.simulation
@pytest.mark.parametrize(("of_hours", "of_cells"), [(0.0, 0.0), (0.2, 0.0), (0.15, 0.15)])
def test_estimates_are_nearer_than_values(of_hours: float, of_cells: float) -> None:
    week = _Week(World("week, nearer", calls=3000, days=91, day_share=0.02, mean=5.0, spread=1.2), of_hours, of_cells)
    raw = drawn_in = 0.0
    for found, days, truth in week.draws(20):
        for each in estimate_cells(found, SCORE, days):
            place = (each.cell.weekday - 1) * 24 + each.cell.hour
            weight = each.cell.sums["scored"]
            raw += weight * (float(SCORE.value(each.cell.sums)) - truth[place]) ** 2
            drawn_in += weight * (each.value - truth[place]) ** 2
    assert drawn_in < 0.6 * raw


@pytest.mark.simulation
def test_hours_that_differ_stand_out() -> None:
    week = _Week(World("week, differs", calls=20_000, days=91, mean=5.0, spread=1.2), of_hours=0.5)
    assert all(any(each.stands_out for each in estimate_cells(found, SCORE, days)) for found, days, _ in week.draws(20))


def test_counts_stay_as_they_are() -> None:
    found, days, _ = next(_Week(World("week, counts", calls=500, days=28)).draws(1))
    for each in estimate_cells(found, METRICS["totalEvaluations"], days):
        assert (each.value, each.stands_out) == (each.cell.sums["evaluations"], 0)


def _chart(metric: str, *, of_hours: float = 0.0) -> Chart:
    week = _Week(World("week, drawn", calls=9000, days=91, mean=5.0, spread=1.2), of_hours)
    found, days, _ = next(week.draws(1))
    chart = heatmap(found, METRICS[metric], days, ChartTheme(LIGHT, "en"))
    assert chart is not None
    return chart


def test_the_chart_names_an_hour_beyond_chance_alone() -> None:
    chance, differs = _chart("averageScore"), _chart("averageScore", of_hours=0.5)
    assert "No hour differs significantly from the average." in chance.notes and "No hour" in chance.alt
    assert any("significantly above the average" in note for note in differs.notes)
    # What chance alone makes differ does not fill the colors.
    colors = [row["value"] for row in chance.data["rows"]]
    shown = [float(row["shown"]) for row in chance.data["rows"]]
    assert max(colors) - min(colors) < 0.1 < 1 < max(shown) - min(shown)
    low, high = chance.spec["layer"][0]["encoding"]["color"]["scale"]["domain"]
    assert high - low == pytest.approx(1.0)


@pytest.mark.parametrize(("share", "ends"), [(0.01, (0.0, 0.1)), (0.99, (0.9, 1.0))])
def test_colors_span_no_value_that_cannot_be(share: float, ends: tuple[float, float]) -> None:
    hours = (HeatmapCell(1, hour, MeasureTotals(evaluations=1000, completed=int(1000 * share))) for hour in range(24))
    whole = Heatmap(ANY, tuple(hours))
    days = Trend(ANY, Granularity.DAILY, ())
    chart = heatmap(whole, METRICS["completionRate"], days, ChartTheme(LIGHT, "en"))
    assert chart is not None
    assert chart.spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == pytest.approx(ends)


def test_few_evaluations_are_small_for_every_metric() -> None:
    for metric in ("averageScore", "completionRate"):
        rows = _chart(metric).data["rows"]
        assert {row["few"] for row in rows} == {True, False}
        assert all(row["few"] is (int(row["counted"]) < 30) for row in rows)
    counts = _chart("totalEvaluations")
    assert not any(row["few"] for row in counts.data["rows"])
    assert counts.notes[0].startswith("Most: ") and len(counts.notes) == 1
