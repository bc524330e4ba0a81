"""Children that run one of our modules: what they write comes back, and why they failed."""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import sys
from io import BytesIO

import openpyxl
import pytest

from lib.errors import StorageError
from lib.exports.workbook import TableSheet, WorkbookFile
from lib.formats import child_process


def days(*rows: tuple[str, int]) -> bytes:
    """Return an order to write a workbook of days and counts."""
    return pickle.dumps(WorkbookFile((TableSheet("Days", ("day", "calls"), ("text", "count"), rows),), "en"))


def test_what_a_child_writes_comes_back() -> None:
    written = child_process.run("lib.exports.table_process", "2048", "60", given=days(("Monday", 3)))
    sheet = openpyxl.load_workbook(BytesIO(written))["Days"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["day", "calls"], ["Monday", 3]]


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(StorageError, match=r"No module named lib\.nothing_of_ours$"):
        child_process.run("lib.nothing_of_ours")


def test_one_that_says_nothing_broke_off() -> None:
    assert child_process.last_line(b"") == child_process.last_line(b" \n") == "it broke off"
    assert child_process.last_line(b"first\nlast \xff\n") == "last \ufffd"


@pytest.mark.parametrize(
    ("megabytes", "seconds", "why"),
    # What a child says that gets no more memory depends on who asked for it: Python, or a library that ends at once.
    [("2048", "1", "it took longer than it may"), ("100", "60", "[Mm]emory|it broke off|ABORT|Cannot allocate")],
)
def test_one_that_takes_more_than_it_may_is_ended(megabytes: str, seconds: str, why: str) -> None:
    table = days(*((f"Day {number}", number) for number in range(200_000)))
    with pytest.raises(StorageError, match=why):
        child_process.run("lib.exports.table_process", megabytes, seconds, given=table)


def test_one_that_waits_is_ended_and_its_pipes_are_closed() -> None:
    """Also where what was to be written to it has no reader any more."""
    child = child_process.start("lib.charts.render_process")
    child.stdin.write(b"x" * 2**16)
    child_process.end(child)
    assert child.returncode == -signal.SIGKILL
    assert child.stdin.closed and child.stdout.closed and child.stderr.closed


def test_lines_come_as_they_are_written() -> None:
    """Whole ones, however they are cut on their way; None for a second of silence; the last one without its end, too."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        lines = child_process.lines(pipe)
        os.write(writing, b"one\ntw")
        assert next(lines) == b"one"
        assert next(lines) is None
        os.write(writing, b"o\n\nfour")
        assert [next(lines) for _ in range(2)] == [b"two", b""]
        os.close(writing)
        assert list(lines) == [b"four"]


def test_a_process_does_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.meta_path", list(sys.meta_path))
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    child_process.block_pandas()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("pandas")
    assert importlib.import_module("json").loads("1") == 1
