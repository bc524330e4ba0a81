"""What a process that was killed left of a backup or of a restore, and what the next one makes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib.backup import archive
from lib.jobs.queue import MAX_ATTEMPTS, Job, JobKind
from lib.jobs.tasks import TASKS
from lib.reports import job_text
from lib.store import schema
from lib.store.messages import JobStep, Message
from lib.workspace import Workspace
from tests.backup.conftest import facts_of
from tests.waiting import until


def _ended(workspace: Workspace, job: Job) -> Job:
    found: list[Job] = []

    def look() -> bool:
        found[:] = filter(None, [workspace.queue.get(job.id)])
        return found[0].ended

    until(look)
    return found[0]


@pytest.mark.parametrize("tries", [1, MAX_ATTEMPTS])
def test_a_backup_that_nobody_lived_to_tell_of(reopened: Callable[..., Workspace], tmp_path: Path, tries: int) -> None:
    """Its file was written, and its worker died before it said so: it is taken for what it is."""
    workspace = reopened()
    path = tmp_path / "nightly.zip"
    job = workspace.queue.add(JobKind.BACKUP, {"path": str(path), "with_secret": False, "replace": False}, "me")
    for _ in range(tries):
        claimed = workspace.queue.claim([JobKind.BACKUP])
        assert claimed is not None
        past = datetime.now(UTC) - timedelta(seconds=1)
        with workspace.state.transaction() as connection:
            connection.execute(sa.update(schema.jobs).values(lease_until=past))
    payload = {**job.payload, "actor": "me", "job": job.id}
    TASKS[JobKind.BACKUP](workspace, payload, lambda *_: None)
    written = path.read_bytes()
    workspace.start_workers()
    ended = _ended(workspace, job)
    assert (ended.status, ended.message) == ("completed", None)
    assert ended.result is not None and ended.result["bytes"] == len(written) and path.read_bytes() == written


def test_another_jobs_backup_is_left_alone(reopened: Callable[..., Workspace], tmp_path: Path) -> None:
    workspace = reopened()
    workspace.start_workers()
    path = tmp_path / "nightly.zip"
    payload = {"path": str(path), "with_secret": False, "replace": False}
    jobs = [workspace.queue.add(JobKind.BACKUP, payload, "me") for _ in range(2)]
    first, second = (_ended(workspace, job) for job in jobs)
    assert first.status == "completed"
    assert (
        second.status == "failed"
        and second.message is not None
        and "There is a file" in job_text.in_words(second.message)
    )
    with archive.opened(path) as backup:
        assert backup.manifest.job == jobs[0].id


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_what_a_killed_restore_built_goes(reopened: Callable[..., Workspace]) -> None:
    workspace = reopened()
    before = facts_of(workspace)
    assert workspace.settings.facts_file is not None and workspace.settings.state_file is not None
    left = [
        store.with_name(f"{store.name}.restoring{suffix}")
        for store in (workspace.settings.facts_file, workspace.settings.state_file)
        for suffix in ("", "-wal", ".wal")
    ]
    for each in left:
        each.write_bytes(b"half a copy")
    workspace.start_workers()
    until(lambda: not any(each.exists() for each in left))
    assert facts_of(workspace) == before


def test_a_backup_tells_how_far_it_is(reopened: Callable[..., Workspace], tmp_path: Path) -> None:
    steps: list[tuple[float, Message]] = []
    order = {"path": str(tmp_path / "nightly.zip"), "with_secret": False, "replace": False, "actor": "me", "job": ""}
    TASKS[JobKind.BACKUP](reopened(), order, lambda share, message: steps.append((share, message)))
    shares = [share for share, _ in steps]
    assert shares == sorted(shares) and (shares[0], shares[-1]) == (0, 99)
    assert (steps[0][1], steps[-1][1]) == (Message(JobStep.READING_STATE), Message(JobStep.WRITING_FILE))
