"""A folder for what one process spills, where several have one data dir; those of processes that died are removed."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path

_PREFIX, _LOCK = "lake-", ".lock"


class SpillFolder:
    """A folder's path, which is this process's alone as long as it holds the file of its lock."""

    def __init__(self, parent: Path) -> None:
        """Claim one in a folder; DuckDB makes it when it spills."""
        _remove_left_over(parent)
        self._lock = tempfile.NamedTemporaryFile(prefix=_PREFIX, suffix=_LOCK, dir=parent, delete=False)  # noqa: SIM115 - held until `release`
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = Path(self._lock.name).with_suffix("")

    def release(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        Path(self._lock.name).unlink(missing_ok=True)
        self._lock.close()


def _remove_left_over(parent: Path) -> None:
    for path in parent.glob(f"{_PREFIX}*{_LOCK}"):
        try:
            with path.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                path.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue  # its process is alive, or another one was quicker
