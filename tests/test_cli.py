"""The command line as a user types it: what it says, and with which code it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from lib.access.audit_log import Action, AuditFilter, AuditLog
from lib.catalog.rollups import ROLLUPS
from lib.cli import task_runner
from lib.errors import CallboardError, SampleDataError
from lib.errors.codes import FailureCode
from lib.jobs.queue import Job
from lib.jobs.worker import ProgressReporter, Worker
from lib.settings import Settings
from lib.store.facts import FactStore
from lib.store.state import StateStore
from lib.workspace import Workspace
from tests.command import run_command
from tests.conftest import ROOT
from tests.serving import served

CALLBOARD = [sys.executable, "-m", "lib"]

Run = Callable[..., subprocess.CompletedProcess[str]]


def variables_of(settings: Settings) -> dict[str, str]:
    return {"CALLBOARD_DATA_DIR": str(settings.data_dir), "CALLBOARD_DATABASE_URL": settings.database_url}


@pytest.fixture
def run(settings: Settings) -> Run:
    def call(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return run_command(*arguments, variables={**variables_of(settings), **more})

    return call


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text("id,audioDate,averageNote\na,2024-01-01,5\nb,2024-01-02,6\n")
    return path


def test_import(settings: Settings, calls: Path) -> None:
    """As whoever types the commands starts them."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **variables_of(settings)}
        return subprocess.run([*CALLBOARD, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True)

    done = run("import", calls)
    assert done.returncode == 0, done.stderr
    assert "added: 2" in done.stdout and "days touched: 2 (2024-01-01 to 2024-01-02)" in done.stdout
    assert "unchanged: 2" in run("import", calls).stdout
    assert "equals the facts: 2 evaluations" in run("check").stdout


def test_what_a_file_holds_does_not_steer_the_terminal(run: Run, calls: Path) -> None:
    calls.write_text("id,audioDate,averageNote\na,2024-01-01,\x1b[31mred\x9b2J\n")
    done = run("import", calls, "--dry-run")
    assert done.returncode == 1 and "'\\x1b[31mred\\x9b2J' is not a number" in done.stderr
    assert not {*done.stderr} & {"\x1b", "\x9b"} and "1 bad row, with the reason" in done.stderr


def test_bad_rows(run: Run, calls: Path) -> None:
    calls.write_text("id,audioDate,averageNote\na,2024-01-01,5\nb,2024-01-02,60\n")
    done = run("import", calls)
    assert done.returncode == 1
    assert (
        "calls.csv, row 3, column averageNote: '60' is outside 0 to 10; right would be a score from 0 to 10"
        in done.stderr
    )
    assert "added: 0" in done.stdout
    done = run("import", calls, "--skip-bad-rows")
    assert (done.returncode, "added: 1" in done.stdout) == (1, True)
    kept = done.stderr.strip().rpartition(": ")[2]
    assert pd.read_csv(kept)["id"].tolist() == ["b"]


def test_dry_run(run: Run, calls: Path) -> None:
    done = run("import", calls, "--dry-run")
    assert (done.returncode, "added: 2" in done.stdout, "result: checked, nothing loaded" in done.stdout) == (
        0,
        True,
        True,
    )
    assert "0 evaluations" in run("check").stdout


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_wrong_calls_end_with_2(run: Run, calls: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text("[columns]\naverageNot = 'x'")
    for arguments, told in (
        (["import"], "Missing argument"),
        (["import", tmp_path / "none.csv"], "there is no such file"),
        (["import", tmp_path], "can't be read"),
        (["import", calls, "--mapping", tmp_path / "none.toml"], "there is no file"),
        (["import", calls, "--mapping", mapping], "did you mean 'averageNote'"),
        (["import", calls, "--skip"], "No such option"),
        (["imporr"], "No such command"),
        (["sample", "--rows", "0"], "0"),
        (["backup", tmp_path / ("x" * 300)], "can't be written"),
    ):
        done = run(*arguments)
        assert done.returncode == 2, arguments
        assert told in done.stderr and "Traceback" not in done.stderr
    done = run("import", calls, CALLBOARD_TIMEZONE="Mars")
    assert done.returncode == 2 and "CALLBOARD_TIMEZONE" in done.stderr


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_database_that_does_not_answer(run: Run, calls: Path) -> None:
    done = run("import", calls, CALLBOARD_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
    assert done.returncode == 2 and "does not answer" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_sample_to_a_file_is_the_sample(run: Run, tmp_path: Path) -> None:
    first, second, other = tmp_path / "1.csv", tmp_path / "2.csv", tmp_path / "3.csv"
    for path, seed in ((first, 5), (second, 5), (other, 6)):
        done = run("sample", "--rows", "3000", "--seed", str(seed), "--until", "2024-06-30", "--to", path)
        assert done.returncode == 0, done.stderr
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()
    run("sample", "--rows", "10")
    done = run("import", first)
    assert "added: 3000" in done.stdout and done.returncode == 0
    listed = run("fields", "list").stdout.splitlines()  # as the values are, and no longer the sample's
    assert [line.split()[:2] for line in listed] == [
        ["channel", "category"],
        ["csat", "number"],
        ["resolved", "yes_no"],
    ]
    assert not any("first contact" in line for line in listed)


def reading(pid: int) -> bool:
    """Whether a process has a child, which reads the file for it."""
    found = False
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has just ended
            found = found or bool(path.read_text())
    return found


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
@pytest.mark.parametrize("moment", ["loading", "opening", "reading"])
def test_ctrl_c(settings: Settings, calls: Path, moment: str) -> None:
    calls.write_text("id,audioDate\n" + "".join(f"{n},2024-01-01\n" for n in range(400_000)))
    environment = {**os.environ, "CALLBOARD_DATA_DIR": str(settings.data_dir)}
    child = subprocess.Popen(
        [*CALLBOARD, "import", str(calls)],
        env=environment,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    reached: Callable[[], bool] = {
        "loading": lambda: (
            "duckdb" not in Path(f"/proc/{child.pid}/maps").read_text()
            and "pyarrow" in Path(f"/proc/{child.pid}/maps").read_text()
        ),
        "opening": lambda: (settings.data_dir / "callboard.duckdb").exists(),
        "reading": lambda: reading(child.pid),
    }[moment]
    while child.poll() is None and not reached():
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=120)
    assert child.returncode == 130, told
    assert "Traceback" not in told
    assert moment == "loading" or "the data are as they were" in told


def test_ctrl_c_where_python_drops_it() -> None:
    """Within a weak reference's callback an exception ends nothing; the next step that is shown ends the task."""
    program = """
import os, signal, weakref
from lib.cli.task_runner import progress

class Held: pass

show, done = progress()
held = Held()
watched = weakref.ref(held, lambda _: os.kill(os.getpid(), signal.SIGINT))
del held
print("went on", flush=True)
try:
    show(1, None)
except KeyboardInterrupt:
    print("stopped", flush=True)
done()
print("given back" if signal.getsignal(signal.SIGINT) is signal.default_int_handler else "kept")
"""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (ran.stdout.split("\n"), ran.stderr) == (["went on", "stopped", "given back", ""], "")


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_import_while_the_app_is_running(run: Run, settings: Settings, calls: Path, tmp_path: Path) -> None:
    """The app holds the embedded database, so that its worker does the import; the user sees the same."""
    with served(settings.data_dir, CALLBOARD_SAMPLE="off"):
        done = run("import", calls)
        assert (done.returncode, "added: 2" in done.stdout) == (0, True), done.stderr
        calls.write_text("id,audioDate,averageNote\na,2024-01-01,50\n")
        done = run("import", calls)
        assert done.returncode == 1 and "'50' is outside 0 to 10" in done.stderr
        done = run("import", tmp_path / "none.csv")
        assert done.returncode == 2 and "there is no such file" in done.stderr
        assert "equals the facts: 2 evaluations" in run("check").stdout
        done = run("backup", tmp_path / "kept.zip")
        assert (done.returncode, "evaluations: 2" in done.stdout) == (0, True), done.stderr
        done = run("restore", tmp_path / "kept.zip", "--yes")
        assert done.returncode == 2 and "The app is running and holds the database" in done.stderr
    assert "equals the facts: 2 evaluations" in run("check").stdout


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_people(run: Run) -> None:
    assert "Nobody yet" in run("people", "list").stderr
    done = run("people", "add", "Ann@example.com", "--role", "analyst", "--call-center", "n", "--campaign", "c")
    assert done.returncode == 0 and "ann@example.com may log in, as analyst" in done.stderr
    listed = "ann@example.com  analyst  call centers: n  campaigns: c  never seen"
    assert run("people", "list").stdout.strip() == listed
    done = run("people", "change", "ann@example.com", "--role", "admin", "--campaign", "c")
    assert done.returncode == 2 and "An admin sees everything" in done.stderr
    done = run("people", "change", "ann@example.com", "--role", "viewer")
    assert done.returncode == 0 and "is viewer now, and sees call centers: n, campaigns: c." in done.stderr
    assert run("people", "list").stdout.strip() == listed.replace("analyst", "viewer")
    done = run("people", "change", "ann@example.com", "--role", "viewer", "--campaign", "d")
    assert "is viewer now, and sees campaigns: d." in done.stderr
    assert (
        run("people", "change", "ann@example.com", "--role", "viewer", "--everything", "--campaign", "d").returncode
        == 2
    )
    assert "sees everything" in run("people", "change", "ann@example.com", "--role", "viewer", "--everything").stderr
    assert run("people", "list").stdout.strip() == "ann@example.com  viewer  never seen"
    assert "Ended 0 sessions" in run("people", "log-out", "ann@example.com").stderr
    assert run("people", "remove", "ann@example.com").returncode == 0
    done = run("people", "remove", "ann@example.com")
    assert done.returncode == 2 and "Nobody is known as 'ann@example.com'" in done.stderr


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_backup_restore_and_repair(run: Run, settings: Settings, calls: Path, tmp_path: Path) -> None:
    assert run("import", calls).returncode == 0
    done = run("backup", tmp_path)
    (kept,) = tmp_path.glob("callboard-*.zip")
    assert done.returncode == 0 and f"backup: {kept}" in done.stdout, done.stderr
    done = run("restore", kept)
    assert done.returncode == 2 and "The stores hold 2 evaluations" in done.stderr and "--yes" in done.stderr
    done = run("restore", kept, "--yes")
    assert done.returncode == 0 and "evaluations: 2" in done.stdout, done.stderr
    facts = FactStore(settings)
    with facts.write() as connection:
        connection.execute(sa.update(ROLLUPS[0].tables[0]).values(scored=7))
    facts.close()
    done = run("check")
    assert done.returncode == 1 and "the rollup has" in done.stdout and "callboard check --repair" in done.stderr
    done = run("check", "--repair")
    assert done.returncode == 0 and "the rollup has" in done.stdout, done.stderr
    assert "Repaired: the rollups were computed anew from the evaluations." in done.stdout
    assert "The rollup equals the facts: 2 evaluations." in done.stdout


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (SampleDataError(FailureCode.SAMPLE_IN_THE_WAY), SampleDataError),  # which the command asks about
        (SampleDataError("The app holds sample data, and more."), CallboardError),
        (CallboardError("a.csv: is wrong"), CallboardError),
    ],
)
def test_why_a_queued_task_failed(workspace: Workspace, raised: CallboardError, kind: type[CallboardError]) -> None:
    def refuse(_job: Job, _steps: ProgressReporter) -> dict[str, Any]:
        raise raised

    worker = Worker(workspace.queue, {"import": refuse})
    worker.start()
    with pytest.raises(CallboardError) as caught:
        task_runner.queue_task(StateStore(workspace.settings), "import", {"actor": "me"}, lambda *_: None)
    worker.stop()
    assert (type(caught.value), caught.value.message) == (kind, raised.message)


def test_imports_are_listed_and_undone(run: Run, calls: Path) -> None:
    assert "No imports yet" in run("imports", "list").stderr
    run("import", calls)
    calls.write_text("id,audioDate,averageNote\nb,2024-01-02,7\n")
    run("import", calls)
    newest, oldest = run("imports", "list").stdout.splitlines()
    assert "calls.csv  loaded  read=1 added=0 changed=1" in newest and "read=2 added=2" in oldest
    refused = run("imports", "undo", oldest.split()[0])
    assert refused.returncode == 2 and newest.split()[0] in refused.stderr and refused.stdout == ""
    undone = run("imports", "undo", newest.split()[0])
    assert (undone.returncode, undone.stdout) == (0, "removed: 0\nrestored: 1\nevaluations: 2\n"), undone.stderr
    assert "undone 20" in run("imports", "list", "--limit", "1").stdout
    again = run("imports", "undo", newest.split()[0])
    assert again.returncode == 2 and "was undone already" in again.stderr
    assert "The database holds no evaluations now." in run("imports", "undo", oldest.split()[0]).stdout
    unknown = run("imports", "undo", "imp_x")
    assert unknown.returncode == 2 and "There is no import 'imp_x'" in unknown.stderr


def test_all_data_are_deleted(run: Run, calls: Path) -> None:
    run("import", calls)
    for arguments, said in (((), "--yes-delete NAME"), (("--yes-delete", "Callboard"), "Right would be 'Ventas'")):
        refused = run("delete-all", *arguments, CALLBOARD_NAME="Ventas")
        assert refused.returncode == 2 and said in refused.stderr
    done = run("delete-all", "--yes-delete", "Ventas", CALLBOARD_NAME="Ventas")
    assert (done.returncode, done.stdout) == (0, "evaluations deleted: 2\n"), done.stderr
    assert "equals the facts: 0 evaluations" in run("check").stdout
    assert len(run("imports", "list").stdout.splitlines()) == 1


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_an_import_is_undone_by_the_running_app(run: Run, settings: Settings, calls: Path) -> None:
    run("import", calls)
    with served(settings.data_dir):
        number = run("imports", "list").stdout.split()[0]
        undone = run("imports", "undo", number)
        assert undone.returncode == 0 and "removed: 2" in undone.stdout, undone.stderr
        again = run("imports", "undo", number)
        assert again.returncode == 2 and "was undone already" in again.stderr


def test_warnings_are_told_on_standard_error_and_change_no_exit_code(run: Run, calls: Path) -> None:
    calls.write_text("id,audioDate,averageNote,Region\na,2024-01-01,4,N\na,2024-01-02,5,N\n")
    done = run("import", calls, "--dry-run")
    assert done.returncode == 0 and "result: checked, nothing loaded" in done.stdout and "Warning" not in done.stdout
    warnings = [line for line in done.stderr.splitlines() if line.startswith("Warning: ")]
    assert [line.partition(": ")[2] for line in warnings] == [
        "calls.csv: none of 2 scores is above 5. If they are on a scale up to 5, right would be a mapping of averageNote "
        "with scale = 2.",
        "calls.csv: columns that are not kept: 'Region'.",
        "Rows whose id a later row of the import has, too: 1, of which 1 differ from it; only the last of each id stands. "
        "Such ids are 'a'.",
    ]
    assert "No imports yet" in run("imports", "list").stderr
    assert run("import", calls).returncode == 0
    assert "warnings=3" in run("imports", "list").stdout


def test_metrics(run: Run, settings: Settings) -> None:
    listed = run("metrics", "list").stdout.splitlines()
    assert listed[2] == "averageScore  avg(score)  built in" and len(listed) == 8
    made = run("metrics", "set", "weak", "count_if(score < 5) / count()", "--unit", "share", "--target", "0.1")
    assert (made.returncode, made.stdout) == (0, "weak: version 1, count_if(score < 5) / count()\n")
    assert run("metrics", "set", "weak", "--better", "lower", "--target", "none").stdout.startswith("weak: version 2")
    shown = json.loads(run("metrics", "show", "weak").stdout)
    assert (shown["better"], shown["target"], shown["versions"]) == ("lower", None, [1, 2])
    first = json.loads(run("metrics", "show", "weak", "--version", "1").stdout)
    assert (first["better"], first["target"]) == (None, 0.1)
    wrong = run("metrics", "set", "weak", "count_if(scor < 5)")
    assert wrong.returncode != 0 and "There is no 'scor' (did you mean 'score'?)" in wrong.stderr
    assert run("metrics", "set", "weak", "--target", "{8").returncode == 2
    assert run("metrics", "archive", "weak").stdout == "archived: weak\n"
    assert len(run("metrics", "list").stdout.splitlines()) == 8
    assert run("metrics", "list", "--all").stdout.splitlines()[-1].endswith("archived")
    assert run("metrics", "archive", "weak", "--undo").stdout == "back: weak\n"
    gone = run("metrics", "archive", "other")
    assert gone.returncode != 0 and "There is no metric other" in gone.stderr
    workspace = Workspace(settings)
    try:
        audited = workspace.audit.entries(AuditFilter(workspace.settings.zone), 20)
        done = [entry.action.value for entry in reversed(audited) if "metric" in entry.action]
        assert done == ["metric_defined", "metric_changed", "metric_archived", "metric_restored"]
    finally:
        workspace.close()


def test_fields(run: Run, tmp_path: Path, settings: Settings) -> None:
    none = run("fields", "list")
    assert (none.returncode, none.stdout) == (0, "") and "callboard fields add" in none.stderr
    added = run("fields", "add", "csat", "--type", "number", "--label", "Satisfaction", "--unit", "of 5")
    assert (added.returncode, added.stdout) == (0, "defined: csat (number)\n")
    again = run("fields", "add", "csat", "--type", "text")
    assert again.returncode != 0 and "There is a field csat already." in again.stderr
    wrong = run("fields", "add", "audioDate", "--type", "text")
    assert wrong.returncode != 0 and "is a column that every evaluation has" in wrong.stderr
    path = tmp_path / "calls.csv"
    path.write_text("id,audioDate,CSAT,Way\na,2024-01-01,4.5,chat\nb,2024-01-02,,chat\n")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[fields]\ncsat = { column = "CSAT", type = "number" }\nchannel = "Way"\n')
    assert run("import", path, "--mapping", mapping).returncode == 0
    assert run("fields", "rename", "channel", "How they came").returncode == 0
    assert run("fields", "archive", "csat").returncode == 0
    listed = "csat  number  Satisfaction  of 5  values=1  archived\nchannel  category  How they came  values=2\n"
    assert run("fields", "list").stdout == listed
    assert run("fields", "archive", "csat", "--undo").stdout == "back: csat\n"
    for refused in ((), ("--yes-delete", "channel")):
        kept = run("fields", "delete", "csat", *refused)
        assert kept.returncode == 2 and "Nothing was deleted" in kept.stderr
    assert run("fields", "delete", "csat", "--yes-delete", "csat").stdout == "deleted: csat, with 1 values\n"
    gone = run("fields", "delete", "csat", "--yes-delete", "csat")
    assert gone.returncode != 0 and "There is no field csat" in gone.stderr
    assert run("fields", "list").stdout == "channel  category  How they came  values=2\n"
    workspace = Workspace(settings)
    try:
        audited = workspace.audit.entries(AuditFilter(workspace.settings.zone), 20)
        done = [(entry.action.value, entry.subject) for entry in reversed(audited) if "field" in entry.action]
        assert done == [
            ("field_defined", "csat"),
            ("field_defined", "channel"),
            ("field_changed", "channel"),
            ("field_changed", "csat"),
            ("field_changed", "csat"),
            ("field_deleted", "csat"),
        ]
        assert "values: 1" in audited[0].details_in_words
    finally:
        workspace.close()


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_key_is_revoked_once(run: Run, settings: Settings) -> None:
    prefix = run("keys", "create", "reader", "--scope", "analytics:read").stdout[:16]
    first, second = (run("keys", "revoke", prefix) for _ in range(2))
    assert (first.returncode, first.stderr) == (0, f"Revoked {prefix} ('reader').\n")
    assert (second.returncode, second.stderr.partition(", ")[0]) == (0, f"{prefix} ('reader') was revoked already")
    with closing(StateStore(settings)) as state:
        entries = AuditLog(state).entries(AuditFilter(settings.zone, actions=(Action.KEY_REVOKED,)), 10)
    assert [each.subject for each in entries] == [f"reader ({prefix})"]
