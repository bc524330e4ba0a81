"""Room on a store's disk: what was found holds for a second, and not past a change that failed for want of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from lib.errors import DiskFullError, StorageError
from lib.errors.codes import FailureCode
from lib.store import disk_space
from lib.store.disk_space import DiskSpaceMonitor


def lack_room(monitor: DiskSpaceMonitor) -> None:
    with pytest.raises(DiskFullError), monitor.track_disk_full():
        raise DiskFullError(FailureCode.DISK_FULL)


def test_a_folder_is_tried_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    monitor = DiskSpaceMonitor(sa.create_engine(f"sqlite:///{folder}/state.sqlite"))
    with pytest.raises(StorageError, match="No such file"):
        monitor.check()
    folder.mkdir()
    monitor.check()
    assert list(folder.iterdir()) == []
    folder.rmdir()
    monitor.check()
    monkeypatch.setattr(disk_space, "_CHECKED_SECONDS", 0.0)
    with pytest.raises(StorageError, match="No such file"):
        monitor.check()


def test_a_folder_is_tried_at_once_after_a_change_failed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    monitor = DiskSpaceMonitor(sa.create_engine(f"sqlite:///{folder}/state.sqlite"))
    monitor.check()
    folder.rmdir()
    lack_room(monitor)
    with pytest.raises(StorageError, match="No such file"):
        monitor.check()


def test_a_server_is_asked_only_after_it_lacked_room() -> None:
    """A server has no folder here; asking it each time would write to it."""
    monitor = DiskSpaceMonitor(sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    monitor.check()
    lack_room(monitor)
    for _ in range(2):
        with pytest.raises(sa.exc.OperationalError):
            monitor.check()
