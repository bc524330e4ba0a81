"""A backup restored is what was backed up, on either engine; anything else is refused, and nothing is changed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from lib.access import api_keys, signing
from lib.alerts.alert import AlertPause
from lib.backup import archive, table_io
from lib.backup.create import BackupRequest, create
from lib.backup.restore import restore
from lib.catalog.catalog import BUILT_IN
from lib.catalog.rollups import ROLLUPS
from lib.errors import (
    BackupError,
    CallboardError,
    ConflictError,
    DatabaseVersionError,
    DiskFullError,
    StorageError,
    TimeZoneConflictError,
)
from lib.jobs.queue import JobStatus
from lib.jobs.tasks import TASKS
from lib.scheduled_reports.repository import PauseReason, ReportStatus
from lib.settings import Settings
from lib.store import migrations, schema
from lib.store.arrow_shapes import shape, table_of
from lib.store.messages import JobStep, Message
from lib.store.state import StateStore
from lib.webhooks.webhook import OffReason, WebhookStatus
from lib.workspace import Workspace
from tests import postgres
from tests.backup.conftest import CALLS, Kept, Reopened, back_up, facts_of, state_of, version_of
from tests.conftest import ROOT


def quiet(_share: float, _message: Message) -> None:
    """Take no note of progress."""


def rewritten(path: Path, to: Path, change: Callable[[dict[str, Any], dict[str, bytes]], object]) -> Path:
    """Write a backup anew with another manifest or content."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(members["manifest.json"])
    change(manifest, members)
    members["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(to, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    return to


LATER_TABLES = (
    *("replaced_evaluations", "replaced_names", "evaluators", "forms", "fields", "field_1_names"),
    *("criteria", "answers", "metrics"),
)
LATER_COLUMNS = {
    "evaluations": {
        *("evaluator_key", "form_key", "evaluated_at", "recording_url", "data_version"),
        *("answer_set", "answers_digest", "answers_points", "answers_max", "critical_failed"),
        *("field_1", "field_2", "field_3"),
    },
    "imports": {"warnings", "data_version", "undo_lost", "undone_at", "undone_by", "undone_job"},
}


def as_at_the_third_revision(tables: dict[str, Any], members: dict[str, bytes]) -> None:
    """Take out of a backup what no facts had before imports could be undone and evaluations knew their evaluators."""
    for name in LATER_TABLES:
        del tables[name]
    without_columns(tables, members, LATER_COLUMNS)


def without_columns(tables: dict[str, Any], members: dict[str, bytes], columns: dict[str, set[str]]) -> None:
    """Take columns out of the tables of a backup."""
    for name, later in columns.items():
        rows = pq.read_table(BytesIO(members[tables[name]["name"]]))
        written = BytesIO()
        pq.write_table(rows.select([column for column in rows.column_names if column not in later]), written)
        content = written.getvalue()
        members[tables[name]["name"]] = content
        tables[name] |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@pytest.fixture
def backup(kept: Kept) -> Path:
    return kept.backup


def test_what_was_backed_up_comes_back(kept: Kept, settings: Settings, reopened: Reopened, tmp_path: Path) -> None:
    assert all(kept.facts.values()) and all(kept.state.values())
    workspace = Workspace(settings)
    more = tmp_path / "more.csv"
    more.write_text("id,audioDate\n0,2025-01-01\nnew,2025-01-01\n")
    assert TASKS["import"](workspace, {"files": [(str(more), "more.csv")], "actor": "test"}, quiet)["added"] == 1
    workspace.notes.delete("00000001")
    (good,) = [key for key in api_keys.all_keys(workspace.state) if key.revoked_at is None]
    api_keys.revoke(workspace.state, good.prefix, "test")
    before = version_of(workspace)
    workspace.close()
    with pytest.raises(ConflictError, match=r"301 evaluations, .*2 of api keys, .*callboard restore FILE --yes"):
        restore(settings, kept.backup, quiet, replace=False, actor="test")
    done = restore(settings, kept.backup, quiet, replace=True, actor="test")
    assert (done.evaluations, done.unfinished, done.with_secret) == (300, 1, False)
    again = reopened()
    assert facts_of(again) == kept.facts
    assert version_of(again) > before > kept.version  # no answer that was kept may be taken for one of these
    found = state_of(again.state)
    for name in ("mappings", "views", "notes", "people"):
        assert found[name] == kept.state[name]
    with again.state.read() as connection:  # one that was ended since would be good again
        assert connection.execute(sa.select(schema.sessions)).all() == []
    audited = [row[3] for row in sorted(found["audit"])]
    assert set(kept.state["audit"]) < set(found["audit"])
    assert audited[-3:] == ["import", "key_revoked", "restore"]  # what was done since the backup is not undone here
    assert {key.status for key in api_keys.all_keys(again.state)} == {"revoked"}  # since the backup, and for good
    assert found["idempotency"] == []
    assert {job.status for job in again.queue.newest(["import", "export"])} == {JobStatus.COMPLETED, JobStatus.FAILED}
    assert again.queue.claim(["import", "export", "backup"]) is None
    for name in ("reports", "alerts", "alert_states", "alert_changes", "webhooks", "unsubscribed"):
        assert found[name] == kept.state[name]
    for name in ("deliveries", "report_runs"):  # what was on its way may have arrived since
        columns = list(schema.STATE.tables[name].columns.keys())
        rows = [dict(zip(columns, row, strict=True)) for row in found[name]]
        assert all(row["finished_at"] for row in rows)
        assert [row["status"] for row in rows if row["id"] == "open"] == ["failed"]
    # The first link was made of these very data, the other one of older ones.
    assert [link[5] for link in found["pinned_links"]] == [version_of(again), 0]
    assert TASKS["import"](again, {"files": [(str(more), "more.csv")], "actor": "test"}, quiet)["added"] == 1


@pytest.mark.parametrize("keep_sending", [False, True])
def test_what_is_restored_sends_nothing_before_somebody_says_so(
    settings: Settings, reopened: Reopened, tmp_path: Path, keep_sending: bool
) -> None:
    """The workspace that was backed up may go on, and would send the same."""
    tables = {name: schema.STATE.tables[name] for name in ("reports", "alerts", "webhooks")}
    workspace = Workspace(settings)
    with workspace.state.transaction() as connection:
        for table in tables.values():
            connection.execute(sa.update(table).values(status="active"))
        connection.execute(sa.update(tables["alerts"]).values(status="paused", pause_reason=None))
    back_up(workspace, tmp_path / "sending.zip")
    workspace.close()
    done = restore(settings, tmp_path / "sending.zip", quiet, replace=True, actor="test", keep_sending=keep_sending)
    with reopened().state.read() as connection:
        rows = {name: connection.execute(sa.select(table)).one() for name, table in tables.items()}
    assert (rows["alerts"].status, rows["alerts"].pause_reason) == ("paused", None)  # as somebody had paused it
    if keep_sending:
        assert (rows["reports"].status, rows["webhooks"].status, done.paused) == ("active", "active", {})
        return
    assert "reports: 1, webhooks: 1" in done.in_words[-1]
    assert ReportStatus(rows["reports"].status) is ReportStatus.PAUSED and rows["reports"].next_at is None
    assert PauseReason(rows["reports"].pause_reason) is PauseReason.RESTORED
    assert WebhookStatus(rows["webhooks"].status) is WebhookStatus.OFF
    assert OffReason(rows["webhooks"].off_reason) is OffReason.RESTORED and AlertPause("restored")


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("state_in_a_file", [False, True])
def test_what_is_written_beside_a_restore_has_no_version_twice(
    kept: Kept, settings: Settings, reopened: Reopened, tmp_path: Path, state_in_a_file: bool
) -> None:
    """An answer that is kept for what others wrote meanwhile is not taken for one of what is restored."""
    if state_in_a_file:
        settings = settings.model_copy(update={"state_url": f"sqlite:///{tmp_path / 'state.sqlite'}"})
    other = reopened(settings)
    version = schema.workspace.c.data_version
    written: list[int] = []

    def write(_share: float, message: Message) -> None:
        if (
            message == Message(JobStep.COPYING_EVALUATIONS, {"done": 300, "total": 300}) and not written
        ):  # read into a file of the older form; nothing is locked
            with other.facts.write() as connection:
                connection.execute(sa.update(schema.workspace).values(data_version=version + 5))
            written.append(version_of(other))

    def older(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        manifest["facts"]["revision"] = FACTS[2]
        as_at_the_third_revision(manifest["facts"]["tables"], members)

    restore(settings, rewritten(kept.backup, tmp_path / "older.zip", older), write, replace=True, actor="test")
    again = reopened(settings)
    assert version_of(again) > written[0]
    assert [link[5] for link in state_of(again.state)["pinned_links"]] == [version_of(again), 0]


def test_a_row_of_some_megabytes_is_kept(settings: Settings, reopened: Reopened, tmp_path: Path) -> None:
    files = "x" * 3_000_000
    workspace = Workspace(settings)
    with workspace.facts.write() as connection:
        first = sa.select(sa.func.min(schema.imports.c.id)).scalar_subquery()
        connection.execute(sa.update(schema.imports).where(schema.imports.c.id == first).values(files=files))
    held = facts_of(workspace)
    back_up(workspace, tmp_path / "long.zip")
    workspace.close()
    restore(settings, tmp_path / "long.zip", quiet, replace=True, actor="test")
    assert facts_of(reopened()) == held


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_from_duckdb_to_postgresql_and_back(
    kept: Kept, reopened: Reopened, postgres_socket: Path, tmp_path: Path
) -> None:
    with postgres.database(postgres_socket, f"moved_{os.getpid()}") as url:
        server = Settings(data_dir=tmp_path / "server", database_url=url, sample="off")
        restore(server, kept.backup, quiet, replace=False, actor="test")
        moved = Workspace(server)
        assert facts_of(moved) == kept.facts
        back = tmp_path / "back.zip"
        back_up(moved, back)
        moved.close()
    home = Settings(data_dir=tmp_path / "home", sample="off")
    restore(home, back, quiet, replace=False, actor="test")
    found = reopened(home)
    assert facts_of(found) == kept.facts
    state = state_of(found.state)
    for name in ("api_keys", "views", "notes", "mappings", "people"):
        assert state[name] == kept.state[name]


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_the_zone_comes_with_the_backup(backup: Path, settings: Settings, reopened: Reopened) -> None:
    """Its days are in it; a variable that says another would refuse what is restored, so nothing is."""
    tokyo = settings.model_copy(update={"timezone": "Asia/Tokyo", "data_dir": settings.data_dir.parent / "tokyo"})
    reopened(tokyo).close()
    with pytest.raises(TimeZoneConflictError, match="workspace is UTC, and CALLBOARD_TIMEZONE says Asia/Tokyo"):
        restore(tokyo, backup, quiet, replace=True, actor="test")
    unset = Settings(data_dir=tokyo.data_dir, sample="off")
    kept = reopened(unset)
    assert kept.settings.timezone == "Asia/Tokyo"
    kept.close()
    restore(unset, backup, quiet, replace=True, actor="test")
    restored = reopened(unset)
    assert restored.settings.timezone == "UTC"
    facts_of(restored)  # holds the rollups to the facts


def test_the_secret_is_kept_if_asked_for(
    backup: Path, settings: Settings, engine: str, reopened: Reopened, tmp_path: Path
) -> None:
    workspace = reopened()
    held = signing.load(settings, workspace.state)
    told = back_up(workspace, tmp_path / "with.zip", with_secret=True)
    assert (told["path"], told["evaluations"]) == (str(tmp_path / "with.zip"), 300)
    assert told["bytes"] == (tmp_path / "with.zip").stat().st_size
    workspace.close()
    other = settings.model_copy(update={"data_dir": tmp_path / "other"})

    def secret() -> bytes:
        with closing(StateStore(other)) as state:
            return signing.load(other, state)

    if engine != "duckdb":  # the state is in PostgreSQL, for every process; here it is another workspace's
        with closing(StateStore(other)) as state:
            signing.replace(other, state, b"another")
    assert secret() != held
    restore(other, backup, quiet, replace=True, actor="test")
    assert secret() != held
    restore(other, tmp_path / "with.zip", quiet, replace=True, actor="test")
    assert secret() == held
    if engine == "duckdb":
        assert stat.S_IMODE((other.data_dir / "secret").stat().st_mode) == 0o600
    else:
        assert not (other.data_dir / "secret").exists()


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_the_file_is_whole_or_not_there(reopened: Reopened, tmp_path: Path) -> None:
    workspace, path = reopened(), tmp_path / "kept.zip"
    back_up(workspace, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    with pytest.raises(ConflictError, match="already"):
        back_up(workspace, path)

    def stop(share: float, _message: Message) -> None:
        if share > 50:
            raise CallboardError("stopped")

    with pytest.raises(CallboardError, match="stopped"):
        request = BackupRequest(path, with_secret=False, replace=True)
        create(workspace.facts, workspace.state, workspace.settings, request, stop)
    assert path.read_bytes() == content
    with pytest.raises(StorageError, match="can't be written: No such file"):
        back_up(workspace, tmp_path / "none" / "kept.zip")
    killed = tmp_path / ".kept.zip.00000000.callboard-part"
    killed.write_bytes(b"half")
    os.utime(killed, (0, 0))
    back_up(workspace, path, replace=True, actor="test")
    assert [entry.name for entry in tmp_path.glob("*kept.zip*")] == [path.name]
    assert path.read_bytes() != content


# Bytes of a member's entry in a ZIP's directory.
DIRECTORY = {"the version": 6, "encrypted": 8, "the method": 10, "the offset": 45}


def damaged(path: Path, to: Path, kind: str) -> Path:
    content = bytearray(path.read_bytes())
    if kind == "cut":
        to.write_bytes(content[:-100])
    elif kind == "a bit":
        content[content.index(b"PAR1", content.index(b"facts/evaluations")) + 40] ^= 1
        to.write_bytes(content)
    elif kind == "no backup":
        to.write_bytes(CALLS.encode())
    elif kind in DIRECTORY:
        content[content.rindex(b"PK\x01\x02", 0, content.rindex(b"manifest.json")) + DIRECTORY[kind]] ^= 0x41
        to.write_bytes(content)
    elif kind == "a member gone":
        rewritten(path, to, lambda _, members: members.pop("state/notes.parquet"))
    elif kind == "a row gone":

        def change(manifest: dict[str, Any], _members: dict[str, bytes]) -> None:
            manifest["facts"]["tables"]["evaluations"]["rows"] += 1

        rewritten(path, to, change)
    elif kind == "no table":

        def replaced(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
            members["state/notes.parquet"] = b"something else"
            manifest["state"]["tables"]["notes"].update(bytes=14, sha256=hashlib.sha256(b"something else").hexdigest())

        rewritten(path, to, replaced)
    elif kind == "no manifest":
        rewritten(path, to, lambda manifest, _: manifest.clear())
    elif kind == "half a manifest":
        rewritten(path, to, lambda manifest, _: manifest.pop("facts"))
    return to


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_what_is_damaged_or_newer_is_refused(
    kept: Kept, backup: Path, settings: Settings, tmp_path: Path, reopened: Reopened
) -> None:
    for kind in (
        "cut",
        "a bit",
        "no backup",
        "a member gone",
        "a row gone",
        "no table",
        "no manifest",
        "half a manifest",
        *DIRECTORY,
    ):
        with pytest.raises(BackupError):
            restore(settings, damaged(backup, tmp_path / "damaged.zip", kind), quiet, replace=True, actor="test")
    with pytest.raises(StorageError, match="can't be read: No such file"):
        restore(settings, tmp_path / "none.zip", quiet, replace=True, actor="test")
    newer = tmp_path / "newer.zip"
    for change, told in (
        (lambda made, _: made["facts"].update(revision="9999"), "facts are at migration 9999, which .* knows up to"),
        (lambda made, _: made["state"].update(revision="9999"), "state are at migration 9999"),
    ):
        with pytest.raises(DatabaseVersionError, match=told):
            restore(settings, rewritten(backup, newer, change), quiet, replace=True, actor="test")
    with pytest.raises(BackupError, match="its form is 2"):
        rewritten(backup, newer, lambda made, _: made.update(format=2))
        restore(settings, newer, quiet, replace=True, actor="test")
    again = reopened()
    assert (facts_of(again), state_of(again.state), version_of(again)) == (kept.facts, kept.state, kept.version)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_disk_that_fails_is_told_of_as_what_it_is(
    kept: Kept, settings: Settings, reopened: Reopened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where the backup can't be read is it said so."""

    def full(_share: float, message: Message) -> None:
        if message.code is JobStep.COMPUTING_ROLLUPS:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def broken(*_: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(DiskFullError, match="refuses it: No space left"):
        restore(settings, kept.backup, full, replace=True, actor="test")
    in_the_way = settings.data_dir / "callboard.duckdb.restoring"
    in_the_way.mkdir()
    with pytest.raises(StorageError, match=f"refuses it at {in_the_way}: "):
        restore(settings, kept.backup, quiet, replace=True, actor="test")
    in_the_way.rmdir()
    with monkeypatch.context() as patched, pytest.raises(StorageError, match=f"{kept.backup} can't be read: Input"):
        patched.setattr(os, "pread", broken)
        restore(settings, kept.backup, quiet, replace=True, actor="test")
    again = reopened()
    assert (facts_of(again), state_of(again.state), version_of(again)) == (kept.facts, kept.state, kept.version)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_held_database_is_left_alone(kept: Kept, settings: Settings, reopened: Reopened) -> None:
    """Another process has to try, as the lock is the process's."""
    held = reopened()
    environment = {**os.environ, "CALLBOARD_DATA_DIR": str(settings.data_dir)}
    command = [sys.executable, "-m", "lib", "restore", str(kept.backup), "--yes"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "The app is running and holds the database, so nothing was restored." in done.stderr
    assert facts_of(held) == kept.facts


FACTS = migrations.revisions("facts")
STATE = migrations.revisions("state")


def test_a_backup_whose_fields_have_no_mark_of_the_sample(
    kept: Kept, settings: Settings, tmp_path: Path, reopened: Reopened
) -> None:
    """They are all the workspace's own."""

    def change(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        manifest["facts"]["revision"] = "0013"
        without_columns(manifest["facts"]["tables"], members, {"fields": {"is_sample"}})
        del manifest["facts"]["tables"]["metrics"]

    restore(settings, rewritten(kept.backup, tmp_path / "older.zip", change), quiet, replace=True, actor="test")
    assert facts_of(reopened()) == {**kept.facts, "metrics": []}
    assert kept.facts["fields"] and not any(row[-1] for row in kept.facts["fields"])


@pytest.mark.parametrize("older", [(FACTS[2], STATE[1])], ids=str)
def test_a_backup_of_an_older_migration(
    kept: Kept, settings: Settings, tmp_path: Path, reopened: Reopened, older: tuple[str, str]
) -> None:
    """What it lacks comes by the migrations, as with a database that is as old."""
    known = {"jobs", "mappings", "idempotency"}  # of those that were there then, whose columns are as they were

    def change(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        manifest["facts"]["revision"], manifest["state"]["revision"] = older
        as_at_the_third_revision(manifest["facts"]["tables"], members)
        manifest["state"]["tables"] = {
            name: member for name, member in manifest["state"]["tables"].items() if name in known
        }

    restore(settings, rewritten(kept.backup, tmp_path / "older.zip", change), quiet, replace=True, actor="test")
    again = reopened()
    assert facts_of(again) == {
        **{name: rows for name, rows in kept.facts.items() if name != "field_1_names"},
        # No answers and no own fields.
        "evaluations": sorted(((*row[:-9], *[None] * 6) for row in kept.facts["evaluations"]), key=repr),
        "imports": [(*row[:-6], *[None] * 6) for row in kept.facts["imports"]],
        **{name: [] for name in ("replaced_evaluations", "replaced_names", "fields", "criteria", "answers", "metrics")},
    }
    found = state_of(again.state)
    for name in ("api_keys", "mappings", "views", "notes"):
        assert found[name] == (kept.state[name] if name in known else [])
    assert not list(settings.data_dir.glob("older*")) and not list(settings.data_dir.glob("*.restor*"))


def test_every_table_can_be_kept() -> None:
    """A column of a kind that a backup does not know fails here, and not when one is needed."""
    kept = table_io.fact_tables(BUILT_IN)
    for table in (*kept, *table_io.STATE):
        described = table_of(table.name, shape(table))
        assert described.columns.keys() == table.columns.keys()
    rollups = {table.name for rollup in ROLLUPS for table in rollup.tables}
    computed = rollups | {table.name for table in table_io.LEFT_OUT}
    assert {table.name for table in kept} == set(schema.FACTS.tables) - computed
    assert {table.name for table in table_io.STATE} == set(schema.STATE.tables) - table_io.OF_THE_MOMENT
    assert archive.FORMAT == 1


def test_an_import_can_be_undone_after_a_restore(kept: Kept, settings: Settings) -> None:
    restore(settings, kept.backup, quiet, replace=True, actor="test")
    workspace = Workspace(settings)
    listed = TASKS["imports"](workspace, {"limit": 10}, quiet)["imports"]
    of_answers, newest, oldest = (each["id"] for each in listed)
    with pytest.raises(ConflictError, match=of_answers):
        TASKS["undo"](workspace, {"id": oldest, "actor": "test"}, quiet)
    undone = TASKS["undo"](workspace, {"id": of_answers, "actor": "test"}, quiet)
    assert (undone["removed"], undone["restored"]) == (0, 150)
    with workspace.facts.read() as connection:
        assert (
            connection.execute(sa.select(schema.answers)).all() == connection.execute(sa.select(schema.criteria)).all()
        )
    undone = TASKS["undo"](workspace, {"id": newest, "actor": "test"}, quiet)
    assert (undone["removed"], undone["restored"], undone["evaluations"]) == (0, 1, 300)
    with workspace.facts.read() as connection:
        centers = schema.call_centers
        names = connection.scalars(sa.select(centers.c.name).where(centers.c.key > 0)).all()
    assert names == ["Norte"]
    assert TASKS["check"](workspace, {}, quiet)["lines"] == ()
    workspace.close()
