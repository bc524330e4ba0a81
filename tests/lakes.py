"""DuckLakes of the tests' own: a database of the tests' PostgreSQL for the catalog, a folder for the files.

They need DuckDB's extensions, which fit one version of DuckDB alone: `make test-lake` has an environment with both.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests import postgres

ENGINES = ["duckdb", "postgresql"]
"""The engines of the facts, as far as they are to be had here."""

if importlib.util.find_spec("duckdb_extension_ducklake") is not None:
    ENGINES.append("ducklake")


def url(socket: Path, database: str, folder: Path) -> str:
    """Return the address of a lake."""
    return f"ducklake:{postgres.url(socket, database)}&data={folder}"


@contextmanager
def lake(socket: Path, name: str, folder: Path) -> Iterator[str]:
    """Make a lake without tables; give its address; drop it at the end."""
    with postgres.database(socket, name):
        yield url(socket, name, folder)


@contextmanager
def copied_lake(socket: Path, name: str, folder: Path, template: str, files: Path) -> Iterator[str]:
    """Make a copy of a lake that nobody has open: of its catalog, and of its folder of files."""
    with postgres.database(socket, name, template) as catalog:
        shutil.copytree(files, folder)
        with psycopg.connect(catalog) as connection:
            place = f"{folder}/facts/"
            connection.execute("UPDATE lake.ducklake_metadata SET value = %s WHERE key = 'data_path'", [place])
        yield url(socket, name, folder)
