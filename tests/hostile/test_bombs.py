"""Bombs: each ends in words or in what it holds, within what a child may take; the app's own process does not notice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.hostile import door
from tests.hostile.bombs import BOMBS, bomb
from tests.hostile.mutations import Hostile

HARMLESS = {
    "XLSX: a sheet of 1 GB of spaces",
    "XLSX: a cell at XFD1048576",
    "XLSX: cells in the corners",
    "XLSX: a dimension that lies",
    "XLSX: two thousand sheets in one place",
    "XLSX: a member that says it is 4 GB",
    "JSON: a number of 30 MB",
    "CSV: a million cells in a row",
}
"""Those that are read to the end: their rows are loaded, or told as bad."""

SLOW = {
    "gzip: 300 MB of broken rows",
    "gzip: 300 MB of lines of JSON",
    "XLSX: shared strings of 1 GB",
    "gzip: a header of 500 MB that packs badly",
    "XLSX: 400 MB of empty shared strings",
}
"""Those that others are like, and that take longest: `python -m tests.hostile --bombs` brings them too."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[door.Door]:
    folder = tmp_path_factory.mktemp("bombs")
    workspace = Workspace(Settings(data_dir=folder / "data", sample="off", **door.LIMITS))
    with door.opened(workspace, folder) as found:
        yield found
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0
    workspace.close()


@pytest.mark.parametrize("name", [name for name in BOMBS if name not in SLOW])
def test_a_bomb(name: str, opened: door.Door) -> None:
    file = bomb(name)
    assert len(file.content) < 12 * 2**20
    told = opened.bring(file, 0)
    assert told.result in ({"loaded", "nothing_loaded"} if name in HARMLESS else {"FileError"}), told
    assert told.peak_mb < 1536
    if told.result == "FileError":
        assert file.name in told.words and len(told.words) > 30
        assert "root:" not in told.words


def test_a_file_after_the_bombs(opened: door.Door) -> None:
    assert opened.bring(Hostile("a.csv", b"id,audioDate\nafter,2024-01-01\n", None), 0).result == "loaded"
