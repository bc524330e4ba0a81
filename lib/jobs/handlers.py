"""How a process does the queue's jobs: each in the workspace's zone, with what it leaves in the audit, and the tidying.

What each kind of job does is in `tasks.py`; exports have a worker of their own.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from lib.access.actors import SystemActor
from lib.access.audit_log import Action, AuditLog
from lib.access.owners import OwnerLookup
from lib.access.users import Role
from lib.analytics import metric_rollups, workspace_zone
from lib.analytics.calendar import Calendar
from lib.analytics.grants import Grant
from lib.analytics.rollup_tidying import RollupTidier
from lib.backup import create
from lib.errors import StorageError
from lib.exports import service as exporting
from lib.exports.service import ExportRequest
from lib.ingest import bad_row_reports, history, service, undo, uploads
from lib.jobs import archive_tasks, tasks
from lib.jobs.queue import Job, JobKind, Queue
from lib.jobs.worker import ProgressReporter
from lib.store import atomic_swap

log = logging.getLogger(__name__)

_MAKE_FIELDS = (JobKind.IMPORT, JobKind.SAMPLE, JobKind.OWN_FIELDS)


class JobContext(tasks.TaskContext, Protocol):
    """What jobs are done in: the workspace, as far as their handlers know it."""

    audit: AuditLog
    owners: OwnerLookup
    queue: Queue

    def calendar_in(self, zone: ZoneInfo) -> Calendar:
        """Return the calendar of a zone, as of now."""

    def following_zone(self) -> AbstractContextManager[None]:
        """Go by the workspace's zone the next time where it was changed."""


@contextmanager
def _storage_may_be_away() -> Iterator[None]:
    """Leave old files for the next time where the storage can't be used; all else is tidied even so."""
    try:
        yield
    except StorageError as error:
        log.warning("Old files are not deleted: %s", error.message)


class JobHandlers:
    """Does jobs in a workspace."""

    def __init__(self, workspace: JobContext, rollups: RollupTidier) -> None:
        """Do them in this workspace."""
        self._workspace, self._rollups = workspace, rollups

    def _asker_grant(self, job: Job, least: Role) -> Grant | None:
        """Return what who asked for a job may see now; None for a command, and a report, which looks its owner up.

        Raises AccessError for a person without the role by now, and for a key that has ended.
        """
        owner = job.payload.get("owner")
        return None if owner is None else self._workspace.owners.current_grant(owner, least)

    def do(self, task: tasks.Task, job: Job, steps: ProgressReporter) -> dict[str, Any]:
        """Do a job of `tasks.TASKS`; return its result.

        Raises AccessError where a page asked for it, and who used the page is no admin by now.
        """
        self._asker_grant(job, Role.ADMIN)
        # Who asked may go by another zone than this process, which holds the database for both.
        if job.kind not in (JobKind.STORED_ZONE, JobKind.TIMEZONE):
            with self._workspace.facts.read() as connection:
                stored = workspace_zone.stored_zone(connection)
            workspace_zone.check_variable(job.payload.get("timezone"), stored)
        with self._workspace.following_zone():
            result = task(self._workspace, {**job.payload, "actor": job.actor, "job": job.id}, steps)
        if job.kind in _MAKE_FIELDS:
            self._see_to_metric_rollups()
        return result

    def export(self, job: Job, steps: ProgressReporter) -> dict[str, Any]:
        """Write the file that an export's job asks for, within what who asked may see now; return its result."""
        grant = self._asker_grant(job, Role.ANALYST)
        if sys.platform == "linux":  # where a thread has a priority of its own, pages and API go before exports
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        workspace = self._workspace
        order = ExportRequest.from_json(job.payload, workspace.settings.zone, workspace.catalog)
        order = order if grant is None else order.narrowed(grant)
        calendar = workspace.calendar_in(order.filters.zone(workspace.settings.zone))
        with workspace.following_zone():
            made = exporting.run(workspace.facts, workspace.settings, calendar, order, job.id, job.attempt, steps)
        details = {"rows": made["rows"], "selection": order.shown, "sha256": made["sha256"]}
        workspace.audit.record(job.actor, Action.EXPORT, made["downloadName"], **details)
        return made

    def outcome(self, job: Job) -> dict[str, Any] | None:
        """Return what a job has come to that its worker could not tell of; None where it has come to nothing."""
        if job.kind == JobKind.BACKUP:
            taken = create.backup_of_job(job.id, Path(job.payload["path"]))
            return None if taken is None else tasks.describe_backup(self._workspace, taken, job.actor)
        if job.kind == JobKind.UNDO:
            with self._workspace.facts.read() as connection:
                undone = undo.find_done(connection, job.payload["id"], job.id)
            return None if undone is None else tasks.describe_undo(self._workspace, undone, job.actor)
        if job.kind != JobKind.IMPORT:
            return None
        with self._workspace.facts.read() as connection:
            report = history.find_loaded(connection, service.id_of(job.id))
        if report is None:
            return None
        self._workspace.audit_import(report)
        return tasks.describe_import(self._workspace, report)

    def tidy(self) -> None:
        """Delete what is old, and see to rollups that are due."""
        workspace = self._workspace
        with _storage_may_be_away():
            bad_row_reports.remove_old(workspace.settings)
            uploads.remove_old(workspace.settings)
        workspace.outbox.forget_old()
        with workspace.facts.read() as connection:
            is_due = undo.has_old(connection)
        if is_due:
            with workspace.facts.write() as connection:
                undo.forget_old(connection)
        archive_tasks.remove_ended(workspace.facts)
        if workspace.facts.embedded:  # and so held: no restore is at work
            atomic_swap.abandon(workspace.settings.facts_file, workspace.settings.state_file)
        self._see_to_metric_rollups()
        self._rollups.tidy()
        workspace.facts.tidy_files()

    def _see_to_metric_rollups(self) -> None:
        """Have rollups hold what all metrics are made of, those of fields that came just now, too."""
        with self._workspace.facts.read() as connection:
            is_due = metric_rollups.is_due(connection)
        if is_due:
            self._workspace.fill_metric_rollups(SystemActor.LOCAL.value)

    def remove_old_exports(self) -> None:
        """Delete files whose time is over."""
        with _storage_may_be_away():
            exporting.remove_expired(self._workspace.queue, self._workspace.settings)
        self._workspace.outgoing.tidy()
