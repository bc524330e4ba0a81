"""Settings: read, and checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib import settings
from lib.configuration.addresses import PREFIX
from lib.errors import ConfigurationError
from lib.settings import Settings


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
        ("CALLBOARD_DATABASE_URL", "ducklake:", "it names no catalog"),
        ("CALLBOARD_DATABASE_URL", "ducklake:postgresql://host/base?data=calls", "a whole path or a bucket"),
        ("CALLBOARD_STATE_URL", "duckdb:///x", "sqlite:///path"),
        ("CALLBOARD_DUCKDB_MEMORY_MB", "12", "greater than or equal to 100"),
        ("CALLBOARD_OIDC_ISSUER", "http://id.example.com", "not an https:// address"),
        ("CALLBOARD_BASE_URL", "http://[", "not a web address"),
        ("CALLBOARD_OIDC_ISSUER", "https://[", "not an https:// address"),
        ("CALLBOARD_OIDC_PROMPT", "none", "select_account, login or consent"),
        ("CALLBOARD_OPEN", "perhaps", "valid boolean"),
        ("CALLBOARD_DATABASE_URL", "postgresql://user:p@ss@host/base", "write it as %40"),
        ("CALLBOARD_RATE_LIMIT", "0/minute", "600/minute, or off"),
        ("CALLBOARD_RATE_LIMIT", "10/week", "600/minute, or off"),
        ("CALLBOARD_HOSTS", "calls.example.com:8501", "without a port"),
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


@pytest.mark.parametrize(
    ("base_url", "hosts", "names"),
    [
        ("", "", {"localhost", "127.0.0.1", "[::1]"}),
        ("https://Calls.example.com:8443/", "", {"localhost", "127.0.0.1", "[::1]", "calls.example.com"}),
        ("https://[fe80::1]", "", {"localhost", "127.0.0.1", "[::1]", "[fe80::1]"}),
        ("https://calls.example.com", "Other.example, 10.0.0.1,", {"other.example", "10.0.0.1"}),
    ],
)
def test_host_names_that_are_answered(base_url: str, hosts: str, names: set[str]) -> None:
    assert Settings(base_url=base_url, hosts=hosts).host_names == names


@pytest.mark.parametrize(
    ("value", "rate"), [("OFF", "off"), (" 5/second ", "5/second"), ("1 / day", "1 / day"), ("60/hour", "60/hour")]
)
def test_rates(value: str, rate: str) -> None:
    assert Settings(rate_limit=value).rate_limit == rate


@pytest.mark.parametrize(
    ("database_url", "state_url", "facts_file", "state_file"),
    [
        ("", "", "data/callboard.duckdb", "data/state.sqlite"),
        ("duckdb:///f.duckdb", "", "f.duckdb", "data/state.sqlite"),
        ("duckdb:///:memory:", "sqlite:///s.sqlite", None, "s.sqlite"),
        ("postgresql://user@host/base", "", None, None),
        ("postgresql://user@host/base", "sqlite:///s.sqlite", None, "s.sqlite"),
        ("", "postgresql://user@host/base", "data/callboard.duckdb", None),
    ],
)
def test_files_of_embedded_databases(
    database_url: str,
    state_url: str,
    facts_file: str | None,
    state_file: str | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    found = Settings(database_url=database_url, state_url=state_url)
    assert found.facts_file == (tmp_path / facts_file if facts_file else None)
    assert found.state_file == (tmp_path / state_file if state_file else None)


def test_what_nobody_may_read_in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_SECRET_KEY", "signs")
    monkeypatch.setenv("CALLBOARD_DATABASE_URL", "postgresql://user:p%40ss@host/base")
    monkeypatch.setenv("CALLBOARD_STATE_URL", "postgresql://other:word@host/base")
    assert {"signs", "p@ss", "word"} <= set(settings.load().secrets)
