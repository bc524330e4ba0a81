"""kill -9 in the middle of migrations, from every earlier revision with data in it, and opened again."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from lib.analytics import rollup
from lib.catalog.catalog import BUILT_IN
from lib.catalog.measures import MEASURES
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace, bring_up_to_date
from tests import postgres
from tests.crashes.killing import BEGIN, Kills, Openings, differences

ROWS = 20_000
KEYS = ("campaign_key", "call_center_key", "engagement_key", "executive_key", "is_ai")
LATER = {
    *("data_version", "evaluator_key", "form_key", "evaluated_at", "recording_url"),
    *("answer_set", "answers_digest", "answers_points", "answers_max", "critical_failed"),
}
"""The columns that evaluations did not have at the first revision."""

DAILY = sa.Table(  # the rollup that the first revision had
    "daily",
    sa.MetaData(),
    sa.Column("day", sa.Date),
    *(sa.Column(key, sa.Boolean if key == "is_ai" else sa.Integer) for key in KEYS),
    *(sa.Column(name, sa.BigInteger) for name in MEASURES if name != "duration_square_sum"),
)


def scripts(store: str) -> tuple[Config, list[str]]:
    """Return the configuration of a store's migrations, and their names, the oldest first."""
    config = Config()
    config.set_main_option("script_location", f"lib.store.migrations:{store}")
    config.set_main_option("path_separator", "os")
    found = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    return config, found[::-1]


def upgrade(url: sa.URL, store: str, revision: str, then: Callable[[sa.Connection], None] = lambda _: None) -> None:
    """Bring one store to a revision, as an earlier program would have left it."""
    config, _ = scripts(store)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        config.attributes["version_table"] = f"alembic_version_{store}"
        command.upgrade(config, revision)
        then(connection)
    engine.dispose()


