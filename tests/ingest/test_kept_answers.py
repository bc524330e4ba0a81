"""Evaluations that come again without answers keep those that they had, and what these make of their scores."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from lib.store import schema
from lib.store.enums import SCORE_SCALE
from lib.workspace import Workspace
from tests.conftest import Load


def evaluation(ident: str, *answers: tuple[float, float, bool], **more: object) -> str:
    results = [
        {"criterion": f"Q{number}", "points": points, "maxPoints": most, "critical": critical}
        for number, (points, most, critical) in enumerate(answers)
    ]
    return json.dumps({"id": ident, "audioDate": "2024-01-01", "results": results or None, **more}) + "\n"


def scores(workspace: Workspace) -> dict[str, Any]:
    facts = schema.evaluations
    with workspace.facts.read() as connection:
        return {each.id: each.score for each in connection.execute(sa.select(facts.c.id, facts.c.score))}


@pytest.mark.parametrize(
    ("scoring", "first", "again"),
    [
        ('from = "criteria"', 6 * SCORE_SCALE + SCORE_SCALE * 2 // 3 + 1, 6 * SCORE_SCALE + SCORE_SCALE * 2 // 3 + 1),
        ('from = "criteria"\ncritical = "zero"', 0, 0),
        ('critical = "zero"', 0, 0),
        ('from = "file"', None, None),
    ],
)
def test_what_kept_answers_make_of_the_score(
    workspace: Workspace, load: Load, scoring: str, first: int | None, again: int | None
) -> None:
    toml = f"[scoring]\n{scoring}\n"
    first_file = evaluation("a", (2, 2, False), (0, 1, True)) + evaluation("plain", averageNote=7)
    load(first_file, toml, "calls.jsonl")
    assert scores(workspace) == {"a": first, "plain": 7 * SCORE_SCALE}
    second = evaluation("a", durationInSeconds=5) + evaluation("plain") + evaluation("new")
    load(second, toml, "calls.jsonl")
    assert scores(workspace) == {"a": again, "plain": None, "new": None}


def test_a_score_of_the_file_stands(workspace: Workspace, load: Load) -> None:
    toml = '[scoring]\nfrom = "criteria"\n'
    load(evaluation("a", (1, 2, False)), toml, "calls.jsonl")
    load(evaluation("a", averageNote=9), toml, "calls.jsonl")
    assert scores(workspace) == {"a": 9 * SCORE_SCALE}
