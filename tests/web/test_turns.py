"""Turns: what one who asks for many holds, and that the others go on."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from lib.web.turns import Turns
from tests.waiting import until


def wants(turns: Turns, who: str, release: threading.Event, running: list[str]) -> threading.Thread:
    """Take a turn in a thread of its own, and hold it until `release`."""

    def run() -> None:
        with turns.take(who):
            running.append(who)
            release.wait(30)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_one_who_asks_for_many_keeps_nobody_waiting() -> None:
    turns, release, running = Turns(of_one=2, in_all=3), threading.Event(), list[str]()
    threads = [wants(turns, "many", release, running) for _ in range(20)]
    until(lambda: running == ["many"] * 2)
    threads.append(wants(turns, "other", release, running))
    until(lambda: running == ["many", "many", "other"])
    release.set()
    for each in threads:
        each.join(30)
    assert sorted(running) == ["many"] * 20 + ["other"]


def test_all_together_have_no_more_than_they_may() -> None:
    turns, release, running = Turns(of_one=2, in_all=3), threading.Event(), list[str]()
    with ExitStack() as held:
        for who in "abc":
            held.enter_context(turns.take(who))
        last = wants(turns, "d", release, running)
        last.join(0.2)
        assert running == []
    release.set()
    last.join(30)
    assert running == ["d"]


def test_what_one_who_asks_holds_is_counted_until_they_have_left() -> None:
    turns, release, running = Turns(of_one=2, in_all=9), threading.Event(), list[str]()
    with ExitStack() as held:
        held.enter_context(turns.take("a"))
        with turns.take("a"):
            pass
        held.enter_context(turns.take("a"))
        last = wants(turns, "a", release, running)
        last.join(0.2)
        assert running == []
    release.set()
    last.join(30)
    assert running == ["a"] and turns._shares == {}  # nothing is kept of who has left


def test_a_turn_comes_back_where_what_held_it_fails() -> None:
    turns = Turns(of_one=1, in_all=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="in its turn"), turns.take("a"):
            raise ValueError("in its turn")
    with turns.take("a"):
        pass
