"""The workspace: both stores opened as the settings say, what is kept beside them, and the workers.

Pages, API and command line all start from here. What queued jobs do is in `jobs/tasks.py`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from time import monotonic, sleep
from typing import Any
from zoneinfo import ZoneInfo

from lib import settings
from lib.access.api_keys import KeyAuthenticator
from lib.access.audit_log import Action, AuditLog
from lib.access.key_watch import KeyWatch
from lib.access.owners import OwnerLookup
from lib.access.request_rates import request_rates
from lib.access.sessions import Sessions
from lib.access.users import UserRepository
from lib.alerts.checker import AlertChecker
from lib.alerts.engine import AlertEngine, AlertSources
from lib.alerts.notices import AlertChannels
from lib.alerts.repository import AlertRepository
from lib.analytics import metric_definitions, queries, workspace_zone
from lib.analytics.calendar import Calendar
from lib.analytics.grants import Grant
from lib.analytics.query_cache import QueryCache
from lib.analytics.rollup_tidying import RollupTidier
from lib.catalog.catalog import BUILT_IN, Catalog
from lib.catalog.own_fields import OwnField, without_sample_fields
from lib.delivery.outbox import Outbox
from lib.errors import CallboardError, TimeZoneChangedError
from lib.exports import file_storage
from lib.ingest import posts, sample_data
from lib.ingest.group_commit import GroupCommit
from lib.ingest.history import ImportReport
from lib.ingest.post_checks import SentPost, check
from lib.ingest.posts import Post
from lib.jobs import metric_tasks, tasks
from lib.jobs.handlers import JobHandlers
from lib.jobs.queue import Job, JobKind, JobStatus, Queue
from lib.jobs.worker import POLL_SECONDS, Handler, Worker
from lib.live.change_feed import ChangeFeed
from lib.live.timed_answers import TimedAnswers
from lib.live.watched_questions import WatchedQuestions
from lib.outgoing.alert_channels import AlertDeliveries
from lib.outgoing.service import OutgoingService
from lib.settings import Settings
from lib.sharing.annotations import Annotations
from lib.sharing.pinned_links import PinnedLinks
from lib.sharing.saved_views import SavedViews
from lib.storage import open_storage
from lib.store.enums import LOADED_RESULTS
from lib.store.facts import FactStore
from lib.store.state import StateStore
from lib.webhooks.service import WebhookService

log = logging.getLogger(__name__)

CATALOG_SECONDS = 1
"""Seconds for which own fields are not read again where nobody tells of changes."""

ZONE_SECONDS = 5
"""Seconds that a look at the workspace's zone may take."""


