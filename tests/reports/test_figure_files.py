"""The numbers of charts as files: what series there are, bins, hours, usual ranges."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from lib.analytics.breakdowns import Group
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import EXECUTIVE, Member
from lib.catalog.measures import MeasureTotals
from lib.exports.table_files import TableExport
from lib.i18n import override_language
from lib.reports.context import ViewOptions, build_context
from lib.reports.figure_files import figure_file
from lib.reports.figures import FunnelFigure
from lib.reports.page import ChartBlock, TableBlock
from lib.reports.pages import trends
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

HEADER = "id,audioDate,averageNote,campaignName"
ROWS = "\n".join(
    [HEADER, "1,2024-01-30T09:10:00Z,7,Alpha", "2,2024-01-30T09:50:00Z,8,Alpha", "3,2024-01-31T17:00:00Z,4,Beta"]
)


def cells(workspace: Workspace, answers: QueryCache, key: str, language: str = "en", **own: str) -> list[list[str]]:
    """Return the CSV of a chart of the Trends page."""
    days = make_filters(date(2024, 1, 30), date(2024, 1, 31))
    with override_language(language):
        context = build_context(answers, workspace.calendar, days, ViewOptions(selected=own), lambda *_: ())
        charts = [block for block in trends.PAGE.blocks(context) if isinstance(block, ChartBlock)]
        (chart,) = [block for block in charts if block.key == key]
        file = figure_file(chart.title, chart.key, chart.figure)
        assert file is not None
        return [*csv.reader(io.StringIO(TableExport.of(file).csv().decode("utf-8-sig")))]


def test_a_split_trend_has_all_of_its_series(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(ROWS)
    header, *lines = cells(workspace, answers, "trend", split="campaign")
    assert header[:4] == ["Series", "Date", "Partial", "Average score"]
    assert [(line[0], line[1], line[3]) for line in lines] == [
        ("Alpha", "2024-01-30", "7.5"),
        ("Alpha", "2024-01-31", ""),
        ("Beta", "2024-01-30", ""),
        ("Beta", "2024-01-31", "4.0"),
    ]


@pytest.mark.parametrize("engine", ["duckdb"])
def test_the_week_by_the_hour(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(ROWS)
    assert cells(workspace, answers, "heat", "es") == [
        ["Día de la semana", "Hora", "Puntaje promedio", "n"],
        ["martes", "9", "7.5", "2"],
        ["miércoles", "17", "4.0", "1"],
    ]


def test_a_funnel_has_the_range_of_each_group() -> None:
    """Half of 100 scores 6, half 8: s = √(300/299), so that the ranges are 7 ± 1.96 · s/10 and 7 ± 3.09 · s/10."""
    sums = MeasureTotals(scored=100, score_sum=7_000_000, score_square_sum=50 * (60_000**2 + 80_000**2))
    groups = [Group(Member(name, f"Ann {name}"), sums) for name in "abc"]
    figure = FunnelFigure(EXECUTIVE, groups, MeasureTotals.total([sums] * 3))
    file = figure_file("Score by number of evaluations", "funnel", figure)
    assert file is not None
    assert [column.label for column in file.columns][4:] == [
        "Expected range (95 %): low",
        "Expected range (95 %): high",
        "Expected range (99.8 %): low",
        "Expected range (99.8 %): high",
    ]
    assert [file.values(group) for group in file.rows()] == [
        (f"Ann {name}", name, 100, 7.0, 6.8, 7.2, 6.69, 7.31) for name in "abc"
    ]


@pytest.mark.parametrize("engine", ["duckdb"])
def test_the_table_of_a_split_trend_is_split(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(ROWS)
    days = make_filters(date(2024, 1, 30), date(2024, 1, 31))
    context = build_context(
        answers, workspace.calendar, days, ViewOptions(selected={"split": "campaign"}), lambda *_: ()
    )
    (table,) = [block.table for block in trends.PAGE.blocks(context) if isinstance(block, TableBlock)]
    assert [str(column.label) for column in table.columns][:3] == ["Date", "Campaign", "Average score"]
    assert not any("CI" in str(column.label) or "change" in str(column.label) for column in table.columns)
    assert [tuple(column.say(row) for column in table.columns[:3]) for row in table.rows] == [
        ("Wed 31 Jan 2024", "Alpha", "–"),
        ("Wed 31 Jan 2024", "Beta", "4.00"),
        ("Tue 30 Jan 2024", "Alpha", "7.50"),
        ("Tue 30 Jan 2024", "Beta", "–"),
    ]
    assert table.ids == ("2024-01-31", "2024-01-31", "2024-01-30", "2024-01-30")
    assert table.file is not None
    assert [table.file.values(row)[:3] for row in table.file.rows()] == [
        (date(2024, 1, 30), "Alpha", 7.5),
        (date(2024, 1, 30), "Beta", None),
        (date(2024, 1, 31), "Alpha", None),
        (date(2024, 1, 31), "Beta", 4.0),
    ]
