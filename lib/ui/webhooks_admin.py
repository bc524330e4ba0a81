"""The Settings page's part about webhooks: what there is, what went out, make, try, switch off and on, delete."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from lib.access import signing
from lib.access.actors import actor_in_words
from lib.access.owners import Owner
from lib.delivery.outbox import Delivery, DeliveryStatus
from lib.errors import CallboardError
from lib.i18n import t, t_plural
from lib.reports import formatting
from lib.ui import current_user, inputs, markdown
from lib.webhooks.endpoints import MAX_DESCRIPTION, WebhookValues
from lib.webhooks.signatures import signing_secret
from lib.webhooks.transport import SECONDS
from lib.webhooks.webhook import EVENTS, BodyFormat, NoAnswer, Webhook, WebhookStatus
from lib.workspace import Workspace

FORMATS = {BodyFormat.GENERIC: "JSON", BodyFormat.SLACK: "Slack", BodyFormat.TEAMS: "Microsoft Teams"}

DELIVERY_LABELS = {
    DeliveryStatus.QUEUED: "waiting",
    DeliveryStatus.SENDING: "being sent",
    DeliveryStatus.SENT: "sent",
    DeliveryStatus.FAILED: "failed",
    DeliveryStatus.SKIPPED: "not sent",
}
"""The message ids of what became of a delivery."""

_EXAMPLE = "https://hooks.example.com/callboard"
_SHOWN = 10  # deliveries of one webhook
_JUST_MADE = "_new_webhook"
_CHOSEN = "_webhook"


def show(workspace: Workspace) -> None:
    """Draw the webhooks, what can be done with the one that is chosen, and the form that makes another."""
    st.subheader(t("Webhooks"), anchor=False)
    st.caption(t("Callboard calls these addresses when something happens; docs/webhooks.md says what it sends."))
    listed = workspace.webhooks.repository.all(None)
    if listed:
        _table(workspace, listed)
        by_id = {webhook.id: webhook for webhook in listed}
        chosen = inputs.selectbox(
            t("Webhook"),
            list(by_id),
            format_func=lambda number: _name(by_id[number]),
            key=_CHOSEN,
        )
        _actions(workspace, by_id[chosen])
        _deliveries(workspace, by_id[chosen])
    with st.expander(t("New webhook"), expanded=not listed):
        _create(workspace)


def _table(workspace: Workspace, listed: list[Webhook]) -> None:
    frame = pd.DataFrame(
        [
            {
                t("Address"): webhook.url,
                t("Description"): webhook.description,
                t("Events"): ", ".join(webhook.events),
                t("State"): _state(webhook),
                t("Failing since"): _local(workspace, webhook.failing_since),
                t("Belongs to"): actor_in_words(webhook.owner),
            }
            for webhook in listed
        ]
    )
    told = t_plural("{count} webhook", "{count} webhooks", len(listed))
    st.dataframe(frame, hide_index=True, width="stretch", placeholder=formatting.NOTHING, alt=told)


def _actions(workspace: Workspace, webhook: Webhook) -> None:
    repository, by = workspace.webhooks.repository, current_user.actor()
    is_on = webhook.status is WebhookStatus.ACTIVE
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        tries = st.button(t("Send a test"), key="webhook-test")
        switches = st.button(t("Switch off") if is_on else t("Switch on"), key="webhook-switch")
        deletes = st.button(t("Delete for good"), key="webhook-delete")
    try:
        if tries:
            with st.spinner(t("Waiting for the answer …")):
                _tell(_ended(workspace, workspace.webhooks.test(webhook)))
        if switches:
            status = WebhookStatus.OFF if is_on else WebhookStatus.ACTIVE
            repository.change(webhook.id, WebhookValues(status=status), None, by)
            st.rerun()
        if deletes:
            repository.delete(webhook.id, None, by)
            st.session_state.pop(_CHOSEN, None)
            st.rerun()
    except CallboardError as error:
        st.error(markdown.problem(error))


def _ended(workspace: Workspace, delivery: Delivery) -> Delivery:
    """Return a delivery once it has ended, or as it is when that takes longer than a call may."""
    deadline = time.monotonic() + SECONDS + 1
    while not delivery.ended and time.monotonic() < deadline:
        time.sleep(0.1)
        delivery = workspace.outbox.get(delivery.id) or delivery
    return delivery


def _tell(delivery: Delivery) -> None:
    answer = markdown.text(_answer(delivery))
    if delivery.status is DeliveryStatus.SENT:
        st.success(t("The test arrived: {answer}", answer=answer))
    elif delivery.ended:
        st.error(t("The test did not arrive: {answer}", answer=answer))
    else:
        st.info(t("The test is on its way; its answer will be in the list below."))


def _deliveries(workspace: Workspace, webhook: Webhook) -> None:
    listed, count = workspace.webhooks.deliveries(webhook, 1, _SHOWN)
    if not listed:
        st.caption(t("Nothing was sent to it yet."))
        return
    rows: list[dict[str, Any]] = [
        {
            t("When"): _local(workspace, each.delivery.created_at),
            t("Event"): each.event,
            t("State"): t(DELIVERY_LABELS[each.delivery.status]),
            t("Tries"): each.delivery.attempt,
            t("Answer"): _answer(each.delivery),
            t("Next try"): _local(workspace, each.delivery.try_at if each.is_waiting else None),
        }
        for each in listed
    ]
    told = t_plural("{count} delivery", "{count} deliveries", count)
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", placeholder=formatting.NOTHING, alt=told)
    if count > len(listed):
        st.caption(t("The last {shown} of {all}; the API has the others.", shown=len(listed), all=count))


def _create(workspace: Workspace) -> None:
    if secret := st.session_state.pop(_JUST_MADE, None):
        st.success(t("Copy the signing secret now. It is not shown again."))
        st.code(secret, language=None)
    with st.form("webhook", border=False):
        url = st.text_input(t("Address"), placeholder=_EXAMPLE, max_chars=2_000)
        events = inputs.multiselect(t("Events"), EVENTS)
        left, right = st.columns(2)
        description = left.text_input(t("Description"), placeholder=t("What it is for"), max_chars=MAX_DESCRIPTION)
        form = inputs.selectbox(t("Format"), list(FORMATS), place=right, format_func=lambda each: FORMATS[each])
        made = st.form_submit_button(t("Create webhook"), type="primary")
    if made:
        values = WebhookValues(url.strip(), events, description, form)
        owner = Owner(current_user.actor(), current_user.current().id)
        try:
            webhook = workspace.webhooks.repository.create(values, owner)
            st.session_state[_JUST_MADE] = signing_secret(signing.load(workspace.settings, workspace.state), webhook)
        except CallboardError as error:
            st.error(markdown.problem(error))
        else:
            st.rerun()


def _name(webhook: Webhook) -> str:
    return markdown.text(f"{webhook.description or webhook.host} ({webhook.id})")


def _state(webhook: Webhook) -> str:
    if webhook.off_reason is None:
        return t(webhook.status.label)
    return t("{state}: {why}", state=t(webhook.status.label), why=t(webhook.off_reason.label))


def _answer(delivery: Delivery) -> str:
    """Return what came of a delivery: what the receiver said, or why there is nothing."""
    codes = {each.value: each.label for each in NoAnswer}
    return t(codes[delivery.answer]) if delivery.answer in codes else delivery.answer or ""


def _local(workspace: Workspace, instant: datetime | None) -> datetime | None:
    """Return an instant as the wall clock of the workspace shows it."""
    return None if instant is None else instant.astimezone(workspace.settings.zone).replace(tzinfo=None)
