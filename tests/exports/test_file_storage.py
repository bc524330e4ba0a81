"""The folder of exported files: what has room in it, what appears there, what goes and when."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from lib.errors import StorageError
from lib.exports import file_storage
from lib.settings import Settings

MEGABYTE = 2**20


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, export_mb=2, exports_mb=3, export_hours=2)


def of_size(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_a_file_has_room_up_to_the_limit(settings: Settings) -> None:
    written = file_storage.partial(settings, "job_1", 1)
    file_storage.find_room(settings).check(written)  # nothing is there yet
    file_storage.find_room(settings).check(of_size(written, 2 * MEGABYTE))
    with pytest.raises(StorageError, match="2 MB"):
        file_storage.find_room(settings).check(of_size(written, 2 * MEGABYTE + 1))


def test_all_files_have_room_up_to_their_limit(settings: Settings) -> None:
    of_size(file_storage.folder(settings) / "job_0.1.csv", 2 * MEGABYTE)
    written = file_storage.partial(settings, "job_1", 1)
    file_storage.find_room(settings).check(of_size(written, MEGABYTE))
    with pytest.raises(StorageError, match="3 MB"):
        file_storage.find_room(settings).check(of_size(written, MEGABYTE + 1))


def test_a_file_appears_whole_with_its_size_and_digest(settings: Settings) -> None:
    written = file_storage.partial(settings, "job_1", 2)
    assert written.name.startswith(".")
    digest = file_storage.Digest(written)
    written.write_bytes(b"a" * (MEGABYTE + 1))
    digest.advance()
    with written.open("ab") as file:
        file.write(b"bc")
    ready = file_storage.publish(settings, written, digest, "job_1", 2, "csv")
    content = b"a" * (MEGABYTE + 1) + b"bc"
    assert ready == file_storage.ExportFile("job_1.2.csv", len(content), hashlib.sha256(content).hexdigest())
    assert [path.name for path in settings.exports_dir.iterdir()] == ["job_1.2.csv"]
    assert (settings.exports_dir / ready.name).read_bytes() == content


def test_a_job_s_files_go_and_no_others(settings: Settings) -> None:
    for name in ("job_1.1.csv", ".job_1.2.part", "job_11.1.csv", ".job_11.1.part"):
        (file_storage.folder(settings) / name).touch()
    file_storage.remove(settings, "job_1")
    assert {path.name for path in settings.exports_dir.iterdir()} == {"job_11.1.csv", ".job_11.1.part"}
    file_storage.remove_partial(settings)
    assert {path.name for path in settings.exports_dir.iterdir()} == {"job_11.1.csv"}


def test_files_go_after_their_time(settings: Settings) -> None:
    """A whole file after the hours of the settings; one that a crash left half written after six."""
    for name, hours in {"a.csv": 1.9, "b.csv": 2.1, ".c.part": 5.9, ".d.part": 6.1}.items():
        path = file_storage.folder(settings) / name
        path.touch()
        os.utime(path, (time.time() - hours * 3600,) * 2)
    file_storage.remove_old(settings)
    assert {path.name for path in settings.exports_dir.iterdir()} == {"a.csv", ".c.part"}


@pytest.mark.parametrize(
    ("ends", "name"),
    [
        (("2024-01-01", "2024-01-31"), "callboard-summary-2024-01-01-2024-01-31.csv"),
        (("2024-01-01T09:30:00Z", None), "callboard-summary-2024-01-01.csv"),
        ((None, "../../é"), "callboard-summary-.csv"),
        ((None, None), "callboard-summary.csv"),
    ],
)
def test_names_that_every_system_takes(ends: tuple[str | None, str | None], name: str) -> None:
    assert file_storage.download_name("summary", "csv", *ends) == name
