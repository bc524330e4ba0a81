"""Which source answers: a rollup where one has what is asked for, else the facts, with the same numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from lib.analytics import planner
from lib.analytics.conditions import grant_columns
from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.planner import choose, needs_facts
from lib.analytics.query import Filters
from lib.analytics.sources import Needs, Source
from lib.catalog.catalog import BUILT_IN
from lib.catalog.measures import HISTOGRAM_MEASURES, PLAIN_MEASURES, sums
from lib.catalog.rollups import ROLLUPS
from lib.store.enums import State
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

ROWS = """\
id,audioDate,state,averageNote,isAICall,campaignId,callCenterId,executiveId
1,2024-01-01T08:00:00Z,Completed,9,true,a,n,x
2,2024-01-31T23:30:00Z,Completed,4.5,false,a,n,x
3,2024-02-03T12:00:00Z,Completed,7,false,b,s,x
4,2024-02-03T12:00:00Z,Pending,,false,b,s,y
5,2024-03-09T00:00:00Z,Completed,2,false,b,,
"""
SOURCES = planner.sources(BUILT_IN)
NORTH = Grant.of({"callCenter": ["n"]})
GRANTS = [EVERYTHING, NORTH, Grant.of({"callCenter": ["n", "s"], "campaign": ["b"]}), Grant.of({"campaign": []})]


@pytest.fixture(autouse=True)
def _rows(load: Load) -> None:
    assert load(ROWS).loaded.added == 5


def answering(*columns: str) -> Source:
    return choose(Needs(frozenset(columns)), BUILT_IN)


def test_the_facts_are_the_last_of_the_sources_and_answer_everything() -> None:
    assert [source.is_facts for source in SOURCES] == [False] * len(ROLLUPS) + [True]
    assert SOURCES[-1].can_answer(Needs(frozenset({"no such column"}), days=False))


@pytest.mark.parametrize(
    ("columns", "place"),
    [
        ((), 0),
        (("is_ai", *PLAIN_MEASURES), 0),
        (("campaign_key", *HISTOGRAM_MEASURES), 1),
        (("engagement_key",), 2),
        (("evaluator_key", "form_key"), 3),
        (("executive_key", "call_center_key"), 4),
        (("critical_failed", "is_ai"), 5),
        (("critical_failed", "campaign_key"), 6),
        (("criterion_key",), 7),
        (("criterion_key", "campaign_key"), 8),
        (("criterion_key", "executive_key", "answered"), 9),
        (("criterion_key", "evaluator_key"), 10),
        (("executive_key", "campaign_key"), 11),
        (("executive_key", *HISTOGRAM_MEASURES), 11),
        (("executive_key", "evaluator_key"), 12),
        (("state",), 12),
    ],
)
def test_the_first_that_has_everything_answers(columns: tuple[str, ...], place: int) -> None:
    assert answering(*columns) is planner.sources(BUILT_IN)[place]


def test_days_of_the_workspace_alone_are_answered_by_rollups() -> None:
    assert not needs_facts(make_filters(date(2024, 1, 1), date(2024, 1, 31), grant=NORTH))
    assert not needs_facts(make_filters(datetime(2024, 1, 1, tzinfo=UTC)))
    assert not needs_facts(make_filters(date_to=datetime(2024, 1, 1, tzinfo=UTC)))
    assert needs_facts(make_filters(timezone="Asia/Tokyo"))


def totals(workspace: Workspace, filters: Filters, *keys: str) -> list[tuple[Any, ...]]:
    """Return the histogram and the plain measures by keys, in order."""
    with workspace.facts.read() as connection:
        measures = (*PLAIN_MEASURES, *HISTOGRAM_MEASURES)
        found = planner.source(connection, filters, workspace.calendar, keys, measures)
        columns = [found.rows.c[key] for key in keys]
        asked = sa.select(*columns, *sums(found.rows, measures)).group_by(*columns)
        rows = [tuple(row) for row in connection.execute(asked, found.values)]
    return sorted(row for row in rows if row[len(keys)])


@pytest.mark.parametrize("grant", GRANTS, ids=str)
@pytest.mark.parametrize(
    "period", [(None, None), (date(2024, 1, 2), date(2024, 2, 29)), (date(2024, 2, 1), None)], ids=str
)
def test_the_facts_say_what_the_rollups_say(
    workspace: Workspace, grant: Grant, period: tuple[date | None, date | None]
) -> None:
    filters = make_filters(*period, grant=grant)
    by_rollups = totals(workspace, filters, "campaign_key", "is_ai")
    facts_alone = replace(filters, catalog=replace(BUILT_IN, version=3, rollups=()))
    assert needs_facts(facts_alone) and totals(workspace, facts_alone, "campaign_key", "is_ai") == by_rollups
    assert bool(by_rollups) == (grant != GRANTS[-1]) or (grant == NORTH and period[0] == date(2024, 2, 1))


def test_what_no_rollup_has_is_answered(workspace: Workspace) -> None:
    """No rollup tells states apart."""
    pending, completed = totals(workspace, make_filters(date(2024, 1, 2), date(2024, 2, 29)), "state")
    assert (pending[:2], completed[:2]) == ((State.Pending.value, 1), (State.Completed.value, 2))
    bins = completed[1 + len(PLAIN_MEASURES) :]
    assert [place for place, count in enumerate(bins) if count] == [9, 14]  # 4.5 and 7, half a point each


@pytest.mark.parametrize("grant", GRANTS, ids=str)
def test_every_source_knows_the_days_and_the_keys_in_use(workspace: Workspace, grant: Grant) -> None:
    with workspace.facts.read() as connection:
        able = [
            each
            for each in SOURCES
            if each.can_answer(Needs(frozenset({"campaign_key", *grant_columns(grant, BUILT_IN)})))
        ]
        days = {tuple(connection.execute(each.first_and_last_day(grant, BUILT_IN)).one()) for each in able}
        keys = {frozenset(connection.scalars(each.keys_in_use("campaign_key", grant, BUILT_IN))) for each in able}
    assert len(able) >= 3 and len(days) == 1 and len(keys) == 1
    expected = {EVERYTHING: (1, 3, 2), NORTH: (1, 1, 1), GRANTS[2]: (2, 2, 1), GRANTS[3]: (None, None, 0)}[grant]
    (found,) = days
    assert (*(day and day.month for day in found), len(next(iter(keys)))) == expected
