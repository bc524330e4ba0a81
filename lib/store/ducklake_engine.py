"""The engine of a DuckLake: an instance of DuckDB in this process, over Parquet files and a catalog in PostgreSQL.

Each transaction sees one snapshot of the lake. Its one writer holds an advisory lock of the catalog's PostgreSQL until
its snapshot is there, and then tells the others of it. How the files are kept in order is in `ducklake_files.py`.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import Connection, Engine

from lib.configuration.lake_address import LakeAddress
from lib.errors import ConfigurationError
from lib.settings import Settings
from lib.store import data_dir, ducklake_files, migrations
from lib.store.disk_space import DiskSpaceMonitor
from lib.store.duckdb_engine import DuckDBEngine, harden, literal
from lib.store.ducklake_dialect import DRIVER, ConnectionWrapper
from lib.store.notifications import ChangeListener
from lib.store.postgresql_engine import postgresql_engine
from lib.store.spill_folder import SpillFolder

log = logging.getLogger(__name__)

LAKE = "lake"
"""What the lake is called in DuckDB, and the schema of its catalog in PostgreSQL."""

_DATA = "facts"  # the folder of its files: what lies in it is the lake's alone
_EXTENSIONS = ("ducklake", "postgres_scanner", "httpfs")
_WRITER_LOCK = 0x63616C6C62206C6B  # "callb lk": the advisory lock of the one who changes the lake
_CHANGED = "callboard_lake"  # the channel on which that is told
_NEWEST = f"SELECT max(snapshot_id) FROM {LAKE}.ducklake_snapshot"  # noqa: S608 - a name of ours
_IS_MADE = f"SELECT to_regclass('{LAKE}.ducklake_snapshot') IS NOT NULL"
_IS_PARTITIONED = f"SELECT EXISTS (SELECT FROM {LAKE}.ducklake_partition_info WHERE end_snapshot IS NULL)"  # noqa: S608
_PARTITIONS = "ALTER TABLE evaluations SET PARTITIONED BY (year(day), month(day))"


class WriterLock:
    """The lock of the one who changes the lake, held."""

    def __init__(self, connection: Connection) -> None:
        """Take note of the newest snapshot; a transaction of this connection holds the lock."""
        self._connection = connection
        self._before = self.newest()

    def newest(self) -> int:
        """Return the number of the lake's newest snapshot."""
        return int(self._connection.exec_driver_sql(_NEWEST).scalar_one())

    def confirm(self) -> None:
        """Raise what the server raises where the lock may be lost."""
        self._connection.exec_driver_sql("SELECT 1")

    def tell(self, *, keeps_catalog: bool) -> None:
        """Tell the others, once the lock is let go, which snapshots came."""
        told = f"{self._before} {self.newest()} {int(keeps_catalog)}"
        self._connection.execute(sa.select(sa.func.pg_notify(_CHANGED, told)))


_OWN_CONNECTIONS = 4
"""Connections to the catalog's PostgreSQL beside those of DuckDB: to listen, to hold the writer's lock, to look."""


class SnapshotListener(ChangeListener):
    """Hears of new snapshots, and looks for those that nobody told of, as by a process that was killed."""

    def __init__(self, engine: Engine, changed: Callable[[bool], None]) -> None:
        """Call `changed` after each change, with whether it surely left own fields and metrics as they were."""
        super().__init__(engine, _CHANGED, self._hear)
        self._changed = changed
        self._known = -1

    def _hear(self, told: str) -> None:
        if not told:
            self._changed(False)
            return
        before, after, keeps_catalog = map(int, told.split())
        self._changed(bool(keeps_catalog) and before <= self._known)
        self._known = max(self._known, after)

    def _ask(self, connection: Connection) -> None:
        newest = int(connection.exec_driver_sql(_NEWEST).scalar_one())
        if newest > self._known:
            self._known = newest
            self._changed(False)