class Workspace:
    """Both stores, and what can be done with them."""

    def __init__(self, chosen: Settings, new_zone: str | None = None) -> None:
        """Open the stores; at the first start the workspace takes the settings' time zone, later they take its own.

        Raises what `FactStore` raises, and TimeZoneConflictError where CALLBOARD_TIMEZONE names another zone than the
        workspace has, unless it is the one that a command is about to give it.
        """
        self.settings = chosen
        self._own_fields: tuple[int, float, Catalog] = (-1, 0.0, BUILT_IN)  # the catalog's mark, and when
        self._workers: list[Worker] = []
        self._posts = GroupCommit(lambda sent: check(self.facts, self.settings, self.catalog, sent), self._load_posts)
        self._stops: list[Callable[[], None]] = []  # what ends the threads that were begun
        self.state = StateStore(chosen, to=None)
        try:
            self.facts = FactStore(chosen, to=None)
        except BaseException:
            self.state.close()
            raise
        try:
            # Where one store is another version's, the other one stays as it is, too.
            self.facts.refuse_behind()
            self.state.refuse_behind()
            self.facts.migrate()
            self.state.migrate()
        except BaseException:
            self.close()
            raise
        self._zone_variable = None if chosen.timezone_variable == new_zone else chosen.timezone_variable
        try:
            self._take_zone()
        except BaseException:
            self.close()
            raise
        self.answers = QueryCache(self.facts, chosen.query_seconds, chosen.slow_query_ms, self.follow_zone)
        self.changes = ChangeFeed(self.facts)
        self.watched_questions: WatchedQuestions[Any] = WatchedQuestions(self.changes)
        self.timed_answers = TimedAnswers(self.facts)
        self.keys = KeyAuthenticator(self.state)
        self.key_watch = KeyWatch(self.state)
        self.rates = request_rates(self.state)
        self.people = UserRepository(self.state, BUILT_IN, chosen.admin_names)
        idle, age = timedelta(minutes=chosen.session_idle_minutes), timedelta(hours=chosen.session_hours)
        self.sessions = Sessions(self.state, self.people, idle, age)
        self.audit = AuditLog(self.state)
        self.queue = Queue(self.state)
        self.outbox = Outbox(self.state)
        self.owners = OwnerLookup(self.state, self.people, lambda: self.settings.has_login)
        self.outgoing = OutgoingService(self)
        self.webhooks = WebhookService(self)
        self.views = SavedViews(self.state, lambda: self.catalog)
        self.notes = Annotations(self.state)
        self.links = PinnedLinks(self.state, lambda: self.catalog)
        self.alerts = AlertRepository(self.state)
        sources = AlertSources(self.answers, lambda: self.catalog, lambda: self.settings, self.people)
        notices = AlertDeliveries(sources, self.owners, lambda: self.webhooks.events)
        channels = AlertChannels(notices.mail, notices.call_webhooks, self.outbox.wake)
        self.alert_engine = AlertEngine(self.state, sources, channels)
        self.webhooks.on_switched_off = self.outgoing.tell_webhook_is_off
        self._jobs = JobHandlers(self, RollupTidier(self.facts, lambda: self.catalog))

    def _take_zone(self) -> None:
        """Go by the workspace's zone; give it one at the first start."""
        with self.facts.read() as connection:
            stored = workspace_zone.stored_zone(connection)
        if stored == workspace_zone.NOT_YET:
            with self.facts.write() as connection:
                workspace_zone.take_first_zone(connection, self.settings.timezone)
                stored = workspace_zone.stored_zone(connection)  # another process may have been first
        workspace_zone.check_variable(self._zone_variable, stored)
        self.settings = self.settings.model_copy(update={"timezone": stored})

    def follow_zone(self, stored: str) -> None:
        """Go by the zone that the workspace has now, unless the process was told to go by another one."""
        if self._zone_variable in (None, stored):
            self.settings = self.settings.model_copy(update={"timezone": stored})

    @contextmanager
    def following_zone(self) -> Iterator[None]:
        """Go by the workspace's zone the next time where what is done finds that it was changed."""
        try:
            yield
        except TimeZoneChangedError as error:
            self.follow_zone(error.stored)
            raise

    def check_zone(self) -> None:
        """Raise TimeZoneChangedError where the process goes by another zone than the workspace has."""
        with self.following_zone(), self.facts.read(ZONE_SECONDS) as connection:
            workspace_zone.check_zone(connection, self.settings.timezone)

    def close(self) -> None:
        """Stop the workers and close the stores; what programs sent before is loaded."""
        self._posts.stop()
        with ThreadPoolExecutor(max(1, len(self._stops))) as pool:  # each may take some seconds
            list(pool.map(lambda stop: stop(), self._stops))
        self.facts.close()
        self.state.close()

    @property
    def catalog(self) -> Catalog:
        """What can be asked, with the own fields as they are now; they are read where they may be others."""
        if not self.knows_catalog:
            mark = self.facts.known_catalog_writes
            with self.facts.read() as connection:
                self._own_fields = (mark, monotonic(), metric_definitions.stored_catalog(connection))
        return self._own_fields[2]

    @property
    def import_catalog(self) -> Catalog:
        """The catalog as own data find it: fields of sample data go when these come."""
        return without_sample_fields(self.catalog)

    @property
    def knows_catalog(self) -> bool:
        """Whether `catalog` needs no database; where nothing tells of changes, it is known for a second."""
        mark, read_at, _ = self._own_fields
        is_told = self.facts.change_token() is not None or monotonic() - read_at < CATALOG_SECONDS
        return is_told and mark == self.facts.known_catalog_writes

    @property
    def calendar(self) -> Calendar:
        """The calendar, as of now."""
        return self.calendar_in(self.settings.zone)

    def calendar_in(self, zone: ZoneInfo) -> Calendar:
        """Return the calendar of another zone: what day it is there, now."""
        return Calendar(zone, self.settings.week_start, datetime.now(zone).date())

    def start_workers(self) -> None:
        """Begin to do the queue's jobs: what changes the facts one after another, exports beside it; and to listen."""
        open_storage.begin_check(self.settings)
        self.facts.start_listener()
        self.state.start_listener()
        self.changes.start()
        self._stops = [self.changes.stop]
        if self.facts.embedded:
            # Who holds the embedded database is alone: what others began, they do not go on with.
            self.queue.expire_leases()
            self.outbox.expire_leases()
            self.alert_engine.expire_leases()
            file_storage.remove_partial(self.settings)
        handlers: dict[str, Handler] = {kind: partial(self._jobs.do, task) for kind, task in tasks.TASKS.items()}
        # A backup that waits for an import would come too late, and so would a key that is to be revoked.
        beside: dict[str, Handler] = {kind: handlers.pop(kind) for kind in (JobKind.BACKUP, JobKind.STORED_ZONE)}
        self._workers = [
            Worker(self.queue, beside, done=self._jobs.outcome),
            Worker(self.queue, handlers, self._jobs.tidy, self._jobs.outcome),
            self._exporter(),
        ]
        for worker in self._workers:
            worker.start()
        self.outgoing.start(is_alone=self.facts.embedded)
        self.webhooks.start()
        checker = AlertChecker(self.alert_engine, self.facts)
        checker.start()
        self._stops += [
            checker.stop,
            self.webhooks.stop,
            *(worker.stop for worker in self._workers),
            self.outgoing.stop,
        ]

    def _exporter(self) -> Worker:
        handlers: dict[str, Handler] = {JobKind.EXPORT: self._jobs.export}
        return Worker(self.queue, handlers, self._jobs.remove_old_exports, completed=self.webhooks.export_ready)

    def ended_export(self, number: str, seconds: float) -> Job | None:
        """Return an export's job once it has ended, or that long has passed; do it where no worker would."""
        end = monotonic() + seconds
        exporter = None if self._workers else self._exporter()
        while (job := self.queue.get(number)) is not None and not job.ended and monotonic() < end:
            if exporter is None or not exporter.do_next():
                sleep(POLL_SECONDS)
        return job

    def fill_metric_rollups(self, actor: str) -> None:
        """See to it that rollups hold what metrics are made of: by a job, or at once where no worker would do it."""
        if not self._workers:
            metric_tasks.fill_rollups(self, {}, lambda *_: None)
        elif not any(job.status == JobStatus.QUEUED for job in self.queue.newest((JobKind.METRIC_ROLLUPS,), 1)):
            self.queue.add(JobKind.METRIC_ROLLUPS, {}, actor)

    def write_evaluations(
        self, objects: Iterable[object], actor: str, grant: Grant, added: tuple[OwnField, ...] = ()
    ) -> ImportReport:
        """Load evaluations that a program sends, within what it may see, and return what became of them.

        The fields `added` are defined with them. Raises as `post_checks.check` and `posts.load_one` do.
        """
        return self.begin_writing(objects, actor, grant, added).result()

    def begin_writing(
        self, objects: Iterable[object], actor: str, grant: Grant, added: tuple[OwnField, ...] = ()
    ) -> Future[ImportReport]:
        """Do the same, together with what others send at the time; what is returned tells when it is done."""
        return self._posts.add(SentPost(objects, actor, grant, added))

    def _load_posts(self, together: Sequence[Post]) -> tuple[ImportReport | Exception, ...]:
        with self.following_zone():
            loaded = posts.load(self.facts, together)
        for report in loaded.imports:
            self.audit_import(report)
        return loaded.outcomes

    def note(self, actor: str, action: Action, subject: str = "", **details: Any) -> None:
        """Write down what is done and can't be taken back; where that fails, the log has it."""
        try:
            self.audit.record(actor, action, subject, **details)
        except CallboardError as error:
            log.warning("The audit lacks a line: %s, %s %s. %s", actor, action.value, subject, error.message)

    def audit_import(self, report: ImportReport) -> None:
        """Write down that someone imported something, and have webhooks called about it."""
        counts = {"added": report.loaded.added, "changed": report.loaded.changed, "bad": report.bad}
        names = ", ".join(file["name"] for file in report.files)
        self.note(report.actor, Action.IMPORT, names, result=report.result.value, import_id=report.id, **counts)
        for own in report.new_fields if report.result in LOADED_RESULTS else ():
            self.note(report.actor, Action.FIELD_DEFINED, own.name, type=own.type.value)
        self.webhooks.import_loaded(report)

    def fill_with_sample(self) -> None:
        """Fill an empty embedded database with sample data, where the settings want it."""
        if self.settings.sample == "off" or not self.facts.embedded:
            return
        with self.facts.read() as connection:
            empty = queries.status(connection).data_version == 0
        if empty:
            log.info("The database is empty: making sample data")
            wanted = {"rows": sample_data.DEFAULT_ROWS, "seed": sample_data.DEFAULT_SEED}
            tasks.make_sample(self, wanted, lambda *_: None)


def bring_up_to_date(chosen: Settings) -> dict[str, tuple[str | None, str | None]]:
    """Run the migrations of both stores; return the revision of each before and after, by name.

    Raises what `FactStore` raises, and TimeZoneConflictError where CALLBOARD_TIMEZONE names another zone than the
    workspace has; neither store is changed then, or where a newer program wrote one.
    """
    with closing(StateStore(chosen, to=None)) as state, closing(FactStore(chosen, to=None)) as facts:
        if (facts.revision() or "") >= workspace_zone.FIRST_REVISION:
            with facts.engine.connect() as connection:  # as `read` asks tables that older revisions have not
                stored = workspace_zone.stored_zone(connection)
            if stored != workspace_zone.NOT_YET:
                workspace_zone.check_variable(chosen.timezone_variable, stored)
        changed = {}
        for name, store in (("facts", facts), ("state", state)):
            before = store.revision()
            store.migrate()
            changed[name] = (before, store.revision())
    return changed


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
