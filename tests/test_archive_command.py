"""The command that archives, as somebody at a terminal uses it."""

from __future__ import annotations

import shutil
from pathlib import Path

from lib.analytics.grants import EVERYTHING
from lib.settings import Settings
from lib.workspace import Workspace
from tests.command import run_command


def test_archiving_by_the_command(empty_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(empty_folder, tmp_path / "data")
    opened = Workspace(Settings(data_dir=tmp_path / "data", sample="off"))
    calls = [{"id": f"e{month}", "audioDate": f"2024-{month:02}-05"} for month in range(1, 5)]
    opened.write_evaluations(calls, "test", EVERYTHING)
    opened.close()
    variables = {"CALLBOARD_DATA_DIR": str(tmp_path / "data"), "CALLBOARD_SAMPLE": "off"}

    def run(*arguments: str | Path) -> tuple[int | None, str, str]:
        ended = run_command("archive", *arguments, variables=variables)
        return ended.returncode, ended.stdout, ended.stderr

    code, _, told = run("--list")
    assert code == 0 and "Nothing is archived" in told
    code, said, _ = run("--before", "2024-03-31", "--to", tmp_path / "old")
    assert code == 0
    assert [line.split("  ")[:2] for line in said.splitlines()] == [
        ["archived: 2024-01", "evaluations=1"],
        ["archived: 2024-02", "evaluations=1"],
    ]
    assert len(list((tmp_path / "old").rglob("*.parquet"))) == 2
    code, said, _ = run("--list")
    assert code == 0 and said.count(str(tmp_path / "old")) == 2
    assert run("--restore", "2024-01")[1].startswith("back: 2024-01  evaluations=1")
    code, _, told = run("--restore", "2024-01")
    assert code == 2 and "2024-01 is not archived. Archived are: 2024-02." in told
    for wrong in ((), ("--before", "2024-03-01", "--list"), ("--restore", "2024-1"), ("--list", "--to", "x")):
        assert run(*wrong)[0] == 2
