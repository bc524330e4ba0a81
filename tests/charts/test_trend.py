"""What a trend says beside its drawing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.catalog.criterion_metrics import AVERAGE_SHARE
from lib.catalog.measures import ANSWER_NAMES, MeasureTotals
from lib.catalog.metrics import METRICS, Unit
from lib.charts.draw import draw
from lib.charts.theme import LIGHT, ChartTheme, TickStyle, tick_style
from lib.charts.trend import trend
from lib.i18n import override_language
from lib.reports.figures import TrendFigure
from tests.charts.samples import course


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Dashed: incomplete day, week or month."), ("es", "Línea discontinua: día, semana o mes incompleto.")],
)
def test_dashes_are_explained_where_there_are_some(language: str, words: str) -> None:
    cut = course(5)  # its last day is partial
    *others, last = cut.points
    whole = replace(cut, points=(*others, replace(last, bucket=replace(last.bucket, partial=False))))
    empty = replace(cut, points=(*others, replace(last, sums=MeasureTotals())))
    with override_language(language):
        for points, is_dashed in ((cut, True), (whole, False), (empty, False)):
            drawn = trend({"": points}, METRICS["averageScore"], ChartTheme(LIGHT, language))
            assert (words in " ".join(drawn.notes)) is is_dashed
            assert bool(drawn.data["dashes"]) is is_dashed


def test_a_point_without_neighbors_has_a_bar_in_place_of_a_band() -> None:
    """A band has no width over one day; of two days it has."""
    for days, words, marks in (
        (1, "Bar: 95 % confidence interval.", "rule"),
        (2, "Band: 95 % confidence interval.", "area"),
    ):
        drawn = trend({"": course(days)}, METRICS["averageScore"], ChartTheme(LIGHT))
        assert words in " ".join(drawn.notes)
        layers = [layer["mark"]["type"] for layer in drawn.spec["layer"] if "y2" in layer["encoding"]]
        assert layers == [marks]


@pytest.mark.parametrize(
    ("answers", "days", "words"),
    [
        (29, 5, "Small points: under 30 answers."),
        (29, 100, "100 of 100 points rest on fewer than 30 answers."),  # so many are not drawn as points
        (30, 5, ""),
    ],
)
def test_points_of_few_answers_are_small(answers: int, days: int, words: str) -> None:
    measures = MeasureTotals.from_values([answers] * len(ANSWER_NAMES), ANSWER_NAMES)
    plain = course(days)
    answered = replace(plain, points=tuple(replace(point, sums=measures) for point in plain.points))
    drawn = trend({"": answered}, AVERAGE_SHARE, ChartTheme(LIGHT), counted="answered")
    told = " ".join(drawn.notes)
    assert words in told and ("30 answers" in told) is bool(words)
    assert "datum.few" in str(drawn.spec)
    assert "datum.few" not in str(trend({"": plain}, METRICS["averageScore"], ChartTheme(LIGHT)).spec)


@pytest.mark.parametrize(
    ("unit", "values", "style"),
    [
        (Unit.SCORE, (7.28, 7.31), TickStyle(".2f", 0.01)),
        (Unit.SCORE, (7.29, None), TickStyle(".2f", 0.01)),
        (Unit.SCORE, (6.0, 7.31), TickStyle(".1f", 0.1)),
        (Unit.BALANCE, (0.11, 0.12), TickStyle("+.2f", 0.01)),
        (Unit.SHARE, (0.995, 0.999), TickStyle("~%", 0.001)),
        (Unit.COUNT, (1, 2), TickStyle(",.0f", 1)),
        (Unit.SCORE, (None,), TickStyle(".1f", 0.1)),
    ],
)
def test_ticks_have_as_many_decimals_as_tell_them_apart(
    unit: Unit, values: tuple[float | None, ...], style: TickStyle
) -> None:
    assert tick_style(unit, values) == style


def test_a_target_is_a_line_of_its_own() -> None:
    points = course(5)
    targets = (7.0, 7.0, None, 8.0, 8.0)
    figure = TrendFigure((("", points),), METRICS["averageScore"], targets=targets)
    drawn, plain = draw(figure, ChartTheme(LIGHT)), draw(replace(figure, targets=()), ChartTheme(LIGHT))
    assert drawn is not None and plain is not None
    assert [row["target"] for row in drawn.data["targets"]] == [7.0, 7.0, 8.0, 8.0]
    assert drawn.data["targets"][0]["date"] == points.points[0].bucket.first.isoformat()
    assert "Dotted line: target." in " ".join(drawn.notes)
    assert len(drawn.spec["layer"]) == len(plain.spec["layer"]) + 1
    assert "targets" not in plain.data and "target" not in " ".join(plain.notes)
