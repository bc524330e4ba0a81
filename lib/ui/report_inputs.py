"""The inputs of a report that is being written: what it is of, when it goes out, and as what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import streamlit as st

from lib.access.users import Role
from lib.analytics.calendar import FIRST_DAY, LAST_DAY, Granularity
from lib.delivery.schedule import parse_schedule
from lib.delivery.schedule_choice import (
    ScheduleChoice,
    ScheduleKind,
    zone_name,
)
from lib.errors import InvalidParameterError
from lib.exports.reports import FORMATS, REPORT_LABELS, REPORTS
from lib.i18n import LANGUAGES, dated, t
from lib.reports.page_links import ALL_TIME
from lib.reports.pages import PAGES
from lib.reports.period_labels import OWN, START
from lib.reports.period_presets import PRESETS
from lib.scheduled_reports.definition import ATTACHMENTS, MAX_NAME
from lib.scheduled_reports.report_form import OF_VIEW, ReportForm, Subject, parameters_for
from lib.scheduled_reports.report_text import PERIOD_LABELS, SUBJECT_LABELS, ReportWording
from lib.scheduled_reports.repository import NEXT_TIMES
from lib.ui import current_user, inputs, markdown, report_draft, schedule_inputs
from lib.ui.report_draft import ReportDraft
from lib.workspace import Workspace


def subject(space: Workspace, draft: ReportDraft, wording: ReportWording) -> ReportForm:
    """Draw what a report is called and of what it is; return the draft's form with what these inputs say."""
    values: dict[str, Any] = {
        "name": st.text_input(
            t("Name"), key=report_draft.filled(draft, "name"), max_chars=MAX_NAME, placeholder=t("Monday quality")
        )
    }
    values["subject"] = inputs.radio(
        t("Content"),
        list(Subject),
        format_func=lambda each: t(SUBJECT_LABELS[each]),
        key=report_draft.filled(draft, "subject"),
        horizontal=True,
    )
    match values["subject"]:
        case Subject.VIEW:
            values |= _view(draft, wording)
        case Subject.EXPORT:
            values |= _export(draft)
        case _:
            values["page"] = inputs.selectbox(
                t("Page"),
                list(PAGES),
                format_func=lambda name: str(PAGES[name].title),
                key=report_draft.filled(draft, "page"),
            )
            values["parameters"] = parameters_for(values["page"], draft.start, space.catalog)
    form = draft.start.replaced(values)
    form = form.replaced(_period(space, draft, form))
    if form.subject is not Subject.VIEW:
        _filters(space, draft, wording, form)
    return form


def schedule(draft: ReportDraft) -> ScheduleChoice:
    """Draw when a report goes out, and when that is next; return what is chosen."""
    chosen = schedule_inputs.draw(
        lambda field: report_draft.filled(draft, field), draft.start.when, list(ScheduleKind), t("When"), _two_columns
    )
    _next_times(chosen)
    return chosen


