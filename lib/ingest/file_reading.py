"""Reads an import's files, or surveys one, in a child process, which holds the parser's time, memory and crashes.

What the child does is in `reader_process.py`; its rows are given to whoever loads them.
"""

from __future__ import annotations

import json
import logging
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from lib import errors
from lib.catalog.catalog import Catalog
from lib.errors import FileError
from lib.errors.codes import CodedText, FailureCode, restored
from lib.formats import child_process
from lib.ingest.converter import RowProblem
from lib.ingest.survey import Survey, restored_survey
from lib.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to import: where it lies, and what the user calls it."""

    path: Path
    name: str


@dataclass(slots=True)
class ReadResult:
    """What reading found, filled as the child tells it."""

    read: int = 0
    blank: int = 0
    bad: int = 0
    short_rows: int = 0
    long_rows: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    warnings: list[CodedText] = field(default_factory=list)
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading under way: its rows, and what was found once they have all been taken."""

    batches: pa.RecordBatchReader
    outcome: ReadResult
    finish: Callable[[], None]  # waits for the end; raises what went wrong


@contextmanager
def read_files(
    files: list[InputFile],
    mapping_toml: str | None,
    bad_rows: Path,
    settings: Settings,
    catalog: Catalog,
    progress: Callable[[float, int], None],
) -> Iterator[Reading]:
    """Start reading files; `progress` is told the share of bytes read and the number of rows, from another thread.

    It is told at least once a second, so that what it raises ends a reading that has nothing to tell.

    Raises FileError and MappingError, and what `progress` raises, from `finish` or while batches are taken. The child
    ends with the context.
    """
    order = {"task": "read", "bad_rows": str(bad_rows), **_told(mapping_toml, settings, catalog)}
    with _rows_of(order, files, progress) as reading:
        yield reading


@contextmanager
def read_answers(
    files: list[InputFile],
    mapping_toml: str | None,
    bad_rows: Path,
    settings: Settings,
    catalog: Catalog,
    progress: Callable[[float, int], None],
) -> Iterator[Reading]:
    """Start reading files of answers, a row an answer; the batches have the schema ANSWER_ROW.

    Of a mapping only what it says of the file counts. Otherwise as `read_files`.
    """
    order = {"task": "answers", "bad_rows": str(bad_rows), **_told(mapping_toml, settings, catalog)}
    with _rows_of(order, files, progress) as reading:
        yield reading


@contextmanager
def _rows_of(
    order: dict[str, Any], files: list[InputFile], progress: Callable[[float, int], None]
) -> Iterator[Reading]:
    """Start a child on an order that sends rows."""
    outcome = ReadResult()
    report: dict[str, Any] = {}
    hear = partial(_hear, outcome, report, progress)
    with _child(order, files, report, hear) as (child, listener):

        def finish() -> None:
            child.wait()
            listener.join()
            _raise_failure(report, child.returncode, outcome, files)

        try:
            stream = pa.ipc.open_stream(child.stdout)
        except pa.ArrowInvalid:
            finish()
            raise FileError(FailureCode.FILE_UNREADABLE, name=files[0].name) from None

        def rows() -> Iterator[pa.RecordBatch]:
            with suppress(pa.ArrowInvalid, OSError):  # the child ended within a batch; finish says why
                yield from stream

        yield Reading(pa.RecordBatchReader.from_batches(stream.schema, rows()), outcome, finish)


def survey(
    file: InputFile,
    mapping_toml: str | None,
    settings: Settings,
    catalog: Catalog,
    progress: Callable[[float, int], None] = lambda *_: None,
) -> Survey:
    """Go through all the rows of a file, read by the options of a mapping; without one, they are guessed.

    `progress` is told as by `read_files`. Raises FileError and MappingError.
    """
    report: dict[str, Any] = {}
    outcome = ReadResult()
    hear = partial(_hear, outcome, report, progress)
    order = {"task": "survey", **_told(mapping_toml, settings, catalog)}
    with _child(order, [file], report, hear) as (child, listener):
        assert child.stdout  # noqa: S101 - it was asked for
        found = child.stdout.read()
        child.wait()
        listener.join()
        _raise_failure(report, child.returncode, outcome, [file])
    return restored_survey(json.loads(found))


def _told(mapping_toml: str | None, settings: Settings, catalog: Catalog) -> dict[str, Any]:
    """Return what a child has to know of the mapping, the settings and the workspace's own fields."""
    return {
        "mapping": mapping_toml,
        "own_fields": [asdict(own) for own in catalog.own_fields],
        "zone": settings.timezone,
        "memory_mb": settings.reader_memory_mb,
        "seconds": settings.reader_seconds,
    }


@contextmanager
def _child(
    task: dict[str, Any],
    files: list[InputFile],
    report: dict[str, Any],
    hear: Callable[[bytes | None], None],
) -> Iterator[tuple[subprocess.Popen[bytes], threading.Thread]]:
    """Start a child on a task, and a thread that hears its events; both end with the context.

    What hearing raises ends the child, and is kept in the report.
    """
    order = {
        **task,
        "files": [{"path": str(file.path.absolute()), "name": file.name} for file in files],
    }
    child = child_process.start("lib.ingest.reader_process")
    assert child.stdin and child.stdout and child.stderr  # noqa: S101 - they were asked for
    events = child.stderr

    def listen() -> None:
        with events:  # closed by who reads it: a Ctrl-C may come while this thread begins, and nobody waits for it
            for line in child_process.lines(events):  # to the end in any case: a child whose pipe is full waits
                if "stopped" in report:
                    continue
                try:
                    hear(line)
                except Exception as error:  # a CallboardError asks for a stop, any other one is no reason to go on
                    report["stopped"] = error
                    child.kill()

    listener = threading.Thread(target=listen, daemon=True)
    try:
        listener.start()
        with child.stdin:
            child.stdin.write(json.dumps(order).encode())
        yield child, listener
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        if listener.is_alive():  # it is not where starting it was what failed
            listener.join()
        child.stdin.close()
        child.stdout.close()


def _hear(
    outcome: ReadResult, report: dict[str, Any], progress: Callable[[float, int], None], line: bytes | None
) -> None:
    if line is None:  # as in the first pass over JSON Lines; told again, progress can ask for a stop
        progress(*report.get("progress", (0.0, 0)))
        return
    try:
        event = dict(json.loads(line))
    except (TypeError, ValueError):
        report.setdefault("noise", []).append(line.decode("utf-8", "replace") + "\n")
        return
    if "share" in event:
        report["progress"] = event["share"], event["rows"]
        progress(*report["progress"])
    elif "problem" in event:
        outcome.problems.append(RowProblem(**{name: restored(value) for name, value in event["problem"].items()}))
    elif "warning" in event:
        outcome.warnings.append(restored(event["warning"]))
    elif "done" in event:
        outcome.read, outcome.blank, outcome.bad = event["done"]
        outcome.short_rows, outcome.long_rows = event.get("ragged", (0, 0))
        outcome.ended = True
    elif "error" in event:
        report.update(event)


def _raise_failure(report: dict[str, Any], code: int, outcome: ReadResult, files: list[InputFile]) -> None:
    if report.get("noise"):
        log.error("Reading said: %s", "".join(report["noise"]))
    if "stopped" in report:
        raise report["stopped"]
    if "error" in report:
        kind = getattr(errors, report["error"], FileError)
        raise kind(restored(report["reason"]))
    if code == 0 and outcome.ended:
        return
    names = ", ".join(file.name for file in files)
    log.error("Reading %s ended with code %s", names, code)
    raise FileError(FailureCode.READING_GIVEN_UP, names=names)
