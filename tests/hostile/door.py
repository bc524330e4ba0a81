"""The door that a user's file comes in by, at the pace of a fuzzer.

Each file's child is a fork (`tests/forker.py`). All else, from the upload to the load or the error, is the program's own.
"""

from __future__ import annotations

import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib.errors import BadRowsError, FileError, MappingError
from lib.ingest import column_guess, file_reading, service
from lib.ingest.file_reading import InputFile
from lib.ingest.import_run import ImportRequest
from lib.ingest.mapping import Mapping
from lib.ingest.mapping_toml import read_mapping, write_mapping
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.ui import markdown
from lib.workspace import Workspace
from tests.forker import Forker, forked_readers
from tests.hostile.mutations import Hostile, made

WORDED = (FileError, MappingError, BadRowsError)
"""What a file can be told to be; any other error is a fault of the program."""


LIMITS: dict[str, Any] = {"reader_seconds": 60, "reader_memory_mb": 1536}
"""What a child may take, as settings: no file keeps a processor for longer, or takes more."""


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
                seen = file_reading.survey(
                    brought, write_mapping(Mapping(options)) or None, self._workspace.settings, catalog
                )
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
        with file_reading.read_files(
            [brought], mapping, bad_rows, settings, self._workspace.catalog, lambda *_: None
        ) as found:
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
    with forked_readers() as forker:
        yield Door(workspace, folder, forker)


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
