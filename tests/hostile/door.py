"""The door that a user's file comes in by, at the pace of a fuzzer.

Starting an interpreter for each file would take longer than all else. Here each file's child is a fork of a process
that has the reading code loaded: it runs `reader_process.main` as always does, under the same limits, and dies alone. All
else, from the upload to the load or the error, is the program's own.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import zoneinfo
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from lib.analytics.timezones import Zones
from lib.errors import BadRowsError, FileError, MappingError
from lib.formats import child_process
from lib.ingest import column_guess, reader_process, service
from lib.ingest.mapping import Mapping
from lib.ingest.mapping_toml import read_mapping, write_mapping
from lib.ingest.reader_process import InputFile
from lib.ingest.service import ImportRequest
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.ui import markdown
from lib.workspace import Workspace
from tests.hostile.mutations import Hostile, made

WORDED = (FileError, MappingError, BadRowsError)
"""What a file can be told to be; any other error is a fault of the program."""


LIMITS: dict[str, Any] = {"reader_seconds": 60, "reader_memory_mb": 1536}
"""What a child may take, as settings: no file keeps a processor for longer, or takes more."""

HANGING_SECONDS = 600
"""A child that neither works nor ends is ended after these, so that whoever waits for it is told."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a file: the import's result, or an error's name; its words, time and the child's memory at its peak."""

    result: str
    words: str
    seconds: float
    peak_mb: float
    killed: int
    """The signal that ended the child; 0 where it ended by itself."""


@dataclass(slots=True)
class Tally:
    """Outcomes counted, the largest and the longest, and what should not be."""

    counts: Counter[str] = field(default_factory=Counter)
    peak_mb: float = 0.0
    peak_file: str = ""
    seconds: float = 0.0
    slowest_file: str = ""
    killed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, name: str, told: Told) -> None:
        """Count one file."""
        self.counts[told.result] += 1
        if told.peak_mb > self.peak_mb:
            self.peak_mb, self.peak_file = told.peak_mb, name
        if told.seconds > self.seconds:
            self.seconds, self.slowest_file = told.seconds, name
        if told.killed:
            self.killed.append(name)
        if told.result == "fault":
            self.faults.append(f"{name}: {told.words}")

    def lines(self) -> list[str]:
        """Return the tally in words."""
        counted = ", ".join(f"{result} {count}" for result, count in self.counts.most_common())
        return [
            f"{self.counts.total()} files: {counted}",
            f"largest child {self.peak_mb:.0f} MB ({self.peak_file}), longest {self.seconds:.1f} s ({self.slowest_file})",
            f"children that did not end by themselves: {len(self.killed)} {self.killed[:10]}",
        ]


class Door:
    """Takes files in, one after another."""

    def __init__(self, workspace: Workspace, folder: Path, forker: Forker) -> None:
        """Let files lie in a folder while they are read."""
        self._workspace, self._folder, self._forker = workspace, folder, forker

    def bring(self, file: Hostile, number: int) -> Told:
        """Import a file, or read and check it alone, or survey it as the Data page does; return what came of it.

        Which of these is the number's; a load takes three times what reading does.
        """
        path = self._folder / "brought"
        path.write_bytes(file.content)
        brought = InputFile(path, file.name)
        start = time.monotonic()
        result, words = "loaded", ""
        try:
            if number % 5 == 4:
                catalog = self._workspace.catalog
                options = read_mapping(file.mapping, catalog).file if file.mapping else Mapping().file
                seen = reader_process.survey(brought, write_mapping(Mapping(options)) or None, self._workspace.settings)
                guessed = column_guess.guess(seen, options, catalog).mapping
                result = "surveyed"
                assert read_mapping(write_mapping(guessed), catalog) == guessed
            elif number % 5:
                result, words = self._read(brought, file.mapping)
            else:
                request = ImportRequest(
                    (brought,),
                    "fuzzer",
                    file.mapping,
                    skip_bad_rows=number % 3 == 1,
                    dry_run=number % 3 == 2,
                )
                report = service.run(
                    self._workspace.facts, self._workspace.settings, self._workspace.catalog, request, lambda _: None
                )
                result = report.result
                words = "; ".join(str(problem.problem) for problem in report.problems[:3])
        except WORDED as error:
            result, words = type(error).__name__, error.message
            assert markdown.problem(error)
            if len(words) < 20 or "error that should not be" in words:
                result = "fault"
        except Exception as error:
            result, words = "fault", f"{type(error).__name__}: {error}"
        peak, killed = self._forker.last()
        if killed and (result != "FileError" or killed in (signal.SIGXCPU, signal.SIGALRM)):
            result, words = "fault", f"the child was ended by signal {killed}, and what was told is {result}: {words}"
        return Told(result, words, time.monotonic() - start, peak, killed)

    def _read(self, brought: InputFile, mapping: str | None) -> tuple[str, str]:
        bad_rows = self._folder / "bad.csv"
        settings = self._workspace.settings
        with reader_process.read_files([brought], mapping, bad_rows, settings, lambda *_: None) as found:
            rows = sum(len(batch) for batch in found.batches)
            found.finish()
        outcome = found.outcome
        assert rows + outcome.blank + outcome.bad == outcome.read, outcome
        assert bad_rows.exists() == bool(outcome.bad)
        bad_rows.unlink(missing_ok=True)
        return "read, with bad rows" if outcome.bad else "read", "; ".join(
            str(each.problem) for each in outcome.problems[:3]
        )


