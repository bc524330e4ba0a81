"""The migrations of both stores: each folder is an Alembic environment of its own; and how a store is brought up."""

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


def refuse_newer(engine: Engine, store: Store) -> None:
    """Raise DatabaseVersionError where a newer program wrote the store; change nothing."""
    with engine.connect() as connection:
        known(revision(connection.execution_options(reads_only=True), store), store)


def migrate(engine: Engine, store: Store, to: str = HEAD) -> bool:
    """Bring a store's tables up to a revision; return whether that took anything.

    Each migration of a store with tables is a transaction of its own, as DuckDB does not change the columns of a table
    whose rows were changed in the same one. One that ends between two is gone on with the next time. Raises
    DatabaseVersionError where a newer program wrote the store.
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
        current = revision(connection, store)
        known(current, store)
        if current == (revisions(store)[-1] if to == HEAD else to):
            return False
        if current is not None:
            to = revisions(store)[revisions(store).index(current) + 1]
        config = _config(store)
        config.attributes["connection"] = connection
        config.attributes["version_table"] = _table(store)
        command.upgrade(config, to)
    return True


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
