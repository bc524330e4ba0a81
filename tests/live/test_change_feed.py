"""The feed of changes: what this process writes, what others write, and what changes no data."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from lib.analytics import metric_definitions
from lib.catalog.own_metrics import MetricDefinition
from lib.live.change_feed import ChangeFeed, DataState
from lib.settings import Settings
from lib.store.facts import FactStore
from lib.workspace import Workspace
from tests.conftest import Load
from tests.waiting import LONG_SECONDS

ROW = "id,audioDate\n{},2024-01-01\n"


@pytest.fixture
def feed(workspace: Workspace) -> Iterator[ChangeFeed]:
    workspace.facts.start_listener()
    workspace.changes.start()
    assert workspace.changes.wait(None, LONG_SECONDS) is not None
    yield workspace.changes
    workspace.changes.stop()


def test_a_change_wakes_who_waits_and_who_subscribed(feed: ChangeFeed, load: Load) -> None:
    calls: list[DataState | None] = []
    called = threading.Semaphore(0)

    def tell() -> None:
        calls.append(feed.latest)
        called.release()

    before = feed.latest
    end = feed.subscribe(tell)
    load(ROW.format(1))
    after = feed.wait(before, LONG_SECONDS)
    assert before and after and after.version == before.version + 1 and after.seen_at > before.seen_at
    assert called.acquire(timeout=LONG_SECONDS) and calls[0] == after
    end()
    end()  # once is enough, twice does no harm
    load(ROW.format(2))
    assert feed.wait(after, LONG_SECONDS) != after and feed.answers
    assert len(calls) == 1


def test_a_write_that_changes_nothing_is_no_change(feed: ChangeFeed, load: Load) -> None:
    first = feed.latest
    load(ROW.format(1))
    before = feed.wait(first, LONG_SECONDS)
    load(ROW.format(1))
    load(ROW.format(2))
    after = feed.wait(before, LONG_SECONDS)
    assert before and after and after.version == before.version + 1


def test_a_formula_changes_no_version_and_is_told_of(workspace: Workspace, feed: ChangeFeed) -> None:
    before = feed.latest
    with workspace.facts.write() as connection:
        metric_definitions.save(connection, MetricDefinition("double", "Double", "averageScore * 2"), "test")
    after = feed.wait(before, LONG_SECONDS)
    assert before and after and after.version == before.version and after.metrics == (1, 0)


def test_who_waits_in_vain_gets_what_is_known(feed: ChangeFeed) -> None:
    assert feed.wait(feed.latest, 0.01) == feed.latest


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_what_another_process_writes_is_heard(feed: ChangeFeed, settings: Settings) -> None:
    """The other store has nothing of this one's but the database."""
    other = FactStore(settings, to=None)
    before = feed.latest
    with other.write() as connection:
        metric_definitions.save(connection, MetricDefinition("double", "Double", "averageScore * 2"), "test")
    other.close()
    assert feed.wait(before, LONG_SECONDS) != before


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_where_nobody_tells_it_is_looked(workspace: Workspace, load: Load) -> None:
    feed = ChangeFeed(workspace.facts, poll_seconds=0.05)  # no listener was started
    feed.start()
    before = feed.wait(None, LONG_SECONDS)
    load(ROW.format(1))
    assert before and feed.wait(before, LONG_SECONDS) != before
    feed.stop()
