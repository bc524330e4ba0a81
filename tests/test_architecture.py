"""The rules of the house: who may import whom, and what may not be there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

LAYERS = [
    {"app", "lib.__main__"},
    {"pages"},
    {"lib.ui", "lib.api", "lib.cli"},
    {"lib.workspace"},
    {"lib.jobs.tasks"},
    {"lib.exports", "lib.ingest", "lib.backup", "lib.sharing"},
    {"lib.charts"},
    {"lib.jobs", "lib.access"},
    {"lib.analytics"},
    {"lib.bulk", "lib.database", "lib.schema"},
    {"lib.web", "lib.embedded", "lib.room"},
    {"lib.data_dir"},
    {"lib.settings", "lib.recovery", "lib.replacement", "lib.migrations", "lib.logs"},
    {
        "lib.errors",
        "lib.addresses",
        "lib.formulas",
        "lib.iso_dates",
        "lib.codes",
        "lib.children",
        "lib.languages",
        "lib.redaction",
        "lib.counts",
    },
]
"""From the top down: a module imports from its own room and from the layers below it."""

ONLY_IN = {
    "streamlit": ("app", "pages", "lib.ui"),
    "altair": ("lib.charts",),
    "vl_convert": ("lib.charts",),
    "pypdf": ("lib.charts",),
    "fastapi": ("lib.api",),
    "psycopg": ("lib.database",),
    "duckdb": ("lib.database",),
    "sqlite3": ("lib.replacement",),
    "alembic": ("lib.migrations",),
    "openpyxl": ("lib.exports",),
    "python_calamine": ("lib.ingest",),
}

SOURCES = [path for folder in ("lib", "pages") for path in sorted((ROOT / folder).rglob("*.py"))] + [ROOT / "app.py"]


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(name: str) -> str | None:
    rooms = [known for layer in LAYERS for known in layer if name == known or name.startswith(known + ".")]
    return max(rooms, key=len, default=None)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_imports_go_down(path: Path) -> None:
    mine = room(module(path))
    if module(path) == "lib":
        return
    assert mine is not None, f"{module(path)} lies in no room of the house"
    level = next(number for number, layer in enumerate(LAYERS) if mine in layer)
    for name in imports(path):
        other = room(name)
        if other is None or other == mine:
            continue
        below = next(number for number, layer in enumerate(LAYERS) if other in layer)
        assert below > level, f"{module(path)} imports {name}, which is not below it"


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    for name in imports(path):
        rooms = ONLY_IN.get(name.partition(".")[0])
        if rooms:
            assert room(module(path)) in rooms, f"{module(path)} imports {name}"


def test_no_room_for_everything() -> None:
    names = {path.stem for path in SOURCES}
    assert not names & {"utils", "helpers", "common", "misc"}


def test_a_module_is_one_noun() -> None:
    long = {module(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > 420} == {}
    assert {name: lines for name, lines in long.items() if name.startswith("pages.") and lines > 100} == {}
