"""The Alerts page's editor: a new alert or one that is there, how it stands, what it would have done, its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from lib.access.owners import Owner
from lib.alerts.alert import Alert
from lib.alerts.alert_form import AlertForm
from lib.alerts.alert_text import SelectionWording
from lib.errors import CallboardError
from lib.i18n import t
from lib.reports import job_text
from lib.store.messages import failure_of
from lib.ui import (
    alert_actions,
    alert_draft,
    alert_history,
    alert_inputs,
    alert_members,
    alert_replay,
    current_user,
    edit_conflict,
    inputs,
    markdown,
    page_address,
)
from lib.ui.alert_draft import CHOSEN, AlertDraft
from lib.ui.draft_session import NEW
from lib.workspace import Workspace


def show(space: Workspace, alerts: list[Alert], wording: SelectionWording) -> None:
    """Draw the choice of an alert, how it stands, what can be done with it, its inputs and its history."""
    st.subheader(t("Make or change an alert"), anchor=False)
    alert_actions.OUTCOME.draw()
    draft = alert_draft.current(space)
    _choice(space, alerts, draft)
    alert = alert_draft.stored(space, draft.id)
    if alert is not None:
        alert_members.draw(space, alert)
        alert_actions.draw(space, alert, draft)
        if alert.version > draft.version:
            edit_conflict.draw(
                t("Someone changed this alert meanwhile. Your inputs are kept, and nothing is saved yet."),
                draft.key,
                lambda: alert_draft.begin_with(space, alert.id),
                lambda: alert_draft.SESSION.overwrite(alert.version),
            )
    form = _inputs(space, draft, alert, wording)
    alert_draft.keep(space, draft)
    _save_or_try(space, draft, form, alert)
    if alert is not None:
        alert_history.show(space, alert)


def _choice(space: Workspace, alerts: list[Alert], draft: AlertDraft) -> None:
    labels = {NEW: t("New alert"), **{each.id: each.definition.name for each in alerts}}
    alert_draft.SESSION.fill_choice(draft)
    inputs.selectbox(
        t("Alert"),
        list(labels),
        format_func=lambda number: labels.get(number, number),
        key=CHOSEN,
        width=380,
        on_change=_choose,
        args=(space,),
    )


def _choose(space: Workspace) -> None:
    alert_draft.begin_with(space, str(st.session_state.get(CHOSEN, NEW)))


def _inputs(space: Workspace, draft: AlertDraft, alert: Alert | None, wording: SelectionWording) -> AlertForm:
    left, right = st.columns(2, gap="large")
    with left:
        values = alert_inputs.subject(space, draft, wording)
        values |= alert_inputs.condition(space, draft, values["metric"])
    with right:
        values["when"] = alert_inputs.schedule(space, draft)
        values |= alert_inputs.receivers(space, draft, alert, alert_draft.people(space))
    return alert_inputs.form_with(draft, values)


def _save_or_try(space: Workspace, draft: AlertDraft, form: AlertForm, alert: Alert | None) -> None:
    """Draw what saves an alert and what tries it on past days, and do what is pressed."""
    with st.container(horizontal=True, gap="small"):
        saves = st.button(t("Save"), type="primary", icon=":material/save:", key=draft.key("save"))
        tries = st.button(
            t("Try it on the last 90 days"),
            icon=":material/history:",
            key=draft.key("try"),
            help=t("Looks at each of the last 90 days as a check at its end would have, by the data of today."),
        )
    owner = alert_draft.owner(alert)
    if saves:
        _save(space, draft, form.to_body(), alert, owner)
    # What it would have done depends neither on whom it tells nor on what it is called.
    bare = {**form.to_body(), "name": form.name.strip() or t("New alert"), "recipients": [], "webhooks": []}
    try:
        definition = alert_draft.service(space).read(bare, owner.id, current_user.current().grant)
    except CallboardError as error:
        if tries:
            st.error(_in_words(error))
        return
    if tries:
        alert_replay.make(space, definition, owner)
    alert_replay.draw_made(space, definition, owner)


def _save(space: Workspace, draft: AlertDraft, body: Mapping[str, Any], alert: Alert | None, owner: Owner) -> None:
    """Save the alert where it can be, check it, and begin anew with what is stored then."""
    service, grant = alert_draft.service(space), current_user.current().grant
    try:
        if alert is None:
            saved = service.create(body, owner, grant, page_address.base_url())
        else:
            changed = {**body, "version": draft.version}
            saved = service.change(alert.id, changed, owner, grant, page_address.base_url())
    except CallboardError as error:
        st.error(_in_words(error))
        return
    alert_actions.check(space, saved)
    alert_draft.begin_with(space, saved.id)
    alert_actions.OUTCOME.done(t("{name} is saved.", name=markdown.text(saved.definition.name)))
    st.rerun()


def _in_words(error: CallboardError) -> str:
    """Return what is wrong with an alert, by what its fields are called."""
    reason = failure_of(error)
    labels = {
        "name": t("Name"),
        "condition.value": t("Value"),
        "condition.endsAt": t("Ends at"),
        "condition.hours": t("Hours"),
        "minimum": t("Minimum n"),
        "checks": t("Checks in a row"),
        "reminderHours": t("Reminder every (hours)"),
        "recipients": t("Recipients"),
        "webhooks": t("Webhooks"),
    }
    named = {
        place: labels[str(reason.values[place])]
        for place in ("where", "parameter")
        if str(reason.values.get(place)) in labels
    }
    if not named:
        return markdown.problem(error)
    return markdown.text(job_text.in_words(replace(reason, values={**reason.values, **named})))
