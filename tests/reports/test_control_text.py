"""Control charts of the Trends page: what takes part, what the sentences say, in every medium."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from lib.analytics import queries
from lib.analytics.calendar import Granularity
from lib.analytics.control_charts import control_chart
from lib.analytics.query_cache import QueryCache
from lib.catalog.metrics import METRICS
from lib.charts.draw import draw
from lib.charts.theme import LIGHT, ChartTheme
from lib.exports.page_workbook import page_workbook
from lib.exports.workbook import LineSheet
from lib.i18n import override_language
from lib.reports.context import ViewOptions, build_context
from lib.reports.figures import ControlChartFigure
from lib.reports.page import ChartBlock, Empty, PageValue, Sentences
from lib.reports.pages import trends
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

SCORE = METRICS["averageScore"]
FIRST = date(2024, 1, 1)


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def calls(days: int = 40, falls: int = 25, low: int | None = None) -> str:
    """Give 40 calls a day, scored 6 to 9, a point less from one day on; one day low, one with 29 calls."""
    lines = ["id,audioDate,state,averageNote"]
    for place in range(days * 40):
        number, call = divmod(place, 40)
        if number == 5 and call >= 29:
            continue
        score = 6 + (call + number * 7 % 5) % 4 - (number >= falls) - 2 * (number == low)
        lines.append(f"{place},{FIRST + timedelta(number)},Completed,{score + (number * 3 % 7) / 10:.1f}")
    return "\n".join(lines) + "\n"


def value_of(workspace: Workspace, answers: QueryCache, **own: str) -> PageValue:
    context = build_context(answers, workspace.calendar, make_filters(), ViewOptions(selected=own), lambda *_: ())
    return PageValue(trends.PAGE.title, trends.PAGE.question, context.shown, tuple(trends.PAGE.blocks(context)))


def told(page: PageValue) -> list[str]:
    return [str(words) for block in page.flat if isinstance(block, Sentences) for words in block.sentences]


def test_the_level_changed(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls())
    page = value_of(workspace, answers, chart="control")
    # Of the 24 days before, 7.5 + 7.3/24; of the 15 after, 6.5 + 4.7/15.
    days = "around 26 Jan 2024 (between 25 Jan 2024 and 27 Jan 2024)"
    assert told(page)[-1] == f"The level most likely changed {days}: from 7.80 to 6.81."
    with override_language("es"):
        assert told(page)[-1].endswith("hacia el 26 ene 2024 (entre el 25 ene 2024 y el 27 ene 2024): de 7,80 a 6,81.")
    (figure,) = [
        block.figure
        for block in page.flat
        if isinstance(block, ChartBlock) and isinstance(block.figure, ControlChartFigure)
    ]
    chart = figure.chart
    assert len(chart.points) == 39 and chart.change is not None and chart.change.place == 24  # one has 29 calls
    low, high = chart.usual_range(0)
    assert 0 < low < chart.limits.center < high < 10
    drawn = draw(figure, ChartTheme(LIGHT))
    assert drawn is not None and len(drawn.data["rows"]) == 39 and len(drawn.data["changes"]) == 1
    first = page_workbook(page).sheets[0]
    assert isinstance(first, LineSheet)
    lines = [str(cell) for line in first.lines for cell in line]
    assert told(page)[-1] in lines


def test_a_day_outside(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls(falls=99, low=20))
    first, left_out, level = told(value_of(workspace, answers, chart="control"))
    assert first == "Average score was outside its usual range on 1 of 39 days: Sun 21 Jan 2024."
    assert left_out == "Left out for fewer than 30 evaluations: 1 of 40 days."
    assert level == "Its level shows no clear change."


def test_too_few_days(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load("id,audioDate,averageNote\n1,2024-01-01,7\n2,2024-01-02,8\n")
    assert "at least 10 whole days" in told(value_of(workspace, answers, chart="control"))[0]


def test_what_takes_no_part(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls())
    page = value_of(workspace, answers, chart="control", metric="netSentiment")
    assert not told(page) and any(isinstance(each, Empty) for each in page.flat)
    split = value_of(workspace, answers, chart="control", split="campaign")
    assert not told(split) and any("one line" in str(each.what) for each in split.flat if isinstance(each, Empty))
    assert not told(value_of(workspace, answers))
    trend = answers.run(queries.trend, make_filters(), workspace.calendar, Granularity.DAILY)
    histogram = answers.run(queries.distribution, make_filters(), workspace.calendar)
    today = date(2024, 1, 31)
    chart = control_chart(trend, SCORE, today, histogram)
    assert chart is not None and chart.points[-1].bucket.last == date(2024, 1, 30)
    cut = replace(trend, points=tuple(replace(p, bucket=replace(p.bucket, partial=True)) for p in trend.points))
    assert control_chart(cut, SCORE, date(2025, 1, 1), histogram) is None
    # Of counts and durations nothing is known of single values: their limits are those of moving ranges.
    counts = control_chart(trend, METRICS["totalEvaluations"], date(2025, 1, 1), histogram)
    assert counts is not None and len(counts.points) == 40 and counts.limits.outside == (5,)
