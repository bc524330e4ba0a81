"""The folder of exported files: each appears whole or not at all, and goes after its time."""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from lib.errors import StorageError
from lib.errors.codes import FailureCode
from lib.settings import Settings

_PARTIAL_SECONDS = 6 * 3600
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file that is ready: its name in the folder, its size and digest."""

    name: str
    size: int
    sha256: str


def folder(settings: Settings) -> Path:
    """Return the folder, made where it is missing. Raises StorageError."""
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
    """Give a whole file its name."""
    sha256 = digest.finish()
    name = f"{job}.{attempt}.{form}"
    size = written.stat().st_size
    os.replace(written, folder(settings) / name)
    return ExportFile(name, size, sha256)


def check_room(settings: Settings, written: Path) -> None:
    """Raise StorageError where a file, or all together, are larger than they may be."""
    size = written.stat().st_size if written.exists() else 0
    if size > settings.export_mb * 2**20:
        raise StorageError(FailureCode.EXPORT_TOO_LARGE, megabytes=settings.export_mb)
    total = sum(entry.stat().st_size for entry in os.scandir(folder(settings)) if entry.is_file())
    if total > settings.exports_mb * 2**20:
        raise StorageError(FailureCode.EXPORTS_TOO_LARGE, megabytes=settings.exports_mb)


def remove(settings: Settings, job: str) -> None:
    """Delete what a job wrote."""
    for path in folder(settings).glob(f"*{job}.*"):
        path.unlink(missing_ok=True)


def remove_old(settings: Settings) -> None:
    """Delete files whose time is over, and what a crash left half written long ago."""
    now = time.time()
    for path in folder(settings).iterdir():
        age = now - path.stat().st_mtime
        if age > (_PARTIAL_SECONDS if path.name.startswith(".") else settings.export_hours * 3600):
            path.unlink(missing_ok=True)


def remove_partial(settings: Settings) -> None:
    """Delete all that is half written: for the one who knows that nobody writes."""
    for path in folder(settings).glob(".*.part"):
        path.unlink(missing_ok=True)


def download_name(report: str, form: str, first: str | None, last: str | None) -> str:
    """Return a file name that every system takes: `callboard-evaluations-2024-01-01-2024-01-31.csv`."""
    parts = ["callboard", report, *(re.sub(r"[^0-9A-Za-z-]", "", end[:10]) for end in (first, last) if end)]
    return "-".join(parts) + f".{form}"
