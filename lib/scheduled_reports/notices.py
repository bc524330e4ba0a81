"""What the owner of a report and the admins are told: that a run failed, or that a report is paused."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.engine import Connection

from lib.delivery import outbox
from lib.delivery.outbox import Channel
from lib.errors.codes import CodedText
from lib.i18n import override_language, t
from lib.mail.message_mail import MailMessage, message_mail
from lib.reports import job_text
from lib.scheduled_reports.repository import ScheduledReport

CAUSE = "notice:"
"""What the cause of a notice begins with: nobody can unsubscribe from these."""


def add_notice(
    connection: Connection, report: ScheduledReport, cause: str, why: CodedText, addresses: Iterable[str]
) -> None:
    """Put in the outbox that a report did not go out, and why; once for each cause."""
    with override_language(report.definition.language):
        message = MailMessage(
            subject=t("The report {name} did not go out", name=report.name),
            title=t("The report {name} did not go out", name=report.name),
            sentences=(job_text.in_words(why), t("Its recipients were not told.")),
            reason=t("You receive this mail as the owner of the report {name}, or as an admin.", name=report.name),
        )
        content = outbox.add_content(connection, message_mail(message).to_bytes())
    for address in dict.fromkeys(addresses):
        outbox.add(connection, Channel.MAIL, f"{CAUSE}{cause}", report.id, address, content)