class DuckLakeEngine(DuckDBEngine):
    """The engine of a DuckLake. Safe to use from several threads."""

    def __init__(self, settings: Settings, address: LakeAddress) -> None:
        """Prepare; `open` attaches the lake."""
        self._settings, self._address = settings, address
        self._root: duckdb.DuckDBPyConnection | None = None
        self._tidied = 0  # the newest snapshot when this process last put the files in order
        self.catalog = postgresql_engine(address.catalog, _OWN_CONNECTIONS)
        self._spill_folder: SpillFolder | None = None
        most = settings.facts_connections - _OWN_CONNECTIONS  # each asks the catalog by a connection of its own
        engine = sa.create_engine(
            f"duckdb+{DRIVER}://", creator=self._connect, poolclass=sa.QueuePool, pool_size=most, max_overflow=0
        )
        super().__init__(engine, None)

    def open(self) -> None:
        """Attach the lake, which is made where there is none.

        Raises ConfigurationError where DuckDB's extensions are missing, or the lake's files are elsewhere.
        """
        extensions = [_extension(name) for name in _EXTENSIONS]
        with self.catalog.connect() as connection:  # a server that is away says so here, without its password
            is_made = connection.exec_driver_sql(_IS_MADE).scalar_one()
        folder = self._address.folder
        if folder is not None:
            data_dir.make_folder(folder / _DATA, "data= in CALLBOARD_DATABASE_URL")
        spill = self._settings.data_dir.absolute() / data_dir.SPILL
        data_dir.make_folder(spill)
        self._spill_folder = SpillFolder(spill)
        root = duckdb.connect(config={"memory_limit": f"{self._settings.duckdb_memory_mb}MB"})
        try:
            for path in extensions:
                root.execute(f"LOAD {literal(str(path))}")
            if folder is None:
                root.execute(_s3_secret(self._address))
            # A conflict can only mean that the lock was lost: then the other writer's transaction holds.
            root.execute("SET ducklake_max_retry_count = 0")
            with nullcontext() if is_made else self._writing():  # two that make it at once would each make one
                self._attach(root)
            harden(root, self._spill_folder.path, [str(self._settings.exports_dir), self._data])
        except BaseException:
            root.close()
            raise
        self._root = root
        super().open()

    def close(self) -> None:
        """Close every connection."""
        super().close()
        if self._root is not None:
            self._root.close()
            self._root = None
        if self._spill_folder is not None:
            self._spill_folder.release()
            self._spill_folder = None
        self.catalog.dispose()

    def disk_space_monitor(self) -> DiskSpaceMonitor:
        """Return what looks after the disks of catalog and files; S3 has room."""
        return DiskSpaceMonitor(self.catalog, self._address.folder)

    def listener(self, changed: Callable[[bool], None]) -> ChangeListener:
        """Return what hears of changes by other processes."""
        return SnapshotListener(self.catalog, changed)

    def migrate(self, to: str) -> None:
        """Bring the tables up to a revision, and have the evaluations' files be of a month each."""
        with self.engine.connect() as connection, self.catalog.connect() as catalog:
            held = migrations.revision(connection, "facts")
            is_partitioned = catalog.exec_driver_sql(_IS_PARTITIONED).scalar_one()
        if is_partitioned and held == (migrations.revisions("facts")[-1] if to == migrations.HEAD else to):
            return  # without a writer's turn, which may be long in coming
        with self._writing():
            migrations.migrate(self.engine, "facts", to)
            with self.engine.begin() as connection:
                connection.exec_driver_sql(_PARTITIONS)

    def tidy(self) -> None:
        """Put the lake's files in order where there are many new ones."""
        with self.catalog.connect() as connection:
            newest = int(connection.exec_driver_sql(_NEWEST).scalar_one())
        if newest - self._tidied < ducklake_files.MANY_SNAPSHOTS:
            return
        with self.writer_lock(keeps_catalog=True) as lock, self.connected() as connection:
            ducklake_files.tidy(connection.execution_options(isolation_level="AUTOCOMMIT"), LAKE)
            self._tidied = lock.newest()
        log.info("Put the files of the lake in order")

    @contextmanager
    def writer_lock(self, keeps_catalog: bool = False) -> Iterator[WriterLock]:
        """Hold the lock of the one who changes the lake, and tell the others afterwards."""
        with self._writing() as connection:
            lock = WriterLock(connection)
            yield lock
            try:
                lock.tell(keeps_catalog=keeps_catalog)
            except sa.exc.DBAPIError:  # what was written is; the others find it by looking
                log.warning("The catalog's server can't tell of a change of the lake")

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Hold the lock by a transaction, which does nothing for as long as the change takes."""
        with self.catalog.begin() as connection:
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK)))
            yield connection

    @property
    def _data(self) -> str:
        return f"{self._address.data}/{_DATA}/"

    def _connect(self) -> ConnectionWrapper:
        """Return a connection of the pool; all are of one instance."""
        if self._root is None:
            raise sa.exc.InvalidRequestError("the lake is not open")
        cursor = self._root.cursor()
        cursor.execute(f"USE {LAKE}")
        return ConnectionWrapper(cursor)

    def _attach(self, root: duckdb.DuckDBPyConnection) -> None:
        catalog = self._address.catalog
        query = {name: values[-1] for name, values in catalog.normalized_query.items()}
        said: dict[str, Any] = {
            "host": catalog.host,
            "port": catalog.port,
            "user": catalog.username,
            "password": catalog.password,
            "dbname": catalog.database,
        }
        server = make_conninfo("", **{name: value for name, value in (said | query).items() if value is not None})
        try:
            root.execute(
                f"ATTACH {literal('ducklake:postgres:' + server)} AS {LAKE} (DATA_PATH {literal(self._data)}, "
                f"METADATA_SCHEMA '{LAKE}', DATA_INLINING_ROW_LIMIT 0)"
            )
        except duckdb.Error as error:
            if "does not match existing data path" in str(error):
                raise ConfigurationError(
                    "CALLBOARD_DATABASE_URL: the lake's files are not where data= says. Right would be the place that "
                    "it was made with."
                ) from None
            raise


def _extension(name: str) -> Path:
    """Return the file of an extension of DuckDB. Raises ConfigurationError where there is none for this DuckDB."""
    package = f"duckdb_extension_{name}"
    spec = importlib.util.find_spec(package)
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    for folder in folders:
        path = Path(folder, "extensions", f"v{duckdb.__version__}", f"{name}.duckdb_extension")
        if path.exists():
            return path
    state = "is not installed" if spec is None else f"is there, but not for DuckDB {duckdb.__version__}"
    raise ConfigurationError(
        f"DuckLake needs the extension {name} of DuckDB, which {state}. Right would be: pip install .[lake], which "
        "installs DuckDB and its extensions in versions that work together."
    )


def _s3_secret(address: LakeAddress) -> str:
    """Return the statement that tells DuckDB how to reach the bucket: the keys are those that AWS's variables name."""
    variables = {
        "KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID"),
        "SECRET": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "SESSION_TOKEN": os.environ.get("AWS_SESSION_TOKEN"),
        "REGION": address.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
    }
    values = [f"{name} {literal(value)}" for name, value in variables.items() if value]
    if address.endpoint is not None:
        scheme, _, place = address.endpoint.partition("://")
        values += [f"ENDPOINT {literal(place.rstrip('/'))}", "URL_STYLE 'path'"]
        values.append(f"USE_SSL {'true' if scheme == 'https' else 'false'}")
    return f"CREATE SECRET (TYPE s3, SCOPE {literal(address.data)}{''.join(', ' + each for each in values)})"
