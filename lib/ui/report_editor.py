"""The Reports page's editor: a new report or one that is there, what it would send, and what saves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from lib.access.owners import Owner
from lib.access.users import User
from lib.analytics import queries
from lib.configuration.addresses import plain_address
from lib.errors import CallboardError, InvalidParameterError
from lib.errors.report_codes import ReportCode
from lib.i18n import t, t_plural
from lib.reports import job_text
from lib.scheduled_reports.content import find_view
from lib.scheduled_reports.definition import DefinitionReader, ReportDefinition
from lib.scheduled_reports.report_form import ReportForm
from lib.scheduled_reports.report_text import ReportWording
from lib.scheduled_reports.repository import ScheduledReport
from lib.ui import (
    current_user,
    edit_conflict,
    inputs,
    markdown,
    page_address,
    recipient_inputs,
    report_actions,
    report_draft,
    report_history,
    report_inputs,
    report_preview,
)
from lib.ui.draft_session import NEW
from lib.ui.report_draft import CHOSEN, ReportDraft
from lib.workspace import Workspace


def show(space: Workspace, reports: list[ScheduledReport], wording: ReportWording) -> None:
    """Draw the choice of a report, what can be done with it, its inputs, its preview and its history."""
    st.subheader(t("Make or change a report"), anchor=False)
    report_actions.OUTCOME.draw()
    report_draft.end_changing()
    draft = report_draft.current(space)
    _choice(space, reports, draft)
    report = report_draft.stored(space, draft.id)
    if report is not None:
        report_actions.draw(space, report, draft)
        if report.version > draft.version:
            edit_conflict.draw(
                t("Someone changed this report meanwhile. Your inputs are kept, and nothing is saved yet."),
                draft.key,
                lambda: report_draft.begin_with(space, report.id),
                lambda: report_draft.SESSION.overwrite(report.version),
            )
    people = report_draft.people(space)
    form = _inputs(space, draft, wording, people)
    report_draft.keep(draft)
    owner = report_draft.owner() if report is None else report.owner
    _save_or_preview(space, draft, form, owner, people)
    if report is not None:
        report_history.show(space, report)


def _choice(space: Workspace, reports: list[ScheduledReport], draft: ReportDraft) -> None:
    labels = {NEW: t("New report"), **{each.id: each.name for each in reports}}
    report_draft.SESSION.fill_choice(draft)
    inputs.selectbox(
        t("Report"),
        list(labels),
        format_func=lambda number: labels.get(number, number),
        key=CHOSEN,
        width=380,
        on_change=_choose,
        args=(space,),
    )


def _choose(space: Workspace) -> None:
    report_draft.begin_with(space, str(st.session_state.get(CHOSEN, NEW)))


def _inputs(space: Workspace, draft: ReportDraft, wording: ReportWording, people: Mapping[str, User]) -> ReportForm:
    left, right = st.columns(2, gap="large")
    with left:
        form = report_inputs.subject(space, draft, wording)
    with right:
        form = replace(form, when=report_inputs.schedule(draft))
        chosen = recipient_inputs.choose(
            space, lambda field: report_draft.filled(draft, field), draft.start, people, _without_account
        )
        form = form.replaced(chosen)
        if not draft.is_new:
            recipient_inputs.say_unsubscribed(space, draft.id, (*form.people, *form.addresses))
        return form.replaced(report_inputs.look(draft, form))


def _without_account(addresses: str, count: int) -> str:
    return t_plural(
        "{addresses} has no account here and gets all that the owner of the report may see.",
        "{addresses} have no account here and get all that the owner of the report may see.",
        count,
        addresses=addresses,
    )


def _save_or_preview(
    space: Workspace, draft: ReportDraft, form: ReportForm, owner: Owner, people: Mapping[str, User]
) -> None:
    """Draw what saves a report and what shows its mail, and do what is pressed."""
    with st.container(horizontal=True, gap="small"):
        saves = st.button(t("Save"), type="primary", icon=":material/save:", key=draft.key("save"))
        previews = st.button(t("Preview"), icon=":material/visibility:", key=draft.key("preview"))
    body = {**form.to_body(space.catalog), "base_url": page_address.base_url()}
    if saves:
        _save(space, draft, body, owner, people)
    # What a mail says depends neither on when it goes out nor to whom.
    bare = {**body, "name": form.name.strip() or t("New report"), "recipients": [], "schedule": None}
    try:
        definition = _read(space, bare, owner, people)
    except CallboardError as error:
        if previews:
            st.error(_in_words(error))
        return
    if previews:
        report_preview.make(space, definition, owner)
    report_preview.draw_made(space, definition)


def _save(
    space: Workspace, draft: ReportDraft, body: Mapping[str, Any], owner: Owner, people: Mapping[str, User]
) -> None:
    """Save the report where it can be, and begin anew with what is stored then."""
    try:
        definition = _read(space, body, owner, people)
        reports, before = space.outgoing.reports, report_draft.stored(space, draft.id)
        if before is None:
            version = space.answers.run(queries.status).data_version
            saved = reports.add(definition, owner, version)
        else:
            saved = reports.change(before.id, definition, current_user.actor(), draft.version)
    except CallboardError as error:
        st.error(_in_words(error))
        return
    report_draft.begin_with(space, saved.id)
    report_actions.OUTCOME.done(t("{name} is saved.", name=markdown.text(saved.name)))
    st.rerun()


def _read(space: Workspace, body: Mapping[str, Any], owner: Owner, people: Mapping[str, User]) -> ReportDefinition:
    """Return what a body orders for an owner. Raises InvalidParameterError naming the field."""
    addresses = [plain_address(each) for each in body["recipients"]]
    accounts = {each: each in people for each in addresses if each}
    reader = DefinitionReader(space.catalog, space.calendar, accounts, space.settings.mail_domain_names)
    definition = reader.read(body)
    if definition.view is not None and find_view(space, definition.view, owner) is None:
        raise InvalidParameterError("view", ReportCode.NO_VIEW_OF_REPORT, value=definition.view[:20])
    return definition


def _in_words(error: CallboardError) -> str:
    """Return what is wrong with a report, by what its fields are called."""
    if isinstance(error, InvalidParameterError) and error.parameter == "name":
        reason = error.reason
        return markdown.text(job_text.in_words(replace(reason, values={**reason.values, "parameter": t("Name")})))
    return markdown.problem(error)
