"""Questions that are watched: one computation for all, after each change, and what happens where there is none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from lib.analytics import queries
from lib.errors import DatabaseUnavailableError
from lib.live.watched_questions import WatchedQuestion, WatchedQuestions
from lib.workspace import Workspace
from tests.conftest import Load
from tests.live.test_change_feed import ROW
from tests.waiting import LONG_SECONDS
from tests.web.test_gateway import alone


@dataclass(frozen=True)
class Count:
    """How many evaluations there are."""

    evaluations: int

    @property
    def digest(self) -> str:
        return str(self.evaluations)


@dataclass
class Counting:
    """A question that counts how often it is computed; it fails as long as `is_away`."""

    workspace: Workspace
    times: int = 0
    is_away: bool = False
    threads: set[str] = field(default_factory=set)

    def __call__(self) -> tuple[Count, int]:
        self.times += 1
        self.threads.add(threading.current_thread().name)
        if self.is_away:
            raise DatabaseUnavailableError("The database is away.")
        found = self.workspace.answers.run(queries.status)
        return Count(found.evaluations), found.data_version


@pytest.fixture
def counting(workspace: Workspace) -> Iterator[Counting]:
    workspace.facts.start_listener()
    workspace.changes.start()
    assert workspace.changes.wait(None, LONG_SECONDS) is not None
    yield Counting(workspace)
    workspace.changes.stop()


async def reached(question: WatchedQuestion[Count], evaluations: int) -> None:
    async with asyncio.timeout(LONG_SECONDS):
        while question.answer != Count(evaluations):
            await asyncio.sleep(0.01)


def test_all_who_watch_share_one_computation(counting: Counting, load: Load) -> None:
    async def watch() -> None:
        shared: WatchedQuestions[Count] = WatchedQuestions(counting.workspace.changes)
        woken = [asyncio.Event() for _ in range(50)]
        with ExitStack() as held:
            questions = [held.enter_context(shared.watch("all", counting, each.set)) for each in woken]
            await asyncio.gather(*(shared.bring_up_to_date(each) for each in questions))
            assert len(set(map(id, questions))) == 1 and questions[0].answer == Count(0) and counting.times == 1
            for each in woken:
                each.clear()
            await asyncio.to_thread(load, ROW.format(1))
            await asyncio.gather(*(asyncio.wait_for(each.wait(), LONG_SECONDS) for each in woken))
            assert questions[0].answer == Count(1) and counting.times == 2
            assert shared.digest_at("all", questions[0].version) == "1"
            assert shared.digest_at("all", questions[0].version - 1) == "0"
            assert shared.digest_at("other", questions[0].version) is None

    alone(watch())
    assert threading.current_thread().name not in counting.threads


def test_who_comes_later_is_told_what_is_there_by_then(counting: Counting, load: Load) -> None:
    """The answer is not computed again where nothing has changed, and not waited for by the clock where it has."""

    async def watch() -> None:
        shared: WatchedQuestions[Count] = WatchedQuestions(counting.workspace.changes)
        with shared.watch("all", counting, lambda: None) as first:
            await shared.bring_up_to_date(first)
            for number in range(3):
                await asyncio.to_thread(load, ROW.format(number))
                with shared.watch("all", counting, lambda: None) as later:
                    await shared.bring_up_to_date(later)
                    assert later.answer == Count(number + 1)
            await reached(first, 3)

    alone(watch())


def test_questions_of_other_names_are_others(counting: Counting) -> None:
    async def watch() -> None:
        shared: WatchedQuestions[Count] = WatchedQuestions(counting.workspace.changes)
        with shared.watch("a", counting, lambda: None) as first, shared.watch("b", counting, lambda: None) as second:
            await asyncio.gather(shared.bring_up_to_date(first), shared.bring_up_to_date(second))
        assert counting.times == 2
        with shared.watch("a", counting, lambda: None) as again:
            assert again is not first and again.answer is None  # nobody watched, so it was let go
            assert shared.digest_at("a", first.version) == "0"  # but it is known what was told

    alone(watch())


def test_where_it_fails_it_is_said_and_asked_again_after_a_change(counting: Counting, load: Load) -> None:
    async def watch() -> None:
        shared: WatchedQuestions[Count] = WatchedQuestions(counting.workspace.changes)
        with shared.watch("all", counting, lambda: None) as question:
            counting.is_away = True
            await shared.bring_up_to_date(question)
            assert isinstance(question.failure, DatabaseUnavailableError) and question.answer is None
            counting.is_away = False
            await asyncio.to_thread(load, ROW.format(1))
            await reached(question, 1)
            assert question.failure is None

    alone(watch())
