"""Takes what a killed process left half written off DuckDB's log, before DuckDB reads it.

DuckDB ignores the changes of a log that ends within a transaction, except where the transaction appended a whole row
group (122,880 rows): those rows it keeps without the rest (seen with 1.5.6; duckdb pull request 25931). A log without
the unfinished end leaves nothing to keep. Run as `python -m lib.store.duckdb_wal <database>`, as the process that reads
and closes a database's file gives up every lock that it has on it.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lib.errors import StorageError
from lib.formats import child_process

_HEADER = bytes.fromhex("640062650002ffff")  # an entry of type 98, version 2: entries with length and checksum follow
_LENGTH_AND_CHECKSUM = struct.Struct("<QQ")
_COMMIT = bytes.fromhex("640064ffff")  # an entry of type 100
_WORD = 8
_ALL = 2**64 - 1


def truncate_wal(database: Path) -> None:
    """Take what follows the last commit off the logs of a database that no process has open.

    Raises StorageError where the files can't be read or changed.
    """
    if not database.exists() or not any(log.exists() for log in logs(database)):
        return
    try:
        child_process.run("lib.store.duckdb_wal", str(database))
    except StorageError as error:
        raise StorageError(f"The log of {database} can't be put right: {error.message}.") from None


def main() -> None:
    """Be the child."""
    database = Path(sys.argv[1])
    try:
        with database.open("r+b") as held:
            if _locked(held):
                for log in logs(database):
                    _trim(log)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


def _locked(file: BinaryIO) -> bool:
    """Take the lock that DuckDB takes; a database that a process holds is in good hands."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def logs(database: Path) -> tuple[Path, Path]:
    """Return the paths of the log, and of the one that is written while the other goes into the database."""
    return database.with_name(f"{database.name}.wal"), database.with_name(f"{database.name}.wal.checkpoint")


def _trim(log: Path) -> None:
    if not log.exists():
        return
    with log.open("r+b") as file:
        end = committed_end(file)
        if end < file.seek(0, os.SEEK_END):
            file.truncate(end)
            os.fsync(file.fileno())


def committed_end(log: BinaryIO) -> int:
    """Return how many bytes of a log lead up to its last commit; all of them for a log of another version.

    Entries are read one by one: a log may be larger than the memory.
    """
    size = log.seek(0, os.SEEK_END)
    log.seek(0)
    if log.read(len(_HEADER)) != _HEADER:
        return size
    end, position = 0, len(_HEADER)
    while position + _LENGTH_AND_CHECKSUM.size <= size:
        length, expected = _LENGTH_AND_CHECKSUM.unpack(log.read(_LENGTH_AND_CHECKSUM.size))
        position += _LENGTH_AND_CHECKSUM.size + length
        if position > size:
            break
        entry = log.read(length)
        if checksum(entry) != expected:
            break
        if entry == _COMMIT:
            end = position
    return end


def checksum(entry: bytes) -> int:
    """Return DuckDB's checksum of a log's entry: words times a constant, the rest by MurmurHash64A, all xored."""
    whole = len(entry) // _WORD
    words = np.frombuffer(entry, "<u8", whole) * np.uint64(0xBF58476D1CE4E5B9)
    result = 5381 ^ int(np.bitwise_xor.reduce(words))
    rest = entry[whole * _WORD :]
    return result ^ _murmur(rest) if rest else result


def _murmur(rest: bytes) -> int:
    """Return MurmurHash64A, with DuckDB's seed, of fewer bytes than a word has."""
    factor, shift = 0xC6A4A7935BD1E995, 47
    value = 0xE17A1465 ^ (len(rest) * factor & _ALL)
    value = (value ^ int.from_bytes(rest, "little")) * factor & _ALL
    value = (value ^ value >> shift) * factor & _ALL
    return value ^ value >> shift


if __name__ == "__main__":
    main()
