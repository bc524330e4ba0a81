"""The reports of imports' bad rows as files: written here, then kept in the storage, where every process finds them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.settings import Settings
from lib.storage.open_storage import UNFINISHED_SECONDS, find_file, open_storage
from lib.store.data_dir import BAD_ROWS

KEPT_SECONDS = 90 * 24 * 3600
"""How long the bad rows of an import are kept: they hold what is in the files."""


@contextmanager
def begin(settings: Settings, import_id: str) -> Iterator[Path]:
    """Give the path to write a report to; what is not published goes with the context."""
    path = settings.data_dir / BAD_ROWS / f".{import_id}.part"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def publish(settings: Settings, written: Path, import_id: str) -> str:
    """Keep a report that is whole; return its name among the reports. Raises StorageError."""
    name = f"{import_id}.csv"
    open_storage(settings).publish(written, _stored(name))
    return name


def location(settings: Settings, name: str) -> str:
    """Return where a report is, as people find it: a path, or an address of S3."""
    return f"{open_storage(settings).address}/{_stored(name)}"


def is_kept(settings: Settings, name: str) -> bool:
    """Return whether a report is still there. Raises StorageError."""
    return find_file(open_storage(settings), _stored(name)) is not None


def read(settings: Settings, name: str) -> bytes:
    """Return a report. Raises StorageError, also where its time is over."""
    return b"".join(open_storage(settings).read(_stored(name)))


def remove(settings: Settings, names: Iterable[str]) -> None:
    """Delete some reports."""
    open_storage(settings).delete([_stored(name) for name in names])


def remove_old(settings: Settings) -> None:
    """Delete the reports whose time is over, and what a crash left half written here."""
    now, storage = time.time(), open_storage(settings)
    for path in (settings.data_dir / BAD_ROWS).glob(".*.part"):
        if now - path.stat().st_mtime > UNFINISHED_SECONDS:
            path.unlink(missing_ok=True)
    reports = storage.list_files(_stored(""))
    storage.delete([report.name for report in reports if now - report.modified_at > KEPT_SECONDS])


def _stored(name: str) -> str:
    return f"{BAD_ROWS}/{name}"
