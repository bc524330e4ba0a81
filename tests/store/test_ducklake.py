"""What a DuckLake has to hold by itself: one writer, one snapshot a question, its files, its catalog and its bucket."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from multiprocessing.connection import Connection as PipeConnection
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from lib.analytics import integrity, queries
from lib.analytics.grants import EVERYTHING
from lib.catalog.rollups import ROLLUPS
from lib.errors import ConfigurationError, DatabaseUnavailableError
from lib.settings import Settings
from lib.store import ducklake_engine, ducklake_files, schema
from lib.workspace import Workspace
from tests import lakes, postgres, s3_server
from tests.crashes import killing
from tests.waiting import until

pytestmark = pytest.mark.skipif(
    "ducklake" not in lakes.ENGINES, reason="DuckDB's extensions are in an environment of their own: make test-lake"
)

POSTS, ROWS = 3, 5
TOTAL = next(rollup for rollup in ROLLUPS if rollup.daily is not None and rollup.daily.name == "daily_total").daily


@pytest.fixture
def engine() -> str:
    return "ducklake"


def post(workspace: Workspace, sender: str, number: int) -> None:
    rows = [
        {"id": f"{sender}-{number}-{row}", "audioDate": f"2024-0{1 + row}-02T10:00:00Z", "campaignId": "c"}
        for row in range(ROWS)
    ]
    workspace.write_evaluations(rows, sender, EVERYTHING)


def post_often(tell: PipeConnection, settings: Settings, sender: str) -> None:
    with closing(Workspace(settings)) as workspace:
        tell.send(killing.BEGIN)
        for number in range(POSTS):
            post(workspace, sender, number)


def count(workspace: Workspace) -> int:
    with workspace.facts.read() as connection:
        return queries.status(connection).evaluations


def assert_whole(workspace: Workspace) -> None:
    with workspace.facts.read() as connection:
        assert integrity.findings(connection, workspace.catalog).lines == ()


def files_of(settings: Settings) -> list[Path]:
    assert settings.lake is not None and settings.lake.folder is not None
    return list(settings.lake.folder.rglob("*.parquet"))


def put_in_order(workspace: Workspace) -> None:
    """Put the files in order as it is done after a day."""
    lake = workspace.facts._lake
    assert lake is not None
    with lake.writer_lock(), lake.connected() as connection:
        committing = connection.execution_options(isolation_level="AUTOCOMMIT")
        ducklake_files.tidy(committing, ducklake_engine.LAKE, timedelta(0))


def test_a_question_sees_one_snapshot_beside_writers_and_merging(workspace: Workspace, settings: Settings) -> None:
    """Two threads and another process write, files are merged, and each reader's facts and rollups agree."""
    ended, torn = threading.Event(), []
    facts, rollup, version = (
        sa.select(each).scalar_subquery()
        for each in (
            sa.select(sa.func.count()).select_from(schema.evaluations).scalar_subquery(),
            sa.func.coalesce(sa.func.sum(TOTAL.c.evaluations), 0),
            schema.workspace.c.data_version,
        )
    )

    def read() -> int:
        reads = 0
        while not ended.is_set() or not reads:
            with workspace.facts.read() as connection:
                held = connection.execute(sa.select(facts)).scalar_one()
                summed = connection.execute(sa.select(rollup)).scalar_one()
                if (
                    held != summed
                    or held % ROWS
                    or connection.execute(sa.select(version)).scalar_one() < held / ROWS / 9
                ):
                    torn.append((held, summed))
            reads += 1
        return reads

    def write(sender: str) -> None:
        for number in range(POSTS):
            post(workspace, sender, number)

    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(read) for _ in range(2)]
        writers: list[Future[Any]] = [pool.submit(write, f"thread-{number}") for number in range(2)]
        writers.append(pool.submit(lambda: bool(killing.run(post_often, settings, "process"))))
        try:
            put_in_order(workspace)
            for writer in writers:
                writer.result()
            put_in_order(workspace)
        finally:
            ended.set()
        assert all(reader.result() for reader in readers)
    assert (torn, count(workspace)) == ([], 3 * POSTS * ROWS)
    assert_whole(workspace)


def test_files_are_put_in_order(workspace: Workspace, settings: Settings) -> None:
    for number in range(POSTS):
        post(workspace, "a", number)
    assert settings.lake is not None and settings.lake.folder is not None
    months = settings.lake.folder / "facts" / "main" / "evaluations"
    assert {f"{path.parent.name} {path.name}" for path in months.glob("*/*")} == {
        f"year=2024 month={1 + month}" for month in range(ROWS)
    }
    of_the_killed = months / "year=2024" / "month=1" / "of-a-writer-that-was-killed.parquet"
    of_the_killed.write_bytes(b"")
    before = len(files_of(settings))
    put_in_order(workspace)
    put_in_order(workspace)  # what was merged the first time is deleted now
    assert len(files_of(settings)) < before and not of_the_killed.exists()
    assert len(list(months.rglob("*.parquet"))) == ROWS
    assert count(workspace) == POSTS * ROWS
    assert_whole(workspace)


