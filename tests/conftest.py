"""What tests share: a workspace on each engine, imports in one line, the real data sets."""

from __future__ import annotations

import fcntl
import gc
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from playwright.sync_api import Browser, sync_playwright

from lib.analytics.query_cache import QueryCache
from lib.formats import child_process
from lib.ingest import service
from lib.ingest.file_reading import InputFile
from lib.ingest.history import ImportReport
from lib.ingest.import_run import ImportRequest
from lib.settings import Settings
from lib.workspace import Workspace
from tests import lakes, postgres
from tests.browser import patience
from tests.forker import START, forked_readers
from tests.statement_cache import shared_statements

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"

_number = itertools.count()

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# A busy machine may take its time.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")

_LONG = (
    "crashes",
    "browser",
    "api",
    "test_cli.py",
    "test_real_data.py",
    "test_upgrades.py",
    "backup",
    "hostile",
    "web",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest in one file, so that no core is left waiting for one of them at the end."""
    order = {name: place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: order.get(item.path.relative_to(ROOT / "tests").parts[0], len(_LONG)))


def pytest_collection_finish() -> None:
    """Keep the collector from going through all that is loaded each time, which Streamlit asks for after each run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the variables of whoever runs the tests out of them."""
    for name in list(os.environ):
        if name.startswith("CALLBOARD_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def _forked_readers() -> Iterator[None]:
    with forked_readers():
        yield


@pytest.fixture(scope="session", autouse=True)
def _shared_statements() -> Iterator[None]:
    with shared_statements():
        yield


@pytest.fixture
def started_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the children that read be started as the program starts them."""
    monkeypatch.setattr(child_process, "start", START)


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    with postgres.server() as folder:
        yield folder


@pytest.fixture(params=lakes.ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Name the engine; a test that uses this, or what builds on it, runs on each."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the data dir of an empty workspace, to be copied: that takes less time than making one."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    Workspace(Settings(data_dir=folder, sample="off")).close()
    return folder


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the data dir of a workspace with sample data, to be copied; the first process of a run makes it for all."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            made = tmp_path_factory.mktemp("sample") / "data"
            opened = Workspace(Settings(data_dir=made))
            opened.fill_with_sample()
            opened.close()
            made.rename(shared)
    return shared


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory, postgres_socket: Path) -> Iterator[str]:
    """Give the name of a database of PostgreSQL that holds an empty workspace, to be copied."""
    name = f"empty_{os.getpid()}"
    with postgres.database(postgres_socket, name) as url:
        Workspace(Settings(data_dir=tmp_path_factory.mktemp("empty"), database_url=url, sample="off")).close()
        yield name


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory, postgres_socket: Path) -> Iterator[tuple[str, Path]]:
    """Give the name of a lake's catalog, and its folder, that hold an empty workspace, to be copied."""
    name, folder = f"empty_lake_{os.getpid()}", tmp_path_factory.mktemp("lake") / "files"
    with lakes.lake(postgres_socket, name, folder) as url:
        Workspace(Settings(data_dir=tmp_path_factory.mktemp("empty"), database_url=url, sample="off")).close()
        yield name, folder


@pytest.fixture
def settings(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Give settings of a workspace on the engine: an empty one for tests that open it, else one that is to be made."""
    opens = "workspace" in request.fixturenames
    if engine == "duckdb":
        if opens:
            shutil.copytree(request.getfixturevalue("empty_folder"), tmp_path / "data")
        yield Settings(data_dir=tmp_path / "data", sample="off")
        return
    socket, name = request.getfixturevalue("postgres_socket"), f"test_{os.getpid()}_{next(_number)}"
    if engine == "ducklake":
        files = tmp_path / "files"
        empty = request.getfixturevalue("empty_lake") if opens else None
        made = lakes.copied_lake(socket, name, files, *empty) if empty else lakes.lake(socket, name, files)
    else:
        template = {"template": request.getfixturevalue("empty_database")} if opens else {}
        made = postgres.database(socket, name, **template)
    with made as url:
        yield Settings(data_dir=tmp_path / "data", database_url=url, sample="off")


@pytest.fixture
def workspace(settings: Settings) -> Iterator[Workspace]:
    opened = Workspace(settings)
    yield opened
    opened.close()


@pytest.fixture
def answers(workspace: Workspace) -> QueryCache:
    return QueryCache(workspace.facts)


Load = Callable[..., ImportReport]


@pytest.fixture
def load(workspace: Workspace, tmp_path: Path) -> Load:
    """Import text as a CSV, or files, and return the report."""

    def run(
        content: str | bytes | list[Path], mapping: str | None = None, name: str = "calls.csv", **more: Any
    ) -> ImportReport:
        if isinstance(content, list):
            files = tuple(InputFile(path, path.name) for path in content)
        else:
            path = tmp_path / f"{next(_number)}-{Path(name).name}"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            files = (InputFile(path, name),)
        request = ImportRequest(files, "test", mapping, **more)
        return service.run(workspace.facts, workspace.settings, workspace.catalog, request, lambda _: None)

    return run


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start a browser that ends with its module: while Playwright is open, its thread can run no other event loop."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is missing; make test installs it"
    with sync_playwright() as playwright, patience.kept():
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
