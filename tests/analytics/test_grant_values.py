"""A grant as a value: what it covers, and what the state and the audit hold of it."""

from __future__ import annotations

import pytest

from lib.analytics.conditions import grant_conditions
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN
from lib.store.schema import evaluations

NORTH = Grant.of({"callCenter": ["n"]})
NORTH_OR_SOUTH = Grant.of({"campaign": None, "callCenter": ["n", "s"]})
SPRING_NORTH = Grant.of({"campaign": ["spring"], "callCenter": ["n"]})
NOTHING = Grant.of({"campaign": []})


def test_the_order_of_dimensions_makes_no_other_grant() -> None:
    again = Grant.of({"callCenter": ["n"], "campaign": ["spring"]})
    assert again == SPRING_NORTH and hash(again) == hash(SPRING_NORTH)
    assert Grant.of({"callCenter": None}) == EVERYTHING and EVERYTHING.everything and not NOTHING.everything


def test_ids() -> None:
    assert (NORTH.ids(CALL_CENTER), NORTH.ids(CAMPAIGN), NOTHING.ids(CAMPAIGN)) == (("n",), None, ())


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [(EVERYTHING, NORTH), (NORTH_OR_SOUTH, NORTH), (NORTH, SPRING_NORTH), (NORTH_OR_SOUTH, SPRING_NORTH)],
)
def test_covers(wide: Grant, narrow: Grant) -> None:
    assert wide.covers(narrow) and wide.covers(wide) and not narrow.covers(wide)


def test_limits_of_other_dimensions_do_not_cover_each_other() -> None:
    assert not NORTH.covers(NOTHING) and not NOTHING.covers(NORTH)


@pytest.mark.parametrize("grant", [EVERYTHING, NORTH, SPRING_NORTH, NOTHING])
def test_the_state_and_payloads_give_it_back(grant: Grant) -> None:
    assert Grant.from_column(grant.to_column()) == grant == Grant.of(grant.to_json())


def test_in_full() -> None:
    assert [each.name for each in BUILT_IN.grant_dimensions] == ["callCenter", "campaign"]
    assert SPRING_NORTH.in_full(BUILT_IN) == {"call_centers": ["n"], "campaigns": ["spring"]}
    assert EVERYTHING.in_full(BUILT_IN) == {"call_centers": "all", "campaigns": "all"}


def test_a_limit_that_nothing_is_known_of_shows_nothing() -> None:
    with pytest.raises(KeyError):
        grant_conditions(evaluations, Grant.of({"office": ["n"]}), BUILT_IN)
