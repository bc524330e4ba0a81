"""Ranges of ranks: who is ranked, what the days do to them, and the definition recomputed by SciPy, on both engines."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict

import pytest

from lib.analytics import rank_ranges
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import CAMPAIGN
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters
from tests.statistics.rank_reference import design_effects, reference_ranges

HEAD = "id,audioDate,state,averageNote,campaignName\n"


def line(number: int, day: int, score: float, campaign: str) -> str:
    return f"{number},2024-01-{day:02}T12:00:00Z,Completed,{score},{campaign}\n"


def places(workspace: Workspace, answers: QueryCache) -> dict[str, tuple[int, int]]:
    found = answers.run(rank_ranges.ranks, make_filters(), workspace.calendar, CAMPAIGN, answers)
    return {member.name: ends for member, ends in found.groups.items()}


def test_who_is_ranked(load: Load, workspace: Workspace, answers: QueryCache) -> None:
    """Fewer than 30 scores have no rank, nor has what belongs to no campaign."""
    number = itertools.count()
    rows = [line(next(number), 1 + place % 20, 6 + place % 3, "Enough") for place in range(30)]
    rows += [line(next(number), 1 + place % 20, 9, "Few") for place in range(29)]
    rows += [line(next(number), 1 + place % 20, 8 + place % 3, "Good") for place in range(60)]
    rows += [line(next(number), 1 + place % 20, 9 + place % 2, "") for place in range(60)]
    load(HEAD + "".join(rows))
    assert places(workspace, answers) == {"Good": (1, 1), "Enough": (2, 2)}


def test_nobody_and_one(load: Load, workspace: Workspace, answers: QueryCache) -> None:
    assert places(workspace, answers) == {}
    load(HEAD + "".join(line(place, 1 + place % 20, 6 + place % 3, "Only") for place in range(40)))
    assert places(workspace, answers) == {"Only": (1, 1)}


def test_days_that_resemble_each_other_leave_less_apart(load: Load, workspace: Workspace, answers: QueryCache) -> None:
    """The same scores tell two campaigns apart where each day has all kinds, and not where each day has its own."""
    number = itertools.count()
    mixed = [line(next(number), 1 + place % 4, 5 + place // 4 % 2 * 4, "Mixed") for place in range(400)]
    better = [line(next(number), 1 + place % 4, 5.9 + place // 4 % 2 * 4, "Better") for place in range(400)]
    load(HEAD + "".join(mixed + better))
    assert places(workspace, answers) == {"Better": (1, 1), "Mixed": (2, 2)}
    number = itertools.count()
    mixed = [line(next(number), 1 + place % 4, 5 + place % 2 * 4, "Mixed") for place in range(400)]
    better = [line(next(number), 1 + place % 4, 5.9 + place % 2 * 4, "Better") for place in range(400)]
    load(HEAD + "".join(mixed + better))
    assert places(workspace, answers) == {"Better": (1, 2), "Mixed": (1, 2)}


def test_the_definition_recomputed(load: Load, workspace: Workspace, answers: QueryCache) -> None:
    """Welch's test of all pairs with shrunken variances and design effects, and Holm's procedure, by SciPy."""
    rng = random.Random(3)
    number = itertools.count()
    days = [rng.gauss(0, 0.5) for _ in range(28)]
    scores: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for place in range(14):
        for _ in range(rng.choice([20, 30, 60, 150, 400])):
            day = rng.randrange(28)
            raw = 6.5 + place * 0.1 + days[day] + rng.gauss(0, 1.2)
            scores[f"Campaign {place}"].append((day + 1, min(10.0, max(0.0, round(raw * 2) / 2))))
    load(HEAD + "".join(line(next(number), *each, name) for name, values in scores.items() for each in values))
    enough = {name: values for name, values in scores.items() if len(values) >= 30}
    expected, _ = reference_ranges(enough)
    assert len(set(expected.values())) > 3
    assert design_effects(list(enough.values())).max() > 1.5
    assert places(workspace, answers) == expected


@pytest.mark.parametrize("score", [7, 7.5])
def test_scores_that_do_not_vary(load: Load, workspace: Workspace, answers: QueryCache, score: float) -> None:
    """Where no score varies at all, what differs is apart, and what does not is not."""
    rows = [line(place, 1 + place % 20, score, "A") for place in range(30)]
    rows += [line(30 + place, 1 + place % 20, 7, "B") for place in range(30)]
    load(HEAD + "".join(rows))
    assert places(workspace, answers) == ({"A": (1, 2), "B": (1, 2)} if score == 7 else {"A": (1, 1), "B": (2, 2)})
