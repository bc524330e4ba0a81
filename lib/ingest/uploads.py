"""Uploads: files that a visitor brings, kept in the data dir until they are imported."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from lib.errors import StorageError
from lib.errors.codes import FailureCode
from lib.ingest.file_reading import InputFile
from lib.settings import Settings
from lib.store import data_dir

KEPT_SECONDS = 24 * 3600


def keep(settings: Settings, files: Sequence[Any], session: str) -> tuple[InputFile, ...]:
    """Write uploaded files into the session's folder, in place of its earlier ones. Raises StorageError."""
    folder = _root(settings) / session
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        remove_old(settings)
        return tuple(_write(folder, number, file.name, file) for number, file in enumerate(files))
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)  # a part of it is of no use
        if isinstance(error, OSError):
            raise StorageError(FailureCode.UPLOAD_UNWRITTEN, error=str(error.strerror)) from None
        raise


def remove_old(settings: Settings) -> None:
    """Delete what was brought and not used in a day."""
    for old in _root(settings).glob("*"):
        with suppress(FileNotFoundError):  # another visitor's upload removed it
            if time.time() - old.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(old, ignore_errors=True)


def _root(settings: Settings) -> Path:
    return settings.data_dir / data_dir.UPLOADS


def _write(folder: Path, number: int, name: str, content: IO[bytes]) -> InputFile:
    # The visitor's name is what errors call the file; the path is ours alone.
    gzipped = ".gz" if name.lower().endswith(".gz") else ""
    path = folder / f"{number}{gzipped}"
    content.seek(0)
    with path.open("wb") as out:
        shutil.copyfileobj(content, out)
    return InputFile(path, name)
