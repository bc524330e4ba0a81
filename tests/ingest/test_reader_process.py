"""The child that reads: what ends it, and what it leaves out of its way."""

from __future__ import annotations

import _thread
import gzip
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from lib.errors import CancelledError
from lib.ingest.reader_process import InputFile, preview, read_files
from lib.settings import Settings
from lib.store import duckdb_wal
from tests.conftest import ROOT
from tests.store.test_facts import soon

HEARD_SECONDS = 30


def ended_by(paths: list[Path], folder: Path, progress: Callable[[float, int], None]) -> Exception | None:
    """Read files; return what ended that."""
    raised: list[Exception] = []

    def read() -> None:
        files = [InputFile(path, path.name) for path in paths]
        try:
            with read_files(files, None, folder / "bad-rows.csv", Settings(data_dir=folder), progress) as reading:
                for _ in reading.batches:
                    pass
                reading.finish()
        except Exception as error:
            raised.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(HEARD_SECONDS)
    assert not reader.is_alive()
    return raised[0] if raised else None


def test_whatever_progress_raises_ends_the_reading(tmp_path: Path) -> None:
    one, bad = tmp_path / "one.csv", tmp_path / "bad.csv"
    one.write_text("id,audioDate\na,2024-01-01\n")
    bad.write_text("id,audioDate\n" + "".join(f"{n},{'nonsense' * 6}\n" for n in range(70_000)))  # fills the pipe

    def broken(_share: float, _rows: int) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    assert isinstance(ended_by([one, bad], tmp_path, broken), BrokenPipeError)


@pytest.mark.parametrize("packed", [False, True])
def test_the_progress_of_a_csv_is_the_share_that_was_read(tmp_path: Path, packed: bool) -> None:
    chance = random.Random(1)
    rows = [f"{number},2024-01-01,{chance.randbytes(40).hex()}\n" for number in range(100_000)]
    content = "".join(["id,audioDate,audioFileName\n", *rows]).encode()
    path = tmp_path / ("calls.csv.gz" if packed else "calls.csv")
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    told: list[tuple[float, int]] = []
    assert ended_by([path], tmp_path, lambda share, count: told.append((share, count))) is None
    assert told == sorted(told) and told[-1] == (1.0, len(rows))
    steps = sorted({each for each in told if each[1]})  # before the first rows it says 0, as often as it is asked
    assert len(steps) >= 4
    ahead = 3 * 2**20 / len(content)  # a block that is read, and one that is converted
    for share, count in steps:
        assert 0 <= share - count / len(rows) <= ahead, (share, count)


def test_a_reading_that_tells_nothing_can_be_stopped(tmp_path: Path) -> None:
    pipe = tmp_path / "calls.csv"
    os.mkfifo(pipe)  # opening it waits for one who writes

    def stop(_share: float, _rows: int) -> None:
        raise CancelledError("Cancelled.")

    assert isinstance(ended_by([pipe], tmp_path, stop), CancelledError)


def test_a_stop_may_come_while_the_listener_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C does: the thread is there, and has not said so."""
    path = tmp_path / "calls.csv"
    path.write_text("id,audioDate\na,2024-01-01\n")
    ended: list[Exception | None] = []
    given_up = threading.Event()

    def interrupted(listener: threading.Thread) -> None:
        def late() -> None:
            given_up.wait()
            try:
                listener.run()
                ended.append(None)
            except Exception as error:
                ended.append(error)

        _thread.start_new_thread(late, ())
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            preview(InputFile(path, path.name), None, Settings(data_dir=tmp_path))
    given_up.set()
    assert soon(lambda: ended == [None]), ended


STARTER = """
import sys, threading
from pathlib import Path
from lib.ingest.reader_process import InputFile, _child
from lib.settings import Settings
settings = Settings(data_dir=Path(sys.argv[1]))
files = [InputFile(Path(sys.argv[2]), "calls.csv")]
with _child({"task": "read", "bad_rows": "bad.csv"}, files, None, settings, {}, lambda _: None) as (child, _):
    print(child.pid, flush=True)
    threading.Event().wait()
"""


def gone(process: Path) -> bool:
    try:
        return "State:\tZ" in (process / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    pipe = tmp_path / "calls.csv"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", STARTER, str(tmp_path), str(pipe)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        child = Path("/proc", starter.stdout.readline().strip())
        writer = opened(pipe)
        try:
            assert not gone(child)
            starter.kill()
            assert soon(lambda: gone(child))
        finally:
            os.close(writer)  # then there is nothing to read


def opened(pipe: Path) -> int:
    """Open a named pipe to write, once somebody reads it."""
    found: list[int] = []

    def read() -> bool:
        with suppress(OSError):
            found.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        return bool(found)

    assert soon(read, HEARD_SECONDS)
    return found[0]


def test_no_file_beside_the_data_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("csv", "json", "numpy"):
        (tmp_path / f"{name}.py").write_text("open('was-run', 'w').close()\n")
    (tmp_path / "calls.csv").write_text("id,audioDate\na,2024-01-01\n")
    (tmp_path / "facts.duckdb").touch()
    (tmp_path / "facts.duckdb.wal").write_text("nothing that is known")
    monkeypatch.chdir(tmp_path)
    found = preview(InputFile(Path("calls.csv"), "calls.csv"), None, Settings(data_dir=Path("data")))
    assert found.rows == (("a", "2024-01-01"),)
    duckdb_wal.truncate_wal(Path("facts.duckdb"))
    assert not Path("was-run").exists()
