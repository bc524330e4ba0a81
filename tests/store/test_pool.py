"""The connections of a process: no more than the setting says, whatever there is to do."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from lib.errors import DatabaseUnavailableError
from lib.settings import Settings
from lib.store import postgresql_engine
from lib.store.state import StateStore
from lib.workspace import Workspace

ON_A_SERVER = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)

MOST = 12


@pytest.fixture
def few(settings: Settings) -> Settings:
    """Give settings of a database without tables, and of a process with few connections."""
    return settings.model_copy(update={"pool_size": MOST})


@ON_A_SERVER
def test_a_process_has_no_more_connections_than_it_may(few: Settings) -> None:
    opened = Workspace(few)
    opened.start_workers()
    busy = sa.select(sa.func.pg_sleep(0.02))
    most, ended = 0, threading.Event()

    def work(number: int) -> None:
        if number % 3 == 0:
            with opened.facts.write() as connection:
                connection.execute(busy)
        with opened.facts.read() as facts, opened.state.transaction() as state:
            facts.execute(busy)
            state.execute(busy)

    def watch() -> None:
        nonlocal most
        counted = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid != pg_backend_pid() AND backend_type = 'client backend'"
        )
        url = few.database_url
        with psycopg.connect(url, autocommit=True) as connection:
            while not ended.wait(0.01):
                row = connection.execute(counted).fetchone()
                most = max(most, 0 if row is None else row[0])

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(4 * MOST) as threads:
        list(threads.map(work, range(8 * MOST)))
    ended.set()
    watcher.join()
    opened.close()
    assert most == MOST  # all of them were needed


@ON_A_SERVER
def test_who_finds_all_connections_busy_is_told_so(few: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_engine, "WAIT_SECONDS", 0.05)
    state = StateStore(few)
    held = [state.engine.connect() for _ in range(MOST // 2)]
    with pytest.raises(DatabaseUnavailableError, match=r"busy .*CALLBOARD_POOL_SIZE"), state.read():
        pass
    held.pop().close()
    with state.read() as connection:
        assert connection.scalar(sa.select(1)) == 1
    for each in held:
        each.close()
    state.close()


def test_two_processes_fit_into_the_connections_that_postgresql_has() -> None:
    """It has 100, of which 3 are for superusers, and a command and a look by hand are to find room, too."""
    assert 2 * Settings().pool_size <= 100 - 3 - 10
