"""The app as it starts, and as it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.conftest import ROOT
from tests.serving import free_port, served


def start(data_dir: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(free_port())]
    environment = {**os.environ, "CALLBOARD_DATA_DIR": str(data_dir), "CALLBOARD_SAMPLE": "off", **variables}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_wrong_settings_are_told_in_words(tmp_path: Path) -> None:
    done = start(tmp_path / "data", CALLBOARD_TIMEZONE="Europe/Madird")
    assert done.returncode == 2
    assert "CALLBOARD_TIMEZONE" in done.stderr and "did you mean 'Europe/Madrid'" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_without_a_login_only_this_machine_is_served(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(free_port())]
    environment = {**os.environ, "CALLBOARD_DATA_DIR": str(tmp_path / "data"), "CALLBOARD_SAMPLE": "off"}
    open_to_all = [*command, "--server.address", "0.0.0.0"]  # noqa: S104 - which is refused
    done = subprocess.run(open_to_all, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and not (tmp_path / "data").exists()
    assert "CALLBOARD_OIDC_ISSUER" in done.stderr and "Traceback" not in done.stderr
    with served(tmp_path / "data", CALLBOARD_SAMPLE="off"):
        pass
    assert "No login is set: Callboard listens on this machine alone" in (tmp_path / "data.log").read_text()


def test_one_process_at_a_time_holds_the_embedded_database(tmp_path: Path) -> None:
    with served(tmp_path / "data", CALLBOARD_SAMPLE="off"):
        done = start(tmp_path / "data")
    assert done.returncode == 2
    assert "Another process holds the embedded database" in done.stderr and "Traceback" not in done.stderr


def test_without_its_database_it_says_so(tmp_path: Path) -> None:
    with served(tmp_path / "data", CALLBOARD_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none") as address:
        assert httpx.get(f"{address}/healthz", timeout=60).status_code == 200
        for path in ("/readyz", "/v1/analytics/summary"):
            found = httpx.get(address + path, timeout=60)
            assert (found.status_code, found.json()["error"]["code"]) == (503, "DATABASE_UNAVAILABLE")
            assert int(found.headers["retry-after"]) > 0 and "127.0.0.1" not in found.text
