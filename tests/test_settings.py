"""Settings: read, checked, and all of them in the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib import settings
from lib.errors import ConfigurationError
from lib.settings import PREFIX, Settings
from tests.conftest import ROOT


def test_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    found = settings.load()
    assert found.facts_url.database == str(tmp_path / "data" / "callboard.duckdb")
    assert found.state_database_url.database == str(tmp_path / "data" / "state.sqlite")
    assert (found.timezone, found.week_start, found.sample) == ("UTC", "monday", "auto")


def test_postgresql_holds_the_state_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_DATABASE_URL", "postgresql://user@host/base")
    found = settings.load()
    assert found.facts_url.drivername == "postgresql+psycopg"
    assert found.state_database_url == found.facts_url


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CALLBOARD_TIMEZONE", "Europe/Madird", "did you mean 'Europe/Madrid'"),
        ("CALLBOARD_WEEK_START", "friday", "'monday', 'sunday' or 'saturday'"),
        ("CALLBOARD_DATABASE_URL", "mysql://x", "duckdb:///path"),
        ("CALLBOARD_DATABASE_URL", "nonsense", "postgresql://"),
        ("CALLBOARD_STATE_URL", "duckdb:///x", "sqlite:///path"),
        ("CALLBOARD_DUCKDB_MEMORY_MB", "12", "greater than or equal to 100"),
    ],
)
def test_wrong(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        settings.load()
    assert name in caught.value.message and told in caught.value.message


def test_a_slip_of_the_pen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_TIMEZON", "UTC")
    (line,) = settings.unknown_variables()
    assert "CALLBOARD_TIMEZON" in line and "did you mean 'CALLBOARD_TIMEZONE'" in line


def test_the_readme_lists_them_all() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"`{PREFIX}{name.upper()}`" in readme
        assert field.description in readme
