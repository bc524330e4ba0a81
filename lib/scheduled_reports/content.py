"""What a report carries: its page as a mail, with the files that go along, as one recipient may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from lib.access.owners import Owner
from lib.access.users import LOCAL
from lib.analytics.grants import Grant
from lib.charts.render_process import Renderer
from lib.errors import CallboardError
from lib.errors.report_codes import ReportCode
from lib.exports import table_process
from lib.exports.file_names import file_name
from lib.exports.mailed_files import host_file
from lib.exports.page_workbook import page_tables, page_workbook
from lib.exports.table_files import CSV_TYPE, XLSX_TYPE
from lib.i18n import file_size, number, override_language, t
from lib.mail.content import MailAttachment, MailContent
from lib.mail.model import MailLink
from lib.mail.page_mail import MailHeading, page_mail
from lib.pdf import page_document
from lib.reports import job_text
from lib.reports.figures import TrendNote
from lib.reports.page import Empty, PageDefinition, PageValue
from lib.reports.page_request import PageRequest, RequestedPage, requested_page
from lib.reports.pages import PAGES, overview
from lib.reports.period_presets import with_dates
from lib.reports.words import Words, text
from lib.scheduled_reports.context import ReportContext
from lib.scheduled_reports.definition import as_parameters
from lib.scheduled_reports.repository import ScheduledReport
from lib.sharing import saved_views
from lib.sharing.saved_views import EVERYONE, SavedView

MOST_BYTES = 5 * 10**6
"""Bytes of a mail; files that would make it larger become links."""

_BYTES_OF_LINKS = 50_000
"""Room that is kept for the links of a mail and what is said of them, as HTML and as text."""


@dataclass(frozen=True, slots=True)
class ReportedPage:
    """The page that a report is of, and the parameters of its URL with the dates that they mean now."""

    definition: PageDefinition
    parameters: dict[str, list[str]]


def reported_page(report: ScheduledReport, context: ReportContext) -> ReportedPage:
    """Return the page of a report, of a saved view where it is of one. Raises CallboardError where that is gone."""
    definition = report.definition
    own = dated_parameters(definition.parameters or {}, context)
    if definition.view is None:
        return ReportedPage(PAGES[definition.page or overview.PAGE.name], own)
    view = find_view(context, definition.view, report.owner)
    if view is None:
        raise CallboardError(ReportCode.NO_VIEW_OF_REPORT, value=definition.view[:20])
    zone = next(iter(own.get("timezone") or view.parameters.get("timezone") or ()), "")
    calendar = context.calendar_in(ZoneInfo(zone)) if zone else context.calendar
    return ReportedPage(PAGES[view.page or overview.PAGE.name], {**saved_views.resolved(view, calendar), **own})


def dated_parameters(body: Mapping[str, Any], context: ReportContext) -> dict[str, list[str]]:
    """Return parameters with the dates that a preset means now, in the zone that they name. Raises as `with_dates`."""
    return with_dates(as_parameters(body), context.calendar)


def find_view(context: ReportContext, number: str, owner: Owner) -> SavedView | None:
    """Return the saved view of an id that an owner sees; None where there is none."""
    return context.views.get(number, views_owner(owner))


def views_owner(owner: Owner) -> str:
    """Return by what saved views know the owner of a report."""
    return EVERYONE if owner.id == LOCAL.id else owner.id


def page_content(
    report: ScheduledReport,
    grant: Grant,
    context: ReportContext,
    sentences: Sequence[Words] = (),
    renderer: Renderer | None = None,
) -> MailContent:
    """Return a report of a page as a mail, in its language, as one who may see what `grant` lets them.

    `sentences` stand above the page; an open `renderer` draws its charts. Raises CallboardError where a part of it
    can't be made.
    """
    with override_language(report.definition.language):
        reported = reported_page(report, context)
        page = _page(reported, grant, context)
        base = base_url(report, context)
        files = _files(page.value, report.definition.attachments)
        said = [
            text("A part of this report was passed over: {why}", why=job_text.in_words(each)) for each in page.problems
        ]
        if "csv" in report.definition.attachments and not any(each.is_csv for each in files):
            said.append(text("There is no CSV file: the page has no table for this selection."))
        address = _address(reported.definition, page.parameters, base) if base else None
        heading = MailHeading(report.name, address, base or None, (*sentences, *said))
        mail = page_mail(page.value, heading, renderer)
        attached = _attached(mail, files) if base else files
        if len(attached) < len(files):
            links = tuple(_link(each, context, base, report.owner.actor) for each in files if each not in attached)
            hours = number(context.settings.export_hours)
            more = text("What is too large for a mail is linked; the links are good for {hours} hours.", hours=hours)
            linked = replace(heading, sentences=(*heading.sentences, more), links=links)
            mail = page_mail(page.value, linked, renderer)
        return mail.with_attachments(*(each.attachment for each in attached))


def _address(definition: PageDefinition, parameters: Mapping[str, Sequence[str]], base: str) -> str:
    """Return the address of the live view, which shows the period that the mail does."""
    path = "" if definition.name == overview.PAGE.name else definition.name
    return f"{base}/{path}?{urlencode([(name, value) for name in parameters for value in parameters[name]])}"


def base_url(report: ScheduledReport, context: ReportContext) -> str:
    """Return what links of a report begin with: what the settings say, else where it was made; empty for neither."""
    return context.settings.base_url or report.definition.base_url


def _page(reported: ReportedPage, grant: Grant, context: ReportContext) -> RequestedPage:
    def notes(first: date, last: date) -> list[TrendNote]:
        return [TrendNote(note.day, note.text) for note in context.notes.between(first, last)]

    request = PageRequest(reported.definition, reported.parameters, grant, context.catalog)
    page = requested_page(request, context.answers, context.calendar, notes)
    if page.value.blocks:
        return page
    hint = text("There may be evaluations in another period, or with other filters.")
    empty = Empty(text("Nothing matches these filters"), hint)
    value = PageValue(page.value.title, page.value.question, page.value.shown, (empty,))
    return replace(page, value=value)


@dataclass(frozen=True, slots=True)
class _ReportFile:
    """A file of a page, and how many rows of tables it holds; None for a PDF, which holds the first ones."""

    attachment: MailAttachment
    rows: int | None

    @property
    def is_csv(self) -> bool:
        """Whether it is a table as CSV."""
        return self.attachment.media_type == CSV_TYPE

    @property
    def label(self) -> str:
        """What a link to it says."""
        size = file_size(len(self.attachment.content))
        if self.rows is None:
            return t("{name} ({size})", name=self.attachment.file_name, size=size)
        return t("{name} ({rows} rows, {size})", name=self.attachment.file_name, rows=number(self.rows), size=size)


def _files(page: PageValue, names: Sequence[str]) -> list[_ReportFile]:
    title, files = str(page.title), []
    tables = page_tables(page) if names else ()
    if "pdf" in names:
        pdf = MailAttachment(file_name(title, "pdf"), "application/pdf", page_document.pdf(page))
        files.append(_ReportFile(pdf, None))
    if "xlsx" in names:
        rows = sum(len(table.rows) for table in tables)
        workbook = table_process.xlsx(page_workbook(page))
        files.append(_ReportFile(MailAttachment(file_name(title, "xlsx"), XLSX_TYPE, workbook), rows))
    if "csv" in names:
        for table in tables:
            csv = MailAttachment(file_name(table.title, "csv"), CSV_TYPE, table.csv())
            files.append(_ReportFile(csv, len(table.rows)))
    return files


def _attached(mail: MailContent, files: Sequence[_ReportFile]) -> list[_ReportFile]:
    """Return the files that fit into a mail, the smallest first to be taken; the others' links have room in it, too."""
    if mail.with_attachments(*(each.attachment for each in files)).size <= MOST_BYTES:
        return list(files)
    kept: list[_ReportFile] = []
    for file in sorted(files, key=lambda each: len(each.attachment.content)):
        if mail.with_attachments(*(each.attachment for each in (*kept, file))).size > MOST_BYTES - _BYTES_OF_LINKS:
            break
        kept.append(file)
    return [file for file in files if file in kept]


def _link(file: _ReportFile, context: ReportContext, base: str, actor: str) -> MailLink:
    content = file.attachment
    hosted = host_file(context.settings, context.state, context.queue, base, content.file_name, content.content, actor)
    return MailLink(file.label, hosted.url)