@contextmanager
def opened(workspace: Workspace, folder: Path) -> Iterator[Door]:
    """Open the door: while it is, the children that read are forks."""
    with Forker() as forker:
        usual = subprocess.Popen
        subprocess.Popen = forker.popen  # type: ignore[assignment,misc]
        try:
            yield Door(workspace, folder, forker)
        finally:
            subprocess.Popen = usual  # type: ignore[misc]


class Forker:
    """A process with the reading code loaded, and the forks that it was asked for."""

    def __enter__(self) -> Forker:
        """Start it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-c", "from tests.hostile import door; door.serve()", str(theirs.fileno())]
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            env={**os.environ, **child_process.ENVIRONMENT},
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self._socket = ours
        self._last: Fork | None = None
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._socket.close()
        self._process.wait()

    def popen(self, command: list[str], **how: Any) -> Fork:
        """Stand in for `subprocess.Popen` where a child that reads is started."""
        assert command == [sys.executable, "-m", "lib.ingest.reader_process"], command
        assert how["env"].items() >= child_process.ENVIRONMENT.items()
        self._last = Fork(self._socket)
        return self._last

    def last(self) -> tuple[float, int]:
        """Return the last child's memory at its peak, in MB, and the signal that ended it, if any."""
        found, self._last = self._last, None
        return (found.peak_mb, max(0, -(found.returncode or 0))) if found else (0.0, 0)


class Fork:
    """A fork that reads one order, with as much of `subprocess.Popen` as reading needs."""

    def __init__(self, server: socket.socket) -> None:
        """Have it made."""
        pipes = [os.pipe() for _ in range(3)]
        theirs = (pipes[0][0], pipes[1][1], pipes[2][1])
        socket.send_fds(server, [b"fork"], theirs)
        for number in theirs:
            os.close(number)
        self.stdin: IO[bytes] = os.fdopen(pipes[0][1], "wb")
        self.stdout: IO[bytes] = os.fdopen(pipes[1][0], "rb")
        self.stderr: IO[bytes] = os.fdopen(pipes[2][0], "rb")
        self._server = server
        self._pid = int(server.recv(100))
        self.returncode: int | None = None
        self.peak_mb = 0.0

    def wait(self) -> int:
        """Wait for its end."""
        if self.returncode is None:
            told = json.loads(self._server.recv(200))
            self.returncode, self.peak_mb = told["code"], told["kb"] / 1024
        return self.returncode

    def poll(self) -> int | None:
        """Say that it has not ended, unless that is known; `wait` follows."""
        return self.returncode

    def kill(self) -> None:
        """End it. It stays a zombie until the server has been told to look, so that the number is its own."""
        os.kill(self._pid, signal.SIGKILL)


def serve() -> None:
    """Be the process that forks: for each request answer the child's number, and once it has ended how."""
    Zones(ZoneInfo("UTC"), ZoneInfo("UTC"))  # what is worked out once, worked out before
    zoneinfo.available_timezones()
    server = socket.socket(fileno=int(sys.argv[1]))
    while True:
        message, fds, *_ = socket.recv_fds(server, 100, 3)
        if not message:
            return
        child = os.fork()
        if child == 0:
            server.close()
            os.setsid()
            signal.alarm(HANGING_SECONDS)
            for place, number in enumerate(fds):
                os.dup2(number, place)
                os.close(number)
            try:
                reader_process.main()
            finally:
                os._exit(1)
        for number in fds:
            os.close(number)
        server.send(str(child).encode())
        _, status, used = os.wait4(child, 0)
        server.send(json.dumps({"code": os.waitstatus_to_exitcode(status), "kb": used.ru_maxrss}).encode())


def own_peak_mb() -> float:
    """Return this process's memory at its peak, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bring_broken(form: str, files: int, folder: Path) -> None:
    """Bring files of a form that are broken: each is loaded, or refused with words, and what is loaded is whole."""
    workspace = Workspace(Settings(data_dir=folder / "data", sample="off", **LIMITS))
    tally = Tally()
    with opened(workspace, folder) as door:
        for number in range(files):
            file = made(form, number)
            tally.add(file.name, door.bring(file, number))
    print("\n".join(tally.lines()))  # noqa: T201 - the report, where one asks for it with -s
    assert not tally.faults, "\n".join(tally.faults)
    assert tally.counts.total() == files and tally.peak_mb < 1536
    assert tally.counts["FileError"] > 20 and tally.counts.total() - tally.counts["FileError"] > 5  # both happen
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0
    workspace.close()
