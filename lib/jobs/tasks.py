"""What the queue's jobs do, but for exports: imports and their undo, sample data, check, backup, time zone, deletion.

A task gets what it works on as a `TaskContext`, its payload and what to tell its progress to. How jobs wait, are
claimed and end is in `queue.py` and `worker.py`; what a task is made of lives in the packages that it calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from lib.access.actors import SystemActor
from lib.access.audit_log import Action
from lib.alerts.repository import AlertRepository
from lib.analytics import integrity, queries, rollup, workspace_zone
from lib.analytics.field_definitions import define, own_fields
from lib.analytics.grants import EVERYTHING
from lib.analytics.metric_definitions import stored_catalog
from lib.analytics.metric_rollups import stored_catalog_for_writing
from lib.analytics.queries import DatasetStatus
from lib.backup import create
from lib.backup.create import BackupRequest, BackupResult
from lib.catalog.catalog import Catalog
from lib.delivery.outbox import Outbox
from lib.errors import CallboardError, ConflictError, FieldError, SampleDataError
from lib.errors.codes import FailureCode
from lib.errors.field_codes import FieldCode
from lib.errors.import_codes import ImportCode
from lib.ingest import bad_row_reports, history, loader, sample_data, service, staging, undo, uploads
from lib.ingest.converter import staged_schema
from lib.ingest.file_reading import InputFile
from lib.ingest.history import ImportRecord, ImportReport
from lib.ingest.import_run import ImportRequest
from lib.ingest.new_fields import with_fields
from lib.ingest.sample_fields import missing_fields
from lib.ingest.undo import UndoResult
from lib.ingest.uploads import StoredUpload
from lib.jobs import archive_tasks, field_tasks, metric_tasks, report_tasks
from lib.jobs.queue import JobKind
from lib.outgoing.service import OutgoingService
from lib.settings import Settings
from lib.sharing.pinned_links import PinnedLinks
from lib.sharing.saved_views import SavedViews
from lib.store import schema
from lib.store.facts import FactStore, checkpoint
from lib.store.messages import JobStep, Message, Tell
from lib.store.state import StateStore

SAMPLE_CHUNK = 1_000_000
"""Rows of sample data that are loaded in one transaction."""


class TaskContext(Protocol):
    """What a task works on: the workspace, as far as tasks know it."""

    facts: FactStore
    state: StateStore
    settings: Settings
    views: SavedViews
    links: PinnedLinks
    alerts: AlertRepository
    outgoing: OutgoingService
    outbox: Outbox

    @property
    def catalog(self) -> Catalog:
        """What can be asked, with the workspace's own fields as they are now."""

    def note(self, actor: str, action: Action, subject: str = "", **details: Any) -> None:
        """Write a line of the audit."""

    def audit_import(self, report: ImportReport) -> None:
        """Write down that someone imported something."""

    def follow_zone(self, stored: str) -> None:
        """Go by the zone that the workspace has now."""

    def fill_metric_rollups(self, actor: str) -> None:
        """See to it that rollups hold what metrics are made of."""


Task = Callable[[TaskContext, dict[str, Any], Tell], dict[str, Any]]
"""Does one kind of job: its payload in, its result out, both plain JSON."""


