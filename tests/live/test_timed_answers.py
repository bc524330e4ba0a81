"""Answers that many ask for: worked out once, anew when the data changed, and not more often than every moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib.live.timed_answers import TimedAnswers
from lib.workspace import Workspace


@pytest.fixture
def engine() -> str:
    return "duckdb"


def write(workspace: Workspace) -> None:
    with workspace.facts.write():
        pass


class Counter:
    """Works out how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def test_an_answer_stands_until_the_data_change(workspace: Workspace) -> None:
    shared, work_out = TimedAnswers(workspace.facts, rest_seconds=0), Counter()
    first = shared.get("question", "14:03", work_out)
    again = shared.get("question", "14:03", work_out)
    assert (first.answer, again.answer) == (1, 1) and again.as_of > first.as_of, "it is known to hold still"
    write(workspace)
    assert shared.get("question", "14:03", work_out).answer == 2
    assert shared.get("question", "14:04", work_out).answer == 3
    assert shared.get("another", "14:04", work_out).answer == 4


def test_while_the_data_change_it_rests(workspace: Workspace) -> None:
    shared, work_out = TimedAnswers(workspace.facts, rest_seconds=3600), Counter()
    first = shared.get("question", 0, work_out)
    write(workspace)
    again = shared.get("question", 0, work_out)
    assert (again.answer, again.as_of) == (1, first.as_of), "of the time at which it was worked out"


def test_those_who_ask_at_once_share_one(workspace: Workspace) -> None:
    shared, begun, go_on = TimedAnswers(workspace.facts, rest_seconds=0), threading.Event(), threading.Event()
    work_out = Counter()

    def slowly() -> int:
        begun.set()
        assert go_on.wait(60)
        return work_out()

    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(shared.get, "question", 0, slowly)
        assert begun.wait(60)
        others = [pool.submit(shared.get, "question", 0, work_out) for _ in range(4)]
        go_on.set()
        assert {each.result(60).answer for each in (first, *others)} == {1}
        # Who knows an older answer does not wait for the next one.
        write(workspace)
        begun.clear()
        go_on.clear()
        second = pool.submit(shared.get, "question", 0, slowly)
        assert begun.wait(60)
        assert shared.get("question", 0, work_out).answer == 1
        go_on.set()
        assert second.result(60).answer == 2


def test_what_fails_is_asked_again(workspace: Workspace) -> None:
    shared = TimedAnswers(workspace.facts)

    def fail() -> int:
        raise ValueError("away")

    for _ in range(2):
        with pytest.raises(ValueError, match="away"):
            shared.get("question", 0, fail)
    assert shared.get("question", 0, lambda: 1).answer == 1
