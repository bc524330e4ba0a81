"""What a grant does not cover is nowhere: each answer within it is what a filter by the same groups gives."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.analytics import breakdowns, criteria, queries, records
from lib.analytics.field_definitions import fields_in_use
from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.query import Filters
from lib.analytics.score_parts import score_parts
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE, FAILED_CRITERION
from lib.workspace import Workspace
from tests.analytics.test_criteria import evaluations, load

CAMPAIGNS, CENTERS = ("A", "B", "C"), ("n", "s")


@pytest.fixture
def filled(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Load evaluations with answers and own fields, all of which only some groups have."""
    chance, rows = random.Random(5), evaluations(240)
    for row in rows:
        row["callCenterId"] = chance.choice(CENTERS)
        only = f"of {row['campaignId']}{row['callCenterId']}"
        row["fields"] = {"channel": only, "csat": chance.randrange(5), "resolved": chance.random() < 0.5}
        for each in row["results"] or ():
            each["criterion"] = f"{each['criterion']} {only}" if chance.random() < 0.3 else each["criterion"]
    mapping = '[fields]\nchannel = "fields.channel"\n'
    mapping += 'csat = { column = "fields.csat", type = "number" }\n'
    mapping += 'resolved = { column = "fields.resolved", type = "yes_no" }\n'
    assert load(workspace, tmp_path, rows, mapping=mapping)["added"] == len(rows)
    return workspace


def asked(workspace: Workspace, filters: Filters) -> list[Any]:
    """Return the answers to every kind of question that names or counts something."""
    catalog, calendar = workspace.catalog, workspace.calendar
    with workspace.facts.read() as connection:
        return [
            queries.summary(connection, filters, calendar).sums,
            criteria.criteria(connection, filters, calendar),
            criteria.criteria_by(connection, filters, calendar, EXECUTIVE),
            score_parts(connection, filters, filters, calendar),
            *(breakdowns.totals_by(connection, filters, calendar, each) for each in catalog.groupings if each.is_own),
            records.records(connection, filters, calendar).records,
        ]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    campaigns=st.sets(st.sampled_from(CAMPAIGNS), min_size=1),
    centers=st.sets(st.sampled_from(CENTERS), min_size=1),
    parameters=st.fixed_dictionaries(
        {},
        optional={
            "failedCriterion": st.just(["Greeting"]),
            "field.resolved": st.just(["true"]),
            "field.csat.min": st.just(["2"]),
            "form": st.just(["Sales v1"]),
            "dateFrom": st.just(["2024-01-20T05:00:00Z"]),
        },
    ),
)
def test_a_grant_shows_what_a_filter_by_the_same_shows(
    filled: Workspace, campaigns: set[str], centers: set[str], parameters: dict[str, list[str]]
) -> None:
    limits = {"campaign": sorted(campaigns), "callCenter": sorted(centers)}
    grant, catalog, zone = Grant.of(limits), filled.catalog, filled.settings.zone
    limited = Filters.from_parameters(parameters, zone, grant, catalog)
    narrowed = Filters.from_parameters(parameters, zone, EVERYTHING, catalog)
    narrowed = narrowed.narrowed(CAMPAIGN, *sorted(campaigns)).narrowed(CALL_CENTER, *sorted(centers))
    for within, alone in zip(asked(filled, limited), asked(filled, narrowed), strict=True):
        if isinstance(within, criteria.CriteriaTable):  # the period of all data is that of the data in sight
            within, alone = within.rows, alone.rows
        if isinstance(within, tuple):  # groups, in whatever order
            within, alone = sorted(map(str, within)), sorted(map(str, alone))
        assert within == alone
    with filled.facts.read() as connection:
        names = {member.name for member in queries.options(connection, FAILED_CRITERION, grant, catalog)}
        used = {use.own.name: use.values for use in fields_in_use(connection, grant)}
        channel = next(each for each in catalog.groupings if each.is_own)
        channels = {member.name for member in queries.options(connection, channel, grant, catalog)}
        whole = Filters.from_parameters({}, zone, grant, catalog)
        seen = queries.summary(connection, whole, filled.calendar).sums["evaluations"]
    of_others = {f"of {a}{c}" for a in CAMPAIGNS for c in CENTERS if a not in campaigns or c not in centers}
    assert not any(name.endswith(tuple(of_others)) for name in names | channels)
    assert used["csat"] == seen
