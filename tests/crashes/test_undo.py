"""kill -9 in the middle of undos and deletions, as the commands do them."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Any

import sqlalchemy as sa

from lib.analytics.grants import EVERYTHING
from lib.ingest import history
from lib.jobs.queue import JobKind
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace
from tests.crashes.killing import BEGIN, Kills, Openings, differences

ROWS = 3_000


def send(workspace: Workspace, first: int, score: int) -> str:
    """Load evaluations; return the id of the import."""
    objects = (
        {
            "id": f"e{n}",
            "audioDate": f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}",
            "averageNote": str(score),
            "campaignId": f"c{n % 40}",
            "campaignName": f"{score} {n % 40}",
        }
        for n in range(first, first + ROWS)
    )
    return workspace.write_evaluations(objects, "test", EVERYTHING).id


def held(workspace: Workspace) -> tuple[list[Any], ...]:
    facts, names = schema.evaluations.c, schema.campaigns.c
    with workspace.facts.read() as connection:
        counted = sa.select(facts.score, sa.func.count()).group_by(facts.score).order_by(facts.score)
        named = sa.select(names.id, names.name).order_by(names.key)
        return connection.execute(counted).all(), connection.execute(named).all()  # type: ignore[return-value]


def do(tell: Connection, settings: Settings, kind: str, payload: dict[str, Any]) -> None:
    workspace = Workspace(settings)
    tell.send(BEGIN)
    tell.send(TASKS[kind](workspace, {**payload, "actor": "test"}, lambda *_: None))
    workspace.close()


def test_killed_while_undoing(settings: Settings, openings: Openings) -> None:
    workspace = Workspace(settings)
    send(workspace, 0, 5)
    before = held(workspace)
    number = send(workspace, ROWS // 2, 7)
    after = held(workspace)
    workspace.close()
    kills = Kills()
    for _ in kills.rounds():
        ended = kills.run("undo", do, settings, JobKind.UNDO, {"id": number})
        workspace = openings.open(settings)
        with workspace.facts.read() as connection:
            record = history.find(connection, number)
        assert record is not None and (record.undone_at is not None or not ended.told)
        assert held(workspace) == (after if record.undone_at is None else before)
        assert differences(workspace) == []
        if record.undone_at is not None:
            number = send(workspace, ROWS // 2, 7)
        workspace.close()


def test_killed_while_deleting_everything(settings: Settings, openings: Openings) -> None:
    kills = Kills(5)
    for _ in kills.rounds():
        workspace = openings.open(settings)
        if not held(workspace)[0]:
            send(workspace, 0, 5)
        full = held(workspace)
        workspace.close()
        ended = kills.run("delete", do, settings, JobKind.DELETE_ALL, {"name": settings.name})
        workspace = openings.open(settings)
        left = held(workspace)
        assert left == ([], [(None, "(none)")]) or (left == full and not ended.told)
        assert differences(workspace) == []
        workspace.close()
