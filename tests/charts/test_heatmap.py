"""Heat maps: squares without lines around them."""

from __future__ import annotations

import itertools

import pytest
import streamlit as st

from lib.analytics.heatmap import Heatmap, HeatmapCell
from lib.catalog.metrics import METRICS
from lib.charts.heatmap import heatmap
from lib.charts.theme import DARK, LIGHT, ChartTheme, Palette
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


@pytest.mark.parametrize(("mode", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_the_least_can_be_told_from_nothing(mode: str, palette: Palette) -> None:
    """A square of the lowest value must not look like one without data; each color differs from the next."""
    for background in (palette.panel, st.get_option(f"theme.{mode}.backgroundColor")):
        contrasts = [_contrast(color, background) for color in palette.ramp]
        assert contrasts[0] > 1.5
        assert all(other > one * 1.2 for one, other in itertools.pairwise(contrasts))


def _contrast(one: str, other: str) -> float:
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
