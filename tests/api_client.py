"""A program that asks the API over real HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from lib.access import api_keys
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.catalog import BUILT_IN
from lib.settings import Settings
from lib.store.state import StateStore


def make_key(data_dir: Path, scopes: Sequence[str] = api_keys.SCOPES, grant: Grant = EVERYTHING, **more: Any) -> str:
    """Make a key beside the running app."""
    state = StateStore(Settings(data_dir=data_dir, **more.pop("settings", {})))
    try:
        return api_keys.create(state, "test", scopes, "test", grant, BUILT_IN, **more)[0]
    finally:
        state.close()


class Client:
    """Asks with a key; answers are checked for what every answer carries."""

    def __init__(self, address: str, key: str | None) -> None:
        self.address = address
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=60)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        found = self._http.request(method, path, **more)
        assert found.headers["x-request-id"].startswith("req_")
        return found

    def get(self, path: str, **parameters: Any) -> Any:
        found = self.ask("GET", path, params=parameters)
        assert found.status_code == 200, found.text
        return found.json()

    def refused(self, status: int, code: str, method: str, path: str, **more: Any) -> dict[str, Any]:
        found = self.ask(method, path, **more)
        body: dict[str, Any] = found.json()["error"]
        assert (found.status_code, body["code"]) == (status, code), found.text
        assert set(body) <= {"code", "message", "parameter", "position", "requestId", "retryAfter"}
        assert body["requestId"] == found.headers["x-request-id"] and body["message"]
        return body
