"""The address of a DuckLake, and what is told where it can't be used."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from lib.configuration.lake_address import parse_lake_address
from lib.errors import ConfigurationError
from lib.settings import Settings
from lib.workspace import Workspace


def test_an_address_names_the_catalog_and_the_files() -> None:
    found = parse_lake_address(
        "ducklake:postgresql://me:p%40ss@host:5433/base?sslmode=require&data=s3://bucket/calls/&endpoint=http://h:9&region=r"
    )
    shown = found.catalog.render_as_string(hide_password=False)
    assert shown == "postgresql+psycopg://me:p%40ss@host:5433/base?sslmode=require"
    assert (found.data, found.endpoint, found.region, found.folder) == ("s3://bucket/calls", "http://h:9", "r", None)


def test_settings_of_a_lake() -> None:
    url = "ducklake:postgresql://me:p%40ss@host/base?data=/calls"
    found = Settings(database_url=url)
    assert found.lake is not None and found.lake.folder == Path("/calls")
    assert found.facts_url == found.state_database_url == found.lake.catalog
    assert (found.embedded, found.facts_file, found.state_file) == (False, None, None)
    assert "p@ss" in found.secrets
    elsewhere = Settings(database_url=url, state_url="sqlite:///s.sqlite")
    assert elsewhere.state_database_url.get_backend_name() == "sqlite"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ducklake:sqlite:///x?data=/calls", "not an address that can be used here"),
        ("ducklake:postgresql://host/base", "data= names no place for the files"),
        ("ducklake:postgresql://host/base?data=calls", "no place for the files"),
        ("ducklake:postgresql://host/base?data=s3://", "no place for the files"),
        ("ducklake:postgresql://host/base?data=s3://b/c&endpoint=h:9", "endpoint= names no web address"),
        ("ducklake:postgresql://me:p@ss@host/base?data=/calls", "the password holds an @"),
    ],
)
def test_addresses_that_are_none(address: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Settings(database_url=address)


def test_missing_extensions_are_told_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they are installed they are for another DuckDB, as they are after it was updated alone."""
    monkeypatch.setattr("duckdb.__version__", "1.9.9")
    url = f"ducklake:postgresql://nobody@127.0.0.1:9/base?data={tmp_path}/files"
    with pytest.raises(ConfigurationError) as error:
        Workspace(Settings(data_dir=tmp_path / "data", database_url=url, state_url=f"sqlite:///{tmp_path}/s.sqlite"))
    is_there = importlib.util.find_spec("duckdb_extension_ducklake") is not None
    assert ("not for DuckDB 1.9.9" if is_there else "is not installed") in error.value.message
    assert "pip install .[lake]" in error.value.message and not (tmp_path / "files").exists()
