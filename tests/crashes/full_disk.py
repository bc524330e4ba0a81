"""A small disk, and what fills it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_CHUNK = 2**22


@contextmanager
def mounted(path: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of so many megabytes."""
    path.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def _mounts() -> bool:
    """Return whether a disk can be mounted here: root may still lack the right to."""
    if os.geteuid() != 0:
        return False
    try:
        with tempfile.TemporaryDirectory() as folder, mounted(Path(folder) / "disk", 1):
            return True
    except (subprocess.CalledProcessError, OSError):
        return False


needs_root = pytest.mark.skipif(not _mounts(), reason="mounting a small disk needs root; CI has it")


def free(path: Path) -> int:
    """Return how many bytes the disk of a path has left."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


class Ballast:
    """A file that takes the room of a disk."""

    def __init__(self, disk: Path) -> None:
        self._disk, self._path = disk, disk / "ballast"

    def leave(self, left: int) -> None:
        """Take all but so many bytes; what a server takes meanwhile may leave less."""
        with self._path.open("ab", buffering=0) as file, suppress(OSError):
            while (taken := min(_CHUNK, free(self._disk) - left)) > 0:
                file.write(bytes(taken))

    def remove(self) -> None:
        """Make room."""
        self._path.unlink()
