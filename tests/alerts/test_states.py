"""States: checks in a row, hysteresis, and faults that change nothing of what is settled."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.alerts.conditions import Judgment, Verdict
from lib.alerts.states import AlertState, MemberReading, MemberState, advance, advance_all

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LETTERS = {"h": Verdict.HOLDS, "b": Verdict.BETWEEN, "e": Verdict.ENDED, "u": Verdict.UNKNOWN}


def course(looks: str, checks: int = 1) -> list[MemberState]:
    """Return the states after each look, an hour apart: h holds, b between, e ended, u unknown."""
    state = MemberState.begin("a", "Ann", NOW)
    states = []
    for hour, letter in enumerate(looks):
        reading = MemberReading("a", "Ann", Judgment(LETTERS[letter], value=float(hour)))
        state = advance(state, reading, checks, NOW + timedelta(hours=hour))
        states.append(state)
    return states


@pytest.mark.parametrize(
    ("looks", "checks", "states"),
    [
        ("heh", 1, "firing ok firing"),
        ("hbbe", 1, "firing firing firing ok"),
        ("bbh", 1, "ok ok firing"),
        ("hhheee", 3, "pending pending firing recovering recovering ok"),
        ("hhehhh", 3, "pending pending ok pending pending firing"),
        ("hhbhhh", 3, "pending pending ok pending pending firing"),
        ("hheehee", 2, "pending firing recovering ok pending ok ok"),
        ("hhebe", 2, "pending firing recovering firing recovering"),
        ("huuhe", 1, "firing no_data no_data firing ok"),
        ("hhuue", 2, "pending firing no_data no_data recovering"),
        ("huh", 2, "pending no_data firing"),
        ("eue", 1, "ok no_data ok"),
    ],
)
def test_courses(looks: str, checks: int, states: str) -> None:
    assert [each.state.value for each in course(looks, checks)] == states.split()


@given(st.text(alphabet="hbeu", max_size=40), st.integers(1, 4))
def test_what_is_not_known_changes_nothing_that_is_settled(looks: str, checks: int) -> None:
    with_gaps = [each.settled for each in course(looks, checks)]
    without = iter(each.settled for each in course(looks.replace("u", ""), checks))
    before = AlertState.OK
    for letter, settled in zip(looks, with_gaps, strict=True):
        expected = before if letter == "u" else next(without)
        assert settled is expected
        before = expected


@given(st.text(alphabet="hbeu", max_size=60), st.integers(1, 4))
def test_settling_takes_as_many_looks_in_a_row(looks: str, checks: int) -> None:
    settled = [AlertState.OK, *(each.settled for each in course(looks, checks))]
    changes = sum(before is not after for before, after in itertools.pairwise(settled))
    assert changes <= len(looks.replace("u", "").replace("b", "")) // checks


def test_since_when() -> None:
    states = course("hhueh")
    assert [each.since.hour for each in states] == [0, 0, 2, 3, 4]
    assert [each.settled_since.hour for each in states] == [0, 0, 0, 3, 4]


def test_members_that_are_not_there_any_more() -> None:
    first = advance_all({}, [MemberReading(each, each, Judgment(Verdict.HOLDS)) for each in "ab"], 1, NOW)
    later = advance_all(first, [MemberReading("b", "b", Judgment(Verdict.ENDED))], 1, NOW + timedelta(hours=1))
    assert {number: (each.state.value, each.settled.value) for number, each in later.items()} == {
        "a": ("no_data", "firing"),
        "b": ("ok", "ok"),
    }
