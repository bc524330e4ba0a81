"""A backup of each engine, restored on each other: nothing is missing, and every question has the same answer."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from lib.analytics import breakdowns, queries
from lib.analytics.calendar import Granularity
from lib.backup.restore import restore
from lib.catalog.dimensions import DIMENSIONS
from lib.settings import Settings
from lib.workspace import Workspace
from tests import lakes, postgres
from tests.backup.conftest import Kept, facts_of
from tests.filters import make_filters

QUESTIONS = 40
DAYS = [date(2023, 12, 1) + timedelta(days=number) for number in range(120)]
PAIRS = [
    (source, target)
    for source in lakes.ENGINES
    for target in lakes.ENGINES
    if source != target and "ducklake" in (source, target)
]


def answers_of(workspace: Workspace) -> list[Any]:
    """Return the answers to random questions, which are the same each time."""
    chance, given = random.Random(5), list[Any]()
    with workspace.facts.read() as connection:
        for _ in range(QUESTIONS):
            first, last = sorted(chance.sample(DAYS, 2))
            filters = make_filters(first, last)
            kind = chance.randrange(3)
            if kind == 0:
                given.append(queries.summary(connection, filters, workspace.calendar))
            elif kind == 1:
                given.append(breakdowns.breakdown(connection, filters, workspace.calendar, chance.choice(DIMENSIONS)))
            else:
                grain = chance.choice(list(Granularity))
                given.append(queries.trend(connection, filters, workspace.calendar, grain))
    return given


@pytest.mark.skipif(not PAIRS, reason="DuckDB's extensions are in an environment of their own: make test-lake")
def test_a_backup_moves_between_ducklake_and_the_others(
    keeping: Callable[[str], Kept], postgres_socket: Path, tmp_path: Path
) -> None:
    held: dict[str, list[Any]] = {}
    for source, target in PAIRS:
        kept = keeping(source)
        if source not in held:
            with closing(Workspace(kept.settings)) as workspace:
                held[source] = answers_of(workspace)
        with ExitStack() as stack:
            name, place = f"moved_{os.getpid()}", tmp_path / f"{source}-{target}"
            url = ""
            if target == "postgresql":
                url = stack.enter_context(postgres.database(postgres_socket, name))
            elif target == "ducklake":
                url = stack.enter_context(lakes.lake(postgres_socket, name, place / "files"))
            settings = Settings(data_dir=place, database_url=url, sample="off")
            restore(settings, kept.backup, lambda *_: None, replace=False, actor="test")
            with closing(Workspace(settings)) as workspace:
                assert facts_of(workspace) == kept.facts, (source, target)  # which is what a check finds whole, too
                assert answers_of(workspace) == held[source], (source, target)
