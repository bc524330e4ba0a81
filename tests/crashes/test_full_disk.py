"""A disk that fills up under the running app: words, readiness, nothing lost, and back by itself once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from lib.access.owners import Owner
from lib.access.users import Role
from lib.analytics.grants import EVERYTHING
from lib.backup.restore import restore
from lib.errors import CallboardError, DatabaseUnavailableError, DiskFullError, StorageError
from lib.errors.codes import FailureCode
from lib.exports.mailed_files import host_file
from lib.jobs.queue import Job, Queue
from lib.jobs.tasks import TASKS
from lib.jobs.worker import ProgressReporter, Worker
from lib.outgoing.service import OutgoingService
from lib.scheduled_reports.definition import DefinitionReader
from lib.settings import Settings
from lib.store import atomic_swap, schema
from lib.store.facts import checkpoint
from lib.store.outgoing_schema import report_runs
from lib.store.state import StateStore
from lib.workspace import Workspace
from tests import postgres
from tests.api_client import make_key
from tests.backup.conftest import back_up
from tests.conftest import ROOT
from tests.crashes.full_disk import Ballast, mounted, needs_root
from tests.crashes.killing import Openings, differences
from tests.mail_server import mail_server
from tests.scheduled_reports.conftest import CALLS, SENDER
from tests.serving import served
from tests.waiting import until

pytestmark = needs_root
BASE_ROWS = 1_000
BATCH = 10_000
MANY_ROWS = 30_000
LOG_BYTES = 19 * 2**20  # room for what DuckDB keeps in its log, 16 MB, and too little to bring it into the database


class App:
    """A running app, and what was sent to it."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self.client = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60)
        self.acknowledged: list[str] = []
        self._batches = 0

    def send(self, rows: int = BATCH) -> httpx.Response:
        """Send a batch of evaluations with long names."""
        prefix, self._batches = f"sent-{self._batches}", self._batches + 1
        evaluations = [
            {"id": f"{prefix}-{n}", "audioDate": f"2024-01-{n % 28 + 1:02}", "audioFileName": os.urandom(60).hex()}
            for n in range(rows)
        ]
        answer = self.client.post("/v1/evaluations", json=evaluations)
        if answer.status_code == 200:
            self.acknowledged += [each["id"] for each in evaluations]
        return answer

    def refused(self, answer: httpx.Response) -> None:
        """Hold an answer to the one shape, with words that say that the disk is full."""
        error: dict[str, Any] = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (503, "DATABASE_UNAVAILABLE"), answer.text
        assert "disk is full" in error["message"] and answer.headers["retry-after"] and error["requestId"]

    def ready(self) -> httpx.Response:
        return self.client.get("/readyz")

    def count(self, **asked: str) -> int:
        answer = self.client.get("/v1/analytics/summary", params=asked)
        assert answer.status_code == 200, answer.text
        found: int = answer.json()["totalEvaluations"]
        return found

    def export(self) -> httpx.Response:
        return self.client.post("/v1/analytics/export", json={"format": "csv"})


T = TypeVar("T")


def with_no_room(ballast: Ballast, ask: Callable[[], T], refuses: Callable[[T], bool]) -> T:
    """Return how it is refused on the full disk; what a server clears away by itself meanwhile is taken, too."""
    found: list[T] = []

    def refused() -> bool:
        ballast.leave(0)
        found[:] = [ask()]
        return refuses(found[0])

    until(refused)
    return found[0]


