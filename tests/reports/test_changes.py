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
