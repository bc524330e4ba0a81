"""What can be done with an alert besides changing it: check it, snooze it, acknowledge it, pause it, delete it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from lib.access.users import Role
from lib.alerts import alert_text
from lib.alerts.alert import Alert, AlertStatus
from lib.alerts.figures_text import AlertFigures, hours_text
from lib.alerts.service import MAX_REMARK
from lib.alerts.states import MemberState
from lib.errors import CallboardError
from lib.i18n import t
from lib.ui import alert_draft, current_user, inputs, markdown
from lib.ui.alert_draft import AlertDraft
from lib.ui.draft_session import NEW
from lib.ui.outcome import Outcome
from lib.workspace import Workspace

SNOOZE_HOURS = (1, 4, 8, 24, 72, 168, 720)
"""For how long an alert may be snoozed."""

ALL = "*all"
"""What is chosen for all members that fire."""

OUTCOME = Outcome("alert")

_HOURS, _REMARK, _MEMBER = "_alert_hours", "_alert_remark", "_alert_member"


def draw(space: Workspace, alert: Alert, draft: AlertDraft) -> None:
    """Draw the buttons of an alert."""
    is_paused = alert.status is AlertStatus.PAUSED
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="cb-alert-actions"):
        if not is_paused:
            _button(t("Check now"), "refresh", _check, space, alert)
            _snooze(space, alert, draft)
        _acknowledge(space, alert, draft)
        _button(
            t("Resume") if is_paused else t("Pause"),
            "play_arrow" if is_paused else "pause",
            _resume if is_paused else _pause,
            space,
            alert,
        )
        with st.popover(t("Delete"), icon=":material/delete:", key=draft.key("delete")):
            st.markdown(t("The alert and its history go for good, and what is on its way goes no further."))
            st.button(
                t("Delete {name}", name=markdown.text(alert.definition.name)),
                key=draft.key("delete-now"),
                on_click=current_user.acting(_delete, Role.ANALYST),
                args=(space, alert.id),
            )


def _button(label: str, icon: str, act: Callable[[Workspace, str], None], space: Workspace, alert: Alert) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"alert-{icon}",
        on_click=current_user.acting(act, Role.ANALYST),
        args=(space, alert.id),
    )


def _snooze(space: Workspace, alert: Alert, draft: AlertDraft) -> None:
    if alert.is_snoozed(datetime.now(UTC)):
        _button(t("End the snooze"), "notifications_active", _wake, space, alert)
        return
    with st.popover(t("Snooze"), icon=":material/snooze:", key=draft.key("snooze")):
        st.markdown(t("It is checked as before, and tells nobody; what fires still when that ends is told then."))
        inputs.selectbox(t("For"), SNOOZE_HOURS, format_func=lambda hours: hours_text(float(hours)), key=_HOURS)
        st.button(
            t("Snooze now"),
            key=draft.key("snooze-now"),
            on_click=current_user.acting(_snooze_now, Role.ANALYST),
            args=(space, alert.id),
        )


def _acknowledge(space: Workspace, alert: Alert, draft: AlertDraft) -> None:
    """Draw what says that somebody looks after what fires, where something does."""
    firing = {each.member: each for each in _firing(space, alert)}
    if not firing:
        return
    figures = AlertFigures(alert.definition, space.catalog, space.settings.zone)
    with st.popover(t("Acknowledge"), icon=":material/done_all:", key=draft.key("acknowledge")):
        st.markdown(t("Says that somebody looks after it: no reminders come until it has recovered."))
        if alert.definition.by is not None:
            labels = {ALL: t("All that fire"), **{number: figures.name(each) for number, each in firing.items()}}
            inputs.selectbox(
                t("Whose"), list(labels), format_func=lambda number: labels.get(number, number), key=_MEMBER
            )
        st.text_input(t("Remark"), key=_REMARK, max_chars=MAX_REMARK, placeholder=t("on it"))
        st.button(
            t("Acknowledge now"),
            key=draft.key("acknowledge-now"),
            on_click=current_user.acting(_acknowledge_now, Role.ANALYST),
            args=(space, alert.id),
        )


def _firing(space: Workspace, alert: Alert) -> list[MemberState]:
    states = [each for each in space.alerts.states(alert.id) if each.is_firing]
    return alert_text.visible(states, alert.definition, space.catalog, current_user.current().grant)


def check(space: Workspace, alert: Alert) -> None:
    """Check an alert at once; what fails is written down, and shown with its state."""
    if alert.status is AlertStatus.ACTIVE:
        space.alert_engine.check_now(alert.id, alert.owner_id, datetime.now(UTC))


def _check(space: Workspace, number: str) -> None:
    def checked(alert: Alert) -> None:
        check(space, alert)
        OUTCOME.done(t("{name} is checked.", name=markdown.text(alert.definition.name)))

    _act(space, number, checked)


def _snooze_now(space: Workspace, number: str) -> None:
    hours = st.session_state.get(_HOURS)
    _act(space, number, lambda alert: _snoozed(space, alert, {"hours": hours}))


def _wake(space: Workspace, number: str) -> None:
    _act(space, number, lambda alert: _snoozed(space, alert, None))


def _snoozed(space: Workspace, alert: Alert, body: dict[str, object] | None) -> None:
    alert_draft.service(space).snooze(alert.id, body, alert_draft.owner(alert), datetime.now(UTC))


def _acknowledge_now(space: Workspace, number: str) -> None:
    member = st.session_state.get(_MEMBER, ALL)
    remark = st.session_state.get(_REMARK)

    def acknowledged(alert: Alert) -> None:
        seen = [each.member for each in _firing(space, alert)]
        chosen = seen if alert.definition.by is None or member == ALL else [member]
        for each in chosen:
            body = {"remark": remark or "", "member": each}
            alert_draft.service(space).acknowledge(alert.id, body, alert_draft.owner(alert))
        st.session_state.pop(_REMARK, None)
        OUTCOME.done(t("{name} is acknowledged.", name=markdown.text(alert.definition.name)))

    _act(space, number, acknowledged)


def _pause(space: Workspace, number: str) -> None:
    _act(space, number, lambda alert: _set_status(space, alert, AlertStatus.PAUSED))


def _resume(space: Workspace, number: str) -> None:
    _act(space, number, lambda alert: _set_status(space, alert, AlertStatus.ACTIVE))


def _set_status(space: Workspace, alert: Alert, status: AlertStatus) -> None:
    grant = current_user.current().grant
    body = {"status": status.value}
    alert_draft.follow(alert_draft.service(space).change(alert.id, body, alert_draft.owner(alert), grant))


def _delete(space: Workspace, number: str) -> None:
    def deleted(alert: Alert) -> None:
        space.alerts.delete(alert.id, alert_draft.owner(alert))
        alert_draft.begin_with(space, NEW)
        OUTCOME.done(t("{name} is deleted.", name=markdown.text(alert.definition.name)))

    _act(space, number, deleted)


def _act(space: Workspace, number: str, act: Callable[[Alert], None]) -> None:
    """Do something with an alert that is still there, and have it said why where it can't be done."""
    alert = alert_draft.stored(space, number)
    if alert is None:
        return
    try:
        act(alert)
    except CallboardError as error:
        OUTCOME.failed(error)
