"""Makes reports: looks which are due, makes what each recipient gets, and puts all of it in the outbox, or none."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from lib.access.actors import SystemActor, actor_in_words
from lib.access.audit_log import Action, record
from lib.analytics import queries
from lib.analytics.grants import Grant
from lib.analytics.query import local_date
from lib.charts.render_process import Renderer
from lib.delivery import outbox
from lib.delivery.outbox import Channel, Delivery
from lib.errors import CallboardError
from lib.errors.codes import FailureCode
from lib.errors.report_codes import ReportCode
from lib.mail.content import MailContent
from lib.reports import formatting, page_parameters
from lib.reports.words import Words, formatted, text
from lib.scheduled_reports import notices
from lib.scheduled_reports.content import page_content, reported_page
from lib.scheduled_reports.context import ReportContext
from lib.scheduled_reports.definition import export_filters
from lib.scheduled_reports.export_content import export_content
from lib.scheduled_reports.recipients import Recipient, recipients_of
from lib.scheduled_reports.repository import PauseReason, ReportRepository, ScheduledReport, unsubscribed_addresses
from lib.scheduled_reports.runs import MAX_ATTEMPTS, ReportRun, ReportRuns, RunReason, RunStatus
from lib.store.messages import Message, failure_of

POLL_SECONDS = 1.0
TOGETHER = 50
"""Runs whose charts one child draws: it never gives memory back."""

LATE = timedelta(seconds=30)
"""How late a report says that it is late."""

log = logging.getLogger(__name__)

Failed = Callable[[Connection, ScheduledReport, ReportRun, Message], None]
"""Told, in a transaction of the state, that a run failed for good."""


class ReportRunner:
    """Makes the reports of one workspace, in a thread of its own."""

    def __init__(self, context: ReportContext, reports: ReportRepository, runs: ReportRuns, on_failure: Failed) -> None:
        """Prepare; `start` begins."""
        self._context, self._reports, self._runs, self._on_failure = context, reports, runs, on_failure
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)

    def start(self) -> None:
        """Begin to make reports."""
        self._thread.start()

    def stop(self) -> None:
        """Make no further report; one under way goes on for at most five seconds, and is made again after that."""
        self._stopping.set()
        self._news.set()
        self._thread.join(timeout=5)

    def wake(self) -> None:
        """Look at once what is to be made."""
        self._news.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look_ahead(datetime.now(UTC))
                if self.make_waiting():
                    continue
            except CallboardError as error:
                log.warning("Reports can't be made now: %s", error.message)
            except Exception:  # whatever it is, the runner has to be there for the next report
                log.exception("Reports can't be made")
            self._news.wait(POLL_SECONDS)
            self._news.clear()

    def look_ahead(self, now: datetime) -> None:
        """Make a run of each report that is due by now, by its schedule or after an import."""
        for report in self._reports.due(now):
            self._runs.schedule(report, now)
        for report in self._reports.after_import():
            self._after_import(report, now)
        for number in self._runs.unsettled():
            self.settle(number)

    def make_waiting(self) -> int:
        """Make runs that wait, some of them with one child that draws; return how many."""
        if not self._runs.is_waiting():
            return 0
        count = 0
        with Renderer(makes_way=True) as renderer:
            while count < TOGETHER and not self._stopping.is_set() and self.make_next(renderer):
                renderer.begin_next()
                count += 1
        return count

    def make_next(self, renderer: Renderer | None = None) -> bool:
        """Make the run that waits the longest, its charts by an open `renderer`; return whether there was one."""
        run = self._runs.claim()
        if run is None:
            return False
        report = self._reports.get(run.report)
        if report is None:
            self._runs.skip(run, Message(ReportCode.NOBODY_TO_SEND_TO))
            return True
        try:
            self._make(report, run, renderer)
        except CallboardError as error:
            self._failed(report, run, failure_of(error))
        except Exception as error:  # a report's own fault must end its run, not the runner
            log.exception("Report %s can't be made", report.id)
            self._failed(report, run, failure_of(error))
        return True

    def settle(self, number: str) -> None:
        """End a run whose mails have all ended; tell who is to know where some did not arrive."""
        ended = self._runs.settle(number)
        if ended is None:
            return
        report = self._reports.get(ended.report)
        if report is not None and ended.status is RunStatus.FAILED and ended.error is not None:
            self._tell(report, ended, ended.error)

    def on_delivery_end(self, delivery: Delivery) -> None:
        """Look whether a mail that has ended was the last of its run."""
        self.settle(delivery.cause)

    def _after_import(self, report: ScheduledReport, now: datetime) -> None:
        status = self._context.answers.run(queries.status)
        if status.data_version <= report.data_version or status.last_day is None:
            return
        calendar = self._context.calendar
        try:
            last = self._last_day(report)
        except CallboardError as error:
            log.warning("Report %s can't be made after an import: %s", report.id, error.message)
            return
        yesterday = calendar.today - timedelta(days=1)
        if last is not None and status.last_day < min(last, yesterday):
            return  # the period's data are not in yet
        period = (calendar.today if last is None else last).isoformat()
        self._runs.add_after_import(report, period, status.data_version, now)

    def _last_day(self, report: ScheduledReport) -> Any:
        """Return the last day of a report's period; None where it has no end."""
        context, calendar = self._context, self._context.calendar
        if report.definition.export is not None:
            order = {**report.definition.export, **(report.definition.parameters or {})}
            filters = export_filters(order, calendar, context.catalog)
        else:
            parameters = reported_page(report, context).parameters
            filters = page_parameters.parse(parameters, calendar.zone, context.catalog).filters
        return None if filters.date_to is None else local_date(filters.date_to, filters.zone(calendar.zone))

    def _make(self, report: ScheduledReport, run: ReportRun, renderer: Renderer | None) -> None:
        context = self._context
        if run.attempt > MAX_ATTEMPTS:
            self._give_up(report, run, Message(FailureCode.GIVEN_UP, {"attempts": MAX_ATTEMPTS}))
            return
        if context.settings.mail_server is None:
            self._give_up(report, run, Message(ReportCode.MAIL_NOT_SET_UP))
            return
        owner_grant = context.owners.grant(report.owner)
        if owner_grant is None:
            why = Message(ReportCode.OWNER_HAS_NO_ACCESS, {"owner": actor_in_words(report.owner.actor)})
            self._reports.pause(report.id, SystemActor.LOCAL.value, PauseReason.OWNER_GONE)
            self._give_up(report, run, why)
            return
        with context.state.read() as connection:
            unsubscribed = unsubscribed_addresses(connection, report.id)
        addresses = report.definition.recipients if run.recipient is None else (run.recipient,)
        left_out = frozenset() if run.recipient else unsubscribed
        recipients = recipients_of(report, addresses, context.owners, owner_grant, left_out, context.settings)
        grants = dict.fromkeys(each.grant for each in recipients if each.grant is not None)
        contents = {grant: self._content(report, run, grant, renderer) for grant in grants}
        self._post(report, run, recipients, contents)

    def _content(self, report: ScheduledReport, run: ReportRun, grant: Grant, renderer: Renderer | None) -> MailContent:
        sentences = tuple(self._lateness(report, run))
        if report.definition.export is None:
            return page_content(report, grant, self._context, sentences, renderer)
        digest = hashlib.sha256(json.dumps(grant.to_json()).encode()).hexdigest()[:16]
        return export_content(report, grant, self._context, f"{run.id}-{run.failures}-{digest}", sentences)

    def _lateness(self, report: ScheduledReport, run: ReportRun) -> list[Words]:
        schedule = report.definition.schedule
        is_late = run.reason is RunReason.SCHEDULE and run.created_at - run.due_at > LATE
        if not is_late or schedule is None or schedule.timezone is None:
            return []
        when = formatted(formatting.instant, run.due_at.astimezone(ZoneInfo(schedule.timezone)))
        return [
            text(
                "This was due at {when} ({zone}), when Callboard was not running. The figures are as of now.",
                when=when,
                zone=schedule.timezone,
            )
        ]

    def _post(
        self,
        report: ScheduledReport,
        run: ReportRun,
        recipients: list[Recipient],
        contents: dict[Grant, MailContent],
    ) -> None:
        """Put all mails of a run in the outbox, or none."""
        context = self._context
        with context.state.transaction() as connection:
            if not self._runs.begin_sending(connection, run):
                return
            kept = {
                grant: outbox.add_content(connection, replace(content, grant=grant).to_bytes())
                for grant, content in contents.items()
            }
            for each in recipients:
                content = None if each.grant is None else kept[each.grant]
                why_not = None if each.why_not is None else each.why_not.value
                outbox.add(connection, Channel.MAIL, run.id, report.id, each.address, content, why_not)
            going = [each.address for each in recipients if each.grant is not None]
            record(connection, report.owner.actor, Action.REPORT_SENT, report.name, run=run.id, recipients=going)
        context.outbox.wake()
        self.settle(run.id)

    def _failed(self, report: ScheduledReport, run: ReportRun, why: Message) -> None:
        if not self._runs.postpone(run, why):
            self._give_up(report, run, why)

    def _give_up(self, report: ScheduledReport, run: ReportRun, why: Message) -> None:
        self._runs.fail(run, why)
        self._tell(report, run, why)

    def _tell(self, report: ScheduledReport, run: ReportRun, why: Message) -> None:
        """Tell the owner and the admins that a run failed; its recipients are not."""
        owners = self._context.owners
        owner = owners.address(report.owner)
        addresses = (*([owner] if owner else []), *owners.admin_addresses())
        with self._context.state.transaction() as connection:
            notices.add_notice(connection, report, run.id, why, addresses)
            self._on_failure(connection, report, run, why)
        self._context.outbox.wake()
