"""A running app with a login, whose provider nobody asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.settings import Settings
from lib.workspace import Workspace
from tests.serving import free_port, served

KEY = "a key that the tests sign cookies with"


@dataclass(frozen=True)
class LoginApp:
    """A running app with a login: its address and its settings."""

    address: str
    settings: Settings

    @property
    def log(self) -> Path:
        """Where it writes what it logs."""
        return self.settings.data_dir.with_name(f"{self.settings.data_dir.name}.log")


@pytest.fixture(scope="module")
def login_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoginApp]:
    data_dir: Path = tmp_path_factory.mktemp("login") / "data"
    settings = Settings(data_dir=data_dir, sample="off", secret_key=KEY)
    Workspace(settings).close()
    port = free_port()
    variables = {
        "CALLBOARD_SAMPLE": "off",
        "CALLBOARD_SECRET_KEY": KEY,
        "CALLBOARD_BASE_URL": f"http://127.0.0.1:{port}",
        "CALLBOARD_OIDC_ISSUER": "http://127.0.0.1:1",
        "CALLBOARD_OIDC_CLIENT_ID": "callboard",
        "CALLBOARD_OIDC_CLIENT_SECRET": "a secret that nobody asks for",
        "CALLBOARD_ADMINS": "root@example.com",
    }
    with served(data_dir, port, **variables) as address:
        yield LoginApp(address, settings)
