"""What can be done with a report besides changing it: send it, pause it, copy it, hand it over, delete it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from lib.access.owners import Owner
from lib.access.users import Role
from lib.configuration.addresses import plain_address
from lib.delivery.mail_rules import may_get_mail
from lib.errors import CallboardError, InvalidParameterError
from lib.errors.parameter_codes import ParameterCode
from lib.errors.report_codes import ReportCode
from lib.i18n import t, t_plural
from lib.scheduled_reports.content import find_view
from lib.scheduled_reports.definition import MAX_NAME
from lib.scheduled_reports.repository import ReportStatus, ScheduledReport
from lib.ui import current_user, inputs, markdown, report_draft
from lib.ui.draft_session import NEW
from lib.ui.outcome import Outcome
from lib.ui.recipient_inputs import EXAMPLE
from lib.ui.report_draft import ReportDraft
from lib.workspace import Workspace

OUTCOME = Outcome("report")

_TO, _NEXT_OWNER = "_report_to", "_report_next_owner"


def draw(space: Workspace, report: ScheduledReport, draft: ReportDraft) -> None:
    """Draw the buttons of a report."""
    name = markdown.text(report.name)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="cb-report-actions"):
        if space.settings.mail_server is not None:
            _send_to_me(space, report)
            _send_to_all(space, report)
        if report.definition.schedule is not None:
            paused = report.status is ReportStatus.PAUSED
            _button(
                t("Resume") if paused else t("Pause"),
                "play_arrow" if paused else "pause",
                _resume if paused else _pause,
                space,
                report,
            )
        _button(t("Duplicate"), "content_copy", _duplicate, space, report)
        _hand_over(space, report)
        with st.popover(t("Delete"), icon=":material/delete:", key=draft.key("delete")):
            st.markdown(t("The report and its history go for good, and what is on its way goes no further."))
            st.button(
                t("Delete {name}", name=name),
                key=draft.key("delete-now"),
                on_click=current_user.acting(_delete, Role.ANALYST),
                args=(space, report.id),
            )


def _send_to_me(space: Workspace, report: ScheduledReport) -> None:
    person = current_user.current()
    if person.email is not None:
        st.button(
            t("Send to me now"),
            icon=":material/send:",
            key="report-send-me",
            help=t("Sends what is saved to {address} alone.", address=markdown.text(person.email)),
            on_click=current_user.acting(_send, Role.ANALYST),
            args=(space, report.id, person.email),
        )
    elif not space.settings.has_login:
        with st.popover(t("Send to me now"), icon=":material/send:", key="report-send-me"):
            inputs.text_input(t("Your address"), key=_TO, placeholder=EXAMPLE)
            st.button(
                t("Send"),
                key="report-send-me-now",
                on_click=current_user.acting(_send_to_typed, Role.ANALYST),
                args=(space, report.id),
            )


def _send_to_all(space: Workspace, report: ScheduledReport) -> None:
    count = len(report.definition.recipients)
    if not count:
        return
    with st.popover(t("Send to all now"), icon=":material/outgoing_mail:", key="report-send-all"):
        st.markdown(
            t_plural("It goes to {count} recipient at once.", "It goes to all {count} recipients at once.", count)
        )
        st.button(
            t("Send"),
            key="report-send-all-now",
            on_click=current_user.acting(_send, Role.ANALYST),
            args=(space, report.id, None),
        )


def _button(
    label: str, icon: str, act: Callable[[Workspace, str], None], space: Workspace, report: ScheduledReport
) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"report-{icon}",
        on_click=current_user.acting(act, Role.ANALYST),
        args=(space, report.id),
    )


def _hand_over(space: Workspace, report: ScheduledReport) -> None:
    """Draw whom a report may be handed over to, where there is somebody."""
    others = {
        each.id: each.actor for each in space.people.all() if each.may(Role.ANALYST) and each.id != report.owner.id
    }
    if not others:
        return
    with st.popover(t("Hand over"), icon=":material/person_add:", key="report-hand-over"):
        st.markdown(t("It then goes by what its new owner may see, and only they and admins can change it."))
        inputs.selectbox(t("New owner"), list(others), format_func=lambda who: others.get(who, who), key=_NEXT_OWNER)
        st.button(
            t("Hand over now"),
            key="report-hand-over-now",
            on_click=current_user.acting(_give, Role.ANALYST),
            args=(space, report.id),
        )


def _send_to_typed(space: Workspace, number: str) -> None:
    typed = str(st.session_state.get(_TO, ""))
    address = plain_address(typed)
    has_account = address in report_draft.people(space)
    if not address:
        OUTCOME.failed(InvalidParameterError("recipients", ParameterCode.NOT_AN_EMAIL, value=typed[:100]))
    elif not may_get_mail(address, space.settings.mail_domain_names, has_account=has_account):
        OUTCOME.failed(InvalidParameterError("recipients", ReportCode.RECIPIENT_NOT_ALLOWED, value=address[:100]))
    else:
        _send(space, number, address)


def _send(space: Workspace, number: str, address: str | None) -> None:
    report = report_draft.stored(space, number)
    if report is None:
        return
    try:
        space.outgoing.send_now(report, address)
    except CallboardError as error:
        OUTCOME.failed(error)
        return
    name = markdown.text(report.name)
    if address is None:
        OUTCOME.done(t("{name} is on its way to all of its recipients.", name=name))
    else:
        OUTCOME.done(t("{name} is on its way to {address}.", name=name, address=markdown.text(address)))


def _pause(space: Workspace, number: str) -> None:
    _change(space, number, space.outgoing.reports.pause)


def _resume(space: Workspace, number: str) -> None:
    _change(space, number, space.outgoing.reports.resume)


def _change(space: Workspace, number: str, act: Callable[[str, str], ScheduledReport]) -> None:
    if report_draft.stored(space, number) is None:
        return
    try:
        report_draft.follow(act(number, current_user.actor()))
    except CallboardError as error:  # somebody else deleted it
        OUTCOME.failed(error)


def _duplicate(space: Workspace, number: str) -> None:
    report = report_draft.stored(space, number)
    if report is None:
        return
    form = report_draft.form(space, report)
    report_draft.SESSION.begin(NEW, replace(form, name=t("{name} (copy)", name=report.name)[:MAX_NAME]))
    OUTCOME.done(t("A copy is in the editor below; nothing is saved yet."))


def _give(space: Workspace, number: str) -> None:
    report, person = report_draft.stored(space, number), space.people.get(str(st.session_state.get(_NEXT_OWNER, "")))
    if report is None or person is None or not person.may(Role.ANALYST):
        return
    to, view = Owner.of_user(person), report.definition.view
    if view is not None and find_view(space, view, to) is None:
        OUTCOME.failed(
            t(
                "{who} does not see the saved view that this report is of. Share the view first.",
                who=markdown.text(person.actor),
            )
        )
        return
    try:
        report_draft.follow(space.outgoing.reports.hand_over(number, to, current_user.actor()))
    except CallboardError as error:  # somebody else deleted it
        OUTCOME.failed(error)
        return
    OUTCOME.done(t("{name} is {who}'s now.", name=markdown.text(report.name), who=markdown.text(person.actor)))


def _delete(space: Workspace, number: str) -> None:
    report = report_draft.stored(space, number)
    if report is None:
        return
    try:
        space.outgoing.reports.delete(number, current_user.actor())
    except CallboardError:
        return  # somebody else was quicker, and the page that is drawn next says so
    report_draft.begin_with(space, NEW)
    OUTCOME.done(t("{name} is deleted.", name=markdown.text(report.name)))
