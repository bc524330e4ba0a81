"""The API against its own description: schemathesis asks what it allows, and judges what comes back."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.conftest import App


@pytest.mark.parametrize("small_app", ["duckdb"], indirect=True)
def test_answers_are_as_described(small_app: App, tmp_path: Path) -> None:
    """At least 2,000 cases with a key for everything: no 5xx, every status, type and body as the OpenAPI says."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{small_app.address}/v1/openapi.json",
        "--url", f"{small_app.address}/v1",
        "--header", f"Authorization: Bearer {small_app.key()}",
        "--exclude-path", "/analytics/stream",  # it does not end
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--max-examples", "150",
        "--phases", "examples,coverage,fuzzing",
        "--generation-database", ":memory:",
        "--seed", "7",
        "--no-color",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    told = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert told and int(told[1]) == int(told[2]) >= 2_000, done.stdout[-2000:]
