"""What a log that ends anywhere leaves of an import: all of it or nothing."""

from __future__ import annotations

import io
import itertools
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import duckdb_wal, schema
from lib.workspace import Workspace
from tests.conftest import ROOT

ROWS = 130_000  # more than a row group
IMPORT_AND_VANISH = """
import os, sys
from pathlib import Path
from lib.settings import Settings
from lib.jobs.tasks import TASKS
from lib.workspace import Workspace
workspace = Workspace(Settings(data_dir=Path(sys.argv[1]), sample="off"))
TASKS["import"](workspace, {"files": [(sys.argv[2], "many.csv")], "actor": "test"}, lambda *_: None)
os._exit(0)
"""


def load(workspace: Workspace, path: Path) -> None:
    TASKS["import"](workspace, {"files": [(str(path), path.name)], "actor": "test"}, lambda *_: None)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a data dir with one evaluation in the database, and an import of many in the log."""
    folder = tmp_path_factory.mktemp("left")
    data = folder / "data"
    one, many = folder / "one.csv", folder / "many.csv"
    one.write_text("id,audioDate\nkept,2024-01-01\n")
    many.write_text(
        "id,audioDate,campaignName\n" + "".join(f"{n},2024-01-{n % 28 + 1:02},c{n % 50}\n" for n in range(ROWS))
    )
    workspace = Workspace(Settings(data_dir=data, sample="off"))
    load(workspace, one)
    workspace.close()
    subprocess.run([sys.executable, "-c", IMPORT_AND_VANISH, str(data), str(many)], cwd=ROOT, check=True)
    return data


def ends(log: bytes) -> list[int]:
    """Return where each entry of a log ends."""
    found = [8]
    while found[-1] < len(log):
        found.append(found[-1] + 16 + struct.unpack_from("<Q", log, found[-1])[0])
    return found


def evaluations(data: Path) -> int:
    """Open what a killed process left; the rollup must equal the facts, whatever there is."""
    workspace = Workspace(Settings(data_dir=data, sample="off"))
    try:
        with workspace.facts.read() as connection:
            count: int = connection.execute(sa.select(sa.func.count()).select_from(schema.evaluations)).scalar_one()
        assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0
        return count
    finally:
        workspace.close()


def test_checksums_are_duckdbs(left: Path) -> None:
    log = (left / "callboard.duckdb.wal").read_bytes()
    positions = ends(log)
    for begin, end in itertools.pairwise(positions):
        stored = struct.unpack_from("<Q", log, begin + 8)[0]
        assert duckdb_wal.checksum(log[begin + 16 : end]) == stored
    lengths = {(end - begin) % 8 for begin, end in itertools.pairwise(positions)}
    assert len(lengths) > 3  # with and without a rest
    assert duckdb_wal.committed_end(io.BytesIO(log)) == len(log)


def test_a_log_is_read_entry_by_entry(left: Path) -> None:
    """A log may be larger than the memory."""
    sizes: list[int | None] = []

    class Log(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            sizes.append(size)
            return super().read(size)

    log = (left / "callboard.duckdb.wal").read_bytes()
    assert duckdb_wal.committed_end(Log(log)) == len(log)
    longest = max(end - begin - 16 for begin, end in itertools.pairwise(ends(log)))
    assert -1 not in sizes and None not in sizes and max(size or 0 for size in sizes) == longest < len(log)


def test_all_or_nothing_wherever_the_log_ends(left: Path, tmp_path: Path) -> None:
    log = (left / "callboard.duckdb.wal").read_bytes()
    boundaries = ends(log)
    assert boundaries[-1] == len(log)
    for number, end in enumerate([*boundaries[:-1], boundaries[-2] + 3, len(log) - 1]):
        data = tmp_path / str(number)
        shutil.copytree(left, data)
        (data / "callboard.duckdb.wal").write_bytes(log[:end])
        assert evaluations(data) == 1
        shutil.rmtree(data)
    assert evaluations(shutil.copytree(left, tmp_path / "whole")) == ROWS + 1


@pytest.mark.parametrize("tail", [bytes(4096), b"\x09" + bytes(7) + b"no checksum at all", b"\x01"])
def test_what_follows_the_last_commit_is_dropped(left: Path, tmp_path: Path, tail: bytes) -> None:
    data = shutil.copytree(left, tmp_path / "data")
    with (data / "callboard.duckdb.wal").open("ab") as log:
        log.write(tail)
    assert evaluations(data) == ROWS + 1


def test_a_log_of_another_version_is_left_alone() -> None:
    assert duckdb_wal.committed_end(io.BytesIO(b"something else")) == 14


def test_a_database_that_is_held_keeps_its_log(tmp_path: Path) -> None:
    data = tmp_path / "data"
    holder = Workspace(Settings(data_dir=data, sample="off"))
    path = tmp_path / "one.csv"
    path.write_text("id,audioDate\nkept,2024-01-01\n")
    load(holder, path)
    log = data / "callboard.duckdb.wal"
    with log.open("ab") as file:  # as if a commit were being written
        file.write(b"\x01")
    size = log.stat().st_size
    subprocess.run([sys.executable, "-m", "lib.store.duckdb_wal", str(data / "callboard.duckdb")], cwd=ROOT, check=True)
    assert log.stat().st_size == size
    holder.close()
