"""Blocks of an embedded database's file that a killed process wrote by half.

DuckDB writes over nothing that the last checkpoint needs, but for blocks of metadata: the next one puts its pieces into
those of a block that are free, and writes the whole block in its place, with a checksum over all of it. A process
that is killed within that write leaves a block of old and new pages. Its pieces in use are the same in both; only the
checksum is that of a block that is not there, and DuckDB opens the file no more (seen with 1.5.6, once in some thousand
kills). With the checksum of what is there, the file is as the last checkpoint left it, and the log has what came after.
That is done to blocks of metadata only, and only where a log shows that a checkpoint did not come to its end.
"""

from __future__ import annotations

import logging
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lib.store.duckdb_wal import logs

log = logging.getLogger(__name__)

_SAID = re.compile(r"computed checksum (\d+) does not match stored checksum (\d+) in block at location (\d+)")
_CHECKSUM = struct.Struct("<Q")
_FIRST_BLOCK = 3 * 4096  # after the three headers
_BLOCK_SIZE_AT = 4096 + 5 * 8  # in the first of the two headers that take turns
_MOST = 8  # blocks that one checkpoint is taken to have left so


@dataclass(frozen=True, slots=True)
class TornBlock:
    """A block: where it begins, the checksum that stands there, and the one of what is there."""

    location: int
    stored: int
    computed: int


def mend(file: Path, said: str) -> bool:
    """Give the blocks that were written by half the checksum of what is there; return whether the file opens then.

    `said` is how DuckDB refused to open it. Where something else is wrong, the file stays as it was.
    """
    mended: list[TornBlock] = []
    while len(mended) < _MOST:
        torn = _torn_block(file, said)
        if torn is None:
            break
        _write(file, torn.location, torn.computed)
        mended.append(torn)
        try:
            with duckdb.connect(str(file), read_only=True) as reader:
                blocks = reader.execute("SELECT block_id FROM pragma_metadata_info()").fetchall()
        except duckdb.Error as error:
            said = str(error)
            continue
        if not all((_number(file, each),) in blocks for each in mended):
            break
        for each in mended:
            log.warning(
                "%s: a killed process wrote a block by half, at byte %d; it is taken as it is. "
                "`callboard check` tells whether all numbers fit.",
                file,
                each.location,
            )
        return True
    for each in mended:
        _write(file, each.location, each.stored)
    return False


def _torn_block(file: Path, said: str) -> TornBlock | None:
    """Return the block that DuckDB speaks of; None where it speaks of another fault, or no checkpoint was under way."""
    found = _SAID.search(said)
    if found is None or not any(each.exists() for each in logs(file)):
        return None
    computed, stored, location = map(int, found.groups())
    return TornBlock(location, stored, computed) if _read(file, location) == stored else None


def _number(file: Path, block: TornBlock) -> int:
    return (block.location - _FIRST_BLOCK) // _read(file, _BLOCK_SIZE_AT)


def _read(file: Path, location: int) -> int:
    with file.open("rb") as held:
        held.seek(location)
        found: int = _CHECKSUM.unpack(held.read(_CHECKSUM.size))[0]
        return found


def _write(file: Path, location: int, checksum: int) -> None:
    with file.open("r+b") as held:
        held.seek(location)
        held.write(_CHECKSUM.pack(checksum))
        os.fsync(held.fileno())
