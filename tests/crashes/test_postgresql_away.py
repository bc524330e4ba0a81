"""PostgreSQL stopped, killed and started while programs ask and pages are open: words meanwhile, and back by itself."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace
from tests import postgres
from tests.api_client import make_key
from tests.crashes.killing import Openings, differences
from tests.serving import served
from tests.waiting import until

ROWS = 2_000
ASKERS = 3
QUERY_SECONDS = 30
MOST = 5_000  # requests of each asker


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.controlled() as made:
        yield made


@pytest.fixture
def settings(server: postgres.Server, tmp_path: Path) -> Settings:
    """Give settings of a database with some evaluations."""
    name = f"away_{tmp_path.name}"
    with psycopg.connect(postgres.url(server.folder, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    chosen = Settings(data_dir=tmp_path / "data", database_url=postgres.url(server.folder, name), sample="off")
    workspace = Workspace(chosen)
    path = tmp_path / "base.csv"
    path.write_text(
        "id,audioDate,averageNote,campaignId\n"
        + "".join(f"base-{n},2024-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 11},c{n % 20}\n" for n in range(ROWS))
    )
    TASKS["import"](workspace, {"files": [(str(path), path.name)], "actor": "test"}, lambda *_: None)
    workspace.close()
    return chosen


def variables(settings: Settings) -> dict[str, str]:
    return {"CALLBOARD_DATABASE_URL": settings.database_url, "CALLBOARD_RATE_LIMIT": "off"}


@dataclass
class Load:
    """Programs that ask without a pause, and what they were answered."""

    address: str
    key: str
    answers: list[tuple[int, dict[str, Any], str | None, float]] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    unanswered: list[httpx.HTTPError] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _number: Iterator[int] = field(default_factory=itertools.count)

    def ask(self, client: httpx.Client) -> int:
        """Ask something that no cache has."""
        number = next(self._number)
        path = ("summary", "campaigns", "trends")[number % 3]
        return self._take(client, "GET", f"/v1/analytics/{path}", params={"campaignId": ["c1", f"x{number}"]})

    def send(self, client: httpx.Client) -> int:
        """Send an evaluation."""
        key = f"sent-{next(self._number)}"
        status = self._take(client, "POST", "/v1/evaluations", json=[{"id": key, "audioDate": "2024-05-05"}])
        if status == 200:
            self.acknowledged.add(key)
        return status

    def _take(self, client: httpx.Client, method: str, path: str, **more: Any) -> int:
        began = time.monotonic()
        answer = client.request(method, path, **more)
        body = answer.json() if answer.status_code != 200 else {}
        self.answers.append((answer.status_code, body, answer.headers.get("retry-after"), time.monotonic() - began))
        return answer.status_code

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=2 * QUERY_SECONDS)

    def start(self) -> list[threading.Thread]:
        def go(what: Callable[[httpx.Client], int]) -> None:
            with self.client() as client:
                try:
                    for _ in range(MOST):
                        if self._stopped.wait(0.02):
                            return
                        what(client)
                except httpx.HTTPError as error:
                    self.unanswered.append(error)

        threads = [threading.Thread(target=go, args=(each,)) for each in (*[self.ask] * ASKERS, self.send)]
        for thread in threads:
            thread.start()
        return threads

    def wait_for(self, answers: int) -> None:
        """Wait until so many more came."""
        enough = len(self.answers) + answers
        until(lambda: len(self.answers) >= enough)

    def stop(self) -> None:
        self._stopped.set()


def kill_first(server: postgres.Server) -> None:
    """Kill the server's first process; the others see that it is gone, and go."""
    first = server.process
    os.kill(first, signal.SIGSTOP)  # so that none is born while they are counted
    family = [first, *(each for each in processes() if parent(each) == first)]
    os.kill(first, signal.SIGKILL)
    until(lambda: all(parent(each) is None for each in family))
    server.forget()


def processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def parent(process: int) -> int | None:
    """Return the parent of a process; None where it has ended."""
    try:
        state, found, *_ = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else int(found)


AWAY: dict[str, Callable[[postgres.Server], None]] = {
    "stopped fast": lambda server: server.stop("fast"),
    "stopped at once": lambda server: server.stop("immediate"),
    "killed": kill_first,
}


def texts(page: Page, address: str) -> str:
    page.goto(f"{address}/?period=all")
    return page.inner_text("body")


