"""The workspace: both stores opened as the settings say, the long tasks, and the worker that does queued ones.

Pages, API and command line all start from here. What a task does lives in its own module.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa

from lib import replacement, schema, settings
from lib.access.audit import Action, Audit
from lib.access.keys import Recogniser
from lib.access.people import People
from lib.access.sessions import Sessions
from lib.analytics import integrity, queries, rollup
from lib.analytics.answers import Answers
from lib.analytics.calendar import Calendar
from lib.analytics.filters import Grant
from lib.analytics.queries import Status
from lib.backup import take
from lib.backup.take import Taken
from lib.database import Facts, State
from lib.errors import CallboardError, SampleDataError
from lib.exports import files
from lib.exports import run as exporting
from lib.exports.run import Order
from lib.ingest import history, imports, load, sample, uploads
from lib.ingest.convert import STAGED
from lib.ingest.history import Report
from lib.ingest.reading import InputFile
from lib.jobs.queue import BACKUP, EXPORT, Job, Queue
from lib.jobs.worker import Handler, Steps, Worker
from lib.settings import Settings
from lib.sharing.links import PinnedLinks
from lib.sharing.notes import Notes
from lib.sharing.views import Views

log = logging.getLogger(__name__)

IMPORT = "import"
"""The kind of the jobs that import files."""

SAMPLE_CHUNK = 1_000_000
"""Rows of sample data that are loaded in one transaction."""

Tell = Callable[[float, str], None]
"""Told a task's progress, 0 to 100, and what it is doing; may raise to stop it."""


class Workspace:
    """Both stores, and what can be done with them."""

    def __init__(self, chosen: Settings) -> None:
        """Open the stores; days are computed anew where the time zone was changed. Raises what `Facts` raises."""
        self.settings = chosen
        self._workers: list[Worker] = []
        self.state = State(chosen, to=None)
        try:
            self.facts = Facts(chosen, to=None)
        except BaseException:
            self.state.close()
            raise
        try:
            # Where one store is a newer program's, the other one stays as it is, too.
            self.facts.migrate()
            self.state.migrate()
        except BaseException:
            self.close()
            raise
        self.answers = Answers(self.facts, chosen.query_seconds, chosen.slow_query_ms)
        self.keys = Recogniser(self.state)
        self.people = People(self.state, chosen.admin_names)
        idle, age = timedelta(minutes=chosen.session_idle_minutes), timedelta(hours=chosen.session_hours)
        self.sessions = Sessions(self.state, self.people, idle, age)
        self.audit = Audit(self.state)
        self.queue = Queue(self.state)
        self.views = Views(self.state)
        self.notes = Notes(self.state)
        self.links = PinnedLinks(self.state)
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
        tasks: dict[str, Handler] = {kind: partial(self._do, task) for kind, task in TASKS.items()}
        self._workers = [
            # A backup that waits for an import would come too late.
            Worker(self.queue, {BACKUP: tasks.pop(BACKUP)}, done=self._done),
            Worker(self.queue, tasks, self._tidy, self._done),
            Worker(self.queue, {EXPORT: self._export}, self._remove_old_exports),
        ]
        for worker in self._workers:
            worker.start()

    def _export(self, job: Job, steps: Steps) -> dict[str, Any]:
        if sys.platform == "linux":  # where a thread has a priority of its own, pages and API go before exports
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        order = Order.from_json(job.payload, self.settings.zone)
        calendar = self.calendar_in(order.filters.zone(self.settings.zone))
        made = exporting.run(self.facts, self.settings, calendar, order, job.id, job.attempt, steps)
        told = {"rows": made["rows"], "selection": order.shown, "sha256": made["sha256"]}
        self.audit.record(job.actor, Action.EXPORT, made["downloadName"], **told)
        return made

    def write_evaluations(self, objects: Sequence[object], actor: str, grant: Grant) -> Report:
        """Load evaluations that a program sends, within what it may see; raises as `imports.run_objects` does."""
        report = imports.run_objects(self.facts, self.settings, objects, actor, grant)
        self.audit_import(report)
        return report

    def note(self, actor: str, action: Action, subject: str = "", **details: Any) -> None:
        """Write down what is done and can't be taken back; where that fails, the log has it."""
        try:
            self.audit.record(actor, action, subject, **details)
        except CallboardError as error:
            log.warning("The audit lacks a line: %s, %s %s. %s", actor, action.value, subject, error.message)

    def audit_import(self, report: Report) -> None:
        """Write down that someone imported something."""
        done = report.loaded
        counts = {"added": done.added, "changed": done.changed, "bad": report.bad}
        files = ", ".join(file["name"] for file in report.files)
        self.note(report.actor, Action.IMPORT, files, result=report.result, import_id=report.id, **counts)

    def _done(self, job: Job) -> dict[str, Any] | None:
        """Return what a job has come to that its worker could not tell of; None where it has come to nothing."""
        if job.kind == BACKUP:
            taken = take.taken_for(job.id, Path(job.payload["path"]))
            return None if taken is None else _backed_up(self, taken, job.actor)
        if job.kind != IMPORT:
            return None
        with self.facts.read() as connection:
            report = history.what_was_loaded(connection, imports.id_of(job.id))
        if report is None:
            return None
        self.audit_import(report)
        return _told(self, report)

    def _tidy(self) -> None:
        imports.remove_old_reports(self.settings)
        uploads.remove_old(self.settings)
        if self.facts.embedded:  # and so held: no restore is at work
            replacement.abandon(self.settings.facts_file, self.settings.state_file)
        with self.facts.read() as connection:
            tables = rollup.scattered(connection, self._lengths)
        for table in tables:
            with self.facts.write() as connection:
                rollup.compact(connection, table)
            self._lengths.pop(table.name, None)  # it is short again
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
        return task(self, {**job.payload, "actor": job.actor, "job": job.id}, steps)


