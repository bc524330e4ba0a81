"""A report as a mail that goes nowhere: as somebody may see it, without the files that go along."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from lib.access.owners import Owner
from lib.analytics.grants import Grant
from lib.mail.content import MailContent
from lib.scheduled_reports.content import page_content
from lib.scheduled_reports.context import ReportContext
from lib.scheduled_reports.definition import ReportDefinition
from lib.scheduled_reports.export_content import export_outline
from lib.scheduled_reports.repository import ReportStatus, ScheduledReport


def preview(definition: ReportDefinition, owner: Owner, grant: Grant, context: ReportContext) -> MailContent:
    """Return what a report of a definition would send to who may see what `grant` lets them.

    Raises CallboardError where it can't be made.
    """
    now = datetime.now(UTC)
    bare = replace(definition, attachments=())
    report = ScheduledReport("", bare, owner, ReportStatus.PAUSED, None, None, 0, None, 1, now, now)
    make = page_content if definition.export is None else export_outline
    return make(report, grant, context)
