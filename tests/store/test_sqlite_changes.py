"""SQLite's own count of changes: what is told of a file that others write, or put another one in the place of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lib.store.sqlite_changes import SqliteChanges


def write(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS numbers (number INTEGER)")
        connection.execute("INSERT INTO numbers VALUES (1)")


@pytest.fixture
def changes(tmp_path: Path) -> Iterator[SqliteChanges]:
    made = SqliteChanges(str(tmp_path / "state.sqlite"))
    yield made
    made.close()


def test_each_commit_is_told_of_at_once(changes: SqliteChanges, tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    write(path)
    before = changes.token()
    assert before is not None and changes.token() == before
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO numbers VALUES (2)")
        assert changes.token() == before  # it is not committed, and nobody waits for it
        connection.commit()
        assert changes.token() not in (None, before)


def test_another_file_in_its_place_is_another_state(changes: SqliteChanges, tmp_path: Path) -> None:
    path, other = tmp_path / "state.sqlite", tmp_path / "other.sqlite"
    write(path)
    write(other)
    before = changes.token()
    other.replace(path)
    assert changes.token() not in (None, before)


def test_of_no_file_nothing_is_known(changes: SqliteChanges) -> None:
    assert changes.token() is None
