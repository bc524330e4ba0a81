"""kill -9 while rollups are put together and computed anew, beside one who writes and one who checks."""

from __future__ import annotations

import threading
from multiprocessing.connection import Connection
from pathlib import Path

import sqlalchemy as sa

from lib.analytics import rollup
from lib.analytics.grants import EVERYTHING
from lib.catalog.rollups import ROLLUPS
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace
from tests.crashes.killing import BEGIN, Kills, Openings, differences

BASE_ROWS = 1_500
BATCH = 50
EVERY = 3  # of so many tables a round puts one together
TABLES = [table for each in ROLLUPS for table in each.tables]


def batch(round_: int, number: int) -> dict[str, int]:
    return {f"{round_}-{number}-{n}": (round_ + number + n) % 11 for n in range(BATCH)}


def tidy(tell: Connection, settings: Settings, round_: int) -> None:
    """Put some rollups together and compute all of them anew, while one thread writes and another one checks."""
    workspace = Workspace(settings)
    done = threading.Event()
    failed: list[BaseException] = []

    def write() -> None:
        number = 0
        while not done.is_set():
            tell.send(("sent", round_, number))
            objects = [
                {
                    "id": key,
                    "audioDate": f"2024-{number % 12 + 1:02}-03",
                    "averageNote": str(score),
                    "campaignId": f"c{score}",
                }
                for key, score in batch(round_, number).items()
            ]
            workspace.write_evaluations(objects, "test", EVERYTHING)
            tell.send(("acknowledged", round_, number))
            number += 1

    def check() -> None:
        assert differences(workspace) == []

    def kept(what: threading.Thread) -> threading.Thread:
        what.start()
        return what

    def guarded(what: object) -> None:
        try:
            what()  # type: ignore[operator]
        except BaseException as error:
            failed.append(error)

    tell.send(BEGIN)
    threads = [kept(threading.Thread(target=guarded, args=(each,))) for each in (write, check)]
    for table in TABLES[round_ % EVERY :: EVERY]:
        with workspace.facts.write() as connection:
            rollup.compact(connection, workspace.catalog, table)
    with workspace.facts.write() as connection:
        rollup.rebuild(connection, workspace.catalog)
    done.set()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    workspace.close()


def test_killed_while_rollups_are_put_together(settings: Settings, tmp_path: Path, openings: Openings) -> None:
    path = tmp_path / "base.csv"
    workspace = Workspace(settings)
    for score in (3, 7):  # twice, so that cells have several rows
        path.write_text(
            "id,audioDate,averageNote,campaignId,executiveId\n"
            + "".join(
                f"base-{n},2024-{n % 3 + 1:02}-{n % 28 + 1:02},{score},c{n % 9},e{n % 50}\n" for n in range(BASE_ROWS)
            )
        )
        TASKS["import"](workspace, {"files": [(str(path), path.name)], "actor": "test"}, lambda *_: None)
    workspace.close()
    held = {f"base-{n}": 70_000 for n in range(BASE_ROWS)}
    kills = Kills()
    for round_ in kills.rounds():
        ended = kills.run("tidy", tidy, settings, round_)
        workspace = openings.open(settings)
        with workspace.facts.read() as connection:
            rows = connection.execute(sa.select(schema.evaluations.c.id, schema.evaluations.c.score)).all()
        found = {row.id: row.score for row in rows}
        assert len(found) == len(rows)
        for _, of, number in (each for each in ended.told if each[0] == "sent"):
            expected = {key: score * 10_000 for key, score in batch(of, number).items()}
            there = {key: found[key] for key in expected if key in found}
            acknowledged = ("acknowledged", of, number) in ended.told
            assert there == expected or (not acknowledged and not there)
            held.update(there)
        assert found == held
        assert differences(workspace) == []
        workspace.close()
