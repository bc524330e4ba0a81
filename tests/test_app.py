"""The app as it starts, and as it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.browser.conftest import free_port, served
from tests.conftest import ROOT


def start(data_dir: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(free_port())]
    environment = {**os.environ, "CALLBOARD_DATA_DIR": str(data_dir), "CALLBOARD_SAMPLE": "off", **variables}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def test_wrong_settings_are_told_in_words(tmp_path: Path) -> None:
    done = start(tmp_path / "data", CALLBOARD_TIMEZONE="Europe/Madird")
    assert done.returncode == 2
    assert "CALLBOARD_TIMEZONE" in done.stderr and "did you mean 'Europe/Madrid'" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_one_process_at_a_time_holds_the_embedded_database(tmp_path: Path) -> None:
    with served(tmp_path / "data", CALLBOARD_SAMPLE="off"):
        done = start(tmp_path / "data")
    assert done.returncode == 2
    assert "Another process holds the embedded database" in done.stderr and "Traceback" not in done.stderr


def test_without_its_database_it_says_so(tmp_path: Path) -> None:
    with served(tmp_path / "data", CALLBOARD_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none") as address:
        assert httpx.get(f"{address}/healthz").status_code == 200
        for path in ("/readyz", "/v1/analytics/summary"):
            found = httpx.get(address + path)
            assert (found.status_code, found.json()["error"]["code"]) == (503, "DATABASE_UNAVAILABLE")
            assert int(found.headers["retry-after"]) > 0 and "127.0.0.1" not in found.text
