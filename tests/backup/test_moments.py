"""Whatever happens meanwhile: others write while a backup is taken, a process is killed at any step of a restore."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib.access import api_keys
from lib.access.audit_log import Action, AuditLog, record
from lib.analytics.grants import EVERYTHING
from lib.backup import archive
from lib.backup.restore import restore
from lib.catalog.catalog import BUILT_IN
from lib.errors import StorageError
from lib.settings import Settings
from lib.store import atomic_swap, schema
from lib.store.messages import JobStep, Message
from lib.store.state import StateStore
from lib.workspace import Workspace
from tests.backup.conftest import Kept, Reopened, back_up, facts_of, state_of
from tests.conftest import ROOT
from tests.waiting import until

RESTORE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from lib.store import atomic_swap
from lib.backup.restore import restore
from lib.catalog.catalog import BUILT_IN
from lib.settings import Settings

folder, backup, url, moments = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], map(int, sys.argv[4:])

def until(moment):
    passed = 0
    def step(*arguments):
        nonlocal passed
        passed += 1
        if passed > moment:
            os.kill(os.getpid(), signal.SIGKILL)
    def before(function):
        def call(*arguments, **more):
            step()
            return function(*arguments, **more)
        return call
    atomic_swap.sync = before(atomic_swap.sync)
    atomic_swap.os.replace = before(os.replace)
    atomic_swap.sqlite3.connect = before(atomic_swap.sqlite3.connect)
    settings = Settings(data_dir=folder / str(moment), database_url=url, sample="off")
    restore(settings, backup, lambda share, _: step() if share > 10 else None, replace=True, actor="test")

for moment in moments:  # one after another, each in a process of its own; nothing was opened before
    child = os.fork()
    if child == 0:
        until(moment)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def died(folder: Path, backup: Path, url: str, *moments: int) -> list[int]:
    """Restore, killed after so many steps, in a data dir of that name each; return the exit codes."""
    command = [sys.executable, "-c", RESTORE_AND_DIE, str(folder), str(backup), url, *map(str, moments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    codes = [int(line) for line in done.stdout.split()]
    assert len(codes) == len(moments) and set(codes) <= {0, -9}, (codes, done.stderr)
    return codes


def evaluations_and_notes(settings: Settings) -> tuple[int, int]:
    """Open both stores, as the app would, and return what tells the old from the new."""
    workspace = Workspace(settings)
    try:
        facts, state = facts_of(workspace), state_of(workspace.state)
        return len(facts["evaluations"]), len(state["notes"])
    finally:
        workspace.close()


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_killed_restore_of_embedded_stores(kept: Kept, tmp_path: Path) -> None:
    # All is built; one of two names is given; both are; the facts are in place; the state is, too; the end.
    moments = (5, 7, 8, 11, 12, 13)
    Workspace(Settings(data_dir=tmp_path / "empty", sample="off")).close()
    for moment in moments:
        shutil.copytree(tmp_path / "empty", tmp_path / str(moment))
    codes = died(tmp_path, kept.backup, "", *moments)
    assert codes == [-9] * 5 + [0]
    found = []
    for moment in moments:
        settings = Settings(data_dir=tmp_path / str(moment), sample="off")
        found.append(evaluations_and_notes(settings))
        if moment == 7:  # after a killed one the next one comes to its end, and leaves nothing of the first
            restore(settings, kept.backup, lambda *_: None, replace=True, actor="test")
            assert evaluations_and_notes(settings) == (300, 1)
            assert not list(settings.data_dir.glob("*.restor*"))
    # Once it is decided on, who comes next brings it to its end.
    assert found == [(0, 0)] * 2 + [(300, 1)] * 4


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_killed_restore_on_postgresql(kept: Kept, settings: Settings, tmp_path: Path) -> None:
    workspace = Workspace(settings)
    with workspace.facts.write() as connection:
        connection.execute(sa.delete(schema.evaluations).where(schema.evaluations.c.id == "1"))
    with workspace.state.transaction() as connection:
        connection.execute(sa.delete(schema.notes))
    workspace.close()
    codes = died(tmp_path / "dirs", kept.backup, settings.database_url, 0, 1)
    assert codes == [-9, -9]
    engine = sa.create_engine(settings.facts_url)
    with engine.connect() as connection:
        counted = sa.select(sa.func.count())
        for table, count in ((schema.evaluations, 299), (schema.notes, 0), (schema.views, 1)):
            assert connection.execute(counted.select_from(table)).scalar_one() == count
    engine.dispose()
    restore(settings, kept.backup, lambda *_: None, replace=True, actor="test")
    assert evaluations_and_notes(settings) == (300, 1)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_restored_data_wait_for_who_holds_the_database(settings: Settings, reopened: Reopened) -> None:
    """Nobody's file is taken away from under them."""
    reopened()
    facts, state = settings.facts_file, settings.state_file
    assert facts is not None and state is not None
    for store in (facts, state):
        store.with_name(f"{store.name}.restored").write_bytes(b"new")
    code = "from lib.settings import Settings; from lib.store.state import StateStore; from pathlib import Path; import sys; "
    code += "StateStore(Settings(data_dir=Path(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(settings.data_dir)], cwd=ROOT, capture_output=True, text=True
    )
    assert StorageError.__name__ in done.stderr and "Another process holds the embedded database" in done.stderr
    for store in (facts, state):
        store.with_name(f"{store.name}.restored").unlink()
    atomic_swap.finish(facts, state)  # nothing is left to be done


