"""The migrations of both stores: each folder is an Alembic environment of its own; and how a store is brought up.

A migration says which is the oldest revision whose program works with the tables after it (`oldest_program`); without
that, none but its own does. The database keeps it, so that an earlier program knows whether it may go on beside it.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from lib import __version__
from lib.errors import DatabaseVersionError

Store = Literal["facts", "state"]

HEAD = "head"
"""The newest revision that this program knows."""

_LOCK = 0x63616C6C626F6173  # PostgreSQL's advisory lock of the one who migrates


@cache
def revisions(store: Store) -> tuple[str, ...]:
    """Return the revisions of a store that this program knows, from the first to the newest."""
    scripts = ScriptDirectory.from_config(_config(store))
    return tuple(script.revision for script in scripts.walk_revisions())[::-1]


def revision(connection: Connection, store: Store) -> str | None:
    """Return the revision that a store is at; None where it has no tables yet."""
    return MigrationContext.configure(connection, opts={"version_table": _table(store)}).get_current_revision()


def usable_revision(connection: Connection, store: Store) -> str | None:
    """Return the revision by which this program uses a store: its newest one where a newer program added to the tables.

    Raises DatabaseVersionError where a newer program changed what this one goes by.
    """
    current = revision(connection, store)
    if current is not None and current not in revisions(store):
        oldest = _oldest_table(store)
        has_oldest = sa.inspect(connection).has_table(oldest.name)
        stored = connection.execute(sa.select(oldest.c.version_num)).scalar_one_or_none() if has_oldest else None
        if stored in revisions(store):
            return revisions(store)[-1]
    known(current, store)
    return current


def oldest_program(store: Store, of: str) -> str:
    """Return the oldest revision whose program works with a store that is at the revision `of`."""
    scripts = ScriptDirectory.from_config(_config(store))
    passed = revisions(store)[: revisions(store).index(of) + 1]
    return max(getattr(scripts.get_revision(each).module, "oldest_program", each) for each in passed)


def refuse_newer(engine: Engine, store: Store) -> None:
    """Raise DatabaseVersionError where a newer program wrote the store, and this one can't use it; change nothing."""
    with engine.connect() as connection:
        usable_revision(connection.execution_options(reads_only=True), store)


def refuse_behind(engine: Engine, store: Store) -> None:
    """Raise DatabaseVersionError where a store of several processes is to be brought up to date first.

    One without tables is brought up by the first that comes.
    """
    with engine.connect() as connection:
        current = usable_revision(connection, store)
    if current not in (None, revisions(store)[-1]):
        raise DatabaseVersionError(
            f"An older version of Callboard wrote the database: its {store} are at migration {current}, and this "
            f"version ({__version__}) needs {revisions(store)[-1]}. Nothing was changed. Right would be to run "
            "callboard migrate, which brings it up to date, and then to start again."
        )


def migrate(engine: Engine, store: Store, to: str = HEAD) -> bool:
    """Bring a store's tables up to a revision; return whether that took anything.

    Each migration of a store with tables is a transaction of its own, as DuckDB does not change the columns of a table
    whose rows were changed in the same one. One that ends between two is gone on with the next time. Raises
    DatabaseVersionError where a newer program wrote the store, and this one can't use it.
    """
    is_changed = False
    while _take_step(engine, store, to):
        is_changed = True
    return is_changed


def _take_step(engine: Engine, store: Store, to: str) -> bool:
    """Do a store's next migration, of a new store all of them; return whether there was any."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        current = usable_revision(connection, store)
        if current == (revisions(store)[-1] if to == HEAD else to):
            return False
        if current is not None:
            to = revisions(store)[revisions(store).index(current) + 1]
        config = _config(store)
        config.attributes["connection"] = connection
        config.attributes["version_table"] = _table(store)
        command.upgrade(config, to)
        _keep_oldest_program(connection, store)
    return True


def _keep_oldest_program(connection: Connection, store: Store) -> None:
    """Write down which programs may go on with the tables as they are now."""
    table = _oldest_table(store)
    table.create(connection, checkfirst=True)
    connection.execute(sa.delete(table))
    oldest = oldest_program(store, str(revision(connection, store)))
    connection.execute(sa.insert(table).values(version_num=oldest))


def known(current: str | None, store: Store, of: str = "the database") -> None:
    """Raise DatabaseVersionError where a revision is none that this program knows."""
    if current is not None and current not in revisions(store):
        raise DatabaseVersionError(
            f"A newer version of Callboard wrote {of}: its {store} are at migration {current}, which this version "
            f"({__version__}) knows up to {revisions(store)[-1]}. Nothing was changed. Right would be to start the "
            "version that wrote it, or a newer one."
        )


def _config(store: Store) -> Config:
    config = Config()
    config.set_main_option("script_location", f"lib.store.migrations:{store}")
    config.set_main_option("path_separator", "os")
    return config


def _table(store: Store) -> str:
    return f"alembic_version_{store}"


def _oldest_table(store: Store) -> sa.Table:
    return sa.Table(f"alembic_version_{store}_oldest", sa.MetaData(), sa.Column("version_num", sa.Text, nullable=False))
