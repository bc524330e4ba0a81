"""kill -9 in the middle of imports, as the command does them: most define a field, and all bring answers."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

import sqlalchemy as sa

from lib.analytics import field_definitions
from lib.analytics.grants import EVERYTHING
from lib.ingest import history
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace
from tests.crashes.killing import BEGIN, Kills, Openings, differences

ROWS = 3_000
MANY_ROWS = 130_000  # more than DuckDB keeps together in a group
EVERY = 10  # of so many imports one has many rows

MAPPING = """
[criteria]
Greeting = { column = "Q1", max = 10 }
Identity = { column = "Q2", max = 2, critical = true }
"""

Held = dict[str, tuple[int, str | int]]
"""The evaluations by id: score and file name, each as the import that brought it last had them.

Those that an import of many rows has for itself are one entry, by their file name: the sum of their scores, how many.
"""


def write(path: Path, number: int, rows: int) -> Held:
    """Write a file of new evaluations and of some that other imports have, too; return what it holds."""
    held: Held = {}
    lines = [f"id,audioDate,averageNote,audioFileName,campaignName,field.channel,field.n{number % 20},Q1,Q2"]
    many = f"many-{number}.wav"
    for n in range(rows):
        shared, score = n < ROWS // 2, (number * 37 + n) % 11
        key = f"shared-{n}" if shared else f"{number}-{n}"
        name = many if rows == MANY_ROWS and not shared else f"{number}-{n}.wav"
        if name != many:
            held[key] = (score * 10_000, name)
        elif many in held:
            held[many] = (held[many][0] + score * 10_000, int(held[many][1]) + 1)
        else:
            held[many] = (score * 10_000, 1)
        lines.append(
            f"{key},2024-{n % 12 + 1:02}-{n % 28 + 1:02},{score},{name},c{n % 40},way {n % 7},{n / 8},{score},{n % 3}"
        )
    path.write_text("\n".join(lines))
    return held


def held_by(workspace: Workspace) -> Held:
    facts = schema.evaluations.c
    of_many = facts.audio_file_name.startswith("many-")
    sums = sa.select(facts.audio_file_name, sa.func.sum(facts.score), sa.func.count(facts.id.distinct()))
    with workspace.facts.read() as connection:
        assert connection.execute(sa.select(sa.func.count() - sa.func.count(facts.id.distinct()))).scalar_one() == 0
        rows = connection.execute(sa.select(facts.id, facts.score, facts.audio_file_name).where(~of_many)).all()
        many = connection.execute(sums.where(of_many).group_by(facts.audio_file_name)).all()
    return {row.id: (row.score, row.audio_file_name) for row in rows} | {
        name: (int(score), n) for name, score, n in many
    }


def payload(path: Path) -> dict[str, object]:
    return {"files": [(str(path), path.name)], "actor": "test", "mapping": MAPPING}


def import_once(tell: Connection, settings: Settings, path: Path) -> None:
    workspace = Workspace(settings)
    tell.send(BEGIN)
    done = TASKS["import"](workspace, payload(path), lambda *_: None)
    tell.send(done["id"])
    workspace.close()


def test_killed_while_importing(settings: Settings, tmp_path: Path, openings: Openings) -> None:
    path = tmp_path / "calls.csv"
    held: Held = {}
    listed: set[str] = set()
    kills = Kills()
    for number in kills.rounds():
        rows = MANY_ROWS if settings.embedded and number % EVERY == 0 else ROWS
        brought = write(path, number, rows)
        ended = kills.run(rows, import_once, settings, path)
        assert len(ended.told) == 1 or not ended.finished
        workspace = openings.open(settings)
        found = held_by(workspace)
        with workspace.facts.read() as connection:
            entries = {entry.id: entry for entry in history.entries(connection, 1_000)}
        new = set(entries) - listed
        assert not listed - set(entries) and not set(ended.told) - set(entries)
        if new:  # listed, so it is there; and what was acknowledged is listed
            held |= brought
            assert [entries[each].result for each in new] == ["loaded"]
            listed |= new
        assert found == held
        assert differences(workspace) == []
        with workspace.facts.read() as connection:
            uses = field_definitions.fields_in_use(connection, EVERYTHING)
        # On PostgreSQL a column is made before the rows come, and may be there without them.
        assert not settings.embedded or all(use.values for use in uses)
        workspace.close()
