"""Folders for what processes spill that share a data dir."""

from __future__ import annotations

from pathlib import Path

from lib.store.spill_folder import SpillFolder


def test_what_a_dead_process_spilled_is_removed_and_what_a_live_one_spilled_stays(tmp_path: Path) -> None:
    alive = SpillFolder(tmp_path)
    alive.path.mkdir()
    dead = tmp_path / "lake-of-the-dead"
    dead.mkdir()
    (dead / "spilled").write_bytes(b"x")
    dead.with_suffix(".lock").touch()
    other = SpillFolder(tmp_path)
    assert other.path != alive.path and alive.path.exists() and not dead.exists()
    alive.release()
    other.release()
    assert list(tmp_path.iterdir()) == []
