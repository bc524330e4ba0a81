"""Children that read files, as forks of one process that has the reading code loaded.

Starting an interpreter for each file takes longer than all else that a test of an import does. A fork runs
`reader_process.main` as a started child does, under the same limits, and dies alone.
"""

from __future__ import annotations

import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import pytest

from lib.analytics.timezones import Zones
from lib.formats import child_process
from lib.ingest import reader_process

START = child_process.start
"""What starts a child in truth."""

HANGING_SECONDS = 600
"""A child that neither works nor ends is ended after these, so that whoever waits for it is told."""


@contextmanager
def forked_readers() -> Iterator[Forker]:
    """Have the children that read be forks; the process that they are forks of starts with the first of them."""
    forker = Forker()

    def start_or_fork(module: str, *arguments: str, **how: Any) -> subprocess.Popen[bytes] | Fork:
        if (module, arguments, how) == ("lib.ingest.reader_process", (), {}):
            return forker.fork()
        return START(module, *arguments, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child_process, "start", start_or_fork)
        try:
            yield forker
        finally:
            forker.close()


class Forker:
    """A process with the reading code loaded, and the forks that it was asked for."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._last: Fork | None = None

    @cached_property
    def _socket(self) -> socket.socket:
        """Start the process; return what it listens on."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from tests import forker; forker.serve()", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **child_process.ENVIRONMENT},
                stdin=subprocess.DEVNULL,
            )
        return ours

    def fork(self) -> Fork:
        """Have a fork made."""
        with self._lock:
            self._last = Fork(self._socket)
            return self._last

    def last(self) -> tuple[float, int]:
        """Return the last child's memory at its peak, in MB, and the signal that ended it, if any."""
        found, self._last = self._last, None
        return (found.peak_mb, max(0, -(found.returncode or 0))) if found else (0.0, 0)

    def close(self) -> None:
        """End the process, where it was started."""
        if self._process:
            self._socket.close()
            self._process.wait()


class Fork:
    """A fork that reads one order, with as much of `subprocess.Popen` as reading needs."""

    def __init__(self, server: socket.socket) -> None:
        """Have it made."""
        pipes = [os.pipe() for _ in range(4)]
        theirs = (pipes[0][0], pipes[1][1], pipes[2][1], pipes[3][1])
        socket.send_fds(server, [os.fsencode(Path.cwd())], theirs)
        for number in theirs:
            os.close(number)
        self.stdin: IO[bytes] = os.fdopen(pipes[0][1], "wb")
        self.stdout: IO[bytes] = os.fdopen(pipes[1][0], "rb")
        self.stderr: IO[bytes] = os.fdopen(pipes[2][0], "rb")
        self._end: IO[bytes] = os.fdopen(pipes[3][0], "rb")  # where the server says how it ended
        _, (self._process,), *_ = socket.recv_fds(server, 100, 1)  # a handle, which no later process can have
        self.returncode: int | None = None
        self.peak_mb = 0.0

    def wait(self) -> int:
        """Wait for its end."""
        if self.returncode is None:
            with self._end:
                told = json.loads(self._end.read())
            self.returncode, self.peak_mb = told["code"], told["kb"] / 1024
            os.close(self._process)
        return self.returncode

    def poll(self) -> int | None:
        """Return how it ended, if it has."""
        if self.returncode is None and select.select([self._process], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def kill(self) -> None:
        """End it, if it has not ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._process, signal.SIGKILL)


def serve() -> None:
    """Be the process that forks: answer each request with a handle of the child; once it has ended, say how."""
    Zones(ZoneInfo("UTC"), ZoneInfo("UTC"))  # what is worked out once, worked out before
    zoneinfo.available_timezones()
    server = socket.socket(fileno=int(sys.argv[1]))
    with selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.data:
                    selector.unregister(key.fileobj)
                    _tell_end(int(str(key.fileobj)), *key.data)
                    continue
                folder, fds, *_ = socket.recv_fds(server, 4096, 4)
                if not folder:
                    return
                *pipes, end = fds
                child = os.fork()
                if child == 0:
                    _read_order(folder, pipes)
                process = os.pidfd_open(child)
                socket.send_fds(server, [b"made"], [process])
                for number in pipes:
                    os.close(number)
                selector.register(process, selectors.EVENT_READ, (child, end))


def _tell_end(process: int, child: int, end: int) -> None:
    _, status, used = os.wait4(child, 0)
    with os.fdopen(end, "w") as pipe:
        json.dump({"code": os.waitstatus_to_exitcode(status), "kb": used.ru_maxrss}, pipe)
    os.close(process)


def _read_order(folder: bytes, pipes: list[int]) -> None:
    """Be a child that reads, in a folder, with three pipes as its standard ones, to its end."""
    os.chdir(folder)
    os.setsid()
    signal.alarm(HANGING_SECONDS)
    for place, number in enumerate(pipes):
        os.dup2(number, place)
        os.close(number)
    try:
        reader_process.main()
    finally:
        os._exit(1)
