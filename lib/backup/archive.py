"""The file of a backup: a ZIP of one Parquet file for each table, and a manifest with the SHA-256 of every one.

It appears whole or not at all. What the tables hold, and how they are read and filled, is elsewhere.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lib import __version__
from lib.errors import BackupError, ConflictError, StorageError
from lib.errors.codes import FailureCode
from lib.store import atomic_swap

FORMAT = 1
"""The version of the file's form; a program reads those up to its own."""

SECRET = "secret"  # noqa: S105 - the name of a member
_MANIFEST = "manifest.json"
_PARTIAL = ".callboard-part"
_ROW_GROUP = 131_072
_BATCH = 20_000
_CHUNK = 2**20
_LEFT_SECONDS = 3600  # a partial file that nobody wrote to for so long is a killed process's
# What the reader raises for a file that is none, is cut off, or says in its directory what can't be.
_NO_ZIP = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)
_LOCAL_HEADER = struct.Struct("<26xHH")  # the lengths of the name and the extra field before a member's content


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file within the backup; `rows` is 0 for what is no table."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoreSnapshot:
    """What a backup holds of one store: the migration it was at, and its tables in the order to fill them."""

    revision: str
    tables: dict[str, ArchiveMember]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    program: str  # the version of the program that wrote it
    created_at: datetime
    timezone: str  # in which the days of the evaluations are
    data_version: int
    engines: dict[str, str]
    facts: StoreSnapshot
    state: StoreSnapshot
    secret: ArchiveMember | None
    job: str | None = None  # that it was written for

    @property
    def members(self) -> list[ArchiveMember]:
        """Every file that belongs to the backup."""
        tables = [*self.facts.tables.values(), *self.state.tables.values()]
        return tables if self.secret is None else [*tables, self.secret]


