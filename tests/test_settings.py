"""Settings: read, and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib import settings
from lib.errors import ConfigurationError
from lib.settings import PREFIX, Settings


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
        ("CALLBOARD_OIDC_ISSUER", "http://id.example.com", "not an https:// address"),
        ("CALLBOARD_BASE_URL", "http://[", "not a web address"),
        ("CALLBOARD_OIDC_ISSUER", "https://[", "not an https:// address"),
        ("CALLBOARD_OIDC_PROMPT", "none", "select_account, login or consent"),
        ("CALLBOARD_OPEN", "perhaps", "valid boolean"),
        ("CALLBOARD_ADMINS", "ann@example.com;bob@example.com", "with commas between"),
        ("CALLBOARD_ADMINS", "x, Ann <ann@example.com>", "'Ann <ann@example.com>' is not a plain e-mail address"),
    ],
)
def test_wrong(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        settings.load()
    assert name in caught.value.message and told in caught.value.message


LOGIN = {
    "CALLBOARD_BASE_URL": "https://calls.example.com",
    "CALLBOARD_OIDC_ISSUER": "https://id.example.com/",
    "CALLBOARD_OIDC_CLIENT_ID": "callboard",
    "CALLBOARD_OIDC_CLIENT_SECRET": "secret",
}


def test_a_login_is_whole_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a login would let nobody in, or everybody."""
    assert not settings.load().has_login
    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CALLBOARD_ADMINS", " ann@example.com, ,bob")
    found = settings.load()
    assert found.has_login and found.oidc_issuer == "https://id.example.com"
    assert found.admin_names == ("ann@example.com", "bob")
    for name in LOGIN:
        with monkeypatch.context() as without:
            without.delenv(name)
            with pytest.raises(ConfigurationError, match=f"a login needs {name}"):
                settings.load()
    monkeypatch.setenv("CALLBOARD_BASE_URL", "http://calls.example.com")  # the cookie could be read on its way
    with pytest.raises(ConfigurationError, match="a login needs CALLBOARD_BASE_URL"):
        settings.load()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(PREFIX + name.upper(), "")
    found = settings.load()
    assert (found.timezone, found.week_start, found.has_login) == ("UTC", "monday", False)


def test_a_slip_of_the_pen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_TIMEZON", "UTC")
    (line,) = settings.unknown_variables()
    assert "CALLBOARD_TIMEZON" in line and "did you mean 'CALLBOARD_TIMEZONE'" in line
