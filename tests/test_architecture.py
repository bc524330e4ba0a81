"""The rules of the house: who may import whom, and what may not be there."""

from __future__ import annotations

import ast
import importlib.util
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

LAYERS = [
    {"app", "lib.__main__"},
    {"pages"},
    {"lib.ui", "lib.api", "lib.cli"},
    {"lib.workspace"},
    {"lib.jobs.handlers"},
    {"lib.jobs.tasks"},
    {"lib.jobs.field_tasks", "lib.jobs.metric_tasks", "lib.jobs.report_tasks"},
    {"lib.outgoing"},
    {"lib.scheduled_reports", "lib.alerts"},
    {"lib.webhooks"},
    {"lib.delivery"},
    {"lib.ingest", "lib.exports", "lib.sharing", "lib.backup", "lib.pdf", "lib.mail"},
    {"lib.charts"},
    {"lib.reports"},
    {"lib.access", "lib.jobs", "lib.live"},
    {"lib.analytics"},
    {"lib.catalog"},
    {"lib.store", "lib.storage"},
    {"lib.formats", "lib.statistics", "lib.i18n", "lib.web"},
    {"lib.observability"},
    {"lib.settings"},
    {"lib.configuration"},
    {"lib.errors"},
]
"""From the top down: a module imports from its own room and from the layers below it."""

ONLY_IN = {
    "streamlit": ("app", "pages", "lib.ui"),
    "altair": ("lib.charts",),
    "vl_convert": ("lib.charts",),
    "typst": ("lib.charts",),
    "jinja2": ("lib.mail",),
    "css_inline": ("lib.mail",),
    "PIL": ("lib.charts",),
    "fastapi": ("lib.api",),
    "psycopg": ("lib.store",),
    "duckdb": ("lib.store",),
    "sqlite3": ("lib.store",),
    "alembic": ("lib.store",),
    "boto3": ("lib.storage",),
    "botocore": ("lib.storage",),
    "openpyxl": ("lib.exports",),
    "smtplib": ("lib.delivery",),
    "httpx": ("lib.webhooks",),
    "httpcore": ("lib.webhooks",),
}

FILLED_BIT_BY_BIT = {
    "lib.live.timed_answers._Place",
    "lib.ingest.file_reading.ReadResult",
    "lib.ingest.list_tally._Part",
    "lib.observability.logging_config.RequestContext",
    "lib.web.sockets._Client",
    "lib.web.turns._Claim",
}
"""Dataclasses that are not frozen: what they hold comes while they are used."""

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
    assert {name: lines for name, lines in long.items() if lines > 400} == {}
    assert statistics.median(long.values()) <= 120
    assert {name: lines for name, lines in long.items() if name.startswith("pages.") and lines > 100} == {}


def test_no_loose_modules() -> None:
    loose = {path.stem for path in (ROOT / "lib").glob("*.py")}
    assert loose == {"__init__", "__main__", "settings", "workspace"}


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_queries_and_the_catalog_speak_no_language(path: Path) -> None:
    if room(module(path)) in ("lib.analytics", "lib.catalog"):
        assert not [name for name in imports(path) if name.startswith("lib.i18n")]


def test_no_class_name_is_there_twice() -> None:
    homes: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(module(path))
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_modules_that_are_named_in_texts_are_there(path: Path) -> None:
    names = [node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)]
    named = [name for name in names if isinstance(name, str) and re.fullmatch(r"lib(\.[a-z_]+)+", name)]
    assert [name for name in named if importlib.util.find_spec(name) is None] == []


CATALOG_PARTS = {"METRICS", "DIMENSIONS", "FILTERS", "FIELDS", "MEASURES", "ROLLUPS"}
"""What the built-in catalog is made of; whoever asks a catalog for it is given one."""

COMPOSES = {"app", "lib.workspace", "lib.cli", "lib.cli.access", "lib.ingest.reader_process"}
"""What begins a process, or a command, and says which catalog the rest of it works by."""


def names_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_the_catalog_is_passed_in(path: Path) -> None:
    """A migration, which is frozen, may have names of its own."""
    name, named = module(path), {*names_in(path)}
    if room(name) == "lib.catalog" or name.startswith("lib.store.migrations."):
        return
    assert not named & CATALOG_PARTS, f"{name} reads parts of the built-in catalog"
    assert "BUILT_IN" not in named or name in COMPOSES, f"{name} chooses a catalog"


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_nobody_is_given_everything_by_default(path: Path) -> None:
    """Who leaves a grant out would give everything away; who leaves a catalog out would work by another one."""
    defaults: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.arguments):
            defaults += [*node.defaults, *node.kw_defaults]
        elif isinstance(node, ast.ClassDef):
            defaults += [each.value for each in node.body if isinstance(each, ast.AnnAssign)]
    named = {each.id for each in defaults if isinstance(each, ast.Name)}
    assert not named & {"EVERYTHING", "BUILT_IN"}, module(path)


def test_values_are_frozen() -> None:
    """What is passed on is what others keep as a key, or read in another thread."""
    open_ones = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            for decorator in node.decorator_list:
                if ast.unparse(decorator).startswith("dataclass") and "frozen=True" not in ast.unparse(decorator):
                    open_ones.add(f"{module(path)}.{node.name}")
    assert open_ones == FILLED_BIT_BY_BIT


def test_a_code_is_its_name() -> None:
    """What is stored stays readable: a member can't be called anew, and its code can't change, without the other."""
    wrong = []
    for path in SOURCES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(node, ast.ClassDef) or not {"StrEnum", "TextCode", "enum.StrEnum"} & {
                ast.unparse(base) for base in node.bases
            }:
                continue
            for member in (each for each in node.body if isinstance(each, ast.Assign)):
                code, name = member.value, ast.unparse(member.targets[0])
                code = code.elts[0] if isinstance(code, ast.Tuple) else code
                if ast.literal_eval(code).removeprefix("system:") != name.lower():
                    wrong.append(f"{node.name}.{name}")
    assert wrong == []
