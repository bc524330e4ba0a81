"""kill -9 in the middle of exports: after the restarts every job ends, and no half file can be fetched."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pandas as pd

from lib.settings import Settings
from lib.workspace import TASKS, Workspace
from tests.api_client import Client, make_key
from tests.browser.conftest import free_port
from tests.conftest import ROOT

ROWS = 60_000
KILLS = 20


def start(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "CALLBOARD_DATA_DIR": str(settings.data_dir),
        "CALLBOARD_DATABASE_URL": settings.database_url,
        "CALLBOARD_RATE_LIMIT": "off",
    }
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                return server
        except httpx.HTTPError:
            assert server.poll() is None
        time.sleep(0.1)
    raise AssertionError("the server was not ready in a minute")


def test_killed_twenty_times(settings: Settings, tmp_path: Path) -> None:
    workspace = Workspace(settings)
    TASKS["sample"](workspace, {"rows": ROWS, "seed": 9, "until": "2024-12-31"}, lambda *_: None)
    workspace.close()
    key = make_key(settings.data_dir, settings={"database_url": settings.database_url})
    port = free_port()
    chance = random.Random(20)
    jobs: list[str] = []
    server = start(settings, port)
    try:
        for number in range(KILLS):
            client = Client(f"http://127.0.0.1:{port}", key)
            order = {"format": ("csv", "xlsx")[number % 2]}
            jobs.append(client.ask("POST", "/v1/analytics/export", json=order).json()["jobId"])
            time.sleep(chance.uniform(0.0, 1.2))
            server.send_signal(signal.SIGKILL)
            server.wait()
            client.close()
            server = start(settings, port)
        client = Client(f"http://127.0.0.1:{port}", key)
        deadline = time.monotonic() + 120
        found: dict[str, dict[str, Any]] = {}
        while time.monotonic() < deadline and len(found) < len(jobs):
            for job in jobs:
                status = client.get(f"/v1/analytics/export/{job}")
                if status["status"] in ("completed", "failed"):
                    found[job] = status
            time.sleep(0.2)
        assert set(found) == set(jobs)
        completed = [status for status in found.values() if status["status"] == "completed"]
        assert completed and all(status["error"] for status in found.values() if status["status"] == "failed")
        for status in completed:
            assert status["rows"] == ROWS
            content = httpx.get(status["downloadUrl"], timeout=60).content
            path = tmp_path / "fetched"
            path.write_bytes(content)
            if ".csv" in status["downloadUrl"]:
                assert len(pd.read_csv(path, usecols=["id"])) == ROWS
            else:
                assert len(content) == status["bytes"]
        names = {path.name.split(".")[0] for path in settings.exports_dir.iterdir() if not path.name.startswith(".")}
        assert names == {status["jobId"] for status in completed}
        client.close()
    finally:
        server.kill()
        server.wait()