def test_merging_waits_until_it_is_due(
    workspace: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(workspace, "a", 0)
    post(workspace, "a", 1)
    before = len(files_of(settings))
    workspace.facts.tidy_files()
    assert len(files_of(settings)) == before
    monkeypatch.setattr(ducklake_files, "MANY_SNAPSHOTS", 2)
    workspace.facts.tidy_files()
    assert len(files_of(settings)) > before  # the merged ones, as the others are kept for a day
    assert count(workspace) == 2 * ROWS


def test_a_change_is_lost_where_the_lock_is(workspace: Workspace, settings: Settings) -> None:
    """Another writer may have begun by then."""
    holders = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    address = str(settings.facts_url.set(drivername="postgresql"))
    with (
        pytest.raises(DatabaseUnavailableError),
        workspace.facts.write() as connection,
        psycopg.connect(address, autocommit=True) as other,
    ):
        connection.execute(sa.update(schema.workspace).values(data_version=77))
        other.execute(holders)
    with workspace.facts.read() as connection:
        assert connection.execute(sa.select(schema.workspace.c.data_version)).scalar_one() == 0
    post(workspace, "a", 0)
    assert count(workspace) == ROWS


def test_a_change_that_nobody_told_of_is_found(workspace: Workspace, settings: Settings) -> None:
    """As that of a writer who was killed right after its commit."""
    workspace.facts.start_listener()
    until(lambda: workspace.facts.change_token() is not None)
    known = workspace.facts.known_catalog_writes
    with closing(Workspace(settings)) as other:
        lake = other.facts._lake
        assert lake is not None
        with lake.connected() as connection, connection.begin():
            connection.execute(sa.update(schema.workspace).values(data_version=5))
    until(lambda: workspace.facts.known_catalog_writes > known)


def test_files_elsewhere_are_refused(settings: Settings, tmp_path: Path) -> None:
    Workspace(settings).close()
    elsewhere = settings.database_url.replace(f"data={tmp_path}/files", f"data={tmp_path}/others")
    with pytest.raises(ConfigurationError, match="the lake's files are not where data= says"):
        Workspace(settings.model_copy(update={"database_url": elsewhere}))


def test_a_catalog_that_is_away_and_comes_back(tmp_path: Path) -> None:
    with postgres.controlled(parent=postgres.MEMORY) as server:
        url = lakes.url(server.folder, "postgres", tmp_path / "files")
        with closing(Workspace(Settings(data_dir=tmp_path / "data", database_url=url, sample="off"))) as workspace:
            post(workspace, "a", 0)
            server.stop("fast")
            for ask in (lambda: count(workspace), lambda: post(workspace, "a", 1)):
                with pytest.raises(DatabaseUnavailableError, match="The database does not answer"):
                    ask()
            server.start()
            post(workspace, "a", 2)
            assert count(workspace) == 2 * ROWS


@pytest.fixture
def bucket(postgres_socket: Path, tmp_path: Path) -> Iterator[tuple[s3_server.S3Server, Callable[..., Settings]]]:
    with ExitStack() as stack:
        server = stack.enter_context(s3_server.server())
        name = f"s3_{os.getpid()}"
        address = stack.enter_context(postgres.database(postgres_socket, name))

        def at(endpoint: str = server.endpoint) -> Settings:
            url = f"ducklake:{address}&data=s3://callboard/calls&endpoint={endpoint}&region=us-east-1"
            return Settings(data_dir=tmp_path / "data", database_url=url, sample="off")

        yield server, at


def test_files_in_a_bucket(bucket: tuple[s3_server.S3Server, Callable[..., Settings]]) -> None:
    server, at = bucket
    with closing(Workspace(at())) as workspace:
        post(workspace, "a", 0)
        post(workspace, "a", 1)
        put_in_order(workspace)
        assert count(workspace) == 2 * ROWS
        assert_whole(workspace)
    keys = [each["Key"] for each in server.client().list_objects_v2(Bucket="callboard")["Contents"]]
    assert all(key.startswith("calls/facts/main/") for key in keys)
    assert any("/evaluations/year=2024/month=1/" in key for key in keys)
    with pytest.raises(DatabaseUnavailableError, match="The files of the lake can't be reached"):
        Workspace(at("http://127.0.0.1:9"))
