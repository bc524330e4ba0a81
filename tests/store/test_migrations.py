"""Migrations expand first: an earlier program goes on with what a later one added, and is refused what it can't use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from lib.cli import commands
from lib.errors import DatabaseVersionError
from lib.settings import Settings
from lib.store import migrations
from lib.store.facts import FactStore
from lib.store.migrations import Store
from lib.store.state import StateStore
from lib.workspace import Workspace

BEFORE_REPLICAS = {"facts": "0015", "state": "0008"}
"""The last migrations of programs that had a database for themselves while it was brought up to date."""

EXPANDING = [
    (store, before, after)
    for store in ("facts", "state")
    for before, after in zip(migrations.revisions(store), migrations.revisions(store)[1:], strict=False)
    if before >= BEFORE_REPLICAS[store] and migrations.oldest_program(store, after) < after
]


def opened(store: str, settings: Settings, to: str | None) -> FactStore | StateStore:
    return FactStore(settings, to=to) if store == "facts" else StateStore(settings, to=to)


def columns(engine: sa.Engine) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return the type of each column, and whether it may be null or has a default."""
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        return {
            (table, str(each["name"])): (str(each["type"]), each["nullable"] or each["default"] is not None)
            for table in inspector.get_table_names()
            if not table.startswith("alembic_version")
            for each in inspector.get_columns(table)
        }


@pytest.mark.parametrize(("store", "before", "after"), EXPANDING)
def test_what_an_earlier_program_may_go_on_with_only_grows(
    tmp_path: Path, store: Store, before: str, after: str
) -> None:
    """The earlier program finds all that it reads, and need not know what it writes without."""
    made = opened(store, Settings(data_dir=tmp_path, sample="off"), before)
    earlier = columns(made.engine)
    made.migrate(after)
    later = columns(made.engine)
    made.close()
    assert {name: later.get(name) for name in earlier} == earlier
    tables = {table for table, _ in earlier}
    added = {name: may_be_left_out for name, (_, may_be_left_out) in later.items() if name not in earlier}
    assert all(may_be_left_out for (table, _), may_be_left_out in added.items() if table in tables)


@pytest.mark.parametrize("store", ["facts", "state"])
def test_each_migration_says_which_programs_may_go_on(store: Store) -> None:
    for revision in migrations.revisions(store):
        if revision <= BEFORE_REPLICAS[store]:
            assert migrations.oldest_program(store, revision) == revision
        else:
            assert migrations.oldest_program(store, revision) >= BEFORE_REPLICAS[store]


@pytest.fixture
def of_a_newer_program(settings: Settings) -> Iterator[Any]:
    """Give what makes both databases those of a newer program, with which programs from a revision on may go on."""
    facts, state = FactStore(settings), StateStore(settings)

    def make(oldest: dict[str, str]) -> None:
        for name, store in (("facts", facts), ("state", state)):
            with store.engine.begin() as connection:
                for table, value in (("", "9999"), ("_oldest", oldest[name])):
                    versions = sa.table(f"alembic_version_{name}{table}", sa.column("version_num"))
                    connection.execute(sa.update(versions).values(version_num=value))
        facts.close()
        state.close()

    yield make


def test_a_program_goes_on_with_a_database_that_a_newer_one_added_to(
    settings: Settings, of_a_newer_program: Any
) -> None:
    heads = {store: migrations.revisions(store)[-1] for store in ("facts", "state")}
    of_a_newer_program(heads)
    for store in ("facts", "state"):
        opened_again = opened(store, settings, migrations.HEAD)
        assert opened_again.revision() == "9999"
        with opened_again.read() as connection:  # what a backup of it says, as it holds what this program knows
            assert migrations.usable_revision(connection, store) == heads[store]
        opened_again.close()


def test_a_program_is_refused_a_database_that_a_newer_one_changed(settings: Settings, of_a_newer_program: Any) -> None:
    of_a_newer_program({"facts": "9998", "state": "9998"})
    for store in ("facts", "state"):
        with pytest.raises(DatabaseVersionError, match=f"A newer version of Callboard wrote the database: its {store}"):
            opened(store, settings, None)


def test_the_command_brings_both_databases_up_to_date(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    FactStore(settings, to="0014").close()
    StateStore(settings, to="0008").close()
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_DATABASE_URL", settings.database_url)
    heads = {store: migrations.revisions(store)[-1] for store in ("facts", "state")}
    done = CliRunner().invoke(commands, ["migrate"])
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            f"{name}: from migration {at} to migration {heads[name]}"
            for name, at in (("facts", "0014"), ("state", "0008"))
        ],
    )
    again = CliRunner().invoke(commands, ["migrate"])
    assert again.stdout.splitlines() == [
        f"{name}: at migration {heads[name]}; nothing was to be done" for name in heads
    ]
    Workspace(settings).close()
