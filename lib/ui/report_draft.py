"""A report that is being written: what it began as, and what its inputs hold, also while another page is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import streamlit as st

from lib.access.owners import Owner
from lib.access.users import Role, User
from lib.i18n import current as current_language
from lib.reports.pages import overview
from lib.reports.period_labels import OWN
from lib.reports.period_presets import with_dates
from lib.scheduled_reports.definition import as_parameters
from lib.scheduled_reports.report_form import OF_VIEW, ReportForm, Subject, form_of, page_values
from lib.scheduled_reports.repository import ScheduledReport
from lib.ui import current_user, url_state
from lib.ui.draft_session import NEW, DraftSession, FormDraft
from lib.workspace import Workspace

PATH = "reports"
"""The URL path of the page Reports."""

SESSION: DraftSession[ReportForm] = DraftSession("report")
CHOSEN = SESSION.chosen
WIDGETS = (
    *("name", "subject", "page", "view", "export", "file_format", "granularity"),
    *("period", "view_period", "first_day", "last_day"),
    *("kind", "time", "weekday", "month_day", "cron", "timezone"),
    *("people", "addresses", "attachments", "language"),
)
"""The fields that are inputs."""

_CHANGING = "_report_changing"

ReportDraft: TypeAlias = FormDraft[ReportForm]


def visible(space: Workspace) -> list[ScheduledReport]:
    """Return the visitor's reports, everybody's for an admin."""
    return space.outgoing.reports.all(_owner_of_visible())


def stored(space: Workspace, number: str) -> ScheduledReport | None:
    """Return one of these reports as it is now; None where there is none of the id."""
    return space.outgoing.reports.get(number, _owner_of_visible()) if number != NEW else None


def owner() -> Owner:
    """Return the visitor as the owner of reports."""
    return Owner.of_user(current_user.current())


def current_owner(space: Workspace) -> Owner:
    """Return whose the report is that is written: the visitor's where it is new."""
    report = stored(space, current(space).id)
    return owner() if report is None else report.owner


def people(space: Workspace) -> dict[str, User]:
    """Return who has an account by which mail reaches them, by their addresses."""
    return {each.email: each for each in space.people.all() if each.email is not None}


def current(space: Workspace) -> ReportDraft:
    """Return what is being written; where nothing is, or its report went, a new one."""
    draft = SESSION.draft
    if draft is None or (not draft.is_new and stored(space, draft.id) is None):
        return SESSION.begin(NEW, _blank(space))
    return draft


def begin_with(space: Workspace, number: str) -> None:
    """Begin to change a report, or to write a new one."""
    report = stored(space, number)
    if report is None:
        SESSION.begin(NEW, _blank(space))
    else:
        SESSION.begin(number, form(space, report), report.version)


def follow(report: ScheduledReport) -> None:
    """Note that the visitor has changed a report besides its inputs, which stay as they are."""
    SESSION.follow(report.id, report.version)


def form(space: Workspace, report: ScheduledReport) -> ReportForm:
    """Return what a form holds of a report."""
    return form_of(report.definition, people(space).keys(), space.catalog, space.settings.zone)


def filled(draft: ReportDraft, field: str) -> str:
    """Return the key of an input that is drawn next; it holds what it last did, or what the draft begins with."""
    return SESSION.filled(draft, field, _beginning)


def keep(draft: ReportDraft) -> None:
    """Remember what the inputs hold."""
    SESSION.keep(draft, WIDGETS)


def change_filters(space: Workspace, draft: ReportDraft, now: ReportForm) -> None:
    """Open the page of the report that is written, where its filters are chosen and brought back."""
    keep(draft)
    st.session_state[_CHANGING] = draft.number
    parameters = with_dates(as_parameters(now.to_body(space.catalog)["parameters"]), space.calendar)
    url_state.go("" if now.page == overview.PAGE.name else now.page, parameters)


def is_changing() -> bool:
    """Return whether the filters of a report that is being written are chosen on its page."""
    draft = SESSION.draft
    return draft is not None and st.session_state.get(_CHANGING) == draft.number


def end_changing() -> None:
    """Forget that filters are being chosen on a page: the visitor came back without them."""
    st.session_state.pop(_CHANGING, None)


def take_page(space: Workspace) -> None:
    """Go to the page Reports with the page that is looked at: for the report that is written, or for a new one."""
    session, zone = st.session_state, space.settings.zone
    parameters = url_state.parameters(zone)
    values = page_values(session.get("_page", ""), parameters, session.get("_preset", OWN), space.catalog, zone)
    draft = SESSION.draft
    if draft is not None and is_changing():
        held = {name: value for name, value in SESSION.values.items() if name not in values}
        SESSION.begin(draft.id, replace(draft.start, **values), draft.version, held)
    else:
        SESSION.begin(NEW, replace(_blank(space), **values))
    end_changing()
    url_state.go(PATH, parameters)


def _owner_of_visible() -> Owner | None:
    return None if current_user.may(Role.ADMIN) else owner()


def _blank(space: Workspace) -> ReportForm:
    address = current_user.current().email
    return ReportForm.begin(space.settings.zone.key, current_language(), () if address is None else (address,))


def _beginning(start: ReportForm, field: str) -> Any:
    if field in ("time", "weekday", "month_day", "cron", "timezone", "kind"):
        return getattr(start.when, field)
    if field == "view_period":
        return start.period if start.subject is Subject.VIEW else OF_VIEW
    value = getattr(start, field)
    return list(value) if isinstance(value, tuple) else value
