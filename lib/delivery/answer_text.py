"""What became of a mail, in words: what the server answered, or why nothing went out."""

from __future__ import annotations

from lib.delivery.outbox import Delivery
from lib.errors.report_codes import ReportCode
from lib.reports import job_text


def answer_in_words(mail: Delivery) -> str | None:
    """Return what the mail server said, or why nothing went out, in the language in use."""
    if mail.answer is None or mail.answer not in {*ReportCode}:
        return mail.answer
    return job_text.in_words(ReportCode(mail.answer).of())
