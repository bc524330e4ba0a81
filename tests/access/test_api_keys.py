"""API keys: when their use is written down, and when a request asks the store about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lib.access import api_keys
from lib.analytics.grants import EVERYTHING
from lib.store.schema import api_keys as kept_keys
from lib.workspace import Workspace
from tests.waiting import until

RECENT, OLD = timedelta(seconds=50), timedelta(seconds=70)
"""On both sides of the minute for which a use stands."""


@pytest.fixture
def text(workspace: Workspace) -> str:
    return api_keys.create(workspace.state, "test", ["analytics:read"], "test", EVERYTHING, workspace.catalog)[0]


def last_used_at(workspace: Workspace) -> datetime | None:
    (key,) = api_keys.all_keys(workspace.state)
    return key.last_used_at


def set_last_use(workspace: Workspace, ago: timedelta) -> datetime:
    """Make the last use one of some time ago; return when that was."""
    used = datetime.now(UTC) - ago
    with workspace.state.transaction() as connection:
        connection.execute(sa.update(kept_keys).values(last_used_at=used))
    return used


def test_the_first_use_is_written_down(workspace: Workspace, text: str) -> None:
    assert last_used_at(workspace) is None
    before = datetime.now(UTC)
    assert workspace.keys.authenticate(text) is not None
    used = last_used_at(workspace)
    assert used is not None and before <= used <= datetime.now(UTC)


def test_a_use_is_written_down_again_after_a_minute(workspace: Workspace, text: str) -> None:
    used = set_last_use(workspace, RECENT)
    assert workspace.keys.authenticate(text) is not None
    assert last_used_at(workspace) == used
    before = datetime.now(UTC)
    set_last_use(workspace, OLD)
    assert workspace.keys.authenticate(text) is not None
    again = last_used_at(workspace)
    assert again is not None and before <= again <= datetime.now(UTC)


def test_only_the_key_that_was_used_says_so(workspace: Workspace, text: str) -> None:
    _, other = api_keys.create(workspace.state, "other", ["analytics:read"], "test", EVERYTHING, workspace.catalog)
    assert workspace.keys.authenticate(text) is not None
    used = {key.prefix: key.last_used_at is not None for key in api_keys.all_keys(workspace.state)}
    assert used == {text[:16]: True, other.prefix: False}


@pytest.mark.parametrize("wrong", ["cb_live_aaaaaaaa_" + "a" * 38, "", "nonsense"])
def test_what_is_no_key_uses_none(workspace: Workspace, text: str, wrong: str) -> None:
    forged = f"{text[:17]}{'a' * 32}{text[-6:]}"
    for each in (wrong, forged):
        assert workspace.keys.authenticate(each) is None
    assert last_used_at(workspace) is None


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)  # the state is SQLite, which says whether it changed
def test_a_key_is_recognized_without_the_store_until_its_use_is_old(
    workspace: Workspace, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert workspace.keys.get_cached(text) is None  # nobody has asked yet

    def is_cached() -> bool:
        """Ask once more: the first time, the key's use is written down."""
        return workspace.keys.authenticate(text) is not None and workspace.keys.get_cached(text) is not None

    until(is_cached)
    assert workspace.keys.get_cached(text[:-1]) is None
    later = datetime.now(UTC) + OLD

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:  # noqa: ARG003 - always UTC here
            return later

    monkeypatch.setattr(api_keys, "datetime", Clock)
    assert workspace.keys.get_cached(text) is None
