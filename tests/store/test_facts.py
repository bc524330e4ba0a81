"""What the stores know of changes, whoever makes them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from lib.access import api_keys
from lib.analytics import queries
from lib.analytics.field_definitions import define
from lib.analytics.grants import EVERYTHING
from lib.catalog.own_fields import OwnField, OwnFieldType
from lib.catalog.rollups import ROLLUPS
from lib.errors import StorageError
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.store.bulk_io import MANY_ROWS, write_csv
from lib.store.ducklake_dialect import is_ducklake
from lib.store.facts import FactStore, checkpoint
from lib.workspace import Workspace
from tests.conftest import ROOT, Load
from tests.filters import make_filters
from tests.waiting import LONG_SECONDS

SPILLING = "CREATE TEMP TABLE many AS SELECT i, md5(i::VARCHAR) a, md5((i + 1)::VARCHAR) b FROM range(2500000) r(i)"
SPILL_AND_DIE = f"""
import os, signal, sys
from pathlib import Path
from lib.settings import Settings
from lib.workspace import Workspace
workspace = Workspace(Settings(data_dir=Path(sys.argv[1]), sample="off", duckdb_memory_mb=100))
with workspace.facts.session() as connection:
    connection.exec_driver_sql("{SPILLING}")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def soon(what: Callable[[], bool], seconds: float = LONG_SECONDS) -> bool:
    """Wait until something holds; return whether it came to."""
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return what()


@pytest.fixture
def listening(workspace: Workspace) -> Workspace:
    workspace.facts.start_listener()
    workspace.state.start_listener()
    assert soon(lambda: workspace.facts.change_token() is not None)
    return workspace


@pytest.fixture
def other(workspace: Workspace, settings: Settings) -> Iterator[Workspace]:
    """Give the same stores as another process would have them; an embedded database has no other."""
    if not settings.database_url:
        yield workspace
        return
    opened = Workspace(settings)
    yield opened
    opened.close()


def ask(workspace: Workspace) -> int:
    return workspace.answers.run(queries.summary, make_filters(), workspace.calendar).sums["evaluations"]


def at_once(workspace: Workspace) -> int | None:
    found = workspace.answers.get_cached(queries.summary, make_filters(), workspace.calendar)
    return None if found is None else found[0].sums["evaluations"]


def write(workspace: Workspace) -> None:
    with workspace.facts.write() as connection:
        version = schema.workspace.c.data_version
        connection.execute(sa.update(schema.workspace).values(data_version=version + 1))


def test_a_kept_answer_is_given_until_somebody_writes(load: Load, listening: Workspace, other: Workspace) -> None:
    load("id,audioDate\na,2024-01-01\n")
    assert soon(lambda: (ask(listening), at_once(listening)) == (1, 1))
    load("id,audioDate\nb,2024-01-01\n")
    assert at_once(listening) is None and ask(listening) == 2
    assert soon(lambda: (ask(listening), at_once(listening)) == (2, 2))
    write(other)
    assert soon(lambda: at_once(listening) is None)


def test_the_catalog_is_read_again_only_where_a_write_may_have_changed_it(
    listening: Workspace, other: Workspace
) -> None:
    known, writes = listening.catalog, listening.facts.known_writes
    with other.facts.write(keeps_catalog=True):
        pass
    assert soon(lambda: listening.facts.known_writes > writes)
    assert listening.knows_catalog and listening.catalog is known
    with other.facts.write() as connection:
        define(connection, [OwnField(0, "channel", OwnFieldType.CATEGORY, "Channel")])
    assert soon(lambda: not listening.knows_catalog)
    assert [own.name for own in listening.catalog.own_fields] == ["channel"]


def test_without_listening_nothing_is_taken_for_known(workspace: Workspace, load: Load) -> None:
    load("id,audioDate\na,2024-01-01\n")
    assert ask(workspace) == 1
    assert at_once(workspace) == (1 if workspace.facts.embedded else None)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_lost_connection_is_made_anew(listening: Workspace, other: Workspace) -> None:
    assert soon(lambda: (ask(listening), at_once(listening)) == (0, 0))
    listeners = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT 1' AND pid <> :me"
    )
    with other.facts.engine.connect() as connection:
        me = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        ended = connection.execute(listeners, {"me": me}).all()
    assert ended
    write(other)
    assert soon(lambda: at_once(listening) is None)
    assert soon(lambda: (ask(listening), at_once(listening)) == (0, 0))
    write(other)
    assert soon(lambda: at_once(listening) is None)


