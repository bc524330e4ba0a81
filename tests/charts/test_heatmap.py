"""Heat maps: squares without lines around them."""

from __future__ import annotations

from lib.analytics.heatmap import Heatmap, HeatmapCell
from lib.catalog.metrics import METRICS
from lib.charts.heatmap import heatmap
from lib.charts.theme import LIGHT, ChartTheme
from tests.charts.samples import course, sums


def test_squares_stand_without_lines_and_ticks() -> None:
    days = course()
    cells = tuple(
        HeatmapCell(weekday, hour, sums(3 if hour < 8 else 60, 7 + hour / 20))
        for weekday in range(1, 8)
        for hour in range(24)
    )
    chart = heatmap(Heatmap(days.period, cells), METRICS["averageScore"], days, ChartTheme(LIGHT, "en"))
    assert (
        chart is not None and len(chart.spec["layer"]) == 3
    )  # large squares, small ones of few, and what takes clicks
    for layer in chart.spec["layer"]:
        for axis in (layer["encoding"]["x"]["axis"], layer["encoding"]["y"]["axis"]):
            assert (axis["ticks"], axis["domain"]) == (False, False)