def test_away_under_load(server: postgres.Server, settings: Settings, chromium: Browser, openings: Openings) -> None:
    key = make_key(settings.data_dir, settings={"database_url": settings.database_url})
    with served(settings.data_dir, **variables(settings)) as address:
        page = chromium.new_context(viewport={"width": 1440, "height": 1000}).new_page()
        assert "2,000" in texts(page, address)
        load = Load(address, key)
        threads = load.start()
        with load.client() as client:
            for go_away in AWAY.values():
                until(lambda: load.ask(client) == 200)
                go_away(server)
                assert load.ask(client) == 503
                assert httpx.get(f"{address}/healthz", timeout=60).status_code == 200
                ready = httpx.get(f"{address}/readyz", timeout=60)
                assert ready.status_code == 503 and ready.headers["retry-after"]
                told = texts(page, address)
                assert "The database does not answer at the moment" in told
                assert "Traceback" not in told and "psycopg" not in told and str(server.folder) not in told
                load.wait_for(40)
                server.start()
                openings.seconds.append(until(lambda: load.ask(client) == 200))
                until(lambda: httpx.get(f"{address}/readyz", timeout=60).status_code == 200)
                assert "The database does not answer" not in texts(page, address)
                assert page.locator(".cb-shown").count() == 1
            load.stop()
            for thread in threads:
                thread.join()
    assert load.unanswered == []
    assert {status for status, *_ in load.answers} == {200, 503}
    for status, body, retry_after, seconds in load.answers:
        assert seconds < QUERY_SECONDS
        if status == 503:
            assert body["error"]["code"] == "DATABASE_UNAVAILABLE" and retry_after
    workspace = Workspace(settings)
    with workspace.facts.read() as connection:
        ids = connection.execute(sa.select(schema.evaluations.c.id)).scalars().all()
    assert load.acknowledged and len(ids) == len(set(ids)) and load.acknowledged <= set(ids)
    assert differences(workspace) == []
    workspace.close()


def killed_one(engine: sa.Engine, number: int) -> bool:
    """Kill one of the processes that serve the database; the server then starts anew, with all others."""
    backends = sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> :me")
    try:
        with engine.connect() as connection:
            me = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
            found = connection.execute(backends, {"me": me}).scalars().all()
        if found:
            os.kill(found[number % len(found)], signal.SIGKILL)
    except (sa.exc.OperationalError, ProcessLookupError):  # it starts anew still, or that one has just ended
        return False
    return bool(found)


def test_a_killed_backend_is_got_over(settings: Settings, openings: Openings) -> None:
    key = make_key(settings.data_dir, settings={"database_url": settings.database_url})
    with served(settings.data_dir, **variables(settings)) as address:
        load = Load(address, key)
        threads = load.start()
        engine = sa.create_engine(settings.facts_url, poolclass=sa.NullPool)
        with load.client() as client:
            for number in range(5):
                until(lambda: load.ask(client) == 200)
                until(lambda number=number: killed_one(engine, number))  # type: ignore[misc]  # the default has no type
                openings.seconds.append(until(lambda: load.send(client) == 200))
            load.stop()
            for thread in threads:
                thread.join()
        engine.dispose()
    assert load.unanswered == [] and {status for status, *_ in load.answers} <= {200, 503}
    workspace = Workspace(settings)
    with workspace.facts.read() as connection:
        ids = connection.execute(sa.select(schema.evaluations.c.id)).scalars().all()
    assert len(ids) == len(set(ids)) and load.acknowledged <= set(ids)
    assert differences(workspace) == []
    workspace.close()


def test_started_while_it_is_away(server: postgres.Server, settings: Settings, openings: Openings) -> None:
    key = make_key(settings.data_dir, settings={"database_url": settings.database_url})
    server.stop("fast")
    with served(settings.data_dir, **variables(settings)) as address:
        try:
            assert httpx.get(f"{address}/healthz", timeout=60).status_code == 200
            ready = httpx.get(f"{address}/readyz", timeout=60)
            assert ready.status_code == 503 and ready.headers["retry-after"]
            load = Load(address, key)
            with load.client() as client:
                assert load.ask(client) == 503
        finally:
            server.start()
        openings.seconds.append(until(lambda: httpx.get(f"{address}/readyz", timeout=60).status_code == 200))
        with load.client() as client:
            assert load.ask(client) == load.send(client) == 200
