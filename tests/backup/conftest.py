"""What the tests of backups share: a workspace with something of everything in it, and what is in it in one value."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lib.access import api_keys
from lib.access.users import Role
from lib.analytics import integrity, queries
from lib.analytics.grants import EVERYTHING, Grant
from lib.backup import table_io
from lib.ingest import saved_mappings
from lib.jobs import metric_tasks
from lib.jobs.queue import IdempotencyKey, JobKind
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.store.state import StateStore
from lib.workspace import Workspace
from tests import lakes, postgres
from tests.filters import make_filters

ROWS = "id,audioDate,state,sentiment,averageNote,durationInSeconds,isAICall,campaignName,executiveName,audioFileName"
ROWS += ",callCenterId,callCenterName,field.channel,field.csat,field.resolved\n"
CALLS = ROWS + "".join(
    f"{n},2024-0{n % 6 + 1}-1{n % 9}T{n % 24:02}:30:00Z,{('Completed', 'Pending', 'Failed')[n % 3]},"
    f"{('Positive', '', 'Negative')[n % 3]},{'' if n % 4 else n % 11},{n % 700},{n % 2 == 0},"
    f'"Über, ""{n % 5}""\nzwei",{f"Ann {n % 7}" if n % 3 else ""},{"" if n % 2 else f"audio {n}.wav"},north,Norte,'
    f"{('chat', '', 'Über')[n % 3]},{'' if n % 5 else format(n / 8 - 9, 'g')},{('true', 'false', '')[n % 3]}\n"
    for n in range(300)
)
CHANGED = (
    ROWS + "0,2024-01-10T12:00:00Z,Completed,Positive,10,1,true,Other,Bob,x.wav,north,Norte y más,chat,1,true\n"
)  # replaces an evaluation, and a name

ANSWERS = "evaluationId,criterion,section,form,points,maxPoints,notApplicable,critical,comment\n" + "".join(
    f"{n},{name},{section},,{'' if n % 7 == 0 else n % 5},5,{str(n % 7 == 0).lower()},{critical},{'«ñ»' if n % 3 else ''}\n"
    for n in range(0, 300, 2)
    for name, section, critical in (("Greeting", "Opening", "false"), ("Identity", "", "true"))
)

OUTGOING = (
    *("reports", "report_runs", "unsubscribed", "deliveries", "delivery_contents", "webhooks"),
    *("alerts", "alert_states", "alert_changes"),
)
"""The tables of what goes out."""

Reopened = Callable[..., Workspace]

_number = itertools.count()


@dataclass(frozen=True, slots=True)
class Kept:
    """A store with something of everything, closed; its backup; and what was in it."""

    settings: Settings
    backup: Path
    facts: dict[str, list[tuple[Any, ...]]]
    state: dict[str, list[tuple[Any, ...]]]
    version: int


@pytest.fixture(scope="session")
def keeping(tmp_path_factory: pytest.TempPathFactory, postgres_socket: Path) -> Iterator[Callable[[str], Kept]]:
    """Make what is kept once for each engine."""
    made: dict[str, Kept] = {}
    with ExitStack() as stack:

        def keep(engine: str) -> Kept:
            if engine not in made:
                folder, url = tmp_path_factory.mktemp(engine), ""
                name = f"kept_{engine}_{os.getpid()}"
                if engine == "postgresql":
                    url = stack.enter_context(postgres.database(postgres_socket, name))
                elif engine == "ducklake":
                    url = stack.enter_context(lakes.lake(postgres_socket, name, folder / "files"))
                made[engine] = _keep(Settings(data_dir=folder / "data", database_url=url, sample="off"), folder)
            return made[engine]

        yield keep


def _keep(settings: Settings, folder: Path) -> Kept:
    workspace = Workspace(settings)
    for number, content in enumerate((CALLS, CHANGED)):
        path = folder / f"{number}.csv"
        path.write_text(content)
        TASKS["import"](workspace, {"files": [(str(path), path.name)], "actor": "test"}, lambda *_: None)
    answers = folder / "answers.csv"
    answers.write_text(ANSWERS)
    long_file = {"files": [(str(answers), answers.name)], "actor": "test", "answers": True}
    TASKS["import"](workspace, long_file, lambda *_: None)
    metric = {"formula": 'avg_if(score, field.resolved and criterion("Greeting") > 0.5)', "target": 8}
    metric_tasks.set_metric(workspace, "test", "resolvedScore", metric)
    metric_tasks.set_metric(workspace, "test", "resolvedScore", {"label": "Puntaje «ñ»"})
    fill_state(workspace)
    back_up(workspace, folder / "kept.zip")
    facts, state, version = facts_of(workspace), state_of(workspace.state), version_of(workspace)
    workspace.close()
    return Kept(settings, folder / "kept.zip", facts, state, version)


@pytest.fixture
def kept(engine: str, keeping: Callable[[str], Kept]) -> Kept:
    return keeping(engine)


@pytest.fixture
def settings(kept: Kept, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Give settings of a copy of what is kept."""
    shutil.copytree(kept.settings.data_dir, tmp_path / "data")
    if not kept.settings.database_url:
        yield kept.settings.model_copy(update={"data_dir": tmp_path / "data"})
        return
    socket, name = request.getfixturevalue("postgres_socket"), f"copy_{os.getpid()}_{next(_number)}"
    template = str(kept.settings.facts_url.database)
    if kept.settings.lake is not None:
        made = lakes.copied_lake(socket, name, tmp_path / "files", template, Path(kept.settings.lake.data))
    else:
        made = postgres.database(socket, name, template)
    with made as url:
        yield Settings(data_dir=tmp_path / "data", database_url=url, sample="off")


