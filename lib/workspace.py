"""The workspace: both stores opened as the settings say, the long tasks, and the worker that does queued ones.

Pages, API and command line all start from here. What a task does lives in its own module.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa

from lib import schema, settings
from lib.access.keys import Recogniser
from lib.analytics import queries, rollup
from lib.analytics.answers import Answers
from lib.analytics.calendar import Calendar
from lib.database import Facts, State
from lib.errors import CallboardError, SampleDataError
from lib.exports import files
from lib.exports import run as exporting
from lib.exports.run import Order
from lib.ingest import imports, load, sample
from lib.ingest.convert import STAGED
from lib.ingest.reading import InputFile
from lib.jobs.queue import Job, Queue
from lib.jobs.worker import Steps, Worker
from lib.settings import Settings
from lib.sharing.links import PinnedLinks
from lib.sharing.notes import Notes
from lib.sharing.views import Views

log = logging.getLogger(__name__)

EXPORT = "export"
"""The kind of the jobs that write a file."""

SAMPLE_CHUNK = 1_000_000
"""Rows of sample data that are loaded in one transaction."""

Tell = Callable[[float, str], None]
"""Told a task's progress, 0 to 100, and what it is doing; may raise to stop it."""


class Workspace:
    """Both stores, and what can be done with them."""

    def __init__(self, chosen: Settings) -> None:
        """Open the stores; days are computed anew where the time zone was changed. Raises what `Facts` raises."""
        self.settings = chosen
        self.state = State(chosen)
        try:
            self.facts = Facts(chosen)
        except BaseException:
            self.state.close()
            raise
        self.answers = Answers(self.facts, chosen.query_seconds)
        self.keys = Recogniser(self.state)
        self.queue = Queue(self.state)
        self.views = Views(self.state)
        self.notes = Notes(self.state)
        self.links = PinnedLinks(self.state)
        self._workers: list[Worker] = []
        self._lengths: dict[str, int] = {}  # of the rollups, when they were last looked at
        with self.facts.read() as connection:
            zone = connection.execute(sa.select(schema.workspace.c.timezone)).scalar_one()
        if zone != chosen.timezone:
            with self.facts.write() as connection:
                rollup.rezone(connection, chosen.zone)

    def close(self) -> None:
        """Stop the worker and close the stores."""
        for worker in self._workers:
            worker.stop()
        self.facts.close()
        self.state.close()

    @property
    def calendar(self) -> Calendar:
        """The calendar, as of now."""
        return self.calendar_in(self.settings.zone)

    def calendar_in(self, zone: ZoneInfo) -> Calendar:
        """Return the calendar of another zone: what day it is there, now."""
        return Calendar(zone, self.settings.week_start, datetime.now(zone).date())

    def start_workers(self) -> None:
        """Begin to do the queue's jobs: what changes the facts one after another, exports beside it; and to listen."""
        self.facts.listen()
        self.state.listen()
        if self.facts.embedded:
            # Who holds the embedded database is alone: what others began, they do not go on with.
            self.queue.take_over()
            files.remove_partial(self.settings)
        tasks = {kind: partial(self._do, task) for kind, task in TASKS.items()}
        self._workers = [
            Worker(self.queue, tasks, self._compact),
            Worker(self.queue, {EXPORT: self._export}, self._remove_old_exports),
        ]
        for worker in self._workers:
            worker.start()

    def _export(self, job: Job, steps: Steps) -> dict[str, Any]:
        if sys.platform == "linux":  # where a thread has a priority of its own, pages and API go before exports
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        order = Order.from_json(job.payload, self.settings.zone)
        calendar = self.calendar_in(order.filters.zone(self.settings.zone))
        return exporting.run(self.facts, self.settings, calendar, order, job.id, job.attempt, steps)

    def _compact(self) -> None:
        with self.facts.read() as connection:
            tables = rollup.scattered(connection, self._lengths)
        for table in tables:
            with self.facts.write() as connection:
                rollup.compact(connection, table)
            log.info("Put the rows of %s together", table.name)

    def _remove_old_exports(self) -> None:
        for number in self.queue.delete_older(EXPORT, timedelta(hours=self.settings.export_hours)):
            files.remove(self.settings, number)
        files.remove_old(self.settings)

    def fill_with_sample(self) -> None:
        """Fill an empty embedded database with sample data, where the settings want it."""
        if self.settings.sample == "off" or not self.facts.embedded:
            return
        with self.facts.read() as connection:
            empty = queries.status(connection).data_version == 0
        if empty:
            log.info("The database is empty: making sample data")
            make_sample(self, {"rows": sample.DEFAULT_ROWS, "seed": sample.DEFAULT_SEED}, lambda *_: None)

    def _do(self, task: Task, job: Job, steps: Steps) -> dict[str, Any]:
        return task(self, {**job.payload, "actor": job.actor}, steps)


