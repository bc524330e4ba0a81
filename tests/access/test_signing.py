"""The secrets that sign: one for all processes of a workspace, whatever data dir each of them has."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lib.access import signing
from lib.errors import DatabaseUnavailableError
from lib.settings import Settings
from lib.store.state import StateStore
from tests import postgres


@pytest.fixture
def database_url(postgres_socket: Path, empty_database: str) -> Iterator[str]:
    with postgres.database(postgres_socket, f"signing_{os.getpid()}", template=empty_database) as url:
        yield url


def links_secret(settings: Settings) -> bytes:
    with closing(StateStore(settings)) as state:
        return signing.load(settings, state)


def test_processes_over_one_postgresql_sign_alike(database_url: str, tmp_path: Path) -> None:
    first, second = (Settings(data_dir=tmp_path / name, database_url=database_url) for name in ("first", "second"))
    first.data_dir.mkdir()
    (first.data_dir / "secret").write_bytes(b"of an earlier version, which kept it in the data dir")
    assert links_secret(first) == links_secret(second) == b"of an earlier version, which kept it in the data dir"
    assert signing.cookie_secret(first) == signing.cookie_secret(second)
    with closing(StateStore(first)) as state:
        signing.replace(first, state, b"of a backup")
    assert links_secret(second) == b"of a backup"
    assert links_secret(second.model_copy(update={"secret_key": "of the settings"})) == b"of the settings"


def test_log_ins_stay_good_while_postgresql_is_away(database_url: str, tmp_path: Path) -> None:
    here = Settings(data_dir=tmp_path, database_url=database_url)
    away = here.model_copy(update={"database_url": "postgresql://callboard@/none?host=/nowhere"})
    with pytest.raises(DatabaseUnavailableError):
        signing.cookie_secret(away)  # nobody knows it yet
    held = signing.cookie_secret(here)
    assert signing.cookie_secret(away) == held
    assert stat.S_IMODE((tmp_path / "login-secret").stat().st_mode) == 0o600


def test_an_embedded_workspace_keeps_its_secret_in_the_data_dir(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert links_secret(settings) == links_secret(settings) == (tmp_path / "secret").read_bytes()
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
