"""What every storage of shared files can do, and which one the settings name."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

from lib.configuration.storage_address import StorageAddress
from lib.errors import StorageError
from lib.settings import Settings
from lib.storage.folder_storage import FolderStorage
from lib.storage.stored_file import StoredFile

log = logging.getLogger(__name__)

UNFINISHED_SECONDS = 6 * 3600
"""How long a file may take on its way into the storage; what is older was left half written by a crash."""


class FileStorage(Protocol):
    """Files by name, such as `exports/job_1.1.csv`. What goes wrong is a StorageError, in words that name no host."""

    address: StorageAddress

    @property
    def folder(self) -> Path | None:
        """The folder in which names are paths; None where files have to be fetched."""

    def publish(self, path: Path, name: str) -> None:
        """Have a whole local file appear under a name, in place of another; the local one may be gone then."""

    def list_files(self, beginning: str) -> list[StoredFile]:
        """Return the files whose names begin so, with a folder at least, in the order of their names."""

    def read(self, name: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Open a file, and return its bytes in pieces, from the first to the last one; by default all of them.

        Raises StorageError, at once, where the file is not there.
        """

    def delete(self, names: Sequence[str]) -> None:
        """Delete files; those that are not there are passed over."""

    def delete_unfinished(self, age_seconds: float) -> None:
        """Delete what a crash left half written, so long ago at least."""

    def check(self) -> None:
        """Put a small file there, read it and delete it."""


def open_storage(settings: Settings) -> FileStorage:
    """Return the storage that the settings name."""
    return _opened(settings.storage_address)


def find_file(storage: FileStorage, name: str) -> StoredFile | None:
    """Return a file of a name; None where there is none. Raises StorageError."""
    return next((file for file in storage.list_files(name) if file.name == name), None)


def fetch(storage: FileStorage, name: str, path: Path) -> None:
    """Write a file's bytes to a local path. Raises StorageError, and OSError where they can't be written."""
    pieces = storage.read(name)
    with path.open("wb") as local:
        for piece in pieces:
            local.write(piece)


def begin_check(settings: Settings) -> None:
    """Look in a thread whether the storage can be used that the settings name; log what is wrong."""
    if not settings.storage_url:
        return  # opening the stores looks at the data dir

    def check() -> None:
        storage = open_storage(settings)
        try:
            storage.check()
        except StorageError as error:
            log.error("Uploads, exports and bad rows can't be kept in %s: %s", storage.address, error.message)

    threading.Thread(target=check, name="storage check", daemon=True).start()


@cache
def _opened(address: StorageAddress) -> FileStorage:
    if address.folder is not None:
        return FolderStorage(address)
    from lib.storage.s3_storage import S3Storage  # its library is loaded where it is used alone

    return S3Storage(address)
