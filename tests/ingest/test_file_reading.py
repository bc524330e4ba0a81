"""The child that reads: what ends it, and what it leaves out of its way."""

from __future__ import annotations

import _thread
import gzip
import io
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.catalog.catalog import BUILT_IN
from lib.errors import CancelledError
from lib.ingest.file_reading import InputFile, read_files, survey
from lib.ingest.reader import BATCH_ROWS
from lib.settings import Settings
from lib.store import duckdb_wal
from tests.conftest import ROOT
from tests.store.test_facts import soon

pytestmark = pytest.mark.usefixtures("started_readers")

HEARD_SECONDS = 30


def ended_by(paths: list[Path], folder: Path, progress: Callable[[float, int], None]) -> Exception | None:
    """Read files; return what ended that."""
    raised: list[Exception] = []

    def read() -> None:
        files = [InputFile(path, path.name) for path in paths]
        try:
            with read_files(
                files, None, folder / "bad-rows.csv", Settings(data_dir=folder), BUILT_IN, progress
            ) as reading:
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


def csv_of(rows: list[tuple[str, str, str]]) -> bytes:
    return "".join(f"{','.join(row)}\n" for row in [NAMES, *rows]).encode()


def json_lines_of(rows: list[tuple[str, str, str]]) -> bytes:
    return "".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in rows).encode()


def xlsx_of(rows: list[tuple[str, str, str]]) -> bytes:
    workbook, out = openpyxl.Workbook(write_only=True), io.BytesIO()
    sheet = workbook.create_sheet()
    for row in [NAMES, *rows]:
        sheet.append(row)
    workbook.save(out)
    return out.getvalue()


def parquet_of(rows: list[tuple[str, str, str]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(dict(zip(NAMES, zip(*rows, strict=True), strict=True))), out)
    return out.getvalue()


NAMES = ("id", "audioDate", "audioFileName")


@pytest.mark.parametrize(
    ("name", "made", "count", "ahead"),
    [
        ("calls.csv", csv_of, 100_000, 32_000),  # a block that is read, and one that is converted
        ("calls.csv.gz", csv_of, 100_000, 32_000),
        ("calls.jsonl", json_lines_of, 3 * BATCH_ROWS, BATCH_ROWS),  # a batch that is converted
        ("calls.jsonl.gz", json_lines_of, 3 * BATCH_ROWS, BATCH_ROWS + 2_000),  # and what is unpacked
        ("calls.xlsx", xlsx_of, BATCH_ROWS + 20_000, 0),
        ("calls.parquet", parquet_of, BATCH_ROWS + 20_000, 0),
    ],
)
def test_the_progress_is_the_share_that_was_read(
    tmp_path: Path, name: str, made: Callable[[list[tuple[str, str, str]]], bytes], count: int, ahead: int
) -> None:
    chance = random.Random(1)
    rows = [(f"{number:06}", "2024-01-01", chance.randbytes(40).hex()) for number in range(count)]
    path = tmp_path / name
    path.write_bytes(gzip.compress(made(rows), 1) if name.endswith(".gz") else made(rows))
    told: list[tuple[float, int]] = []
    assert ended_by([path], tmp_path, lambda share, done: told.append((share, done))) is None
    assert told == sorted(told) and told[-1] == (1.0, count)
    steps = sorted({each for each in told if each[1]})  # before the first rows it says 0, as often as it is asked
    assert len(steps) >= 2
    for share, done in steps:
        assert -0.001 <= share - done / count <= ahead / count + 0.001, (share, done)


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
            survey(InputFile(path, path.name), None, Settings(data_dir=tmp_path), BUILT_IN)
    given_up.set()
    assert soon(lambda: ended == [None]), ended


STARTER = """
import sys, threading
from pathlib import Path
from lib.catalog.catalog import BUILT_IN
from lib.ingest.file_reading import InputFile, _child, _told
from lib.settings import Settings
settings = Settings(data_dir=Path(sys.argv[1]))
files = [InputFile(Path(sys.argv[2]), "calls.csv")]
order = {"task": "read", "bad_rows": "bad.csv", **_told(None, settings, BUILT_IN)}
with _child(order, files, {}, lambda _: None) as (child, _):
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
    taken = survey(InputFile(Path("calls.csv"), "calls.csv"), None, Settings(data_dir=Path("data")), BUILT_IN)
    assert [cell.text for cell in taken.sample[0].cells] == ["a", "2024-01-01"]
    duckdb_wal.truncate_wal(Path("facts.duckdb"))
    assert not Path("was-run").exists()
