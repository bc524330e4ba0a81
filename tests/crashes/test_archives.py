"""kill -9 while months are archived, and while they come back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lib.analytics.archived_months import archived_months, with_all_months
from lib.catalog.catalog import BUILT_IN
from lib.jobs.queue import JobKind
from lib.settings import Settings
from lib.workspace import Workspace
from tests import scorecards
from tests.crashes.killing import Kills, Openings, differences
from tests.crashes.test_undo import do
from tests.scorecards import answer

ROWS = 300


def held(workspace: Workspace) -> tuple[list[Any], list[Any]]:
    """Return every evaluation and answer, wherever it is."""
    with workspace.facts.read() as connection:
        catalog, base = with_all_months(connection, BUILT_IN), BUILT_IN
        return tuple(  # type: ignore[return-value]
            sorted(map(repr, connection.execute(sa.select(*(table.c[each.name] for each in columns.columns)))))
            for table, columns in ((catalog.evaluations, base.evaluations), (catalog.answers, base.answers))
        )


def test_killed_while_archiving_and_bringing_back(settings: Settings, openings: Openings) -> None:
    workspace = Workspace(settings)
    evaluations = [{"id": f"e{n}", "audioDate": f"2024-{n % 4 + 1:02}-{n % 28 + 1:02}"} for n in range(ROWS)]
    scorecards.load(workspace, evaluations, {f"e{n}": (answer("Greeting", 1, 5),) for n in range(0, ROWS, 2)})
    whole = held(workspace)
    workspace.close()
    kills = Kills(4)
    for _ in kills.rounds():
        workspace = openings.open(settings)
        with workspace.facts.read() as connection:
            months = archived_months(connection)
        workspace.close()
        if len(months) < 4:
            kills.run("archive", do, settings, JobKind.ARCHIVES, {"do": "archive", "before": "2024-05-01"})
        else:
            kills.run("restore", do, settings, JobKind.ARCHIVES, {"do": "restore", "month": months[0].name})
        workspace = openings.open(settings)
        assert held(workspace) == whole
        assert differences(workspace) == []
        workspace.close()
