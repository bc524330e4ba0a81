"""What a report is of, how it stands and how its runs ended, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lib.access.actors import actor_in_words
from lib.analytics import queries
from lib.analytics.calendar import Calendar
from lib.analytics.grants import Grant
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import Catalog
from lib.delivery.outbox import DeliveryStatus
from lib.exports.reports import REPORT_LABELS
from lib.i18n import t, t_plural
from lib.reports import filter_text, formatting, page_parameters
from lib.reports.page_links import OPENED
from lib.reports.pages import PAGES
from lib.reports.period_labels import OWN, PRESET_LABELS
from lib.reports.words import Joined, Words, formatted, text
from lib.scheduled_reports.report_form import OF_VIEW, ReportForm, Subject
from lib.scheduled_reports.repository import PauseReason, ReportStatus, ScheduledReport
from lib.scheduled_reports.runs import RunReason, RunStatus

SUBJECT_LABELS = {Subject.PAGE: "A page", Subject.VIEW: "A saved view", Subject.EXPORT: "An export"}
"""What a report may be of."""

PERIOD_LABELS = {OF_VIEW: "As in the view", **PRESET_LABELS, OWN: "Fixed dates"}
"""What the periods of reports are called."""

REASON_LABELS = {RunReason.SCHEDULE: "Schedule", RunReason.IMPORT: "Import", RunReason.HAND: "By hand"}
"""What made a report due."""

RUN_LABELS = {
    RunStatus.QUEUED: "Waiting",
    RunStatus.SENDING: "Sending",
    RunStatus.SENT: "Sent",
    RunStatus.FAILED: "Failed",
    RunStatus.SKIPPED: "Skipped",
}
"""How a run stands, or ended."""

DELIVERY_LABELS = {
    DeliveryStatus.QUEUED: "Waiting",
    DeliveryStatus.SENDING: "Sending",
    DeliveryStatus.SENT: "Sent",
    DeliveryStatus.FAILED: "Failed",
    DeliveryStatus.SKIPPED: "Not sent",
}
"""How a mail stands, or ended."""


@dataclass(frozen=True, slots=True)
class ReportWording:
    """Says what reports are of, by names that who reads it may see."""

    answers: QueryCache
    calendar: Calendar
    catalog: Catalog
    grant: Grant
    views: Mapping[str, str]  # the names of saved views by their ids

    def subject(self, form: ReportForm) -> Words:
        """Return what a report is of: the page, view or export, its period and its filters."""
        return Joined((self._title(form), *self._period(form), *self.filters(form)))

    def filters(self, form: ReportForm) -> tuple[Words, ...]:
        """Return the filters of a report, one by one."""
        filters = page_parameters.parse(form.parameters, self.calendar.zone, self.catalog).filters
        within = replace(filters, grant=self.grant)
        _, *words = filter_text.selection(self.answers, within, ResolvedPeriod(None, None))
        return tuple(words)

    def _title(self, form: ReportForm) -> Words:
        match form.subject:
            case Subject.VIEW:
                name = self.views.get(form.view)
                return text("A view that is gone") if name is None else text("View {name}", name=name)
            case Subject.EXPORT:
                label = text(REPORT_LABELS.get(form.export, form.export))
                return text("Export: {label} ({format})", label=label, format=form.file_format.upper())
        page = PAGES.get(form.page)
        if page is None:
            return form.page
        opened = form.parameters.get(OPENED, ())
        if page.dimension is None or not opened:
            return page.title
        members = self.answers.run(queries.options, page.dimension, self.grant, self.catalog)
        member = next((each for each in members if each.parameter_value == opened[0]), None)
        group: Words = opened[0] if member is None else formatted(formatting.member_name, member)
        return text("{page}: {name}", page=page.title, name=group)

    def _period(self, form: ReportForm) -> Sequence[Words]:
        if form.period == OWN:
            return (formatted(filter_text.period, ResolvedPeriod(form.first_day, form.last_day)),)
        return () if form.period == OF_VIEW else (text(PERIOD_LABELS[form.period]),)


def status_text(report: ScheduledReport) -> str:
    """Return whether a report goes out by itself, and why not where it does not."""
    if report.status is ReportStatus.ACTIVE:
        return t("Active")
    if report.pause_reason is None:
        return t("Paused")
    if report.pause_reason is PauseReason.RESTORED:
        return t("Paused: restored from a backup")
    return t("Paused: {owner} has no access any more", owner=actor_in_words(report.owner.actor))


def recipients_text(count: int) -> str:
    """Return how many a report goes to."""
    return t_plural("{count} recipient", "{count} recipients", count)