Task = Callable[[Workspace, dict[str, Any], Tell], dict[str, Any]]
"""Does one kind of job: its payload in, its result out, both plain JSON."""


def import_files(workspace: Workspace, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Import files: `files` (path and name each), `mapping`, `skip_bad_rows`, `dry_run`, `replace_sample`, `actor`."""
    request = imports.Request(
        files=tuple(InputFile(Path(path), name) for path, name in payload["files"]),
        actor=payload["actor"],
        mapping_toml=payload.get("mapping"),
        skip_bad_rows=payload.get("skip_bad_rows", False),
        dry_run=payload.get("dry_run", False),
        replace_sample=payload.get("replace_sample", False),
    )
    report = imports.run(
        workspace.facts,
        workspace.settings,
        request,
        lambda progress: tell(progress.share * 100, f"{progress.step} ({progress.rows} rows read)"),
    )
    folder = imports.reports_folder(workspace.settings).absolute()
    return {
        "id": report.id,
        "lines": report.in_words,
        "result": report.result,
        "bad": report.bad,
        "read": report.read,
        "added": report.loaded.added,
        "changed": report.loaded.changed,
        "unchanged": report.loaded.unchanged,
        "problems": [asdict(problem) for problem in report.problems],
        "bad_rows_file": str(folder / report.bad_rows_file) if report.bad_rows_file else None,
    }


def make_sample(workspace: Workspace, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Replace the facts by sample data: `rows`, `seed`, `until` (ISO date), `replace` (own data may go).

    Raises SampleDataError where own data would be lost.
    """
    with workspace.facts.read() as connection:
        status = queries.status(connection)
    if status.evaluations and not status.is_sample and not payload.get("replace"):
        raise SampleDataError(
            f"The database holds {status.evaluations} evaluations of your own, which sample data would replace. To do "
            "that: callboard sample --yes."
        )
    rows = payload["rows"]
    until = payload.get("until")
    last_day = date.fromisoformat(until) if until else datetime.now(UTC).date() - timedelta(days=1)
    made = sample.batches(rows, payload["seed"], last_day, workspace.settings.zone)
    done = 0
    pending: list[pa.RecordBatch] = []
    with workspace.facts.session() as connection:
        for batch in made:
            pending.append(batch)
            done += len(batch)
            if sum(len(each) for each in pending) >= SAMPLE_CHUNK or done == rows:
                first = done == sum(len(each) for each in pending)
                load.stage(connection, pa.RecordBatchReader.from_batches(STAGED, pending))
                with workspace.facts.write(connection):
                    load.apply(connection, replace_all=first, is_sample=True)
                pending = []
                tell(done / rows * 100, f"{done} of {rows} rows made")
    return {"lines": [f"rows made: {rows}", f"days: {sample.FIRST_DAY} to {last_day}"]}


def check(workspace: Workspace, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:  # noqa: ARG001 - a task's form
    """Recompute the rollup from the facts and list what differs."""
    tell(0, "recomputing the rollup")
    with workspace.facts.read() as connection:
        found = rollup.differences(connection)
        status = queries.status(connection)
    lines = [
        f"{difference.table}, {difference.day} {difference.cell}: the rollup has "
        f"{_evaluations(difference.rollup)}, the facts have {_evaluations(difference.facts)}"
        for difference in found
    ]
    return {"differences": len(found), "lines": lines, "evaluations": status.evaluations}


def _evaluations(side: dict[str, int] | None) -> str:
    if side is None:
        return "no such cell"
    return ", ".join(f"{name} {value}" for name, value in side.items() if value)


TASKS: dict[str, Task] = {"import": import_files, "sample": make_sample, "check": check}
"""The tasks that can be queued, by the kind of their jobs."""


_lock = threading.Lock()
_current: Workspace | None = None


def current() -> Workspace:
    """Return the process's workspace, opened with its worker and its sample data when first asked for."""
    global _current
    with _lock:
        if _current is None:
            for line in settings.unknown_variables():
                log.warning(line)
            opened = Workspace(settings.load())
            try:
                opened.fill_with_sample()
                opened.start_workers()
            except CallboardError:
                opened.close()
                raise
            _current = opened
        return _current


def opened() -> Workspace | None:
    """Return the process's workspace if it is open."""
    return _current


def body_limit_bytes() -> int:
    """Return how large the body of a request may be; the settings' default until the workspace is open."""
    chosen = Settings.model_fields["max_body_mb"].default if _current is None else _current.settings.max_body_mb
    return int(chosen) * 2**20


def close_current() -> None:
    """Close the process's workspace, if it was opened."""
    global _current
    with _lock:
        if _current is not None:
            _current.close()
            _current = None