def test_a_revoked_key_is_not_known_any_more(listening: Workspace, other: Workspace) -> None:
    text, key = api_keys.create(other.state, "robot", ["analytics:read"], "test", EVERYTHING, other.catalog)
    known = listening.keys

    def recognized() -> bool:
        found = known.authenticate(text)
        return found is not None and known.get_cached(text) is not None

    assert known.get_cached(text) is None
    assert soon(recognized)
    assert known.get_cached(text[:-1] + ("A" if text[-1] != "A" else "B")) is None
    api_keys.revoke(other.state, key.prefix, "test")
    assert soon(lambda: known.get_cached(text) is None)
    assert known.authenticate(text) is None and known.get_cached(text) is None


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_what_a_killed_process_spilled_is_deleted(settings: Settings, workspace: Workspace) -> None:
    def spilled() -> set[Path]:
        return set((settings.data_dir / "spill").rglob("duckdb_temp_*"))

    workspace.close()
    ended = subprocess.run([sys.executable, "-c", SPILL_AND_DIE, str(settings.data_dir)], cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL and spilled()
    opened = Workspace(settings.model_copy(update={"duckdb_memory_mb": 100}))
    try:
        assert not spilled()
        with opened.facts.session() as connection:
            connection.exec_driver_sql(SPILLING)
            here = spilled()
            beside = settings.model_copy(update={"database_url": f"duckdb:///{settings.data_dir}/other.duckdb"})
            FactStore(beside).close()
            assert here and spilled() == here
    finally:
        opened.close()
    assert not spilled()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("store", ["facts", "state"])
def test_a_server_that_vanishes_is_not_waited_for(settings: Settings, store: str) -> None:
    url = sa.make_url(settings.database_url)
    theirs = url.update_query_dict({"keepalives_idle": "7", "options": "-c work_mem=1MB -c tcp_keepalives_count=4"})

    def parameters(address: sa.URL) -> dict[str, str]:
        text = address.render_as_string(hide_password=False)
        opened = Workspace(settings.model_copy(update={"database_url": text}))
        try:
            with getattr(opened, store).read() as connection:
                assert connection.scalar(sa.text("SHOW tcp_keepalives_idle")) == "0"  # of a Unix socket
                memory: str = connection.scalar(sa.text("SHOW work_mem"))
                info = connection.connection.driver_connection.info
                return {**info.get_parameters(), "work_mem": memory}
        finally:
            opened.close()

    ours, mixed = parameters(url), parameters(theirs)
    expected = {
        "connect_timeout": "5",
        "keepalives_idle": "20",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": "30000",
    }
    assert ours.items() >= expected.items()
    assert mixed.items() >= {**expected, "keepalives_idle": "7", "work_mem": "1MB"}.items()
    for told in (ours, mixed):
        assert "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3" in told["options"]
    assert mixed["options"].endswith("-c work_mem=1MB -c tcp_keepalives_count=4")  # what is said last holds


def columns_of(connection: sa.Connection, name: str, tables: list[str]) -> list[tuple[object, ...]]:
    """Return the columns of a database schema's tables: table, column, type, whether null may be in it.

    A DuckLake takes nulls where a migration added a column with a default.
    """
    columns = sa.table(
        "columns",
        *(sa.column(each) for each in ("table_schema", "table_name", "column_name", "data_type", "is_nullable")),
        schema="information_schema",
    ).c
    found = (
        sa.select(columns.table_name, columns.column_name, columns.data_type, columns.is_nullable)
        .where(columns.table_schema == name, columns.table_name.in_(tables))
        .order_by(columns.table_name, columns.column_name)
    )
    columns_compared = 3 if is_ducklake(connection) else 4
    return [tuple(row)[:columns_compared] for row in connection.execute(found)]


def test_the_migrations_build_what_the_schema_says(workspace: Workspace) -> None:
    twin = sa.MetaData(schema="twin")
    for table in schema.FACTS.sorted_tables:
        copy = table.to_metadata(twin)
        if workspace.facts.engine_name == "ducklake":
            copy.indexes.clear()
    names = list(schema.FACTS.tables)
    here = "public" if workspace.facts.engine_name == "postgresql" else "main"
    with workspace.facts.write() as connection:
        connection.exec_driver_sql("CREATE SCHEMA twin")
        twin.create_all(connection)
        built, said = (columns_of(connection, each, names) for each in (here, "twin"))
        assert built == said and {row[0] for row in built} == set(names)
        if workspace.facts.engine_name == "postgresql":
            listed = sa.text("SELECT indexname FROM pg_indexes WHERE schemaname = :name AND tablename != :versions")
            built, said = (
                sorted(connection.scalars(listed, {"name": each, "versions": "alembic_version_facts"}))
                for each in (here, "twin")
            )
            ours = {index.name for table in schema.STATE.tables.values() for index in table.indexes}
            of_state = (*tuple(schema.STATE.tables), "alembic")
            assert [each for each in built if each not in ours and not str(each).startswith(of_state)] == said


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_squares_of_durations_are_not_packed(workspace: Workspace) -> None:
    """DuckDB takes ten times as long to read a wide number that is packed by bits."""
    tables = [table for rollup in ROLLUPS for table in rollup.tables if "duration_square_sum" in table.c]
    numbers = sa.select(sa.func.unnest(sa.func.range(5_000)).label("number")).subquery()
    with workspace.facts.write() as connection:
        for table in tables:
            values = [
                sa.cast(date(2024, 1, 1) if column.name == "day" else numbers.c.number, column.type)
                for column in table.columns
            ]
            rows = sa.select(*values).select_from(numbers)
            connection.execute(sa.insert(table).from_select(table.columns.keys(), rows))
    with workspace.facts.engine.connect() as connection:
        checkpoint(connection)
        for table in tables:
            stored = sa.func.pragma_storage_info(table.name).table_valued("column_name", "compression", "segment_type")
            kinds = sa.select(stored.c.column_name, stored.c.compression).where(stored.c.segment_type != "VALIDITY")
            found = {tuple(row) for row in connection.execute(kinds)}
            assert {kind for name, kind in found if name == "duration_square_sum"} == {"Uncompressed"}
            assert ("score_square_sum", "BitPacking") in found


def state_of(connection: sa.Connection, name: str | None) -> dict[str, object]:
    """Return what a database schema holds of the state: columns, keys, constraints and indexes of each table."""
    inspector = sa.inspect(connection)
    return {
        table: (
            [
                (column["name"], str(column["type"]), column["nullable"])
                for column in inspector.get_columns(table, name)
            ],
            inspector.get_pk_constraint(table, name)["constrained_columns"],
            sorted((each["name"], each["column_names"]) for each in inspector.get_unique_constraints(table, name)),
            sorted(
                (
                    each["name"],
                    each["column_names"],
                    each["unique"],
                    [str(of) for of in each["dialect_options"].values()],
                )
                for each in inspector.get_indexes(table, name)
            ),
        )
        for table in schema.STATE.tables
    }


def test_the_migrations_build_the_state_that_the_schema_says(workspace: Workspace) -> None:
    with workspace.state.transaction() as connection:
        built = state_of(connection, None)
        if connection.dialect.name == "sqlite":
            with sa.create_engine("sqlite://").begin() as other:
                schema.STATE.create_all(other)
                assert built == state_of(other, None)
            return
        connection.exec_driver_sql("CREATE SCHEMA twin")
        twin = sa.MetaData(schema="twin")
        for table in schema.STATE.sorted_tables:
            table.to_metadata(twin)
        twin.create_all(connection)
        assert built == state_of(connection, "twin")


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_folder_that_is_missing_is_not_a_database_that_does_not_answer(workspace: Workspace) -> None:
    path = workspace.settings.exports_dir / "gone" / "rows.csv"
    with (
        pytest.raises(StorageError, match=r"The file 'rows.csv' can't be opened: No such file or directory"),
        workspace.facts.read() as connection,
    ):
        write_csv(connection, sa.select(schema.workspace.c.data_version), path, lambda _: None)
    with workspace.facts.read() as connection:  # and it goes on answering
        assert connection.execute(sa.select(schema.workspace.c.data_version)).scalar_one() == 0


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_the_planner_knows_of_a_large_load_at_once(workspace: Workspace, tmp_path: Path) -> None:
    """PostgreSQL would find out a minute later, and until then take a hundred times as long for some questions."""
    path = tmp_path / "calls.csv"
    rows = (f"{n},2024-01-{1 + n % 28:02},{n % 5},agent {n % 9}\n" for n in range(MANY_ROWS))
    path.write_text("id,audioDate,q,executiveName\n" + "".join(rows))
    mapping = "[criteria]\nGreeting = { column = 'q', max = 5 }"
    payload = {"files": [(str(path), path.name)], "mapping": mapping, "actor": "test"}
    TASKS["import"](workspace, payload, lambda *_: None)
    with workspace.facts.read() as connection:
        known = connection.scalars(sa.text("SELECT tablename FROM pg_stats WHERE schemaname = current_schema()")).all()
    assert {"evaluations", "answers"} <= {*known}
