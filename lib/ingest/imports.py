"""Imports: files into the facts, all or nothing, and the history of every one.

The one way in, for the command line, the Data page and the worker alike.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import queries
from lib.analytics.filters import EVERYTHING, Grant
from lib.database import Facts
from lib.errors import BadRowsError, CallboardError, ConflictError, FileError, SampleDataError
from lib.ingest import load
from lib.ingest.convert import STAGED, Problem
from lib.ingest.load import Loaded
from lib.ingest.mapping import Mapping
from lib.ingest.objects import convert_objects
from lib.ingest.reading import InputFile, read_files
from lib.schema import imports
from lib.settings import Settings

LOADED = "loaded"
LOADED_WITHOUT_BAD = "loaded without bad rows"
NOTHING_LOADED = "nothing loaded"
FAILED = "failed"
DRY_RUN = "dry run"


@dataclass(frozen=True, slots=True)
class Request:
    """What to import and how. `mapping_toml` None: the columns have their canonical names."""

    files: tuple[InputFile, ...]
    actor: str
    mapping_toml: str | None = None
    skip_bad_rows: bool = False
    dry_run: bool = False
    replace_sample: bool = False  # sample data may go


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: what it does, from 0 to 1, and the rows read so far."""

    step: str
    share: float
    rows: int


