"""What is done with a file of the embedded database in which a killed process left a block written by half."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import duckdb
import pytest

from lib.errors import DatabaseUnavailableError
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace

FIRST_BLOCK, BLOCK, PIECE = 3 * 4096, 262_144, 4088
"""Where blocks begin in the file, how long one is, and each of the 64 pieces that one of metadata has."""

FILE = "callboard.duckdb"


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """Give a data dir as a killed process left it: with rows in the file, and one more in the log."""
    data, ours = tmp_path / "data", Settings(data_dir=tmp_path / "data", sample="off")
    for number in range(3):  # each closing is a checkpoint, which leaves pieces of metadata free
        workspace = Workspace(ours)
        bring(workspace, tmp_path / f"{number}.csv", f"kept{number}")
        workspace.close()
    workspace = Workspace(ours)
    bring(workspace, tmp_path / "last.csv", "last")
    shutil.copytree(data, tmp_path / "left")
    workspace.close()
    assert (tmp_path / "left" / f"{FILE}.wal").exists()
    return tmp_path / "left"


def bring(workspace: Workspace, path: Path, number: str) -> None:
    path.write_text(f"id,audioDate,campaignName\n{number},2024-01-01,c\n")
    TASKS["import"](workspace, {"files": [(str(path), path.name)], "actor": "test"}, lambda *_: None)


def metadata(data: Path) -> list[tuple[int, list[int]]]:
    """Return the blocks of metadata of a database, each with its pieces that are free."""
    copy = shutil.copytree(data, data.with_name("looked_at"))
    with duckdb.connect(str(copy / FILE)) as connection:
        found = connection.execute("SELECT block_id, free_list FROM pragma_metadata_info()").fetchall()
    shutil.rmtree(copy)
    return found


def write(file: Path, at: int, content: bytes) -> None:
    with file.open("r+b") as held:
        held.seek(at)
        held.write(content)


def tear(data: Path) -> int:
    """Write over a free piece of a block of metadata that has others in use, as half a block; return the block."""
    block, free = next((block, free) for block, free in metadata(data) if 0 < len(free) < 64)
    write(data / FILE, FIRST_BLOCK + block * BLOCK + 8 + free[0] * PIECE, os.urandom(PIECE))
    return block


def evaluations(workspace: Workspace) -> list[str]:
    with workspace.facts.read() as connection:
        return sorted(connection.exec_driver_sql("SELECT id FROM evaluations").scalars())


def test_a_block_of_metadata_is_taken_as_it_is(left: Path, caplog: pytest.LogCaptureFixture) -> None:
    tear(left)
    copy = shutil.copytree(left, left.with_name("copy"))
    with pytest.raises(duckdb.IOException, match="does not match stored checksum"):
        duckdb.connect(str(copy / FILE))
    with caplog.at_level(logging.WARNING):
        workspace = Workspace(Settings(data_dir=left, sample="off"))
    assert "wrote a block by half" in caplog.text
    assert evaluations(workspace) == ["kept0", "kept1", "kept2", "last"]
    assert TASKS["check"](workspace, {}, lambda *_: None)["lines"] == ()
    workspace.close()
    caplog.clear()
    Workspace(Settings(data_dir=left, sample="off")).close()
    assert "by half" not in caplog.text


def test_two_blocks(left: Path) -> None:
    blocks = [(block, free) for block, free in metadata(left) if 0 < len(free) < 64]
    assert len(blocks) > 1
    for block, free in blocks[:2]:
        write(left / FILE, FIRST_BLOCK + block * BLOCK + 8 + free[0] * PIECE, os.urandom(PIECE))
    workspace = Workspace(Settings(data_dir=left, sample="off"))
    assert evaluations(workspace) == ["kept0", "kept1", "kept2", "last"]
    workspace.close()


def test_without_a_log_no_checkpoint_was_under_way(left: Path) -> None:
    tear(left)
    (left / f"{FILE}.wal").unlink()
    refused(left)


def test_pieces_in_use_that_say_nothing(left: Path) -> None:
    for block, free in metadata(left):
        for piece in {*range(64)} - {*free}:
            write(left / FILE, FIRST_BLOCK + block * BLOCK + 8 + piece * PIECE + 8, os.urandom(PIECE - 8))
    refused(left)


def refused(data: Path) -> None:
    """Hold that a database is not opened, and that its file stays as it was."""
    before = (data / FILE).read_bytes()
    with pytest.raises(DatabaseUnavailableError, match="Corrupt database file"):
        Workspace(Settings(data_dir=data, sample="off"))
    assert (data / FILE).read_bytes() == before