Task = Callable[[Workspace, dict[str, Any], Tell], dict[str, Any]]
"""Does one kind of job: its payload in, its result out, both plain JSON."""


def import_files(workspace: Workspace, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Import files: `files` (path and name each), `mapping`, `skip_bad_rows`, `dry_run`, `replace_sample`, `actor`.

    With the `job` that asks for it, they are loaded once, however often it is done.
    """
    request = imports.Request(
        files=tuple(InputFile(Path(path), name) for path, name in payload["files"]),
        actor=payload["actor"],
        mapping_toml=payload.get("mapping"),
        skip_bad_rows=payload.get("skip_bad_rows", False),
        dry_run=payload.get("dry_run", False),
        replace_sample=payload.get("replace_sample", False),
        id=imports.id_of(payload["job"]) if "job" in payload else None,
    )
    report = imports.run(
        workspace.facts,
        workspace.settings,
        request,
        lambda progress: tell(progress.share * 100, f"{progress.step} ({progress.rows} rows read)"),
    )
    if not request.dry_run:
        workspace.audit_import(report)
    return _told(workspace, report)


def _told(workspace: Workspace, report: Report) -> dict[str, Any]:
    """Return a report as plain JSON."""
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
        _check_sample(queries.status(connection), payload)
    rows = payload["rows"]
    until = payload.get("until")
    last_day = date.fromisoformat(until) if until else datetime.now(UTC).date() - timedelta(days=1)
    made = sample.batches(rows, payload["seed"], last_day, workspace.settings.zone)
    done, version = 0, None
    pending: list[pa.RecordBatch] = []
    try:
        with workspace.facts.session() as connection:
            for batch in made:
                pending.append(batch)
                count = sum(len(each) for each in pending)
                if count < SAMPLE_CHUNK and done + count < rows:
                    continue
                load.stage(connection, pa.RecordBatchReader.from_batches(STAGED, pending))
                with workspace.facts.write(connection):
                    # Own data may have come in while the rows were made.
                    status = queries.status(connection)
                    load.check_zone(connection, workspace.settings.timezone)
                    if version is None:
                        _check_sample(status, payload)
                    elif status.data_version != version:
                        raise SampleDataError("The data were changed meanwhile, so no more sample data were added.")
                    load.apply(connection, replace_all=version is None, is_sample=True)
                    version = queries.status(connection).data_version
                done, pending = done + count, []
                if done < rows:
                    tell(done / rows * 100, f"{done} of {rows} rows made")
    except CallboardError as error:
        if done:
            error.message = f"{done} of {rows} rows of sample data are in; then: {error.message}"
        raise
    workspace.note(payload.get("actor", "the first start"), Action.SAMPLE, rows=rows)
    return {"lines": [f"rows made: {rows}", f"days: {sample.FIRST_DAY} to {last_day}"]}


def _check_sample(status: Status, payload: dict[str, Any]) -> None:
    """Raise SampleDataError where own data would be lost that may not be."""
    if status.evaluations and not status.is_sample and not payload.get("replace"):
        raise SampleDataError(
            f"The database holds {status.evaluations} evaluations of your own, which sample data would replace. To do "
            "that: callboard sample --yes."
        )


def check(workspace: Workspace, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Look the facts through, rollups first of all; with `repair`, mend what can be mended, in one transaction."""
    tell(0, "recomputing the rollup")
    with workspace.facts.read() as connection:
        found = integrity.findings(connection)
        status = queries.status(connection)
    left, done = found, []
    if payload.get("repair") and found.lines:
        tell(50, "computing it anew")
        with workspace.facts.write() as connection:
            done = integrity.repair(connection)
            left = integrity.findings(connection)
            status = queries.status(connection)
        workspace.note(payload["actor"], Action.REPAIR, differences=len(found.cells), left=len(left.lines))
    return {
        "differences": len(found.cells),
        "lines": found.lines,
        "repaired": done,
        "left": left.lines,
        "evaluations": status.evaluations,
    }


def back_up(workspace: Workspace, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Write a backup to `path`: `with_secret`, `replace` (a file that is there).

    With the `job` that asks for it, it is written once, however often it is done.
    """
    path, job = Path(payload["path"]), payload.get("job")
    taken = None if job is None else take.taken_for(job, path)
    if taken is None:
        allowed = {"with_secret": payload["with_secret"], "replace": payload["replace"]}
        taken = take.take(workspace.facts, workspace.state, workspace.settings, path, tell, **allowed, job=job)
    return _backed_up(workspace, taken, payload["actor"])


def _backed_up(workspace: Workspace, taken: Taken, actor: str) -> dict[str, Any]:
    """Write down that a backup was taken, and return what it is as plain JSON."""
    rows = taken.manifest.facts.tables[schema.evaluations.name].rows
    workspace.note(actor, Action.BACKUP, taken.path.name, bytes=taken.bytes, evaluations=rows)
    return {"path": str(taken.path), "bytes": taken.bytes, "evaluations": rows}


TASKS: dict[str, Task] = {IMPORT: import_files, "sample": make_sample, "check": check, BACKUP: back_up}
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


def close_current() -> None:
    """Close the process's workspace, if it was opened."""
    global _current
    with _lock:
        if _current is not None:
            _current.close()
            _current = None