_NOTHING = Loaded()


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did."""

    id: str
    started_at: datetime
    seconds: float
    actor: str
    files: tuple[dict[str, Any], ...]  # name, sha256, bytes
    result: str
    message: str | None
    read: int = 0
    blank: int = 0
    bad: int = 0
    loaded: Loaded = _NOTHING
    problems: tuple[Problem, ...] = ()
    bad_rows_file: str | None = None

    @property
    def in_words(self) -> list[str]:
        """The report as lines of text."""
        done = self.loaded
        lines = [
            f"rows read: {self.read}",
            f"added: {done.added}",
            f"changed: {done.changed}",
            f"unchanged: {done.unchanged}",
            f"blank: {self.blank}",
            f"bad: {self.bad}",
        ]
        if done.duplicates:
            lines.append(
                f"repeated ids: {done.duplicates} (the later row stands; exact duplicates: {done.exact_duplicates})"
            )
        touched = f" ({done.first_day} to {done.last_day})" if done.days else ""
        lines += [f"days touched: {done.days}{touched}", f"took: {self.seconds:.1f} s", f"result: {self.result}"]
        return lines


def reports_folder(settings: Settings) -> Path:
    """Return the folder that keeps the files of bad rows."""
    return settings.data_dir / "bad-rows"


def run(facts: Facts, settings: Settings, request: Request, progress: Callable[[Progress], None]) -> Report:
    """Import files; list the import in the history, whatever came of it.

    Bad rows are no error: the report says that nothing was loaded. Raises FileError and MappingError where a file or
    the mapping can't be used, SampleDataError where sample data are in the way, StorageError where there is no room,
    CancelledError from `progress`; the data are then as they were.
    """
    started = time.monotonic()
    report = Report(_new_id(), datetime.now(UTC), 0.0, request.actor, (), FAILED, None)
    try:
        with facts.read() as connection:
            if queries.status(connection).is_sample and not (request.replace_sample or request.dry_run):
                raise SampleDataError(
                    "The app holds sample data, which do not mix with your own. Right would be to replace them."
                )
        if request.mapping_toml is not None:
            Mapping.from_toml(request.mapping_toml)
        with ThreadPoolExecutor(1) as beside:
            described = beside.submit(lambda: tuple(_described(file) for file in request.files))
            try:
                report = _run(facts, settings, request, report, described, progress, started)
            finally:
                report = replace(report, files=described.result())  # what is no file at all is told first
    except BaseException as error:
        message = error.message if isinstance(error, CallboardError) else type(error).__name__
        failed = replace(report, seconds=time.monotonic() - started, message=message)
        if not request.dry_run and not isinstance(error, SampleDataError):
            _list(facts, failed, request)
        raise
    return report


def run_objects(
    facts: Facts,
    settings: Settings,
    objects: Sequence[object],
    actor: str,
    grant: Grant,
) -> Report:
    """Import evaluations that a program sent, as objects in the canonical columns, by the same rules.

    Raises BadRowsError naming the first bad ones, ConflictError where an id belongs to an evaluation that the sender
    may not see.
    """
    started = time.monotonic()
    digest = hashlib.sha256(json.dumps(objects, sort_keys=True, default=str).encode()).hexdigest()
    files = ({"name": "POST /evaluations", "sha256": digest, "bytes": 0},)
    report = Report(_new_id(), datetime.now(UTC), 0.0, actor, files, FAILED, None)
    found = convert_objects(objects, settings.zone, grant)
    report = replace(report, read=found.read, blank=found.blank, bad=found.bad, problems=found.problems)
    if found.bad:
        told = [
            f"row {problem.row}, {problem.column}: '{problem.value}' {problem.problem}; right would be {problem.right}"
            for problem in found.problems[:5]
        ]
        raise BadRowsError(f"Nothing was loaded: {found.bad} bad of {found.read}. " + ". ".join(told) + ".")
    with facts.read() as connection:
        if queries.status(connection).is_sample:
            raise ConflictError(
                "The app holds sample data, which do not mix with your own. Right would be to load a first file on the "
                "Data page or with callboard import, which replaces them, or to start with CALLBOARD_SAMPLE=off."
            )
    request = Request((), actor)
    batches = pa.RecordBatchReader.from_batches(STAGED, found.batches)
    with facts.session() as connection:
        return _load(facts, connection, batches, lambda: report, request, lambda _: None, started, grant)


def _new_id() -> str:
    return f"imp_{int(time.time() * 1000):011x}{secrets.token_hex(4)}"


def _run(
    facts: Facts,
    settings: Settings,
    request: Request,
    report: Report,
    described: Future[tuple[dict[str, Any], ...]],
    progress: Callable[[Progress], None],
    started: float,
) -> Report:
    bad_rows = reports_folder(settings) / f"{report.id}.csv"

    def reading_progress(share: float, rows: int) -> None:
        progress(Progress("reading", share * 0.6, rows))

    with (
        read_files(list(request.files), request.mapping_toml, bad_rows, settings, reading_progress) as reading,
        facts.session() as connection,
    ):

        def read() -> Report:
            reading.finish()
            found = reading.outcome
            return replace(
                report,
                files=described.result(),
                read=found.read,
                blank=found.blank,
                bad=found.bad,
                problems=tuple(found.problems),
                bad_rows_file=bad_rows.name if found.bad else None,
            )

        return _load(facts, connection, reading.batches, read, request, progress, started, EVERYTHING)


def _load(
    facts: Facts,
    connection: Connection,
    batches: pa.RecordBatchReader,
    read: Callable[[], Report],
    request: Request,
    progress: Callable[[Progress], None],
    started: float,
    grant: Grant,
) -> Report:
    """Stage the rows, and load them unless there is a reason not to; `read` tells what reading them found."""
    duplicates, exact = load.stage(connection, batches)
    report = read()
    progress(Progress("comparing", 0.65, report.read))
    if report.bad and not request.skip_bad_rows:
        report = replace(report, result=NOTHING_LOADED, seconds=time.monotonic() - started)
        if not request.dry_run:
            _list(facts, report, request)
        return report
    result = LOADED_WITHOUT_BAD if report.bad else LOADED
    try:
        with facts.write(connection):
            replaces = queries.status(connection).is_sample
            loaded = load.apply(connection, replace_all=replaces, grant=grant)
            loaded = replace(loaded, duplicates=duplicates, exact_duplicates=exact)
            report = replace(report, loaded=loaded, result=result, seconds=time.monotonic() - started)
            if request.dry_run:
                raise _Rollback
            _insert(connection, report, request)
            progress(Progress("loading", 0.95, report.read))
    except _Rollback:
        report = replace(report, result=DRY_RUN)
    progress(Progress("done", 1.0, report.read))
    return report


class _Rollback(Exception):
    """Leaves the transaction of a dry run as if nothing had been."""


def _described(file: InputFile) -> dict[str, Any]:
    try:
        with file.path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return {"name": file.name, "sha256": digest, "bytes": file.path.stat().st_size}
    except FileNotFoundError:
        raise FileError(f"{file.name}: there is no such file ({file.path}).") from None
    except OSError as error:
        raise FileError(f"{file.name}: can't be read: {error.strerror}.") from None


def _list(facts: Facts, report: Report, request: Request) -> None:
    with facts.write() as connection:
        _insert(connection, report, request)


def _insert(connection: Connection, report: Report, request: Request) -> None:
    done = report.loaded
    connection.execute(
        sa.insert(imports).values(
            id=report.id,
            started_at=report.started_at,
            # With the facts' own instant, who knows that tells by it which imports came after.
            finished_at=done.changed_at or datetime.now(UTC),
            actor=report.actor,
            files=json.dumps(report.files or [{"name": file.name} for file in request.files]),
            mapping=request.mapping_toml,
            result=report.result,
            message=report.message,
            read=report.read,
            added=done.added,
            changed=done.changed,
            unchanged=done.unchanged,
            duplicates=done.duplicates,
            blank=report.blank,
            bad=report.bad,
            days=done.days,
            first_day=done.first_day,
            last_day=done.last_day,
            bad_rows_file=report.bad_rows_file,
        )
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """An import as the history lists it."""

    id: str
    started_at: datetime
    finished_at: datetime
    actor: str
    files: tuple[dict[str, Any], ...]
    result: str
    message: str | None
    read: int
    added: int
    changed: int
    unchanged: int
    duplicates: int
    blank: int
    bad: int
    days: int
    first_day: date | None
    last_day: date | None
    bad_rows_file: str | None


def history(connection: Connection, limit: int = 100) -> list[Entry]:
    """Return the imports, newest first."""
    rows = connection.execute(
        sa.select(imports).order_by(imports.c.started_at.desc(), imports.c.id.desc()).limit(limit)
    )
    entries = []
    for row in rows:
        values = {name: value for name, value in row._mapping.items() if name != "mapping"}
        entries.append(Entry(**{**values, "files": tuple(json.loads(values["files"]))}))
    return entries
