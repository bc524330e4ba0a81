"""Uploads: files that a visitor brings, kept in the storage until they are imported, by this process or by another.

The process that takes an upload reads it at once, to guess its mapping, and so has it in a folder, too.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lib.errors import FileError, StorageError
from lib.errors.codes import FailureCode
from lib.errors.storage_codes import StorageCode
from lib.ingest.file_reading import InputFile
from lib.settings import Settings
from lib.storage.open_storage import fetch, open_storage
from lib.store import data_dir

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """An upload in the storage: its name there, and what the visitor calls it."""

    stored_name: str
    name: str


def keep(settings: Settings, files: Sequence[Any], session: str) -> tuple[InputFile, ...]:
    """Write uploaded files into the session's folder, in place of its earlier ones. Raises StorageError."""
    root, storage = _root(settings), open_storage(settings)
    folder = root / session
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        remove_old(settings)
        kept = tuple(_write(folder, number, file.name, file) for number, file in enumerate(files))
        if storage.folder is None:
            for upload, file in zip(stored_uploads(kept), kept, strict=True):
                storage.publish(file.path, upload.stored_name)
        return kept
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)  # a part of it is of no use
        if isinstance(error, OSError):
            raise StorageError(FailureCode.UPLOAD_UNWRITTEN, error=str(error.strerror)) from None
        raise


def stored_uploads(files: Sequence[InputFile]) -> tuple[StoredUpload, ...]:
    """Return what files that were kept are in the storage."""
    return tuple(
        StoredUpload(f"{data_dir.UPLOADS}/{file.path.parent.name}/{file.path.name}", file.name) for file in files
    )


@contextmanager
def opened(settings: Settings, uploads: Sequence[StoredUpload]) -> Iterator[tuple[InputFile, ...]]:
    """Give uploads as files that this process can read. Raises FileError for one that is gone, and StorageError."""
    storage = open_storage(settings)
    if storage.folder is not None:
        yield tuple(InputFile(storage.folder / each.stored_name, each.name) for each in uploads)
        return
    root = _root(settings)
    data_dir.make_folder(root)
    with tempfile.TemporaryDirectory(dir=root, prefix="fetched-", ignore_cleanup_errors=True) as folder:
        files = []
        for number, each in enumerate(uploads):
            path = Path(folder) / f"{number}{_ending(each.stored_name)}"
            try:
                fetch(storage, each.stored_name, path)
            except StorageError as error:
                if error.reason.code is not StorageCode.STORED_FILE_MISSING:
                    raise
                raise FileError(FailureCode.FILE_MISSING, name=each.name, path=each.stored_name) from None
            except OSError as error:
                raise data_dir.unusable(root, error) from None
            files.append(InputFile(path, each.name))
        yield tuple(files)


def remove_old(settings: Settings) -> None:
    """Delete what was brought and not used in a day."""
    oldest = time.time() - KEPT_SECONDS
    for old in _root(settings).glob("*"):
        with suppress(FileNotFoundError):  # another visitor's upload removed it
            if old.stat().st_mtime < oldest:
                shutil.rmtree(old, ignore_errors=True)
    storage = open_storage(settings)
    if storage.folder is None:
        files = storage.list_files(f"{data_dir.UPLOADS}/")
        storage.delete([file.name for file in files if file.modified_at < oldest])


def _root(settings: Settings) -> Path:
    """Return the folder that this process reads uploads from: the storage's, where it has one."""
    return (open_storage(settings).folder or settings.data_dir) / data_dir.UPLOADS


def _write(folder: Path, number: int, name: str, content: IO[bytes]) -> InputFile:
    # The visitor's name is what errors call the file; the path is ours alone.
    path = folder / f"{number}{_ending(name)}"
    content.seek(0)
    with path.open("wb") as out:
        shutil.copyfileobj(content, out)
    return InputFile(path, name)


def _ending(name: str) -> str:
    return ".gz" if name.lower().endswith(".gz") else ""
