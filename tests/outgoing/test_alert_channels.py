"""What goes out of an alert: to whom, what each may see, and the events of webhooks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lib.alerts.alert import Alert
from lib.alerts.service import AlertService
from lib.analytics.grants import EVERYTHING
from lib.delivery.outbox import Channel
from lib.scheduled_reports.repository import unsubscribe
from lib.webhooks.endpoints import WebhookValues
from lib.webhooks.events import Event
from lib.workspace import Workspace
from tests.mail_server import Inbox
from tests.scheduled_reports.conftest import OWNER, inbox, send_mail, settings, space
from tests.scheduled_reports.test_reports import part

__all__ = ["inbox", "settings", "space"]

RECIPIENTS = ["nora@example.com", "adam@example.com", "guest@outside.example"]
BELOW = {"type": "below", "value": 9}


@pytest.fixture
def alerts(space: Workspace) -> AlertService:
    return AlertService(space.state, space.alert_engine.sources, space.alerts)


def fire(space: Workspace, alerts: AlertService, **body: Any) -> Alert:
    """Make an alert that fires at its first check, and check it."""
    base = {"name": "Low scores", "metric": "averageScore", "parameters": {"period": "all"}, "condition": BELOW}
    made = alerts.create({**base, "recipients": RECIPIENTS, **body}, OWNER, EVERYTHING)
    space.alert_engine.check_now(made.id, None, datetime.now(UTC))
    while send_mail(space, lambda _: None):
        pass
    return made


def test_members_that_a_recipient_may_not_see_are_not_in_their_mail(
    space: Workspace, alerts: AlertService, inbox: Inbox
) -> None:
    fire(space, alerts, by="callCenter")
    (nora,), (adam,), (guest,) = (inbox.to(each) for each in RECIPIENTS)
    for message in (adam, guest):
        assert "North" in part(message, "plain") and "South" in part(message, "plain")
    assert (
        "North" in part(nora, "plain") and "South" not in f"{nora['Subject']}{part(nora, 'plain')}{part(nora, 'html')}"
    )
    with space.facts.read() as connection:
        assert connection is not None
    assert "120" in part(nora, "plain")  # n
    assert "https://calls.example.com/trends?" in part(nora, "plain")
    assert nora["List-Unsubscribe"].startswith("<https://calls.example.com/v1/unsubscribe/al_")


def test_without_a_setting_links_lead_to_where_the_alert_was_made(
    space: Workspace, alerts: AlertService, inbox: Inbox
) -> None:
    space.settings = space.settings.model_copy(update={"base_url": ""})
    body = {"name": "Low scores", "metric": "averageScore", "parameters": {"period": "all"}, "condition": BELOW}
    hook = space.webhooks.repository.create(
        WebhookValues(url="https://hooks.example.com/x", events=["alert.firing"]), OWNER
    )
    recipients = {"recipients": ["adam@example.com"]}
    for address, more in (("http://calls.internal:8501", recipients), ("", recipients)):
        made = alerts.create({**body, **more}, OWNER, EVERYTHING, address)
        kept = alerts.change(made.id, {"name": "Other"}, OWNER, EVERYTHING)
        assert kept.definition.base_url == address and "base_url" not in kept.definition.to_json()
        space.alert_engine.check_now(made.id, None, datetime.now(UTC))
        while send_mail(space, lambda _: None):
            pass
    first, second = inbox.to("adam@example.com")
    assert "http://calls.internal:8501/trends?" in part(first, "plain")
    assert first["List-Unsubscribe"].startswith("<http://calls.internal:8501/v1/unsubscribe/al_")
    assert "/trends?" not in part(second, "plain") and second["List-Unsubscribe"] is None
    contents = [space.outbox.content(each.content or "") for each in space.outbox.of_subject(hook.id, 0, 10)[0]]
    links = [Event.from_content(each).data["link"] for each in contents if each is not None]
    assert [str(link)[:34] for link in links] == ["None", "http://calls.internal:8501/trends?"]


def test_a_figure_of_more_than_one_may_see_is_not_told(space: Workspace, alerts: AlertService, inbox: Inbox) -> None:
    made = fire(space, alerts)
    assert inbox.to("nora@example.com") == [] and len(inbox.to("adam@example.com")) == 1
    lines, _ = space.outbox.of_subject(made.id, 0, 10)
    assert {each.address: each.answer for each in lines if each.status == "skipped"} == {
        "nora@example.com": "sees_less"
    }
    fire(space, alerts, parameters={"period": "all", "callCenterId": ["n"]})
    assert len(inbox.to("nora@example.com")) == 1


def test_who_unsubscribed_is_not_told(space: Workspace, alerts: AlertService, inbox: Inbox) -> None:
    base = {"name": "x", "metric": "averageScore", "parameters": {"period": "all"}, "condition": BELOW}
    made = alerts.create({**base, "recipients": ["adam@example.com"]}, OWNER, EVERYTHING)
    unsubscribe(space.state, made.id, "adam@example.com")
    space.alert_engine.check_now(made.id, None, datetime.now(UTC))
    assert not send_mail(space, lambda _: None) and inbox.messages == []


def test_webhooks_are_called_about_it(space: Workspace, alerts: AlertService) -> None:
    values = WebhookValues(url="https://hooks.example.com/x", events=["alert.firing"])
    hook = space.webhooks.repository.create(values, OWNER)
    fire(space, alerts, by="callCenter", recipients=[])
    (delivery,) = space.outbox.of_subject(hook.id, 0, 10)[0]
    assert delivery.channel is Channel.WEBHOOK and delivery.content is not None
    content = space.outbox.content(delivery.content)
    assert content is not None
    event = Event.from_content(content)
    assert event.name == "alert.firing" and event.data["count"] == 2
    assert {each["name"]: each["n"] for each in event.data["members"]} == {"North": 120, "South": 120}
    assert "Low scores" in event.text and json.dumps(event.data)