def look(draft: ReportDraft, form: ReportForm) -> dict[str, Any]:
    """Draw as what a report goes out, and in which language; return what is chosen."""
    values: dict[str, Any] = {}
    left, right = st.columns(2)
    if form.subject is not Subject.EXPORT:
        values["attachments"] = tuple(
            inputs.multiselect(
                t("Attached files"),
                ATTACHMENTS,
                format_func=str.upper,
                key=report_draft.filled(draft, "attachments"),
                place=left,
                placeholder=t("No files"),
                help=t("The mail itself shows the page; files above 5 MB go along as links."),
            )
        )
    else:
        left.caption(t("The file is attached; above 5 MB it goes along as a link."))
    values["language"] = inputs.selectbox(
        t("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key=report_draft.filled(draft, "language"),
        place=right,
    )
    return values


def _two_columns() -> tuple[Any, Any]:
    left, right = st.columns(2)
    return left, right


def _view(draft: ReportDraft, wording: ReportWording) -> dict[str, Any]:
    if not wording.views:
        st.caption(t("There is no saved view yet: save one in the sidebar of a page."))
        return {"view": ""}
    view = inputs.selectbox(
        t("Saved view"),
        list(wording.views),
        format_func=lambda number: wording.views.get(number, number),
        key=_offered(draft, "view", wording.views),
    )
    return {"view": view}


def _export(draft: ReportDraft) -> dict[str, Any]:
    places = iter(st.columns(3))
    values = {
        "export": inputs.selectbox(
            t("Report"),
            REPORTS,
            format_func=lambda name: t(REPORT_LABELS[name]),
            key=report_draft.filled(draft, "export"),
            place=next(places),
        ),
        "file_format": inputs.selectbox(
            t("Format"),
            FORMATS,
            format_func=str.upper,
            key=report_draft.filled(draft, "file_format"),
            place=next(places),
        ),
    }
    if values["export"] == "trends":
        values["granularity"] = inputs.selectbox(
            t("Interval (trend)"),
            [each.value for each in Granularity],
            format_func=lambda value: t(value.capitalize()),
            key=report_draft.filled(draft, "granularity"),
            place=next(places),
        )
    return values


def _period(space: Workspace, draft: ReportDraft, form: ReportForm) -> dict[str, Any]:
    """Draw which period a report has; return it, with its days where these are fixed."""
    names = [*PRESETS, ALL_TIME, OWN]
    if form.subject is Subject.VIEW:
        names.insert(0, OF_VIEW)
    if form.can_begin_as_pages_do(space.catalog):
        names.insert(0, START)
    period = inputs.selectbox(
        t("Period"),
        names,
        format_func=lambda name: t(PERIOD_LABELS[name]),
        key=_offered(draft, "view_period" if form.subject is Subject.VIEW else "period", names),
        help=t("A period with a name is looked up anew each time that the report goes out."),
    )
    values: dict[str, Any] = {"period": period}
    if period == OWN:
        for place, label, field in zip(
            st.columns(2, gap="small"), (t("From"), t("To")), ("first_day", "last_day"), strict=True
        ):
            key = report_draft.filled(draft, field)
            values[field] = inputs.day_input(label, key, place=place, min_value=FIRST_DAY, max_value=LAST_DAY)
    return values


def _filters(space: Workspace, draft: ReportDraft, wording: ReportWording, form: ReportForm) -> None:
    """Say which filters a report has, and draw what changes them."""
    words = [markdown.text(str(each)) for each in wording.filters(form)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(t("Filters: {filters}", filters=" · ".join(words) if words else t("none")), width="content")
        st.button(
            t("Choose filters on the page"),
            icon=":material/filter_alt:",
            key=draft.key("filters"),
            type="tertiary",
            on_click=current_user.acting(report_draft.change_filters, Role.ANALYST),
            args=(space, draft, form),
        )


def _next_times(chosen: ScheduleChoice) -> None:
    """Say when a schedule is due next, or what is wrong with it."""
    if chosen.kind is ScheduleKind.CRON and not chosen.cron.strip():
        st.caption(t("The next times are listed here once the line is complete."))
        return
    try:
        read = parse_schedule(chosen.to_json())
    except InvalidParameterError as error:
        st.error(markdown.problem(error))
        return
    if read is None:
        st.caption(t("It goes out only when somebody presses Send."))
    elif read.is_after_import:
        st.caption(t("It goes out once the data of its period are in, at most once for each period."))
    else:
        times = read.times_after(datetime.now(UTC), NEXT_TIMES)
        listed = " · ".join(f"{dated(due, 'EEE d MMM y')}, {due:%H:%M}" for due in times)
        st.caption(t("Next: {times} ({zone})", times=listed, zone=zone_name(chosen.timezone)))


def _offered(draft: ReportDraft, field: str, options: Any) -> str:
    """Return the key of a list whose options differ from time to time; it holds one of them."""
    key = report_draft.filled(draft, field)
    if st.session_state[key] not in options:
        st.session_state[key] = next(iter(options))
    return key
