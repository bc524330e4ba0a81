"""kill -9 in the middle of imports that the queue does: each job ends by itself."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path

import sqlalchemy as sa

from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace
from tests.crashes.killing import BEGIN, KILLS, Kills, Openings, differences
from tests.waiting import until

ROWS = 1_000


def queue_one(tell: Connection, settings: Settings, path: Path) -> None:
    workspace = Workspace(settings)
    workspace.start_workers()
    tell.send(BEGIN)
    job = workspace.queue.add("import", {"files": [(str(path), path.name)], "actor": "test"}, "test")
    tell.send((job.id, "added"))
    while not job.ended:
        time.sleep(0.01)
        found = workspace.queue.get(job.id)
        assert found is not None
        job = found
    tell.send((job.id, job.status))
    workspace.close()


def test_killed_while_the_queue_imports(settings: Settings, tmp_path: Path, openings: Openings) -> None:
    brought = {}
    acknowledged = {}

    kills = Kills(KILLS // 4)  # imports themselves are killed as often as asked for by test_imports.py
    for number in kills.rounds():
        path = tmp_path / f"{number}.csv"
        path.write_text("id,audioDate\n" + "".join(f"{number}-{n},2024-01-{n % 28 + 1:02}\n" for n in range(ROWS)))
        ended = kills.run("import", queue_one, settings, path)
        for job, status in ended.told:
            brought[job] = number
            acknowledged[job] = status
    workspace = openings.open(settings)
    workspace.start_workers()
    until(lambda: all(job.ended for job in workspace.queue.newest(["import"], 1_000)))
    jobs = workspace.queue.newest(["import"], 1_000)
    assert set(brought) <= {job.id for job in jobs}
    with workspace.facts.read() as connection:
        ids = connection.execute(sa.select(schema.evaluations.c.id)).scalars().all()
    found = set(ids)
    assert len(found) == len(ids)
    for job in jobs:
        assert job.status == "completed" or job.message
        number = brought.get(job.id)
        if number is None:
            continue  # it was added, but its child died before it could tell
        there = sum(f"{number}-{n}" in found for n in range(ROWS))
        assert there == ROWS if job.status == "completed" else there in (0, ROWS)
        assert acknowledged[job.id] in ("added", job.status)
    assert differences(workspace) == []
    workspace.close()