def fill_facts(connection: sa.Connection) -> None:
    """Put evaluations into the first revision, and the rollup that it had of them."""
    day = datetime(2023, 1, 1, tzinfo=UTC)
    numbers = sa.select(sa.func.generate_series(1, 40).label("key")).subquery()
    if connection.dialect.name == "duckdb":
        numbers = sa.select(sa.func.unnest(sa.func.generate_series(1, 40)).label("key")).subquery()
    text = sa.func.concat("n", numbers.c.key)
    for names in (schema.campaigns, schema.call_centers, schema.engagements, schema.executives):
        connection.execute(sa.insert(names).from_select(["key", "id", "name"], sa.select(numbers.c.key, text, text)))
    rows = [
        {
            "id": f"e{n}",
            "audio_at": day + timedelta(hours=n),
            "day": (day + timedelta(hours=n)).date(),
            "state": n % 4,
            "sentiment": n % 3,
            "score": n % 11 * 10_000,
            "duration_seconds": n % 900,
            "is_ai": n % 2 == 0,
            **{key: n * place % 41 for place, key in enumerate(KEYS[:4], 1)},
            "audio_file_name": f"{n}.wav",
            "created_at": None,
        }
        for n in range(ROWS // 100)
    ]
    connection.execute(sa.insert(schema.evaluations), rows)
    # The others are made of these by the engine, which takes a fraction of the time.
    facts = schema.evaluations
    hundred = sa.func.generate_series(1, 99)
    if connection.dialect.name == "duckdb":
        hundred = sa.func.unnest(hundred)
    times = sa.select(hundred.label("n")).subquery()
    columns = [column for column in facts.c if column.name not in LATER]
    copied = [sa.func.concat(facts.c.id, "-", times.c.n) if column.name == "id" else column for column in columns]
    query = sa.select(*copied).select_from(facts.join(times, sa.true()))
    connection.execute(sa.insert(facts).from_select([column.name for column in columns], query))
    cells = rollup.cells(facts, DAILY, BUILT_IN)
    connection.execute(sa.insert(DAILY).from_select(cells.selected_columns.keys(), cells))


def fill_state(connection: sa.Connection) -> None:
    now = datetime.now(UTC)
    job = {
        "kind": "import",
        "status": "completed",
        "actor": "test",
        "payload": "{}",
        "progress": 100.0,
        "created_at": now,
        "attempt": 1,
        "cancel_requested": False,
    }
    connection.execute(sa.insert(schema.jobs), [{"id": f"job_{n}", **job} for n in range(200)])
    connection.execute(
        sa.insert(schema.mappings), [{"header": f"h{n}", "toml": "", "saved_at": now} for n in range(50)]
    )


@dataclass(frozen=True)
class Left:
    """The stores of an earlier program."""

    facts: str
    state: str
    settings: Settings


@dataclass
class Maker:
    """Makes stores as they were at a revision of each; a copy of them for each kill."""

    engine: str
    folder: Path
    socket: Path | None
    numbers: Iterator[int]

    def make(self, facts: str, state: str) -> Left:
        settings = self.settings(f"left_{facts}_{state}")
        settings.data_dir.mkdir(parents=True)
        upgrade(settings.facts_url, "facts", "0001", fill_facts)
        upgrade(settings.facts_url, "facts", facts)
        upgrade(settings.state_database_url, "state", "0001", fill_state)
        upgrade(settings.state_database_url, "state", state)
        return Left(facts, state, settings)

    def settings(self, name: str) -> Settings:
        url = ""
        if self.socket is not None:
            url = postgres.url(self.socket, name)
            if name.startswith("left_"):
                self._on_server(f"CREATE DATABASE {name}")
        return Settings(data_dir=self.folder / name, database_url=url, sample="off")

    @contextmanager
    def copied(self, left: Left) -> Iterator[Settings]:
        name = f"copy_{os.getpid()}_{next(self.numbers)}"
        shutil.copytree(left.settings.data_dir, self.folder / name)
        if self.socket is not None:
            self._on_server(f"CREATE DATABASE {name} TEMPLATE {left.settings.data_dir.name} STRATEGY file_copy")
        yield self.settings(name)
        shutil.rmtree(self.folder / name)
        if self.socket is not None:
            self._on_server(f"DROP DATABASE {name} WITH (FORCE)")

    def _on_server(self, line: str) -> None:
        assert self.socket is not None
        with psycopg.connect(postgres.url(self.socket, "postgres"), autocommit=True) as connection:
            connection.execute(line)


@pytest.fixture
def maker(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Maker]:
    socket = request.getfixturevalue("postgres_socket") if engine == "postgresql" else None
    made = Maker(engine, tmp_path, socket, itertools.count())
    yield made
    if socket is not None:
        with psycopg.connect(postgres.url(socket, "postgres"), autocommit=True) as connection:
            for path in tmp_path.glob("left_*"):
                connection.execute(f"DROP DATABASE {path.name} WITH (FORCE)")


def open_it(tell: Connection, settings: Settings) -> None:
    tell.send(BEGIN)
    if not settings.embedded:
        bring_up_to_date(settings)
    Workspace(settings).close()


def rows_of(facts: sa.Connection, state: sa.Connection) -> tuple[Any, ...]:
    """Return what of the data must stay as it was."""
    evaluations, executives = schema.evaluations.c, schema.executives.c
    distinct = sa.func.count(evaluations.id.distinct())
    return (
        *facts.execute(sa.select(sa.func.count(), distinct, sa.func.sum(evaluations.score))).one(),
        *facts.execute(sa.select(sa.func.count(), sa.func.sum(executives.key))).one(),
        *state.execute(sa.select(sa.func.count(), sa.func.max(schema.jobs.c.id))).one(),
        *state.execute(sa.select(sa.func.count()).select_from(schema.mappings)).one(),
    )


def rows_left(settings: Settings) -> tuple[Any, ...]:
    """Return the same of stores that are not to be migrated yet."""
    engines = [sa.create_engine(url) for url in (settings.facts_url, settings.state_database_url)]
    with engines[0].connect() as facts, engines[1].connect() as state:
        found = rows_of(facts, state)
    for engine in engines:
        engine.dispose()
    return found


def test_killed_while_it_migrates(maker: Maker, openings: Openings) -> None:
    facts, state = scripts("facts")[1], scripts("state")[1]
    # Each earlier revision of the one beside each step of the other, until both are at their last but one.
    earlier = [
        maker.make(facts[min(n, len(facts) - 2)], state[min(n, len(state) - 2)])
        for n in range(max(len(facts), len(state)) - 1)
    ]
    expected = {left: rows_left(left.settings) for left in earlier}
    kills = Kills()
    for number in kills.rounds():
        left = earlier[number % len(earlier)]
        with maker.copied(left) as settings:
            kills.run((left.facts, left.state), open_it, settings)
            if not settings.embedded:  # which a start leaves to the command
                bring_up_to_date(settings)
            workspace = openings.open(settings)
            assert differences(workspace) == []
            for store, head in ((workspace.facts, facts[-1]), (workspace.state, state[-1])):
                name = "facts" if store is workspace.facts else "state"
                with store.read() as connection:
                    version = sa.table(f"alembic_version_{name}", sa.column("version_num"))
                    assert connection.execute(sa.select(version.c.version_num)).scalars().all() == [head]
            with workspace.facts.read() as kept_facts, workspace.state.read() as kept_state:
                assert rows_of(kept_facts, kept_state) == expected[left]
            workspace.close()
