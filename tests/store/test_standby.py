"""Questions are answered by a standby that streams from the primary, and by the primary while that is behind or away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from lib.analytics import queries
from lib.errors import ConfigurationError
from lib.settings import Settings, load
from lib.store import schema, standby
from lib.workspace import Workspace
from tests import postgres
from tests.conftest import Load
from tests.postgres import Server
from tests.waiting import until

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)

HEADER = "id,audioDate\n"


@pytest.fixture(scope="module")
def follower(postgres_socket: Path) -> Iterator[Server]:
    """Run a standby of the tests' server."""
    with postgres.controlled(parent=postgres.memory(), primary=postgres_socket) as made:
        yield made


@pytest.fixture
def settings(settings: Settings, follower: Server) -> Settings:
    name = settings.facts_url.database
    return settings.model_copy(update={"read_url": postgres.url(follower.folder, str(name))})


@pytest.fixture
def workspace(settings: Settings) -> Iterator[Workspace]:
    opened = Workspace(settings)
    opened.facts.start_listener()
    until(lambda: opened.facts.change_token() is not None)
    yield opened
    opened.close()


def answered_by_standby(workspace: Workspace) -> bool:
    with workspace.facts.read_anywhere() as connection:
        return bool(connection.execute(sa.select(sa.func.pg_is_in_recovery())).scalar_one())


def replay(follower: Server, workspace: Workspace, function: str) -> None:
    url = postgres.url(follower.folder, str(workspace.settings.facts_url.database))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SELECT {function}()")


def counted(workspace: Workspace) -> tuple[int, int]:
    """Ask as pages do; return how many evaluations there are, and the version of the data that this is of."""
    status, version = workspace.answers.run_with_version(queries.status)
    return status.evaluations, version


def test_what_was_just_written_is_read_from_the_primary(workspace: Workspace, load: Load, follower: Server) -> None:
    until(lambda: answered_by_standby(workspace))
    assert counted(workspace)[0] == 0
    replay(follower, workspace, "pg_wal_replay_pause")
    try:
        load(HEADER + "a,2024-01-01\n")
        assert not answered_by_standby(workspace)
        found = counted(workspace)
        assert found[0] == 1
    finally:
        replay(follower, workspace, "pg_wal_replay_resume")
    until(lambda: answered_by_standby(workspace))
    assert counted(workspace) == found


def test_a_change_by_another_process_is_read_from_the_primary(
    workspace: Workspace, settings: Settings, follower: Server
) -> None:
    until(lambda: answered_by_standby(workspace))
    other = Workspace(settings.model_copy(update={"read_url": ""}))
    replay(follower, workspace, "pg_wal_replay_pause")
    try:
        before = workspace.facts.change_token()
        with other.facts.write() as connection:
            connection.execute(sa.update(schema.workspace).values(data_version=7))
        until(lambda: workspace.facts.change_token() != before)
        assert not answered_by_standby(workspace) and counted(workspace)[1] == 7
    finally:
        replay(follower, workspace, "pg_wal_replay_resume")
        other.close()


def test_the_primary_answers_while_the_standby_is_away(
    workspace: Workspace, load: Load, follower: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(HEADER + "a,2024-01-01\n")
    until(lambda: answered_by_standby(workspace))
    follower.stop()
    assert counted(workspace)[0] == 1  # asked of the standby, which is lost on the way
    load(HEADER + "b,2024-01-01\n")
    assert counted(workspace)[0] == 2 and not answered_by_standby(workspace)
    monkeypatch.setattr(standby, "AWAY_SECONDS", 0.0)
    follower.start()
    until(lambda: answered_by_standby(workspace))
    assert counted(workspace)[0] == 2


def test_a_standby_is_for_postgresql(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    del engine
    monkeypatch.setenv("CALLBOARD_READ_URL", "postgresql://callboard@standby/calls")
    with pytest.raises(ConfigurationError, match="CALLBOARD_READ_URL: a standby is PostgreSQL's"):
        load()