def test_rows_that_are_in_a_log_still_are_not_left_behind(tmp_path: Path) -> None:
    facts, state = tmp_path / "facts.duckdb", tmp_path / "state.sqlite"
    for log in ("facts.duckdb.restoring.wal", "facts.duckdb.restoring.wal.checkpoint", "state.sqlite.restoring-wal"):
        for store in (facts, state):
            store.with_name(f"{store.name}.restoring").write_bytes(b"new")
        (tmp_path / log).write_bytes(b"rows")
        with pytest.raises(StorageError, match=f"{log} .*Nothing was changed"), atomic_swap.decided(facts, state):
            pytest.fail("it was decided")
        assert len(list(tmp_path.iterdir())) == 3
        atomic_swap.abandon(facts, state)
        assert not list(tmp_path.iterdir())


def test_a_restored_state_that_cant_be_put_in_place_waits(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    state.with_name("state.sqlite.restoring").write_bytes(b"no database, but long enough to be told from one" * 9)
    with pytest.raises(StorageError, match="Start again to go on with it"), atomic_swap.decided(None, state):
        atomic_swap.apply_swap(None, state)
    atomic_swap.abandon(None, state)
    assert (tmp_path / "state.sqlite.restored").exists()


def test_a_backup_is_of_one_moment_while_others_write(reopened: Reopened, tmp_path: Path) -> None:
    """Each writer's transaction adds one evaluation, and a link to the version that it made."""
    workspace, stopping = reopened(), threading.Event()
    head, table, links = schema.workspace, schema.evaluations, schema.pinned_links
    with workspace.facts.read() as connection:
        one = dict(connection.execute(sa.select(table).limit(1)).one()._mapping)
        first = connection.execute(sa.select(head.c.data_version)).scalar_one()
    with workspace.state.read() as connection:
        link = dict(connection.execute(sa.select(links).limit(1)).one()._mapping)

    def write() -> None:
        version = first
        while not stopping.is_set():
            version += 1
            with workspace.facts.write() as connection:
                connection.execute(sa.insert(table).values({**one, "id": f"new {version}"}))
                connection.execute(sa.update(head).values(data_version=version))
            with workspace.state.transaction() as connection:
                connection.execute(sa.insert(links).values({**link, "id": f"new {version}", "data_version": version}))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        versions = []
        for number in range(4):
            path = tmp_path / f"{number}.zip"
            back_up(workspace, path)
            with archive.opened(path) as backup:
                backup.verify(lambda _: None)
                made = backup.manifest
                assert made.facts.tables["evaluations"].rows - 300 == made.data_version - first
                held = backup.batches(made.state.tables["pinned_links"]).read_all()["data_version"].to_pylist()
                assert max(held) <= made.data_version  # no link speaks of data that the backup lacks
            versions.append(made.data_version)
    finally:
        stopping.set()
        writer.join()
    assert versions == sorted(versions) and versions[-1] > first


def revoke_all(state: StateStore) -> set[str]:
    """Revoke every key that is good still, and write a line of the audit; return their prefixes."""
    AuditLog(state).record("other", Action.DOWNLOAD, "meanwhile")
    good = [key.prefix for key in api_keys.all_keys(state) if key.revoked_at is None]
    return {api_keys.revoke(state, prefix, "other")[0].prefix for prefix in good}


def stays(state: StateStore, revoked: set[str]) -> None:
    """Hold that what `revoke_all` did is done still."""
    status = {key.prefix: key.status for key in api_keys.all_keys(state)}
    assert revoked and {status[prefix] for prefix in revoked} == {"revoked"}
    with state.read() as connection:
        lines = [
            (row.actor, row.action) for row in connection.execute(sa.select(schema.audit).order_by(schema.audit.c.id))
        ]
    assert {("other", Action.DOWNLOAD), ("other", Action.KEY_REVOKED), ("test", Action.RESTORE)} <= set(lines)


@pytest.mark.parametrize("state_in_a_file", [False, True])
def test_what_is_revoked_while_a_restore_is_at_work_stays_so(
    kept: Kept, settings: Settings, tmp_path: Path, state_in_a_file: bool
) -> None:
    """By another process, which is let in until the state is replaced: all is built by then."""
    if state_in_a_file:
        settings = settings.model_copy(update={"state_url": f"sqlite:///{tmp_path / 'state.sqlite'}"})
        restore(settings, kept.backup, lambda *_: None, replace=True, actor="test")
    last = JobStep.SWAPPING if settings.state_file else JobStep.COMPUTING_ROLLUPS
    other, revoked = StateStore(settings), set[str]()

    def meanwhile(_share: float, message: Message) -> None:
        if message.code is last:
            revoked.update(revoke_all(other))

    restore(settings, kept.backup, meanwhile, replace=True, actor="test")
    stays(other, revoked)
    other.close()
    again = StateStore(settings)
    stays(again, revoked)
    again.close()


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_what_is_revoked_before_a_killed_restore_is_brought_to_its_end_stays_so(kept: Kept, tmp_path: Path) -> None:
    """Once it is decided on, the first to open a store ends it; those who have one open may act until then."""
    decided = 8
    settings = Settings(data_dir=tmp_path / str(decided), sample="off")
    Workspace(settings).close()
    restore(settings, kept.backup, lambda *_: None, replace=True, actor="test")
    other = StateStore(settings)
    assert died(tmp_path, kept.backup, "", decided) == [-9]
    assert list(settings.data_dir.glob("*.restored"))
    revoked = revoke_all(other)
    again = StateStore(settings)
    assert not list(settings.data_dir.glob("*.restored"))
    stays(again, revoked)
    again.close()
    other.close()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("when", ["not committed yet", "begun while the keys are replaced"])
def test_a_revocation_and_a_restore_wait_for_each_other(kept: Kept, settings: Settings, when: str) -> None:
    """PostgreSQL lets both in: neither may overlook what the other one is about to commit."""
    other, revoked = StateStore(settings), set[str]()
    watching = sa.create_engine(settings.facts_url, isolation_level="AUTOCOMMIT")

    def someone_waits() -> bool:
        waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        with watching.connect() as connection:
            return bool(connection.execute(waiting).scalar_one())

    def revoke_slowly() -> None:
        """Commit once the restore waits for it."""
        revoked.update(key.prefix for key in api_keys.all_keys(other) if key.revoked_at is None)
        table = schema.api_keys
        ended = sa.update(table).where(table.c.prefix.in_(revoked)).values(revoked_at=datetime.now(UTC))
        with other.transaction() as connection:
            connection.execute(ended)
            record(connection, "other", Action.DOWNLOAD, "meanwhile")
            record(connection, "other", Action.KEY_REVOKED)
            begun.set()
            until(someone_waits)

    begun, threads = threading.Event(), []

    def start(target: Callable[[], object]) -> None:
        threads.append(threading.Thread(target=target))
        threads[-1].start()

    def meanwhile(_share: float, message: Message) -> None:
        if message.code is JobStep.COMPUTING_ROLLUPS and when == "not committed yet":
            start(revoke_slowly)
            assert begun.wait(60)

    def executed(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "DELETE FROM api_keys" in statement and when != "not committed yet":
            start(lambda: revoked.update(revoke_all(other)))
            until(someone_waits)

    sa.event.listen(sa.Engine, "after_cursor_execute", executed)
    try:
        restore(settings, kept.backup, meanwhile, replace=True, actor="test")
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", executed)
        for thread in threads:
            thread.join()
    stays(other, revoked)
    other.close()
    watching.dispose()


def test_a_state_that_was_taken_away_is_made_anew(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    settings = Settings(data_dir=tmp_path, sample="off", state_url=f"sqlite:///{state}")
    made = StateStore(settings)
    api_keys.create(made, "robot", ["analytics:read"], "test", EVERYTHING, BUILT_IN)
    made.close()
    state.rename(tmp_path / "state.sqlite.restored")
    atomic_swap.finish(None, state)
    again = StateStore(settings)
    assert [key.name for key in api_keys.all_keys(again)] == ["robot"]
    again.close()
    assert not list(tmp_path.glob("*.restored*"))