def import_files(workspace: TaskContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Import files: `files` (path and name each), `mapping`, `skip_bad_rows`, `dry_run`, `replace_sample`, `actor`.

    `uploads` (name in the storage and name each) are taken in place of the files, which another process may have.
    With `answers` they hold answers to criteria, of evaluations that are there. With the `job` that asks for it, they
    are loaded once, however often it is done.
    """
    if "uploads" not in payload:
        return _import(workspace, payload, tuple(InputFile(Path(path), name) for path, name in payload["files"]), tell)
    with uploads.opened(workspace.settings, [StoredUpload(*each) for each in payload["uploads"]]) as files:
        return _import(workspace, payload, files, tell)


def _import(
    workspace: TaskContext, payload: dict[str, Any], files: tuple[InputFile, ...], tell: Tell
) -> dict[str, Any]:
    request = ImportRequest(
        files=files,
        actor=payload["actor"],
        mapping_toml=payload.get("mapping"),
        skip_bad_rows=payload.get("skip_bad_rows", False),
        dry_run=payload.get("dry_run", False),
        replace_sample=payload.get("replace_sample", False),
        answers=payload.get("answers", False),
        id=service.id_of(payload["job"]) if "job" in payload else None,
    )
    report = service.run(
        workspace.facts,
        workspace.settings,
        workspace.catalog,
        request,
        lambda progress: tell(progress.share * 100, Message(progress.step, {"rows": progress.rows})),
    )
    if not request.dry_run:
        workspace.audit_import(report)
    return describe_import(workspace, report)


def describe_import(workspace: TaskContext, report: ImportReport) -> dict[str, Any]:
    """Return a report as plain JSON."""
    loaded, bad_rows = report.loaded, report.bad_rows_file
    return {
        "id": report.id,
        "seconds": report.seconds,
        "result": report.result.value,
        "bad": report.bad,
        "blank": report.blank,
        "read": report.read,
        "short_rows": report.short_rows,
        "long_rows": report.long_rows,
        "added": loaded.added,
        "changed": loaded.changed,
        "unchanged": loaded.unchanged,
        "answers": loaded.answers,
        "duplicates": loaded.duplicates,
        "exact_duplicates": loaded.exact_duplicates,
        "days": loaded.days,
        "first_day": None if loaded.first_day is None else loaded.first_day.isoformat(),
        "last_day": None if loaded.last_day is None else loaded.last_day.isoformat(),
        "problems": [asdict(problem) for problem in report.problems],
        "bad_rows_file": bad_row_reports.location(workspace.settings, bad_rows) if bad_rows else None,
        "warnings": [asdict(warning) for warning in report.warnings],
        "new_fields": [{"name": own.name, "type": own.type.value, "label": own.label} for own in report.new_fields],
    }


def list_imports(workspace: TaskContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:  # noqa: ARG001 - a task
    """Return the newest imports, `limit` of them, as plain JSON."""
    with workspace.facts.read() as connection:
        listed = history.entries(connection, payload["limit"])
        count = history.count_imports(connection)
    return {"count": count, "imports": [_describe_record(record) for record in listed]}


def _describe_record(record: ImportRecord) -> dict[str, Any]:
    counts = ("read", "added", "changed", "unchanged", "duplicates", "blank", "bad", "days")
    return {
        "id": record.id,
        "started_at": record.started_at.isoformat(),
        "actor": record.actor,
        "files": [file["name"] for file in record.files],
        "result": record.result.value,
        **{name: getattr(record, name) for name in counts},
        "warnings": [asdict(warning) for warning in record.warnings],
        "undone_at": None if record.undone_at is None else record.undone_at.isoformat(),
        "undone_by": record.undone_by,
        "why_not": None if record.why_not is None else asdict(record.why_not),
    }


def undo_import(workspace: TaskContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Take the import `id` back. With the `job` that asks for it, it is done once, however often it is done.

    Raises ConflictError where it can't be; the data are then as they were.
    """
    tell(0, Message(JobStep.UNDOING))
    with workspace.facts.write() as connection:
        done = undo.undo(
            connection, stored_catalog_for_writing(connection), payload["id"], payload["actor"], payload.get("job")
        )
    return describe_undo(workspace, done, payload["actor"])


def describe_undo(workspace: TaskContext, done: UndoResult, actor: str) -> dict[str, Any]:
    """Write down that an import was undone, and return what that did as plain JSON."""
    counts = {"removed": done.removed, "restored": done.restored}
    files = [file["name"] for file in done.record.files]
    workspace.note(actor, Action.IMPORT_UNDONE, ", ".join(files), import_id=done.record.id, **counts)
    return {"id": done.record.id, "files": files, **counts, "evaluations": done.left}


def delete_all(workspace: TaskContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Delete every evaluation and name; the history of imports and the audit stay, and sample data don't come back.

    `name` has to be the workspace's, CALLBOARD_NAME; raises ConflictError where it is another.
    """
    if payload["name"].strip() != workspace.settings.name:
        raise ConflictError(ImportCode.DELETE_OTHER_NAME, name=workspace.settings.name)
    tell(0, Message(JobStep.DELETING))
    with workspace.facts.write() as connection:
        count = queries.status(connection).evaluations
        undo.delete_everything(connection)
        reports = history.bad_rows_files(connection)
    with workspace.facts.session() as connection:
        checkpoint(connection)  # what was deleted is not to stay in DuckDB's log
    bad_row_reports.remove(workspace.settings, reports)
    archive_tasks.remove_ended(workspace.facts, at_once=True)
    workspace.note(payload["actor"], Action.DATA_DELETED, workspace.settings.name, evaluations=count)
    return {"evaluations": count}


def make_sample(workspace: TaskContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Replace the facts by sample data: `rows`, `seed`, `until` (ISO date), `replace` (own data may go).

    Their fields are defined with the first of them. Raises SampleDataError where own data would be lost.
    """
    with workspace.facts.read() as connection:
        _check_sample(queries.status(connection), payload)
        known = stored_catalog(connection)
    rows = payload["rows"]
    until = payload.get("until")
    last_day = date.fromisoformat(until) if until else datetime.now(UTC).date() - timedelta(days=1)
    added = missing_fields(known)
    catalog = with_fields(known, added)
    schema = staged_schema(catalog)
    made = sample_data.batches(rows, payload["seed"], last_day, workspace.settings.zone, catalog)
    done, version = 0, None
    pending: list[pa.RecordBatch] = []
    try:
        with workspace.facts.session() as connection:
            for batch in made:
                pending.append(batch)
                count = sum(len(each) for each in pending)
                if count < SAMPLE_CHUNK and done + count < rows:
                    continue
                staged = staging.stage(connection, catalog, pa.RecordBatchReader.from_batches(schema, pending))
                with workspace.facts.write(connection):
                    # Own data may have come in while the rows were made.
                    status = queries.status(connection)
                    workspace_zone.check_zone(connection, workspace.settings.timezone)
                    if version is None:
                        _check_sample(status, payload)
                    elif status.data_version != version:
                        raise SampleDataError(FailureCode.SAMPLE_OVERTAKEN)
                    if own_fields(connection) != (known if version is None else catalog).own_fields:
                        raise FieldError(FieldCode.FIELDS_CHANGED)
                    define(connection, added if version is None else ())
                    loader.apply(connection, catalog, staged, EVERYTHING, replace_all=version is None, is_sample=True)
                    version = queries.status(connection).data_version
                done, pending = done + count, []
                if done < rows:
                    tell(done / rows * 100, Message(JobStep.MAKING_ROWS, {"done": done, "total": rows}))
    except CallboardError as error:
        if done:
            error.restate(FailureCode.SAMPLE_INCOMPLETE, done=done, total=rows, why=error.reason)
        raise
    workspace.note(payload.get("actor", SystemActor.FIRST_START.value), Action.SAMPLE, rows=rows)
    return {"rows": rows, "first_day": sample_data.FIRST_DAY.isoformat(), "last_day": last_day.isoformat()}


def _check_sample(status: DatasetStatus, payload: dict[str, Any]) -> None:
    """Raise SampleDataError where own data would be lost that may not be."""
    if status.evaluations and not status.is_sample and not payload.get("replace"):
        raise SampleDataError(FailureCode.SAMPLE_REPLACES_OWN, count=status.evaluations)


def check(workspace: TaskContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Look the facts through, rollups first of all; with `repair`, mend what can be mended, in one transaction."""
    tell(0, Message(JobStep.CHECKING_ROLLUPS))
    with workspace.facts.read() as connection:
        found = integrity.findings(connection, stored_catalog(connection))
        status = queries.status(connection)
    left, done = found, []
    if payload.get("repair") and found.lines:
        tell(50, Message(JobStep.REPAIRING))
        with workspace.facts.write() as connection:
            catalog = stored_catalog_for_writing(connection)
            done = integrity.repair(connection, catalog)
            left = integrity.findings(connection, catalog)
            status = queries.status(connection)
        workspace.note(payload["actor"], Action.REPAIR, differences=len(found.cells), left=len(left.lines))
    return {
        "differences": len(found.cells),
        "lines": found.lines,
        "repaired": done,
        "left": left.lines,
        "evaluations": status.evaluations,
    }


def back_up(workspace: TaskContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Write a backup to `path`: `with_secret`, `replace` (a file that is there).

    With the `job` that asks for it, it is written once, however often it is done.
    """
    path, job = Path(payload["path"]), payload.get("job")
    taken = None if job is None else create.backup_of_job(job, path)
    if taken is None:
        request = BackupRequest(path, payload["with_secret"], payload["replace"], job)
        taken = create.create(workspace.facts, workspace.state, workspace.settings, request, tell)
    return describe_backup(workspace, taken, payload["actor"])


def describe_backup(workspace: TaskContext, taken: BackupResult, actor: str) -> dict[str, Any]:
    """Write down that a backup was taken, and return what it is as plain JSON."""
    rows = taken.manifest.facts.tables[schema.evaluations.name].rows
    workspace.note(actor, Action.BACKUP, taken.path.name, bytes=taken.bytes, evaluations=rows)
    return {"path": str(taken.path), "bytes": taken.bytes, "evaluations": rows}


def tell_zone(workspace: TaskContext, payload: dict[str, Any], _tell: Tell) -> dict[str, Any]:
    """Tell the workspace's time zone.

    `timezone` is the CALLBOARD_TIMEZONE of who asks: it may name that zone, or `new`, which who asks is about to give
    the workspace. Raises TimeZoneConflictError where it names a third.
    """
    with workspace.facts.read() as connection:
        stored = workspace_zone.stored_zone(connection)
    if payload.get("timezone") != payload.get("new"):
        workspace_zone.check_variable(payload.get("timezone"), stored)
    return {"zone": stored}


def change_zone(workspace: TaskContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Give the workspace another time zone, `zone`: days and rollups are computed anew, all or nothing.

    `timezone` is the CALLBOARD_TIMEZONE of who asks: it may name the zone that was or the one that is to be. Raises
    TimeZoneConflictError where it names a third.
    """
    new = payload["zone"]
    with workspace.facts.write() as connection:
        before = workspace_zone.stored_zone(connection)
        if payload.get("timezone") != new:
            workspace_zone.check_variable(payload.get("timezone"), before)
        if before != new:
            rollup.recompute_days(connection, stored_catalog_for_writing(connection), ZoneInfo(new), tell)
    workspace.follow_zone(new)
    if before != new:
        workspace.note(payload["actor"], Action.TIMEZONE, new, before=before)
    return {"before": before, "zone": new}


TASKS: dict[str, Task] = {
    JobKind.IMPORT: import_files,
    JobKind.IMPORTS: list_imports,
    JobKind.UNDO: undo_import,
    JobKind.DELETE_ALL: delete_all,
    JobKind.SAMPLE: make_sample,
    JobKind.CHECK: check,
    JobKind.BACKUP: back_up,
    JobKind.STORED_ZONE: tell_zone,
    JobKind.TIMEZONE: change_zone,
    JobKind.OWN_FIELDS: field_tasks.work_on_fields,
    JobKind.OWN_METRICS: metric_tasks.work_on_metrics,
    JobKind.REPORTS: report_tasks.work_on_reports,
    JobKind.ARCHIVES: archive_tasks.work_on_archives,
    JobKind.METRIC_ROLLUPS: metric_tasks.fill_rollups,
}
"""The tasks that can be queued, by the kind of their jobs."""
