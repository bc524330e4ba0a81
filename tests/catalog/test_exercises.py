"""What adding something takes, tried: a metric or a dimension is one declaration, a page one definition.

A filter is one declaration, too; `test_catalog.py` tries that.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import openpyxl
import pytest
from pypdf import PdfReader

from lib.analytics import breakdowns, decomposition, grouped_trends
from lib.analytics.calendar import Granularity
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.api import query_description
from lib.api.serializers import figures
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN, NamedDimension
from lib.catalog.metrics import Metric, Unit
from lib.catalog.sums import Quotient, Sum
from lib.catalog.uncertainty import OfShare
from lib.exports import reports
from lib.exports.page_workbook import page_workbook
from lib.pdf import page_document
from lib.reports import breakdown_table, filter_text, grouping
from lib.reports.context import PageContext, ViewOptions, build_context
from lib.reports.metric_choice import METRIC
from lib.reports.page import Block, ChartBlock, Heading, PageDefinition, PageValue, TableBlock
from lib.reports.pages import evaluations, trends
from lib.reports.words import text
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

POSITIVE = Metric(
    "positiveShare",
    "Positive share",
    Unit.SHARE,
    "Positive ÷ completed evaluations.",
    Quotient(Sum(("positive",)), Sum(("completed",))),
    "higher",
    OfShare(Sum(("completed",)), Sum(("positive",)), Sum(("positive",))),
)
"""A metric on measures that are there, declared as the built-in ones are."""

TEAM = NamedDimension("team", "Team", "teams", "teamId", "engagement_key", schema.engagements)
"""A dimension on a column and a table of names that are there, declared as the built-in ones are."""

CATALOG = replace(BUILT_IN, version=2, metrics={**BUILT_IN.metrics, POSITIVE.name: POSITIVE})
JANUARY = make_filters(date(2024, 1, 1), date(2024, 1, 31), catalog=CATALOG)
ROWS = """\
id,audioDate,sentiment,averageNote,campaignId,campaignName
1,2024-01-01,Positive,9,a,Alpha
2,2024-01-02,Negative,5,a,Alpha
3,2024-01-03,Positive,8,b,Beta
4,2024-01-03,Positive,7,b,Beta
"""


def context_of(workspace: Workspace, answers: QueryCache, **own: str) -> PageContext:
    return build_context(answers, workspace.calendar, JANUARY, ViewOptions(selected=own), lambda *_: ())


def test_a_metric_that_is_declared_is_everywhere(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(ROWS)
    calendar = workspace.calendar
    by_campaign = answers.run(breakdowns.breakdown, JANUARY, calendar, CAMPAIGN, "-positiveShare")
    assert [group.named.id for group in by_campaign.groups] == ["b", "a"]
    assert [figures(group.sums, CATALOG)["positiveShare"] for group in by_campaign.groups] == [1.0, 0.5]
    with workspace.facts.read() as connection:
        file = reports.table(connection, "campaigns", JANUARY, calendar, Granularity.DAILY, "all")
    place = [column.name for column in file.fields].index("positiveShare")
    assert sorted(row[place] for row in file.rows) == [0.5, 1.0]
    assert ("positiveShare", "Positive share: Positive ÷ completed evaluations.") in file.about
    context = context_of(workspace, answers, metric="positiveShare")
    assert "positiveShare" in METRIC.values(CATALOG)
    chart = next(block for block in trends.PAGE.blocks(context) if isinstance(block, ChartBlock))
    assert str(chart.title) == "Positive share"
    table = breakdown_table.table(context, "Campaigns", breakdown_table.ask(context, CAMPAIGN)).table
    column = next(each for each in table.columns if str(each.label) == "Positive share")
    assert [column.say(row) for row in table.rows] == ["75.0 %", "50.0 %", "100.0 %"]


def test_a_dimension_that_is_declared_is_everywhere(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(
        "id,audioDate,averageNote,engagementId,engagementName\n"
        "1,2024-01-01,9,a,Alpha\n2,2024-01-02,5,a,Alpha\n3,2024-01-03,8,b,Beta\n4,2024-02-01,6,b,Beta\n"
    )
    catalog = replace(BUILT_IN, version=3, dimensions=(*BUILT_IN.dimensions, TEAM), filters=(*BUILT_IN.filters, TEAM))
    calendar, everything = workspace.calendar, make_filters(catalog=catalog)
    asked = Filters.from_parameters({"teamId": ["a"]}, calendar.zone, EVERYTHING, catalog)
    assert asked.to_parameters() == {"teamId": ["a"]}
    assert "teamId" in {each["name"] for each in query_description.query(catalog)["parameters"]}
    groups = answers.run(breakdowns.breakdown, everything, calendar, TEAM, "teamName").groups
    assert [(group.named.name, group.sums["evaluations"]) for group in groups] == [("Alpha", 2), ("Beta", 2)]
    assert answers.run(breakdowns.breakdown, asked, calendar, CAMPAIGN).total["evaluations"] == 2
    assert "team" in trends.SPLIT.values(catalog) and "team" in grouping.BY.values(catalog)
    courses = answers.run(grouped_trends.split, everything, calendar, TEAM, Granularity.MONTHLY).largest
    assert {named.name: [point.sums["evaluations"] for point in course.points] for named, course in courses} == {
        "Alpha": [2, 0],
        "Beta": [1, 1],
    }
    months = [
        make_filters(date(2024, month, 1), date(2024, month, last), catalog=catalog)
        for month, last in ((1, 31), (2, 29))
    ]
    parts = answers.run(decomposition.decomposition, months[1], months[0], calendar, TEAM).parts
    assert {part.named.name for part in parts} == {"Alpha", "Beta"}
    context = build_context(answers, calendar, asked, ViewOptions(), lambda *_: ())
    assert "Team: Alpha" in [*map(str, filter_text.selection(answers, asked, context.summary.period))]
    table = next(block for block in evaluations.PAGE.blocks(context) if isinstance(block, TableBlock)).table
    column = next(each for each in table.columns if str(each.label) == "Team")
    assert [column.say(row) for row in table.rows] == ["Alpha", "Alpha"]


@pytest.mark.parametrize("engine", ["duckdb"])
def test_a_page_that_is_defined_is_drawn_printed_and_written(
    workspace: Workspace, answers: QueryCache, load: Load
) -> None:
    load(ROWS)

    def blocks(context: PageContext) -> Iterator[Block]:
        yield Heading(text("Campaigns"))
        yield breakdown_table.table(context, "Campaigns", breakdown_table.ask(context, CAMPAIGN))

    definition = PageDefinition("mine", text("Campaigns"), text("How do campaigns compare?"), "star", blocks)
    context = context_of(workspace, answers)
    page = PageValue(definition.title, definition.question, context.shown, tuple(definition.blocks(context)))
    assert isinstance(page.blocks[1], TableBlock)
    printed = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(page_document.pdf(page))).pages)
    assert "How do campaigns compare?" in printed and "Beta" in printed
    book = openpyxl.load_workbook(io.BytesIO(page_workbook(page).xlsx()))
    assert [row[0] for row in book["Campaigns"].iter_rows(values_only=True)] == ["Campaign", "Alpha", "Beta", "Total"]