class BackupWriter:
    """A backup that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        """Write to a file, from its beginning on."""
        self._zip = zipfile.ZipFile(file, "w")

    def table(
        self, name: str, shape: pa.Schema, batches: Iterable[pa.RecordBatch], tell: Callable[[int], None]
    ) -> ArchiveMember:
        """Write a table's rows; `tell` is told of how many each time."""
        rows = 0
        with self._member(name) as content:
            # Columns are written one after another, so that a batch is held until its row group is full.
            with pq.ParquetWriter(pa.PythonFile(content, "w"), shape, compression="zstd") as writer:
                for batch in batches:
                    writer.write_batch(batch, _ROW_GROUP)
                    rows += len(batch)
                    tell(len(batch))
            return ArchiveMember(name, rows, content.tell(), content.sha.hexdigest())

    def bytes(self, name: str, value: bytes) -> ArchiveMember:
        """Write a file as it is."""
        with self._member(name) as content:
            content.write(value)
            return ArchiveMember(name, 0, content.tell(), content.sha.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, which ends the file."""
        content = {**asdict(manifest), "created_at": manifest.created_at.isoformat()}
        self._zip.writestr(_MANIFEST, json.dumps(content, indent=1))
        self._zip.close()

    def abandon(self) -> None:
        """Write nothing more."""
        self._zip.fp = None

    @contextmanager
    def _member(self, name: str) -> Iterator[_Digested]:
        with self._zip.open(zipfile.ZipInfo(name, time.gmtime()[:6]), "w", force_zip64=True) as stream:
            yield _Digested(stream)


@contextmanager
def create(path: Path, *, replace: bool) -> Iterator[BackupWriter]:
    """Give a backup to write; it gets its name, whole and on the disk, when all went well.

    Raises ConflictError where there is a file of that name that may not be replaced, and StorageError.
    """
    if os.path.exists(path) and not replace:
        raise ConflictError(FailureCode.BACKUP_EXISTS, path=str(path))
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_PARTIAL}")
    try:
        _forget_partial(path.parent)
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            writing = BackupWriter(file)
            try:
                yield writing
            except BaseException:
                writing.abandon()
                raise
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        atomic_swap.sync(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(FailureCode.BACKUP_UNWRITABLE, path=str(path), error=reason) from None
    finally:
        with suppress(OSError):
            partial.unlink()


class Backup:
    """A backup that is there: what its manifest says, and its tables."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """Read the manifest. Raises BackupError where the file is no backup, not whole, or a newer program's."""
        self.path, self._file = path, file
        try:
            self._zip = zipfile.ZipFile(file)
            manifest = json.loads(self._zip.read(_MANIFEST))
        except _NO_ZIP:
            raise BackupError(
                f"{path} is no backup, or not all of one. Nothing was changed. Right would be a file that "
                "`callboard backup` wrote."
            ) from None
        if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
            raise BackupError(f"{path} is no backup of Callboard.")
        if manifest["format"] > FORMAT:
            raise BackupError(
                f"A newer version of Callboard ({manifest.get('program')}) wrote {path}: its form is "
                f"{manifest['format']}, which this version ({__version__}) knows up to {FORMAT}. Nothing was changed. "
                "Right would be to restore by the version that wrote it, or a newer one."
            )
        try:
            self.manifest = _manifest(manifest)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BackupError(f"The manifest of {path} is damaged. Nothing was changed.") from None

    def verify(self, tell: Callable[[float], None]) -> None:
        """Hold every member to its digest; `tell` is told which share is done. Raises BackupError."""
        total, done = sum(member.bytes for member in self.manifest.members) or 1, 0
        for member in self.manifest.members:
            sha = hashlib.sha256()
            content = self._content(member)
            while chunk := content.read(_CHUNK):
                sha.update(chunk)
                done += len(chunk)
                tell(done / total)
            if sha.hexdigest() != member.sha256:
                raise BackupError(
                    f"{self.path} is damaged: {member.name} is not what was written. Nothing was changed. Right would "
                    "be another copy of it."
                )

    def batches(self, member: ArchiveMember) -> pa.RecordBatchReader:
        """Return a table's rows as a stream. Raises BackupError where they are not the ones that it should have."""
        try:
            file = pq.ParquetFile(pa.PythonFile(self._content(member), "r"))
        except pa.ArrowException:
            raise BackupError(f"{self.path} is damaged: {member.name} is no table. Nothing was changed.") from None
        if file.metadata.num_rows != member.rows:
            raise BackupError(f"{self.path} is damaged: {member.name} lacks rows. Nothing was changed.")
        shape = file.schema_arrow
        return pa.RecordBatchReader.from_batches(shape, file.iter_batches(_BATCH, use_threads=False))

    def bytes(self, member: ArchiveMember) -> bytes:
        """Return a file that is no table."""
        return self._content(member).read()

    def _content(self, member: ArchiveMember) -> _Slice:
        """Return a member as a file of its own; ZIP's own reader would begin anew for each step back."""
        try:
            info = self._zip.getinfo(member.name)
        except KeyError:
            info = None
        if info is None or info.compress_type != zipfile.ZIP_STORED or info.file_size != member.bytes:
            raise BackupError(f"{self.path} is damaged: {member.name} is missing. Nothing was changed.")
        descriptor = self._file.fileno()
        with _readable(self.path):
            header = os.pread(descriptor, _LOCAL_HEADER.size, info.header_offset)
        if len(header) < _LOCAL_HEADER.size:
            raise BackupError(f"{self.path} is damaged: {member.name} is missing. Nothing was changed.")
        begin = info.header_offset + _LOCAL_HEADER.size + sum(_LOCAL_HEADER.unpack(header))
        return _Slice(self.path, descriptor, begin, member.bytes)


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """Give a backup to read. Raises BackupError, StorageError."""
    with _readable(path):
        file = path.open("rb")
    with file:
        with _readable(path):
            backup = Backup(path, file)
        yield backup


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Tell of a backup that can't be read; the body does nothing else."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"The backup {path} can't be read: {error.strerror or error}.") from None


def _forget_partial(folder: Path) -> None:
    """Delete what killed backups left half written."""
    for path in folder.glob(f".*{_PARTIAL}"):
        if time.time() - path.stat().st_mtime > _LEFT_SECONDS:
            path.unlink(missing_ok=True)


def _manifest(content: dict[str, Any]) -> Manifest:
    def part(of: dict[str, Any]) -> StoreSnapshot:
        return StoreSnapshot(
            str(of["revision"]), {name: ArchiveMember(**member) for name, member in of["tables"].items()}
        )

    return Manifest(
        **{
            **content,
            "created_at": datetime.fromisoformat(content["created_at"]),
            "facts": part(content["facts"]),
            "state": part(content["state"]),
            "secret": None if content["secret"] is None else ArchiveMember(**content["secret"]),
        }
    )


class _Digested(io.RawIOBase):
    """Passes on what is written, counts it and takes its digest."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._written, self.sha = stream, 0, hashlib.sha256()

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._written

    def write(self, value: Any, /) -> int:
        """Write all of it."""
        self.sha.update(value)
        self._stream.write(value)
        self._written += len(value)
        return len(value)


class _Slice(io.RawIOBase):
    """A part of a backup, as a file."""

    def __init__(self, path: Path, descriptor: int, begin: int, length: int) -> None:
        self._path, self._descriptor, self._begin, self._length, self._at = path, descriptor, begin, length, 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Return where the next bytes are read."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Read on from elsewhere."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}[whence]
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as there is something."""
        wanted = max(0, min(len(buffer), self._length - self._at))
        with _readable(self._path):
            found = os.pread(self._descriptor, wanted, self._begin + self._at)
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)
