"""Shared files in a folder: the data dir's, or one that several machines have."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from lib.configuration.storage_address import StorageAddress
from lib.errors import StorageError
from lib.errors.storage_codes import StorageCode
from lib.storage.stored_file import StoredFile

log = logging.getLogger(__name__)

_PIECE = 2**18
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_PARTIAL = ".part"


class FolderStorage:
    """Files in the folders of a folder. What is half written has a name that begins with a point, and is not listed."""

    def __init__(self, address: StorageAddress) -> None:
        """Use the address's folder, which is made where it is missing.

        One that goes later, as a network's that is not mounted any more, is not made anew: its files come back with it.
        """
        assert address.folder is not None  # noqa: S101 - what tells it from S3
        self.address, self.folder = address, address.folder
        with suppress(OSError):  # who needs it then is told
            self.folder.mkdir(parents=True, exist_ok=True)

    def publish(self, path: Path, name: str) -> None:
        """Move a whole local file to its name; of one on another disk a copy takes the name, once it is whole."""
        target = self.folder / name
        with self._translated_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.replace(path, target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _copy(path, target)

    def list_files(self, beginning: str) -> list[StoredFile]:
        """Return the files whose names begin so."""
        top = self.folder / beginning.rpartition("/")[0]
        files = []
        with self._translated_errors(top):
            for place, folders, names in os.walk(top):
                folders[:] = [name for name in folders if not name.startswith(".")]
                for name in names:
                    file = self._listed(Path(place, name))
                    if file is not None and file.name.startswith(beginning):
                        files.append(file)
        return sorted(files, key=lambda file: file.name)

    def read(self, name: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Open a file, and return its bytes in pieces."""
        path = self.folder / name
        with self._translated_errors(path):
            file = path.open("rb")
            file.seek(first)

        def pieces() -> Iterator[bytes]:
            left = None if last is None else last + 1 - first
            with file, self._translated_errors(path):
                while piece := file.read(_PIECE if left is None else min(_PIECE, left)):
                    left = None if left is None else left - len(piece)
                    yield piece

        return pieces()

    def delete(self, names: Sequence[str]) -> None:
        """Delete files."""
        for name in names:
            with self._translated_errors(self.folder / name):
                (self.folder / name).unlink(missing_ok=True)

    def delete_unfinished(self, age_seconds: float) -> None:
        """Delete copies that were not finished."""
        for path in self.folder.glob(f"*/.*{_PARTIAL}"):
            with self._translated_errors(path), suppress(FileNotFoundError):  # another process was quicker
                if time.time() - path.stat().st_mtime > age_seconds:
                    path.unlink(missing_ok=True)

    def check(self) -> None:
        """Write a small file and delete it."""
        path = self.folder / f".check-{secrets.token_hex(8)}"
        with self._translated_errors(path):
            path.write_bytes(b"callboard")
            path.unlink()

    @contextmanager
    def _translated_errors(self, path: Path) -> Iterator[None]:
        """Raise StorageError for what the system refuses, and where the folder itself is away."""
        try:
            if not self.folder.exists():
                log.warning("%s is not there", self.folder)
                raise StorageError(StorageCode.STORAGE_UNREACHABLE)
            if not self.folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            yield
        except FileNotFoundError:
            raise StorageError(StorageCode.STORED_FILE_MISSING, name=path.name) from None
        except OSError as error:
            log.warning("%s can't be used: %s", path, error)
            if error.errno in _NO_ROOM:
                raise StorageError(StorageCode.STORAGE_FULL) from None
            reason = error.strerror or type(error).__name__
            raise StorageError(StorageCode.STORAGE_FAILED, error=reason) from None

    def _listed(self, path: Path) -> StoredFile | None:
        """Return a file of the folder; None for one that is half written, or that somebody has deleted meanwhile."""
        if path.name.startswith("."):
            return None
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        return StoredFile(path.relative_to(self.folder).as_posix(), status.st_size, status.st_mtime)


def _copy(path: Path, target: Path) -> None:
    partial = target.with_name(f".{target.name}.{secrets.token_hex(8)}{_PARTIAL}")
    try:
        with path.open("rb") as source, partial.open("xb") as copied:
            shutil.copyfileobj(source, copied, _PIECE)
            copied.flush()
            os.fsync(copied.fileno())
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
