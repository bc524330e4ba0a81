"""Requests are counted: in one process, and in PostgreSQL for several."""

from __future__ import annotations

import time

import limits
import pytest
import sqlalchemy as sa

from lib.access.request_rates import MovingWindow, SharedRates
from lib.settings import Settings
from lib.store.schema import request_counts
from lib.store.state import StateStore
from lib.workspace import Workspace

RATE = limits.parse("600/minute")


def test_what_was_counted_goes_after_the_period(monkeypatch: pytest.MonkeyPatch) -> None:
    now, window, rate = [1_000.0], MovingWindow(), limits.parse("10/minute")
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    assert window.hit(rate, "a", 6) == 0
    now[0] += 20
    assert window.hit(rate, "a", 4) == 0
    assert window.hit(rate, "a", 1) == 40  # until the six are gone
    assert window.hit(rate, "b", 10) == 0
    now[0] += 40
    assert window.hit(rate, "a", 6) == 0
    assert window.hit(rate, "a", 1) == 20


def ask(rates: SharedRates, count: int, cost: int = 1) -> int:
    """Make requests one after another; return how many were let through."""
    return sum(rates.hit(RATE, "a", cost) == 0 for _ in range(count))


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_processes_share_a_rate(settings: Settings, workspace: Workspace) -> None:
    """Each of the three has a store of its own, as processes do."""
    others = [StateStore(settings) for _ in range(2)]
    rates = [SharedRates(each) for each in (workspace.state, *others)]
    mark = workspace.state.change_token()
    allowed = 0
    for _ in range(40):
        for each in rates:
            allowed += ask(each, 7)
    assert 600 - 3 * 5 <= allowed <= 600  # each may hold five of its last share
    assert ask(rates[0], 50) == 0
    assert rates[0].hit_at_once(RATE, "a", 1)  # refused without the database
    assert rates[0].hit(RATE, "b", 600) == 0 and rates[1].hit(RATE, "b", 1) > 0
    assert workspace.state.change_token() == mark  # what processes keep of the state is still right
    for other in others:
        other.close()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_what_was_counted_for_all_goes_after_the_period(workspace: Workspace) -> None:
    first, second = SharedRates(workspace.state), SharedRates(workspace.state)
    assert ask(first, 300, 2) == 300
    assert ask(second, 1) == 0

    def age(seconds: int) -> None:
        older = sa.update(request_counts).values(at_ms=request_counts.c.at_ms - seconds * 1000)
        with workspace.state.transaction() as connection:
            connection.execute(older)

    age(30)
    assert 0 < SharedRates(workspace.state).hit(RATE, "a", 1) <= 30.6
    age(31)
    assert ask(SharedRates(workspace.state), 100, 6) == 100
    with workspace.state.read() as connection:
        kept = connection.execute(sa.select(sa.func.sum(request_counts.c.requests))).scalar_one()
    assert kept == 600  # what has passed is forgotten
