"""What a report of an export carries: the file, written as any export is, or a link to it where it is large."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lib.access import signing
from lib.analytics.calendar import Granularity
from lib.analytics.grants import Grant
from lib.analytics.planner import resolve_period
from lib.errors import CallboardError
from lib.errors.report_codes import ReportCode
from lib.exports import file_storage, signed_urls
from lib.exports.service import ExportRequest
from lib.exports.table_files import CSV_TYPE, XLSX_TYPE
from lib.i18n import file_size, number, override_language, t, t_plural
from lib.jobs.queue import IdempotencyKey, Job, JobKind, JobStatus
from lib.mail.content import MailAttachment, MailContent
from lib.mail.message_mail import MailMessage, message_mail
from lib.mail.model import MailLink
from lib.reports import filter_text, job_text
from lib.reports.words import Words, text
from lib.scheduled_reports.content import MOST_BYTES, base_url
from lib.scheduled_reports.context import ReportContext
from lib.scheduled_reports.definition import export_filters, metrics_of
from lib.scheduled_reports.repository import ScheduledReport

LONGEST_SECONDS = 3_600
"""Seconds that an export may take."""

_SHARE = 0.7  # of a mail's size that a file may have: in a mail it is a third larger


def export_content(
    report: ScheduledReport, grant: Grant, context: ReportContext, key: str, sentences: tuple[Words, ...] = ()
) -> MailContent:
    """Return a report of an export as a mail. With the same `key` the file is written once.

    Raises CallboardError where it can't be written.
    """
    order = _request(report, grant, context)
    once, base = IdempotencyKey(report.id, key, order.shown), base_url(report, context)
    payload = {**order.to_json(), "base_url": base}
    job = _ended(context, context.queue.add(JobKind.EXPORT, payload, report.owner.actor, once).id)
    result: dict[str, Any] = job.result or {}
    with override_language(report.definition.language):
        count = t_plural("{count} row, {size}", "{count} rows, {size}", result["rows"], size=file_size(result["bytes"]))
        said: list[Words] = [*sentences, order.shown, f"{result['downloadName']}: {count}"]
        links, attachments = [], []
        if result["bytes"] <= MOST_BYTES * _SHARE or not base:
            kind = CSV_TYPE if order.form == "csv" else XLSX_TYPE
            content = file_storage.read(context.settings, result["file"])
            attachments.append(MailAttachment(result["downloadName"], kind, content))
        else:
            secret = signing.load(context.settings, context.state)
            link = signed_urls.make(secret, base, job, context.settings.export_hours * 3600)
            links.append(MailLink(result["downloadName"], link.url))
            hours = number(context.settings.export_hours)
            said.append(text("The file is too large for a mail; the link is good for {hours} hours.", hours=hours))
        message = MailMessage(
            subject=f"{report.name}: {count}",
            title=report.name,
            sentences=tuple(said),
            links=tuple(links),
            reason=t("You receive this mail as a recipient of the report {name}.", name=report.name),
            is_subscription=True,
        )
        return message_mail(message).with_attachments(*attachments)


def export_outline(report: ScheduledReport, grant: Grant, context: ReportContext) -> MailContent:
    """Return the mail of a report of an export without its file, which is written when the report goes out."""
    order = _request(report, grant, context)
    with override_language(report.definition.language):
        message = MailMessage(
            subject=report.name,
            title=report.name,
            sentences=(
                order.shown,
                t("The {format} file is written when the report goes out.", format=order.form.upper()),
            ),
            reason=t("You receive this mail as a recipient of the report {name}.", name=report.name),
            is_subscription=True,
        )
        return message_mail(message)


def _request(report: ScheduledReport, grant: Grant, context: ReportContext) -> ExportRequest:
    order = {**(report.definition.export or {}), **(report.definition.parameters or {})}
    filters = replace(export_filters(order, context.calendar, context.catalog), grant=grant)
    period = context.answers.run(resolve_period, filters, context.calendar)
    with override_language(report.definition.language):
        zone = filters.zone(context.settings.zone).key
        selection = " · ".join((*map(str, filter_text.selection(context.answers, filters, period)), zone))
    kind, form = str(order.get("report", "evaluations")), str(order.get("format", "csv"))
    width = Granularity(order.get("granularity", "daily"))
    return ExportRequest(kind, form, filters, width, selection, metrics_of(order, context.catalog))


def _ended(context: ReportContext, number: str) -> Job:
    """Return an export's job once it is done. Raises CallboardError where it failed, or takes too long."""
    job = context.ended_export(number, LONGEST_SECONDS)
    if job is not None and job.status is JobStatus.COMPLETED:
        return job
    if job is not None and job.status is JobStatus.FAILED and job.message is not None:
        raise CallboardError(ReportCode.EXPORT_FAILED, problem=job_text.in_words(job.message))
    raise CallboardError(ReportCode.EXPORT_FAILED, problem=t("it did not end"))
