"""What goes out of a workspace: its parts, which thread does what, and how they begin and end."""

from __future__ import annotations

from email.utils import parseaddr

from lib.delivery import unsubscribe_links
from lib.delivery.mail_sender import MailAccount, MailSender
from lib.delivery.outbox import Delivery
from lib.scheduled_reports import content, notices
from lib.scheduled_reports.context import ReportContext
from lib.scheduled_reports.repository import ReportRepository, ScheduledReport
from lib.scheduled_reports.runner import ReportRunner
from lib.scheduled_reports.runs import ReportRuns


class OutgoingService:
    """What goes out of one workspace by itself."""

    def __init__(self, context: ReportContext) -> None:
        """Put the parts together; `start` begins."""
        self._context = context
        self.reports = ReportRepository(context.state)
        self.runs = ReportRuns(context.state)
        self.runner = ReportRunner(context, self.reports, self.runs, lambda *_: None)
        self._sender: MailSender | None = None
        self._is_started = False

    def start(self, *, is_alone: bool) -> None:
        """Begin to make reports, and to send mail where a server is set; `is_alone`: no other process does."""
        if is_alone:
            self.runs.expire_leases()
            self._context.outbox.expire_leases()
        self._is_started = True
        self.runner.start()
        settings = self._context.settings
        if settings.mail_server is not None:
            account = MailAccount(settings.mail_server, settings.mail_from, parseaddr(settings.mail_from)[1])
            self._sender = MailSender(self._context.outbox, account, self.unsubscribe_link, self.runner.on_delivery_end)
            self._sender.start()

    def stop(self) -> None:
        """Send nothing more, and make nothing more."""
        if self._is_started:
            self.runner.stop()
        if self._sender is not None:
            self._sender.stop()

    def tidy(self) -> None:
        """Forget what went out long ago."""
        self.runs.forget_old()
        self._context.outbox.forget_old()

    def send_now(self, report: ScheduledReport, recipient: str | None = None) -> str:
        """Make a run of a report now, for all of its recipients or for one address alone; return its id."""
        number = self.runs.add_by_hand(report, recipient)
        self.runner.wake()
        return number

    def unsubscribe_link(self, delivery: Delivery) -> str | None:
        """Return the link by which the recipient of a mail wants no more; None where there is nothing to end."""
        report = None if delivery.cause.startswith(notices.CAUSE) else self.reports.get(delivery.subject)
        base = "" if report is None else content.base_url(report, self._context)
        if not base:
            return None
        return unsubscribe_links.make(self._context.settings, base, delivery.subject, delivery.address)
