"""A real OpenID provider on this machine, and the settings by which the app logs people in with it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.browser.conftest import free_port
from tests.conftest import ROOT

SECRET = "a secret that no log may hold"  # noqa: S105 - that of the tests' own provider


@contextmanager
def provided(port: int) -> Iterator[dict[str, str]]:
    """Run the provider for an app on a port; give the app's variables. It knows whoever it is asked for."""
    provider_port = free_port()
    redirect = f"http://127.0.0.1:{port}/oauth2callback"
    node = shutil.which("node")
    assert node, "Node.js is missing; make test installs it"
    command = [node, str(ROOT / "tests" / "oidc" / "provider.mjs"), str(provider_port), redirect]
    provider = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert provider.stdout is not None and provider.stdout.readline() == "ready\n"
        yield {
            "CALLBOARD_BASE_URL": f"http://127.0.0.1:{port}",
            "CALLBOARD_OIDC_ISSUER": f"http://127.0.0.1:{provider_port}",
            "CALLBOARD_OIDC_CLIENT_ID": "callboard",
            "CALLBOARD_OIDC_CLIENT_SECRET": SECRET,
            "CALLBOARD_OIDC_PROMPT": "login",
            "CALLBOARD_ADMINS": "root@example.com",
        }
    finally:
        provider.terminate()
        provider.communicate()
