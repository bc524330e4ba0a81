"""The files of exports: written in a local folder, then published where every process finds them, deleted in time."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from pathlib import Path

from lib.errors import StorageError
from lib.errors.codes import FailureCode
from lib.settings import Settings
from lib.storage.open_storage import UNFINISHED_SECONDS, find_file, open_storage
from lib.storage.stored_file import StoredFile
from lib.store.data_dir import EXPORTS

_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file that is ready: its name among the exports, its size and digest."""

    name: str
    size: int
    sha256: str


def folder(settings: Settings) -> Path:
    """Return the folder in which files are written, made where it is missing. Raises StorageError."""
    path = settings.exports_dir
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(FailureCode.EXPORTS_FOLDER, error=str(error.strerror)) from None
    return path


def partial(settings: Settings, job: str, attempt: int) -> Path:
    """Return where a job writes; nothing looks for files there."""
    return folder(settings) / f".{job}.{attempt}.part"


class Digest:
    """The SHA-256 of a file that grows at its end, taken while it is written."""

    def __init__(self, path: Path) -> None:
        """Begin; the file need not be there yet."""
        self._path = path
        self._sha = hashlib.sha256()
        self._taken = 0

    def advance(self) -> None:
        """Take what was written since the last time."""
        with self._path.open("rb") as file:
            file.seek(self._taken)
            while chunk := file.read(_CHUNK):
                self._sha.update(chunk)
                self._taken += len(chunk)

    def finish(self) -> str:
        """Take the rest, and return the digest in hexadecimal."""
        self.advance()
        return self._sha.hexdigest()


def publish(settings: Settings, written: Path, digest: Digest, job: str, attempt: int, form: str) -> ExportFile:
    """Give a whole file its name, by which every process finds it. Raises StorageError."""
    sha256 = digest.finish()
    name = f"{job}.{attempt}.{form}"
    size = written.stat().st_size
    open_storage(settings).publish(written, _stored(name))
    return ExportFile(name, size, sha256)


def published(settings: Settings) -> dict[str, StoredFile]:
    """Return the files that are ready, by their names among the exports. Raises StorageError."""
    return {file.base_name: file for file in open_storage(settings).list_files(_stored(""))}


def find(settings: Settings, name: str) -> StoredFile | None:
    """Return a file that is ready, None where its time is over. Raises StorageError."""
    return find_file(open_storage(settings), _stored(name))


def read(settings: Settings, name: str) -> bytes:
    """Return a file's content. Raises StorageError, also where there is no such file."""
    return b"".join(open_storage(settings).read(_stored(name)))


def check_room(settings: Settings, written: Path) -> None:
    """Raise StorageError where a file, or all together, are larger than they may be."""
    size = written.stat().st_size if written.exists() else 0
    if size > settings.export_mb * 2**20:
        raise StorageError(FailureCode.EXPORT_TOO_LARGE, megabytes=settings.export_mb)
    total = size + sum(file.size for file in published(settings).values())
    if total > settings.exports_mb * 2**20:
        raise StorageError(FailureCode.EXPORTS_TOO_LARGE, megabytes=settings.exports_mb)


def remove(settings: Settings, job: str) -> None:
    """Delete what a job wrote."""
    storage = open_storage(settings)
    storage.delete([file.name for file in storage.list_files(_stored(f"{job}."))])
    for path in folder(settings).glob(f".{job}.*"):
        path.unlink(missing_ok=True)


def remove_old(settings: Settings) -> None:
    """Delete files whose time is over, and what a crash left half written long ago."""
    now = time.time()
    for path in _partial_files(settings):
        if now - path.stat().st_mtime > UNFINISHED_SECONDS:
            path.unlink(missing_ok=True)
    storage = open_storage(settings)
    storage.delete_unfinished(UNFINISHED_SECONDS)
    oldest = now - settings.export_hours * 3600
    storage.delete([file.name for file in published(settings).values() if file.modified_at < oldest])


def remove_partial(settings: Settings) -> None:
    """Delete all that is half written here: for the one who knows that nobody writes."""
    for path in _partial_files(settings):
        path.unlink(missing_ok=True)


def download_name(report: str, form: str, first: str | None, last: str | None) -> str:
    """Return a file name that every system takes: `callboard-evaluations-2024-01-01-2024-01-31.csv`."""
    parts = ["callboard", report, *(re.sub(r"[^0-9A-Za-z-]", "", end[:10]) for end in (first, last) if end)]
    return "-".join(parts) + f".{form}"


def _stored(name: str) -> str:
    return f"{EXPORTS}/{name}"


def _partial_files(settings: Settings) -> list[Path]:
    return list(folder(settings).glob(".*.part"))
