"""Restored files take the place of the embedded stores' own: both, or none, whenever the process is killed.

New stores are built beside the old ones (`.restoring`) and then get the name `.restored`, the state last: from that
moment on they are the ones that count, and who opens either store first has them put in place. A lock on the file that
decides keeps two processes from doing so at once.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.errors import DiskFullError, StorageError

_SQLITE_WAIT_SECONDS = 30
_LOGS = (".wal", ".wal.checkpoint", "-wal")
_SPARE_BYTES = 2**20


def restoring(store: Path) -> Path:
    """Return where the file is built that is to take a store's place; what an earlier try left there is deleted.

    For the one who holds the store, and to whom nothing is left to put in place.
    """
    path = store.with_name(f"{store.name}.restoring")
    for built in (path, _restored(store)):
        for suffix in ("", *_LOGS, "-shm"):
            built.with_name(built.name + suffix).unlink(missing_ok=True)
    return path


def abandon(facts: Path | None, state: Path | None) -> None:
    """Delete what was built, so that its room is free again; what was decided on stays."""
    decides = state or facts
    if decides is None or _restored(decides).exists():
        return
    for store in (facts, state):
        if store is not None:
            restoring(store)


def sync(path: Path) -> None:
    """Have a file's content, or the names in a folder, outlive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def decided(facts: Path | None, state: Path | None) -> Iterator[None]:
    """Decide that the files that were built are the stores from now on; other processes wait until the body is done.

    The body closes what has the old stores open, and calls `apply_swap`. Raises StorageError.
    """
    stores = [store for store in (facts, state) if store is not None]
    built = [store.with_name(f"{store.name}.restoring") for store in stores]
    try:
        for each in built:
            _refuse_log(each)
            sync(each)
        if state is not None:
            _refuse_without_room(built[-1])
    except OSError as error:
        raise StorageError(f"The restored data can't be written: {error}. Nothing was changed.") from None
    try:
        with built[-1].open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            for store, each in zip(stores, built, strict=True):
                os.replace(each, _restored(store))
                sync(store.parent)
            yield
    except (OSError, sqlite3.Error, sa.exc.DBAPIError) as error:
        raise _unfinished(error) from None


def finish(facts: Path | None, state: Path | None) -> None:
    """Put files in place that were decided on by a process that was killed. Raises StorageError."""
    decides = state or facts
    if decides is None or not _restored(decides).exists():
        return
    try:
        with _restored(decides).open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            apply_swap(facts, state)
    except FileNotFoundError:
        return  # another process was quicker
    except (OSError, sqlite3.Error, sa.exc.DBAPIError) as error:
        raise _unfinished(error) from None


def apply_swap(facts: Path | None, state: Path | None) -> None:
    """Have the files that were decided on take the old ones' place; as often as it takes."""
    if facts is not None and _restored(facts).exists() and (state is None or _restored(state).exists()):
        with _alone(facts):
            for suffix in (".wal", ".wal.checkpoint"):  # the old file's; it would be taken for the new one's
                facts.with_name(facts.name + suffix).unlink(missing_ok=True)
            if facts.exists():
                _belong_alike(facts, _restored(facts))
            os.replace(_restored(facts), facts)
        sync(facts.parent)
    if state is not None and _restored(state).exists():
        _replace_rows(state, _restored(state))
        _restored(state).unlink()
        for suffix in ("-wal", "-shm"):
            _restored(state).with_name(_restored(state).name + suffix).unlink(missing_ok=True)
        sync(state.parent)


def _replace_rows(state: Path, restored: Path) -> None:
    """Put the restored rows into the old file, in one transaction, as other processes may have it open.

    What these have written to the audit stays, and so does what they have revoked, up to the moment that it begins.
    """

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(state, _SQLITE_WAIT_SECONDS, isolation_level=None)
        connection.execute("ATTACH ? AS restored", (str(restored),))
        return connection

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)
    sa.event.listen(engine, "begin", begin)
    with engine.begin() as connection:
        old, new = sa.MetaData(), sa.MetaData(schema="restored")
        old.reflect(connection)
        new.reflect(connection)
        if old.tables:
            _merge(connection, old, new)
    if not old.tables:  # whoever took the file away took what was in it, too
        with (
            closing(sqlite3.connect(restored, _SQLITE_WAIT_SECONDS)) as source,
            closing(sqlite3.connect(state, _SQLITE_WAIT_SECONDS)) as target,
        ):
            source.backup(target)


def _merge(connection: Connection, old: sa.MetaData, new: sa.MetaData) -> None:
    keys = old.tables["api_keys"]
    ended = sa.select(keys.c.prefix, keys.c.revoked_at).where(keys.c.revoked_at.is_not(None))
    revoked = connection.execute(ended).all()
    for source in new.tables.values():
        target = old.tables[source.name]
        chosen = sa.select(source)
        if source.name == "audit":
            chosen = chosen.where(source.c.id.not_in(sa.select(target.c.id)))
        else:
            connection.execute(sa.delete(target))
        connection.execute(sa.insert(target).from_select(source.columns.keys(), chosen))
    for row in revoked:
        connection.execute(sa.update(keys).where(keys.c.prefix == row.prefix).values(revoked_at=row.revoked_at))


def _refuse_log(built: Path) -> None:
    """Refuse a file some of whose rows are in a log beside it still: it gets its new name without them."""
    for log in (built.with_name(built.name + suffix) for suffix in _LOGS):
        if log.exists() and log.stat().st_size:
            raise StorageError(
                f"The restored data are not all in their file: {log} was not written into it. Nothing was changed. "
                "Right would be more room on the disk."
            )


def _refuse_without_room(state: Path) -> None:
    """Refuse a state that could not be put in place: SQLite writes it into its log first, and then into the file."""
    needed = 2 * state.stat().st_size + _SPARE_BYTES
    if shutil.disk_usage(state.parent).free < needed:
        raise DiskFullError(
            f"The disk is full: putting the restored state in place takes {needed} bytes. Nothing was changed. Right "
            "would be room on the disk."
        )


def _unfinished(error: Exception) -> StorageError:
    if isinstance(error, sa.exc.DBAPIError):
        error = error.orig if isinstance(error.orig, Exception) else error  # without the statement
    return StorageError(f"The restored data can't be put in place: {error}. Start again to go on with it.")


@contextmanager
def _alone(facts: Path) -> Iterator[None]:
    """Hold the lock that DuckDB takes, so that no process opens the old file meanwhile."""
    if not facts.exists():
        yield
        return
    with facts.open("r+b") as held:
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise StorageError(
                "Another process holds the embedded database, whose place restored data are to take. Right would be to "
                "end that process, and to start again."
            ) from None
        yield


def _belong_alike(old: Path, new: Path) -> None:
    """Give a new file the old one's rights, and its owner, who may be another than the one who restores."""
    status = old.stat()
    new.chmod(stat.S_IMODE(status.st_mode))
    if os.geteuid() == 0:
        os.chown(new, status.st_uid, status.st_gid)


def _restored(store: Path) -> Path:
    return store.with_name(f"{store.name}.restored")
