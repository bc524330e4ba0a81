"""The catalog as a value: a filter is one declaration, and what else there is follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from lib.analytics import breakdowns, queries, records
from lib.analytics.grants import EVERYTHING
from lib.analytics.planner import ResolvedPeriod, needs_facts
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN, STATE, EnumDimension, EnumValue
from lib.errors import InvalidParameterError
from lib.reports import filter_text, page_parameters
from lib.sharing.saved_views import EVERYONE, SavedViews
from lib.workspace import Workspace
from tests.analytics.test_answers import hits
from tests.conftest import Load
from tests.filters import make_filters

LENGTH = EnumDimension(
    *("length", "Length", "lengths", "length", "duration_seconds"),
    values=(EnumValue("short", 60, "A minute"), EnumValue("long", 3600, "An hour"), EnumValue("none", 0, "Not known")),
)
"""A filter on a column that is there, declared as the built-in ones are."""

CATALOG = replace(BUILT_IN, version=1, filters=(*BUILT_IN.filters, LENGTH))
ZONE = ZoneInfo("UTC")
ROWS = """\
id,audioDate,durationInSeconds,campaignId,campaignName
1,2024-01-01,60,a,Alpha
2,2024-01-02,3600,a,Alpha
3,2024-01-03,60,b,Beta
4,2024-01-03,,b,Beta
"""


def parse(**parameters: list[str]) -> Filters:
    return Filters.from_parameters(parameters, ZONE, EVERYTHING, CATALOG)


def test_a_filter_that_is_declared_is_a_parameter() -> None:
    after = BUILT_IN.parameters.index("averageNote.min")
    assert CATALOG.parameters == (*BUILT_IN.parameters[:after], "length", *BUILT_IN.parameters[after:])
    asked = parse(length=["LONG", "short"], campaignId=["a"])
    assert asked.to_parameters() == {"campaignId": ["a"], "length": ["long", "short"]}
    assert asked == make_filters(catalog=CATALOG).narrowed(LENGTH, "long", "short").narrowed(CAMPAIGN, "a")
    with pytest.raises(InvalidParameterError) as refused:
        parse(length=["longer"])
    assert refused.value.message == (
        "length 'longer' is not known (did you mean 'long'?); right would be short, long, none."
    )


def test_a_filter_that_is_declared_is_asked_and_told(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(ROWS)

    def ids(**parameters: list[str]) -> set[str]:
        asked = parse(**parameters)
        assert answers.run(queries.summary, asked, workspace.calendar).sums["evaluations"] == len(
            answers.run(records.records, asked, workspace.calendar).records
        )
        return {record.id for record in answers.run(records.records, asked, workspace.calendar).records}

    assert ids() == {"1", "2", "3", "4"}
    assert ids(length=["short"]) == {"1", "3"} and ids(length=["short"], campaignId=["b"]) == {"3"}
    assert ids(length=["long", "none"]) == {"2", "4"}
    assert needs_facts(parse(length=["short"])) and not needs_facts(parse(campaignId=["a"]))
    found = answers.run(breakdowns.breakdown, make_filters(catalog=CATALOG), workspace.calendar, LENGTH).groups
    assert {group.named.name: group.sums["evaluations"] for group in found} == {
        "A minute": 2,
        "An hour": 1,
        "Not known": 1,
    }
    day = ResolvedPeriod(date(2024, 1, 1), date(2024, 1, 1))
    assert [*map(str, filter_text.selection(answers, parse(length=["long"], campaignId=["a"]), day))] == [
        "1 Jan 2024",
        "Campaign: Alpha",
        "Length: An hour",
    ]


def test_a_filter_that_is_declared_is_in_links_and_saved_views(workspace: Workspace) -> None:
    asked = {"length": ["short"], "state": ["failed"]}
    parsed = page_parameters.parse(asked, ZONE, CATALOG)
    assert not parsed.problems and parsed.filters == make_filters(catalog=CATALOG).narrowed(LENGTH, "short").narrowed(
        STATE, "Failed"
    )
    (problem,) = page_parameters.parse(asked, ZONE, BUILT_IN).problems
    assert str(problem).startswith("'length' is not a parameter of a page")
    kept = SavedViews(workspace.state, lambda: CATALOG).save(EVERYONE, "Short ones", "", asked)
    assert kept.parameters == {"state": ["failed"], "length": ["short"]}


def test_catalogs_are_told_apart_by_their_version() -> None:
    again = replace(BUILT_IN, filters=())
    assert again == BUILT_IN and hash(again) == hash(BUILT_IN) and CATALOG != BUILT_IN
    assert make_filters(catalog=CATALOG) != make_filters()
    assert repr(CATALOG) == "Catalog(version=1)"


def test_what_is_kept_is_of_one_catalog(workspace: Workspace, load: Load) -> None:
    load(ROWS)
    answers, calendar = QueryCache(workspace.facts), workspace.calendar
    before = hits("queries.summary")
    for catalog in (BUILT_IN, CATALOG, BUILT_IN, CATALOG):
        answers.run(queries.summary, make_filters(catalog=catalog), calendar)
    assert answers.kept()[0] == 2 and hits("queries.summary") == before + 2
    assert answers.kept()[1] < 5_000, "keys hold a catalog's version alone"
