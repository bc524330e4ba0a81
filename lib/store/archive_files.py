"""The files of archives: Parquet in a folder or in S3, written whole, held to a manifest, read again.

Arrow's own access to S3 reads the parts of a file that a question needs, which `lib/storage` has no use for. What is
archived, and when its rows count, is in `lib/analytics/archiving.py`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet

from lib.configuration.storage_address import StorageAddress, parse_storage_address
from lib.errors import ConfigurationError, StorageError
from lib.errors.archive_codes import ArchiveCode

_READ_BYTES = 2**20
_GROUP_ROWS = 2**17  # of which Parquet says what they lie between, so that others are passed over


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A file of an archive, as its manifest has it."""

    name: str
    rows: int
    bytes: int
    sha256: str


class ArchiveFolder:
    """Where archives lie: a folder, or a place in a bucket of S3."""

    def __init__(self, location: str, default: StorageAddress) -> None:
        """Open a place, as `parse_storage_address` reads it; an empty text is the default.

        Raises ConfigurationError for what is no such place.
        """
        try:
            self._address = parse_storage_address(location) if location else default
            self._files, self._root = _opened(self._address)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise ConfigurationError(ArchiveCode.ARCHIVE_LOCATION, location=location, why=str(error)) from None

    def write(self, month: str, name: str, shape: pa.Schema, batches: Iterator[pa.RecordBatch]) -> ArchiveFile:
        """Write a file, so that it is on the disk when this returns. Raises StorageError where that can't be."""
        path, rows = self._path(name), 0
        try:
            if self._is_local:  # in S3 there are no folders
                self._files.create_dir(path.rpartition("/")[0], recursive=True)
            with self._files.open_output_stream(path) as stream:
                hashed = _Hashed(stream)
                with pa.parquet.ParquetWriter(pa.PythonFile(hashed, "w"), shape, compression="zstd") as writer:
                    for batch in _gathered(batches, shape):
                        writer.write_table(batch)
                        rows += len(batch)
            self._flush(path)
        except (OSError, pa.ArrowException) as error:
            raise StorageError(ArchiveCode.ARCHIVE_UNWRITTEN, month=month, why=str(error)) from None
        return ArchiveFile(name, rows, hashed.bytes, hashed.digest.hexdigest())

    def verify(self, month: str, file: ArchiveFile) -> None:
        """Raise StorageError where a file is not there, or not as it was written."""
        digest = hashlib.sha256()
        try:
            with self._files.open_input_stream(self._path(file.name)) as stream:
                while data := stream.read(_READ_BYTES):
                    digest.update(data)
        except (OSError, pa.ArrowException) as error:
            raise self._unreadable(month, file, str(error)) from None
        if digest.hexdigest() != file.sha256:
            raise self._unreadable(month, file, "it is not as it was written")

    def look(self, month: str, file: ArchiveFile) -> None:
        """Raise StorageError where a file is not there, or is of another size."""
        try:
            found = self._files.get_file_info(self._path(file.name))
        except (OSError, pa.ArrowException) as error:
            raise self._unreadable(month, file, str(error)) from None
        if found.type is not pa.fs.FileType.File:
            raise self._unreadable(month, file, "there is no such file")
        if found.size != file.bytes:
            raise self._unreadable(month, file, f"it has {found.size} bytes, and was written with {file.bytes}")

    def remove(self, name: str) -> bool:
        """Delete a file; return whether it is gone."""
        path = self._path(name)
        try:
            if self._files.get_file_info(path).type is not pa.fs.FileType.NotFound:
                self._files.delete_file(path)
        except (OSError, pa.ArrowException):
            return False
        return True

    def dataset(self, files: Sequence[ArchiveFile], shape: pa.Schema) -> pa.dataset.Dataset:
        """Return the rows of files in a shape; what a file has no column of is null."""
        paths = [self._path(file.name) for file in files]
        return pa.dataset.dataset(paths, schema=shape, format="parquet", filesystem=self._files)

    @property
    def _is_local(self) -> bool:
        return isinstance(self._files, pa.fs.LocalFileSystem)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _unreadable(self, month: str, file: ArchiveFile, why: str) -> StorageError:
        return StorageError(ArchiveCode.ARCHIVE_UNREADABLE, month=month, why=why, file=f"{self._address}/{file.name}")

    def _flush(self, path: str) -> None:
        """See to it that a file of this machine, and its name, outlive a loss of power."""
        if self._is_local:
            for each in (Path(path), Path(path).parent):
                handle = os.open(each, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)


def _opened(address: StorageAddress) -> tuple[pa.fs.FileSystem, str]:
    if address.folder is not None:
        return pa.fs.LocalFileSystem(), str(address.folder)
    options: dict[str, Any] = {"region": address.region} if address.region else {}
    if address.endpoint:
        scheme, _, host = address.endpoint.partition("://")
        options |= {"endpoint_override": host, "scheme": scheme}
    return pa.fs.S3FileSystem(**options), f"{address.bucket}/{address.prefix}".rstrip("/")


def _gathered(batches: Iterator[pa.RecordBatch], shape: pa.Schema) -> Iterator[pa.Table]:
    """Yield the same rows as tables of _GROUP_ROWS at least, but for the last."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= _GROUP_ROWS:
            yield pa.Table.from_batches(waiting, shape)
            waiting = []
    yield pa.Table.from_batches(waiting, shape)


class _Hashed:
    """A stream that is written to, with the digest and the count of what was written."""

    closed = False

    def __init__(self, stream: Any) -> None:
        self._stream, self.digest, self.bytes = stream, hashlib.sha256(), 0

    def write(self, data: Any) -> int:
        """Write on."""
        self.digest.update(data)
        self._stream.write(data)
        self.bytes += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how much was written."""
        return self.bytes

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Leave the stream open; who opened it closes it."""
