"""Children that are killed at a random moment of what they do, and what they told before.

A child says when it begins and what it has done; the moments are drawn from the length of an undisturbed run, by a
seed. `KILLS` and `SEED` in the environment set how many, and which.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from types import ModuleType
from typing import Any

import pytest

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.waiting import LONG_SECONDS

KILLS = int(os.environ.get("KILLS", "10"))
SEED = int(os.environ.get("SEED", "20"))

context = multiprocessing.get_context("forkserver")
# What children need is loaded once; each is then there within some hundredths of a second.
context.set_forkserver_preload(["tests.crashes.loaded", "tests.crashes.killing", "pytest"])


def fork(target: Callable[..., None], *given: Any) -> ForkServerProcess:
    """Begin to do something in a process that has the program loaded, whatever this one's main program is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))  # a page's may be left there
        process = context.Process(target=target, args=given)
        process.start()
    return process


BEGIN = "begin"
"""What a child tells first, when all that is not to be measured lies behind it."""


@dataclass(frozen=True)
class Ended:
    """What a child told after it began, how long it was, and whether it came to its end."""

    told: list[Any]
    seconds: float
    finished: bool


def run(child: Callable[..., None], *given: Any, kill_after: float | None = None) -> Ended:
    """Run `child(tell, *given)` in a process of its own, and kill it so long after its beginning."""
    ours, theirs = context.Pipe()
    process = context.Process(target=child, args=(theirs, *given))
    process.start()
    theirs.close()
    try:
        assert ours.poll(LONG_SECONDS) and ours.recv() == BEGIN
        began = time.monotonic()
        process.join(LONG_SECONDS if kill_after is None else kill_after)
        seconds = time.monotonic() - began
    finally:
        process.kill()
        process.join()
    finished = process.exitcode == 0
    assert finished or (kill_after is not None and process.exitcode == -9), process.exitcode
    return Ended(list(_received(ours)), seconds, finished)


def _received(pipe: Connection) -> Iterator[Any]:
    with pipe:
        while True:
            try:
                yield pipe.recv()
            except EOFError:
                return


class Kills:
    """Kills at moments drawn over the whole length of what is done, until so many have hit.

    The first run of each kind is left alone, to learn its length; one that ends before its kill is none, and tells
    that the length is shorter.
    """

    def __init__(self, kills: int = KILLS) -> None:
        self._kills, self._hit, self._runs = kills, 0, 0
        self._chance = random.Random(SEED)
        self._lengths: dict[Hashable, float] = {}

    def rounds(self) -> Iterator[int]:
        """Yield the numbers of the runs, from 0."""
        while self._hit < self._kills:
            assert self._runs < 10 + 10 * self._kills, f"{self._hit} of {self._runs} kills hit"
            yield self._runs
            self._runs += 1
        sys.stdout.write(f"seed {SEED}: {self._hit} kills in {self._runs} runs, of {self._lengths} s\n")

    def moment(self, length: float) -> float:
        """Draw when to kill what takes so long and does not end by itself."""
        self._hit += 1
        return self._chance.uniform(0, length)

    def run(self, kind: Hashable, child: Callable[..., None], *given: Any) -> Ended:
        """Run a child of a kind, and kill it at a random moment."""
        length = self._lengths.get(kind)
        ended = run(child, *given, kill_after=None if length is None else self._chance.uniform(0, length))
        self._hit += not ended.finished
        if ended.finished:
            self._lengths[kind] = min(ended.seconds, ended.seconds if length is None else length)
        return ended


@dataclass
class Openings:
    """How long it took from each restart until questions were answered."""

    seconds: list[float]

    def open(self, settings: Settings) -> Workspace:
        """Open what a killed process left, and take the time."""
        began = time.monotonic()
        opened = Workspace(settings)
        self.seconds.append(time.monotonic() - began)
        return opened


def differences(workspace: Workspace) -> list[str]:
    """Return what `callboard check` says."""
    return list(TASKS["check"](workspace, {}, lambda *_: None)["lines"])