class Reader(threading.Thread):
    """Asks without a pause what no cache has, from one side, while the other side writes."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self._client = httpx.Client(base_url=app.address, headers=app.client.headers, timeout=60)
        self.stopped = threading.Event()
        self.answers: set[int] = set()

    def __enter__(self) -> Reader:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()
        self._client.close()

    def run(self) -> None:
        number = 0
        while not self.stopped.wait(0.02):
            number += 1
            asked = {"campaignId": f"x{number}"}
            self.answers.add(self._client.get("/v1/analytics/summary", params=asked).status_code)


def base(settings: Settings, path: Path) -> None:
    workspace = Workspace(settings)
    path.write_text("id,audioDate\n" + "".join(f"base-{n},2024-02-{n % 28 + 1:02}\n" for n in range(BASE_ROWS)))
    loaded(workspace, path)
    workspace.close()


def check_all(settings: Settings, app: App, more: int = 0) -> None:
    workspace = Workspace(settings)
    with workspace.facts.read() as connection:
        ids = connection.execute(sa.select(schema.evaluations.c.id)).scalars().all()
    assert len(set(ids)) == len(ids)
    assert set(app.acknowledged) <= set(ids)
    assert len(ids) == BASE_ROWS + len(app.acknowledged) + more
    assert differences(workspace) == []
    workspace.close()


def command(path: Path, settings: Settings) -> subprocess.CompletedProcess[str]:
    variables = {"CALLBOARD_DATA_DIR": str(settings.data_dir), "CALLBOARD_DATABASE_URL": settings.database_url}
    return subprocess.run(
        [sys.executable, "-m", "lib", "import", str(path)],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def server_on_small_disk() -> Iterator[tuple[postgres.Server, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="callboard-disk-"))
    folder.chmod(0o755)  # the server runs as another user
    try:
        with mounted(folder / "disk", 300) as disk, postgres.controlled(disk / "cluster") as server:
            yield server, disk
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_embedded_databases_disk(tmp_path: Path, openings: Openings) -> None:
    with mounted(tmp_path / "app" / "data", 96) as disk:
        settings = Settings(data_dir=disk, sample="off")
        base(settings, tmp_path / "base.csv")
        key = make_key(disk)
        more = tmp_path / "more.csv"
        more.write_text("id,audioDate\n" + "".join(f"more-{n},2024-03-{n % 28 + 1:02}\n" for n in range(50)))
        ballast = Ballast(disk)
        with served(disk, CALLBOARD_SAMPLE="off", CALLBOARD_RATE_LIMIT="off") as address:
            app = App(address, key)
            ballast.leave(LOG_BYTES)
            answer = app.send()
            while answer.status_code == 200:
                answer = app.send()
            app.refused(answer)
            # Before, it could have kept the log from being brought into the database, which fails.
            with Reader(app) as reader:
                ballast.leave(0)
                app.refused(app.send(10))
                app.refused(app.ready())
                app.refused(app.export())
                assert app.client.get("/healthz").status_code == 200
                imported = command(more, settings)
                assert imported.returncode == 2 and "disk is full" in imported.stderr
                # What is there can be read, also what was never asked.
                until(lambda: app.client.get("/v1/analytics/summary").status_code == 200)
                assert app.count() == BASE_ROWS + len(app.acknowledged)
                assert app.count(dateTo="2024-01-31") == len(app.acknowledged)
                ballast.remove()
                openings.seconds.append(until(lambda: app.ready().status_code == 200))
                assert app.send(10).status_code == 200
                imported = command(more, settings)  # done by the app's worker, which is there still
                assert imported.returncode == 0, imported.stderr
                job = app.export().json()["jobId"]
                until(lambda: app.client.get(f"/v1/analytics/export/{job}").json()["status"] == "completed")
            assert reader.answers <= {200, 503} and 200 in reader.answers
            app.client.close()
        assert "it is opened anew" in (tmp_path / "app" / "data.log").read_text()
        check_all(settings, app, more=50)


def test_readers_beside_a_database_that_fails_to_write(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with mounted(tmp_path / "data", 48) as disk:
        settings = Settings(data_dir=disk, sample="off")
        base(settings, tmp_path / "base.csv")
        workspace = Workspace(settings)
        ballast = Ballast(disk)
        ballast.leave(LOG_BYTES)
        path = tmp_path / "many.csv"
        stopped = threading.Event()
        counts: set[int] = set()
        failed: list[BaseException] = []

        def read() -> None:
            while not stopped.wait(0.02):
                try:
                    with workspace.facts.read() as connection:
                        rows = sa.select(sa.func.count()).select_from(schema.evaluations)
                        counts.add(connection.execute(rows).scalar_one())
                except (DatabaseUnavailableError, DiskFullError):
                    continue
                except BaseException as error:
                    failed.append(error)
                    return

        readers = [threading.Thread(target=read) for _ in range(6)]
        for reader in readers:
            reader.start()
        held = {BASE_ROWS}
        fill(path, 0)
        while len(held) < 20:
            try:
                loaded(workspace, path)
            except DiskFullError:
                break
            held.add(max(held) + MANY_ROWS)
            fill(path, len(held))
        with pytest.raises(DiskFullError):
            loaded(workspace, path)
        until(lambda: "it is opened anew" in caplog.text or fails_to_write(workspace))
        seen = len(counts)
        counts.clear()
        until(lambda: counts == {max(held)})  # readers are served, the disk is full
        ballast.remove()
        loaded(workspace, path)
        held.add(max(held) + MANY_ROWS)
        until(lambda: max(held) in counts)
        stopped.set()
        for reader in readers:
            reader.join()
        assert failed == [] and seen and counts <= held
        assert "it is opened anew" in caplog.text
        assert differences(workspace) == []
        workspace.close()


def fails_to_write(workspace: Workspace) -> bool:
    """Bring the log into the database; return whether that failed. While others read, it is refused."""
    try:
        with workspace.facts.session() as connection:
            checkpoint(connection)
    except (DatabaseUnavailableError, DiskFullError):
        return True
    except DBAPIError:
        return False
    return False


def fill(path: Path, number: int, rows: int = MANY_ROWS) -> None:
    lines = (f"{number}-{n},2024-01-{n % 28 + 1:02},{os.urandom(60).hex()}\n" for n in range(rows))
    path.write_text("id,audioDate,audioFileName\n" + "".join(lines))


def loaded(workspace: Workspace, path: Path) -> None:
    TASKS["import"](workspace, {"files": [(str(path), path.name)], "actor": "test"}, lambda *_: None)


def test_postgresqls_disk(
    server_on_small_disk: tuple[postgres.Server, Path], tmp_path: Path, openings: Openings
) -> None:
    server, disk = server_on_small_disk
    with psycopg.connect(postgres.url(server.folder, "postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE small")
    settings = Settings(data_dir=tmp_path / "data", database_url=postgres.url(server.folder, "small"), sample="off")
    base(settings, tmp_path / "base.csv")
    key = make_key(settings.data_dir, settings={"database_url": settings.database_url})
    ballast = Ballast(disk)
    variables = {"CALLBOARD_DATABASE_URL": settings.database_url, "CALLBOARD_RATE_LIMIT": "off"}
    with served(settings.data_dir, **variables) as address:
        app = App(address, key)
        with Reader(app) as reader:
            assert app.send().status_code == 200
            # Readiness asks the server only after a change was refused for want of room.
            for ask in (app.send, lambda: (app.send(), app.ready())[1]):
                app.refused(with_no_room(ballast, ask, lambda answer: answer.status_code != 200))
            imported = with_no_room(
                ballast, lambda: command(tmp_path / "base.csv", settings), lambda ended: ended.returncode != 0
            )
            assert imported.returncode == 2 and "disk is full" in imported.stderr
            assert app.count() == BASE_ROWS + len(app.acknowledged)
            assert app.count(dateTo="2024-01-31") == len(app.acknowledged)
            ballast.remove()
            openings.seconds.append(until(lambda: app.ready().status_code == 200))
            assert app.send().status_code == 200
        assert reader.answers == {200}
        app.client.close()
    check_all(settings, app)


def test_a_worker_outlives_a_state_that_cant_be_written(tmp_path: Path) -> None:
    with mounted(tmp_path / "state", 8) as disk:
        state = StateStore(Settings(data_dir=disk, sample="off"))
        queue = Queue(state)
        ballast = Ballast(disk)

        def fill(_job: Job, _steps: ProgressReporter) -> dict[str, Any]:
            ballast.leave(0)
            return {"long": "x" * 100_000}

        worker = Worker(queue, {"fill": fill, "other": lambda *_: {}})
        worker.start()
        first = queue.add("fill", {}, "test")
        until(lambda: (disk / "ballast").exists())
        with pytest.raises(DiskFullError):
            for _ in range(1_000):
                queue.add("other", {"long": "x" * 10_000}, "test")
        with pytest.raises(CallboardError, match="disk is full"):
            state.check_room()
        found = queue.get(first.id)
        assert found is not None and not found.ended
        ballast.remove()
        until(lambda: getattr(queue.get(first.id), "ended", False))
        state.check_room()
        other = queue.add("other", {}, "test")
        until(lambda: getattr(queue.get(other.id), "status", "") == "completed")
        worker.stop()
        state.close()


def test_a_restore_that_finds_no_room(tmp_path: Path) -> None:
    """Wherever the room ends, all is as it was, and nothing that was built is left; with enough it is restored."""
    with mounted(tmp_path / "disk", 60) as disk:
        settings = Settings(data_dir=disk / "data", sample="off")
        fill(tmp_path / "base.csv", 0, 3_000)
        workspace = Workspace(settings)
        loaded(workspace, tmp_path / "base.csv")
        back_up(workspace, tmp_path / "kept.zip")
        (tmp_path / "later.csv").write_text("id,audioDate\nlater,2024-01-01\n")
        loaded(workspace, tmp_path / "later.csv")
        workspace.close()
        ballast, refused = Ballast(disk), 0
        for megabytes in range(3, 20):
            ballast.leave(megabytes * 2**20)
            before = sorted(path.name for path in settings.data_dir.iterdir())
            try:
                restored = restore(settings, tmp_path / "kept.zip", lambda *_: None, replace=True, actor="test")
            except StorageError:
                refused += 1
            else:
                break
            assert sorted(path.name for path in settings.data_dir.iterdir()) == before
            ballast.remove()
            assert evaluations(settings) == 3_001
        assert refused > 5 and restored.evaluations == 3_000
        ballast.remove()
        assert evaluations(settings) == 3_000


def evaluations(settings: Settings) -> int:
    """Open the stores, and count."""
    workspace = Workspace(settings)
    try:
        with workspace.facts.read() as connection:
            rows = sa.select(sa.func.count()).select_from(schema.evaluations)
            return int(connection.execute(rows).scalar_one())
    finally:
        workspace.close()


def test_a_restored_state_is_put_in_place_only_where_it_has_room(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", 8) as disk:
        state, built = disk / "state.sqlite", disk / "state.sqlite.restoring"
        built.write_bytes(bytes(2**20))
        ballast = Ballast(disk)
        ballast.leave(2 * 2**20)
        with pytest.raises(DiskFullError, match="Nothing was changed"), atomic_swap.decided(None, state):
            pytest.fail("it was decided")
        assert built.exists()
        ballast.remove()
        with atomic_swap.decided(None, state):
            assert not built.exists()


def test_a_report_that_the_disk_has_no_room_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The run says why and is tried again, nothing is sent half, and the runner is there once there is room."""
    with mounted(tmp_path / "data", 64) as disk, mail_server() as inbox:
        workspace = Workspace(Settings(data_dir=disk, sample="off", smtp_url=inbox.url, mail_from=SENDER))
        path = tmp_path / "calls.csv"
        path.write_text(CALLS)
        loaded(workspace, path)
        person = workspace.people.add("adam@example.com", Role.ANALYST, EVERYTHING, "test")
        reader = DefinitionReader(workspace.catalog, workspace.calendar, {person.email: True}, frozenset())
        outgoing, numbers = workspace.outgoing, []
        for name in ("First", "Second"):
            order = {"name": name, "page": "call_centers", "recipients": [person.email], "attachments": ["pdf", "csv"]}
            report = outgoing.reports.add(reader.read(order), Owner(person.actor, person.id), 1)
            numbers.append(outgoing.send_now(report))
        ballast = Ballast(disk)
        ballast.leave(100_000)  # room to begin, too little for what is to be sent
        assert outgoing.runner.make_next()
        first = outgoing.runs.get(numbers[0])
        assert first is not None and first.error is not None and (first.status, first.failures) == ("queued", 1)
        assert first.error.code is FailureCode.DISK_FULL
        ballast.leave(0)
        outgoing.start(is_alone=False)
        # Whether so much as the failure can be written down depends on what SQLite's log still has room for.
        until(lambda: "Reports can't be made now: The disk is full" in caplog.text or has_failed(outgoing, numbers[1]))
        assert workspace.outbox.of_causes(numbers) == {number: [] for number in numbers} and inbox.messages == []
        ballast.remove()
        with workspace.state.transaction() as connection:  # the minute until it is tried again has passed
            connection.execute(sa.update(report_runs).values(try_at=datetime.now(UTC)))
        until(lambda: all((run := outgoing.runs.get(each)) and run.status == "sent" for each in numbers))
        assert len(inbox.messages) == 2
        outgoing.stop()
        workspace.close()


def has_failed(outgoing: OutgoingService, number: str) -> bool:
    run = outgoing.runs.get(number)
    return run is not None and run.failures > 0


def test_a_linked_file_that_the_disk_has_no_room_for(tmp_path: Path) -> None:
    with mounted(tmp_path / "data" / "exports", 1):
        settings = Settings(data_dir=tmp_path / "data", sample="off")
        state = StateStore(settings)
        with pytest.raises(DiskFullError, match="The disk is full"):
            host_file(settings, state, Queue(state), "https://calls.example.com", "a.pdf", bytes(2**21), "test")
        assert list((tmp_path / "data" / "exports").iterdir()) == []