def fill_state(workspace: Workspace) -> None:
    state, now = workspace.state, datetime.now(UTC)
    api_keys.create(state, "robot", ["analytics:read"], "test", Grant.of({"callCenter": ["a"]}), workspace.catalog)
    _, gone = api_keys.create(state, "old", ["analytics:read"], "test", EVERYTHING, workspace.catalog)
    api_keys.revoke(state, gone.prefix, "test")
    workspace.people.add("ann@example.com", Role.ANALYST, Grant.of({"callCenter": ["a"]}), "test")
    said = {"iss": "https://id.example", "sub": "ann", "iat": now.timestamp(), "email": "ann@example.com"}
    assert workspace.sessions.enter({**said, "email_verified": True}).person is not None
    saved_mappings.keep(state, ["a", "b"], "[columns]\nid = 'Ü'\n")
    done = workspace.queue.add("import", {"files": [["/x", "x.csv"]]}, "test")
    claimed = workspace.queue.claim(["import"])
    assert claimed is not None and claimed.id == done.id
    workspace.queue.complete(claimed, {"lines": []})
    workspace.queue.add("export", {}, "test", IdempotencyKey("cb_live_1", "once", "digest"))
    workspace.queue.add("import", {"files": [["/y", "y.csv"]]}, "test")
    with workspace.facts.read() as connection:
        status = queries.status(connection)
    with state.transaction() as connection:
        connection.execute(
            sa.insert(schema.notes).values(
                id="00000001", day=date(2024, 1, 2), text="First line\n“second”, 'third'", author="test", created_at=now
            )
        )
        connection.execute(
            sa.insert(schema.views).values(
                id="v1", name="Mine", owner="all", shared=True, page="", parameters="{}", period=None, is_default=True,
                created_at=now, changed_at=now,
            )
        )  # fmt: skip
        fill_outgoing(connection, now)
        for number, version in enumerate((status.data_version, 0)):
            connection.execute(
                sa.insert(schema.pinned_links).values(
                    id=f"l{number}", page="", parameters="{}", created_at=now, created_by="test", data_version=version,
                    data_changed_at=status.changed_at, definitions="{}", figures="{}", measures="{}",
                )
            )  # fmt: skip


def fill_outgoing(connection: sa.Connection, now: datetime) -> None:
    """Put a row in each table of what goes out; all of it has ended, but for one delivery and one run."""
    values: dict[type, Any] = {str: "x", int: 1, float: 1.5, bytes: b"x", bool: True, date: now.date()}
    tables = (schema.STATE.tables[name] for name in OUTGOING)
    for table in tables:
        row = {column.name: values.get(column.type.python_type, now) for column in table.columns}
        connection.execute(sa.insert(table).values(row))
    for table in (schema.STATE.tables["deliveries"], schema.STATE.tables["report_runs"]):
        row = {column.name: values.get(column.type.python_type, now) for column in table.columns}
        row |= {"id": "open", "finished_at": None, "address": "y", "report": "y"}
        known = {name: value for name, value in row.items() if name in table.columns}
        connection.execute(sa.insert(table).values(known))


def facts_of(workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table of the facts, without the version of the data, and what is computed of them."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with workspace.facts.read() as connection:
        for table in table_io.fact_tables(workspace.catalog):
            left_out = ("data_version", "changed_at") if table is schema.workspace else ()
            columns = [column for column in table.columns if column.name not in left_out]
            found[table.name] = sorted((tuple(row) for row in connection.execute(sa.select(*columns))), key=repr)
        assert integrity.findings(connection, workspace.catalog).lines == ()
        summary = queries.summary(connection, make_filters(), workspace.calendar)
    found["summary"] = [(summary.sums, summary.top_campaign, summary.top_call_center)]
    return found


def state_of(state: StateStore) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table of the state."""
    with state.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in table_io.STATE
        }


def version_of(workspace: Workspace) -> int:
    with workspace.facts.read() as connection:
        return queries.status(connection).data_version


def back_up(workspace: Workspace, path: Path, **more: Any) -> dict[str, Any]:
    payload = {"path": str(path), "actor": "test", "with_secret": False, "replace": False, **more}
    return TASKS[JobKind.BACKUP](workspace, payload, lambda *_: None)


@pytest.fixture
def reopened(settings: Settings) -> Iterator[Callable[..., Workspace]]:
    """Open workspaces, which are closed at the end."""
    opened: list[Workspace] = []

    def go(chosen: Settings = settings) -> Workspace:
        opened.append(Workspace(chosen))
        return opened[-1]

    yield go
    for workspace in opened:
        workspace.close()
