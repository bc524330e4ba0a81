"""Periods that begin or end within a day: whole days from the rollups, the cut ones from the facts, the same numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.sql import visitors

from lib.analytics import planner
from lib.analytics.calendar import ONE_DAY, day_start
from lib.analytics.query import Filters, Moment, first_instant, last_instant
from lib.catalog.catalog import BUILT_IN
from lib.catalog.measures import HISTOGRAM_MEASURES, PLAIN_MEASURES, sums
from lib.jobs.tasks import TASKS
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

FACTS_ALONE = replace(BUILT_IN, version=3, rollups=())
FIRST, LAST = datetime(2024, 3, 28, tzinfo=UTC), datetime(2024, 5, 3, tzinfo=UTC)
# On 7 April the clocks of Santiago go back at midnight, on 31 March those of Madrid go forward.
ZONES = ["America/Santiago", "Europe/Madrid"]
KEYS: list[tuple[str, ...]] = [(), ("is_ai",), ("campaign_key",), ("call_center_key", "executive_key")]
KEYS += [("campaign_key", "executive_key")]

half_hours = st.integers(0, (LAST - FIRST) // timedelta(minutes=30)).map(lambda n: FIRST + n * timedelta(minutes=30))
moments: st.SearchStrategy[Moment | None] = st.one_of(
    st.none(), half_hours, half_hours.map(lambda at: at.date()), st.datetimes(datetime(2024, 3, 28), datetime(2024, 5, 3)).map(
        lambda at: at.replace(tzinfo=UTC)
    )
)  # fmt: skip


@pytest.fixture(params=ZONES)
def placed(workspace: Workspace, load: Load, request: pytest.FixtureRequest) -> Workspace:
    """Give a workspace of a zone with an evaluation each half hour, and some at the ends of days."""
    instants = [FIRST + n * timedelta(minutes=30) for n in range((LAST - FIRST) // timedelta(minutes=30))]
    instants += [at - timedelta(microseconds=1) for at in instants[::8]]
    lines = ["id,audioDate,state,averageNote,durationInSeconds,isAICall,campaignId,callCenterId,executiveId"]
    lines += [
        f"{n},{at.isoformat()},Completed,{n % 11},{n * 7},{'true' if n % 3 else 'false'},c{n % 2},n{n % 3},x{n % 5}"
        for n, at in enumerate(instants)
    ]
    load("\n".join(lines))
    TASKS["timezone"](workspace, {"zone": request.param, "actor": "test"}, lambda *_: None)
    return workspace


def totals(workspace: Workspace, filters: Filters, keys: tuple[str, ...], *, by_day: bool) -> list[tuple[Any, ...]]:
    measures = PLAIN_MEASURES if "executive_key" in keys else (*PLAIN_MEASURES, *HISTOGRAM_MEASURES)
    with workspace.facts.read() as connection:
        found = planner.source(connection, filters, workspace.calendar, keys, measures, by_day=by_day)
        columns = [found.rows.c[key] for key in (*(["day"] if by_day else []), *keys)]
        asked = sa.select(*columns, *sums(found.rows, measures)).group_by(*columns)
        rows = [tuple(row) for row in connection.execute(asked, found.values)]
    return sorted(row for row in rows if row[len(columns)])


@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(moments, moments, st.sampled_from(KEYS), st.booleans())
def test_the_numbers_are_those_of_the_facts(
    placed: Workspace, begin: Moment | None, end: Moment | None, keys: tuple[str, ...], by_day: bool
) -> None:
    zone = placed.calendar.zone
    if begin is not None and end is not None and first_instant(begin, zone) > last_instant(end, zone):
        begin, end = end, begin
    filters = make_filters(begin, end)
    expected = totals(placed, replace(filters, catalog=FACTS_ALONE), keys, by_day=by_day)
    assert totals(placed, filters, keys, by_day=by_day) == expected
    if by_day is False and not keys and begin is not None and end is not None:
        instants = [row[0] for row in _audio_at(placed)]
        counted = sum(first_instant(begin, zone) <= at <= last_instant(end, zone) for at in instants)
        assert sum(row[0] for row in expected) == counted


def _audio_at(workspace: Workspace) -> list[Any]:
    with workspace.facts.read() as connection:
        return list(connection.execute(sa.select(schema.evaluations.c.audio_at)))


def test_the_facts_give_the_cut_days_alone(placed: Workspace) -> None:
    """From noon on a first day until noon on the last; what begins or ends with a day reads no facts at all."""
    zone = placed.calendar.zone

    def tables(begin: Moment, end: Moment) -> set[str]:
        with placed.facts.read() as connection:
            found = planner.source(connection, make_filters(begin, end), placed.calendar, ("is_ai",), PLAIN_MEASURES)
        return {each.name for each in visitors.iterate(found.rows) if isinstance(each, sa.Table)}

    noon = timedelta(hours=12)
    first, last = date(2024, 4, 2), date(2024, 4, 20)
    starts, ends = day_start(first, zone), day_start(last + ONE_DAY, zone)
    assert tables(first, last) == {"daily_total"}
    assert tables(starts, ends - timedelta(microseconds=1)) == {"daily_total"}
    assert tables(starts + noon, ends - noon) == {"daily_total", "evaluations"}
    assert tables(starts + noon, starts + noon) == {"evaluations"}
    assert not planner.needs_facts(make_filters(starts + noon, ends - noon))
    assert planner.needs_facts(make_filters(starts + noon, ends - noon, timezone="Asia/Tokyo"))
