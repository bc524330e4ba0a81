"""Changes in words: what the kind of one says for who does not see its color."""

from __future__ import annotations

import pytest

from lib.reports.changes import Delta
from lib.reports.words import text


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [("good", "better"), ("bad", "worse"), ("chance", "not significant"), ("plain", "None")],
)
def test_a_kind_has_its_meaning(kind: str, meaning: str) -> None:
    assert str(Delta("", text("better"), kind).meaning) == meaning


def test_a_change_that_is_neither_good_nor_bad_says_whether_it_is_more_than_chance() -> None:
    assert [str(Delta(sign, text("better"), "plain").meaning) for sign in "▲▼"] == ["significant"] * 2
    assert [Delta(sign, text("better"), "plain").meaning for sign in ("", "=")] == [None] * 2
