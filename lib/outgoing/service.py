"""What goes out of a workspace: its parts, which thread does what, and how they begin and end."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parseaddr

from sqlalchemy.engine import Connection

from lib.access import signing
from lib.access.owners import Owner
from lib.alerts.repository import AlertRepository
from lib.analytics.grants import EVERYTHING
from lib.delivery import outbox, unsubscribe_links
from lib.delivery.mail_sender import MailAccount, MailSender
from lib.delivery.outbox import Channel, Delivery
from lib.i18n import t
from lib.mail.message_mail import MailMessage, message_mail
from lib.reports import job_text
from lib.scheduled_reports import notices
from lib.scheduled_reports.context import ReportContext
from lib.scheduled_reports.repository import ReportRepository, ScheduledReport
from lib.scheduled_reports.runner import ReportRunner
from lib.scheduled_reports.runs import ReportRun, ReportRuns
from lib.store.messages import Message
from lib.webhooks.events import new_event
from lib.webhooks.webhook import Webhook

_POLL_SECONDS = 0.2


class OutgoingService:
    """What goes out of one workspace by itself."""

    def __init__(self, context: ReportContext) -> None:
        """Put the parts together; `start` begins."""
        self._context = context
        self.reports = ReportRepository(context.state)
        self._alerts = AlertRepository(context.state)
        self.runs = ReportRuns(context.state)
        self.runner = ReportRunner(context, self.reports, self.runs, self._report_failed)
        self._sender: MailSender | None = None
        self._is_started = False

    def start(self, *, is_alone: bool) -> None:
        """Begin to make reports, and to send mail where a server is set; `is_alone`: no other process does."""
        if is_alone:
            self.runs.expire_leases()
            self._context.outbox.expire_leases()
        self._is_started = True
        self.runner.start()
        self._sender = self._mail_sender()
        if self._sender is not None:
            self._sender.start()

    def stop(self) -> None:
        """Send nothing more, and make nothing more."""
        stops = [self.runner.stop] if self._is_started else []
        stops += [self._sender.stop] if self._sender is not None else []
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda stop: stop(), stops))

    def tidy(self) -> None:
        """Forget what went out long ago."""
        self.runs.forget_old()
        self._context.outbox.forget_old()

    def send_now(self, report: ScheduledReport, recipient: str | None = None) -> str:
        """Make a run of a report now, for all of its recipients or for one address alone; return its id."""
        number = self.runs.add_by_hand(report, recipient)
        self.runner.wake()
        return number

    def finish(self, number: str) -> ReportRun | None:
        """Return a run once it has ended, or waits for another try; without threads of its own, do what it takes."""
        sender = None if self._is_started else self._mail_sender()
        while (run := self.runs.get(number)) is not None and run.finished_at is None and not run.error:
            if self._is_started or not (self.runner.make_next() or (sender is not None and sender.send_batch())):
                mails = self._context.outbox.of_causes([number])[number]
                if mails and all(each.ended or each.failures for each in mails):
                    self.runner.settle(number)
                    return self.runs.get(number)
                time.sleep(_POLL_SECONDS)
        return run

    def _mail_sender(self) -> MailSender | None:
        """Return what sends mail; None where no server is set."""
        settings = self._context.settings
        if settings.mail_server is None:
            return None
        account = MailAccount(settings.mail_server, settings.mail_from, parseaddr(settings.mail_from)[1])
        return MailSender(self._context.outbox, account, self.unsubscribe_link, self.runner.on_delivery_end)

    def unsubscribe_link(self, delivery: Delivery) -> str | None:
        """Return the link by which the recipient of a mail wants no more; None where there is nothing to end."""
        if delivery.cause.startswith(notices.CAUSE):
            return None
        of = self.reports.get(delivery.subject) or self._alerts.find(delivery.subject)
        base = self._context.settings.base_url or ("" if of is None else of.definition.base_url)
        if not base:
            return None
        secret = signing.load(self._context.settings, self._context.state)
        return unsubscribe_links.make(secret, base, delivery.subject, delivery.address)

    def tell_webhook_is_off(self, webhook: Webhook) -> None:
        """Put in the outbox that a webhook has switched itself off: to its owner, to the admins for one of a key."""
        owners = self._context.owners
        address = owners.address(Owner(webhook.owner, webhook.owner_id))
        subject = t("A webhook is off: {host}", host=webhook.host)  # the rest of its URL may be a secret
        words = t("It has failed for five days, and gets nothing more until somebody switches it on again.")
        reason = t("You receive this mail as its owner or as an admin.")
        message = MailMessage(subject, subject, (webhook.description, words), reason=reason)
        with self._context.state.transaction() as connection:
            content_id = outbox.add_content(connection, message_mail(message).to_bytes())
            cause = f"{notices.CAUSE}{webhook.id}:{webhook.changed_at.isoformat()}"
            for each in [address] if address else owners.admin_addresses():
                outbox.add(connection, Channel.MAIL, cause, webhook.id, each, content_id)
        self._context.outbox.wake()

    def _report_failed(self, connection: Connection, report: ScheduledReport, run: ReportRun, why: Message) -> None:
        """Call the webhooks that ask for it, and whose owner sees at least what the report's owner does."""
        data = {
            "reportId": report.id,
            "name": report.name,
            "runId": run.id,
            "dueAt": run.due_at.isoformat(),
            "error": job_text.in_words(why),
        }
        grant = self._context.owners.grant_of(connection, report.owner.id) or EVERYTHING
        event = new_event("report.failed", data, f"{report.name}: {data['error']}", grant)
        self._context.webhooks.emit(connection, event, cause=f"{notices.CAUSE}{run.id}")
