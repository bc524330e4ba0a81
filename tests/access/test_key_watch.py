"""Keys that are watched: revoked, expired and changed ones are good no longer, all others stay good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lib.access import api_keys
from lib.access.api_keys import Key
from lib.access.key_watch import KeyWatch
from lib.analytics.grants import EVERYTHING, Grant
from lib.store.schema import api_keys as kept_keys
from lib.store.state import StateStore
from lib.workspace import Workspace
from tests.waiting import LONG_SECONDS
from tests.web.test_gateway import alone


def set_values(state: StateStore, key: Key, **values: object) -> None:
    with state.transaction() as connection:
        connection.execute(sa.update(kept_keys).where(kept_keys.c.prefix == key.prefix).values(values))


CHANGES: dict[str, Callable[[StateStore, Key], object]] = {
    "revoked": lambda state, key: api_keys.revoke(state, key.prefix, "test"),
    "expired": lambda state, key: set_values(state, key, expires_at=key.created_at - timedelta(seconds=1)),
    "limited": lambda state, key: set_values(state, key, grant_limits=Grant.of({"campaign": ["a"]}).to_column()),
    "without the scope": lambda state, key: set_values(state, key, scopes="[]"),
    "deleted": lambda state, key: set_values(state, key, prefix="cb_live_other"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_key_that_changes_is_good_no_longer(workspace: Workspace, change: str) -> None:
    def made() -> Key:
        return api_keys.create(workspace.state, "test", ["analytics:read"], "test", EVERYTHING, workspace.catalog)[1]

    first, other = made(), made()

    async def watch() -> None:
        keys = KeyWatch(workspace.state)
        woken, others = asyncio.Event(), asyncio.Event()
        with ExitStack() as held:
            watched = held.enter_context(keys.watch(first, woken.set))
            beside = held.enter_context(keys.watch(other, others.set))
            assert watched.is_good and watched.is_sure
            await asyncio.to_thread(CHANGES[change], workspace.state, first)
            await asyncio.wait_for(woken.wait(), LONG_SECONDS)
            assert not watched.is_good and beside.is_good and beside.is_sure and not others.is_set()

    alone(watch())


def test_a_key_ends_by_the_clock_alone(workspace: Workspace) -> None:
    soon = timedelta(seconds=2)
    _, key = api_keys.create(workspace.state, "test", ["analytics:read"], "test", EVERYTHING, workspace.catalog, soon)

    async def watch() -> None:
        woken = asyncio.Event()
        with KeyWatch(workspace.state).watch(key, woken.set) as watched:
            assert watched.is_good
            await asyncio.wait_for(woken.wait(), LONG_SECONDS)
            assert not watched.is_good

    alone(watch())
