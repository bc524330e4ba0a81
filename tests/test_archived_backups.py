"""A backup holds archived evaluations among the others, and a restore puts all of them into the database."""

from __future__ import annotations

from pathlib import Path

from lib.analytics.grants import EVERYTHING
from lib.backup import create
from lib.backup.create import BackupRequest
from lib.backup.restore import restore
from lib.jobs.queue import JobKind
from lib.settings import Settings
from lib.workspace import Workspace
from tests import archived, scorecards
from tests.archived import do
from tests.scorecards import answer

OF_EVALUATIONS = (
    "evaluations",
    "answers",
    "campaigns",
    "criteria",
    "archived_ids",
    "returned_ids",
)


def held(workspace: Workspace) -> dict[str, list[str]]:
    rows = archived.rows(workspace)
    return {name: rows[name] for name in OF_EVALUATIONS}


def test_archived_evaluations_are_in_a_backup(settings: Settings, tmp_path: Path) -> None:
    opened = Workspace(settings)
    calls = [{"id": f"e{n}", "audioDate": f"2024-{n % 3 + 1:02}-05", "campaignName": "C"} for n in range(12)]
    scorecards.load(opened, calls, {f"e{n}": (answer("Greeting", 1, 5),) for n in range(0, 12, 2)})
    do(opened, JobKind.ARCHIVES, do="archive", before="2024-03-01")
    # One of them comes back, as it is changed, and is in its month's file still.
    opened.write_evaluations([{**calls[0], "averageNote": "3"}], "test", EVERYTHING)
    file = tmp_path / "backup.zip"
    create.create(opened.facts, opened.state, opened.settings, BackupRequest(file, False, True), lambda *_: None)
    do(opened, JobKind.ARCHIVES, do="restore", month="2024-01")
    do(opened, JobKind.ARCHIVES, do="restore", month="2024-02")
    whole = held(opened)
    do(opened, JobKind.ARCHIVES, do="archive", before="2024-02-01")
    opened.close()
    restored = restore(settings, file, lambda *_: None, replace=True, actor="test", keep_sending=False)
    assert restored.evaluations == 12
    opened = Workspace(settings)
    assert held(opened) == whole
    assert do(opened, JobKind.CHECK)["lines"] == ()
    assert do(opened, JobKind.ARCHIVES, do="list")["months"] == []
    opened.close()
