"""A running app, as `make run` starts it, and a real Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.conftest import ROOT
from tests.waiting import LONG_SECONDS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(data_dir: Path, port: int | None = None, /, **variables: str) -> Iterator[str]:
    """Run the app, on a port or a free one; give its address."""
    port = port or free_port()
    environment = {**os.environ, "CALLBOARD_DATA_DIR": str(data_dir), **variables}
    log = (data_dir.parent / f"{data_dir.name}.log").open("w")
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + LONG_SECONDS
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None, Path(log.name).read_text()
                time.sleep(0.2)
        else:
            raise AssertionError(f"the app was not alive in time: {Path(log.name).read_text()[-2000:]}")
        yield address
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Iterator[str]:
    """Give the address of an app with sample data."""
    with served(shutil.copytree(sample_folder, tmp_path_factory.mktemp("app") / "data")) as found:
        yield found


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Callable[[str], Page]]:
    """Open a page as a new visitor, who has no session and no cookie yet."""
    contexts: list[BrowserContext] = []

    def go(path: str) -> Page:
        context = chromium.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{address}/{path}")
        return page

    yield go
    for context in contexts:
        context.close()
