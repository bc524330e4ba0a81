"""The Reports page's list: what goes out, when, to how many, how it stands and how it went last."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from lib.access.actors import actor_in_words
from lib.access.owners import Owner
from lib.access.users import Role
from lib.delivery.schedule_choice import schedule_words
from lib.i18n import t, t_plural
from lib.reports import formatting, job_text
from lib.reports.table import MOST_ROWS
from lib.scheduled_reports.content import views_owner
from lib.scheduled_reports.report_text import RUN_LABELS, ReportWording, status_text
from lib.scheduled_reports.repository import ScheduledReport
from lib.scheduled_reports.runs import ReportRun
from lib.ui import current_user, data_grid, page_layout, report_draft, report_editor
from lib.workspace import Workspace

WIDTHS = (170, 220, 185, 140, 80, 190)
"""Pixels of the first columns, as far as they are seen without scrolling."""


def show(space: Workspace) -> None:
    """Draw the visitor's reports, everybody's for an admin, and the editor."""
    if space.settings.mail_server is None:
        st.info(
            t(
                "Mail is not set up, so no report goes out. Reports can be made and previewed all the same. To set it "
                "up, start Callboard with `CALLBOARD_SMTP_URL`, such as `smtp://user:password@mail.example.com:587`, "
                "and `CALLBOARD_MAIL_FROM`, such as `Callboard <calls@example.com>`."
            ),
            icon=":material/mail:",
        )
    reports = report_draft.visible(space)
    _listing(space, reports)
    report_editor.show(space, reports, wording(space, report_draft.current_owner(space)))


def wording(space: Workspace, owner: Owner) -> ReportWording:
    """Return what says in words what the reports of an owner are of, within what the visitor may see."""
    saved = space.views.all(views_owner(owner))
    views = {each.id: each.name for each in saved if current_user.can_view(space, each)}
    return ReportWording(space.answers, space.calendar, space.catalog, current_user.current().grant, views)


def _listing(space: Workspace, reports: list[ScheduledReport]) -> None:
    if not reports:
        page_layout.empty(
            t("No reports yet"),
            t("A report sends a page, a saved view or an export by mail, as often as you choose. Make one below."),
        )
        return
    listed = reports[:MOST_ROWS]
    last = space.outgoing.runs.last_of([each.id for each in listed])
    of_owner = {each.owner.id: wording(space, each.owner) for each in listed}
    has_owners = current_user.may(Role.ADMIN) and space.settings.has_login
    labels = (t("Name"), t("Content"), t("When"), t("Next"), t("Status"), t("Last run"), t("Recipients"), t("Owner"))
    column_count = len(labels) if has_owners else len(labels) - 1
    rows = []
    for each in listed:
        due = next(iter(each.next_times(datetime.now(UTC))), None)
        values = (
            each.name,
            str(of_owner[each.owner.id].subject(report_draft.form(space, each))),
            str(schedule_words(each.definition.schedule)),
            "" if due is None else formatting.instant(due),
            status_text(each),
            _last_run(space, last.get(each.id)),
            len(each.definition.recipients),
            actor_in_words(each.owner.actor),
        )
        rows.append(values[:column_count])
    data_grid.draw_list(
        labels[:column_count],
        rows,
        lambda row: report_draft.begin_with(space, listed[row].id),
        widths=WIDTHS,
        key="reports-list",
        alt=t_plural("{count} report that goes out by mail", "{count} reports that go out by mail", len(rows)),
    )
    data_grid.say_cut(len(rows), len(reports), t("by name"))


def _last_run(space: Workspace, run: ReportRun | None) -> str:
    if run is None:
        return ""
    when = formatting.instant(run.due_at.astimezone(space.settings.zone))
    words = f"{t(RUN_LABELS[run.status])}, {when}"
    return words if run.error is None else f"{words}: {job_text.in_words(run.error)}"
