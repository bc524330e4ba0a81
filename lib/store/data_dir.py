"""The data dir: its folders, made where they are missing, and read by nobody but their owner.

What the process writes is private by its umask, as the databases make their files by themselves, and so do the child
processes. What an older version wrote is made private when the data dir is opened.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.errors import DiskFullError, StorageError
from lib.settings import Settings

log = logging.getLogger(__name__)

EXPORTS, UPLOADS, BAD_ROWS, SPILL = FOLDERS = ("exports", "uploads", "bad-rows", "spill")
"""The folders in it."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

_SECRETS = ("secret", "login-secret", ".secret-*")
_PRIVATE = 0o077  # what nobody else may
_umask: int | None = None
_warned: set[Path] = set()


def restrict_umask() -> None:
    """Let what this process and its children make from now on be their owner's alone."""
    global _umask
    previous = os.umask(_PRIVATE)
    _umask = previous if _umask is None else _umask


@contextmanager
def user_umask() -> Iterator[None]:
    """Let a file that a user asked for have the rights that their other files have."""
    if _umask is None:
        yield
        return
    previous = os.umask(_umask)
    try:
        yield
    finally:
        os.umask(previous)


def prepare(settings: Settings) -> None:
    """Make the data dir, and what lies in it private. Raises DiskFullError, or StorageError."""
    make_folder(settings.data_dir)
    root = settings.data_dir.resolve()
    if _is_ours_alone(root):
        _restrict(root)
    for file in (settings.facts_file, settings.state_file):
        if file is not None:
            _restrict_all(file.parent.glob(f"{_literal(file.name)}*"))
    for name in _SECRETS:
        _restrict_all(root.glob(name))
    for name in FOLDERS:
        _restrict_all([root / name])


def make_folder(path: Path, said_by: str = "CALLBOARD_DATA_DIR") -> None:
    """Make a folder where it is missing, of which a setting says where it is. Raises DiskFullError, or StorageError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(path, error, said_by) from None


def unusable(path: Path, error: OSError, said_by: str = "CALLBOARD_DATA_DIR") -> StorageError:
    """Return the error of a folder that can't be made, or in which nothing can be written."""
    if error.errno in NO_ROOM:
        return DiskFullError(f"The disk is full: nothing can be written in {_named(path, said_by)}.")
    reason = error.strerror or str(error)
    return StorageError(
        f"{_named(path, said_by)} can't be used: {reason}. "
        "Right would be a folder that the program may make, and write in."
    )


def _named(path: Path, said_by: str) -> str:
    """Name a folder as the documents do; whoever sees the message need not know where it is."""
    if path.name in FOLDERS:
        return f"The folder '{path.name}' of the data dir"
    return f"The folder {path} ({said_by} says where)"


def _is_ours_alone(root: Path) -> bool:
    """Return whether the data dir itself can be made private without taking from others what is theirs."""
    status = root.stat()
    if not status.st_mode & _PRIVATE:
        return False  # it is already
    shared = [Path.cwd(), Path(os.path.expanduser("~"))]
    if status.st_mode & stat.S_ISVTX or any(each == root or root in each.parents for each in shared):
        _warn(root, "it holds more than Callboard's files, so that others may still list it")
        return False
    return True


def _restrict_all(paths: Iterator[Path] | list[Path]) -> None:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            for place, _, names in os.walk(path):
                _restrict(Path(place))
                for name in names:
                    _restrict(Path(place, name))
        else:
            _restrict(path)


def _restrict(path: Path) -> None:
    """Take from others what they may do with a file or folder; a link's target is left as it is."""
    try:
        mode = path.lstat().st_mode
        if mode & _PRIVATE and not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) & ~_PRIVATE)
    except FileNotFoundError:
        return  # another process was quicker
    except PermissionError:
        _warn(path, "it belongs to another user of this machine, so that others may still read it")


def _warn(path: Path, why: str) -> None:
    if path not in _warned:
        _warned.add(path)
        log.warning("%s could not be made private: %s", path, why)


def _literal(name: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)
