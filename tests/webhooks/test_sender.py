"""What goes out to webhooks: signed, again after a failure by the table of retries, each receiver by itself."""

from __future__ import annotations

import re
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lib.access import signing
from lib.access.audit_log import Action, AuditFilter
from lib.delivery.outbox import Channel, DeliveryStatus
from lib.store.outgoing_schema import deliveries, webhooks
from lib.store.schema import audit
from lib.webhooks.attempt import RETRY_AFTER
from lib.webhooks.endpoints import WebhookValues
from lib.webhooks.events import Event, new_event
from lib.webhooks.signatures import signing_secret
from lib.webhooks.webhook import (
    ALERT_FIRING,
    IMPORT_COMPLETED,
    REPORT_FAILED,
    BodyFormat,
    NoAnswer,
    OffReason,
    Webhook,
    WebhookStatus,
)
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.waiting import until
from tests.webhooks.conftest import Hooks
from tests.webhooks.receiver import Call, dripping, is_signed, plain, silent


def event(name: str = ALERT_FIRING, **more: Any) -> Event:
    values: dict[str, Any] = {"data": {"alertId": "al_1"}, "text": "Score of Lima fires.", "grant": None, **more}
    return new_event(name, **values)


def secret_of(workspace: Workspace, webhook: Webhook) -> str:
    return signing_secret(signing.load(workspace.settings, workspace.state), webhook)


def emit(hooks: Hooks, what: Event, **more: Any) -> list[str]:
    with hooks.workspace.state.transaction() as connection:
        numbers = hooks.service.emit(connection, what, **more)
    hooks.workspace.outbox.wake()
    return numbers


def test_an_event_arrives_signed(running: Hooks) -> None:
    webhook = running.make()
    sent = event()
    (number,) = emit(running, sent)
    (record,) = running.wait(webhook, DeliveryStatus.SENT)
    assert (record.event, record.delivery.id, record.delivery.answer) == (ALERT_FIRING, number, "200 fine")
    (call,) = running.server.calls
    assert call.envelope == {
        "id": sent.id,
        "event": ALERT_FIRING,
        "timestamp": sent.at.isoformat(timespec="milliseconds"),
        "data": {"alertId": "al_1"},
    }
    assert list(call.envelope) == ["id", "event", "timestamp", "data"]
    assert (call.event, call.delivery, call.headers["content-type"]) == (ALERT_FIRING, number, "application/json")
    secret = secret_of(running.workspace, webhook)
    assert secret.startswith("whsec_") and is_signed(call, secret)
    assert signature_by_openssl(call, secret) == call.headers["x-callboard-signature"]
    assert not is_signed(Call(call.path, call.headers, call.body + b" ", call.at), secret)


def signature_by_openssl(call: Call, secret: str) -> str:
    stamp = call.headers["x-callboard-signature"].split(",")[0]
    signed = stamp.removeprefix("t=").encode() + b"." + call.body
    made = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", secret, "-hex"], input=signed, capture_output=True, check=True
    )
    return f"{stamp},v1={made.stdout.decode().split()[-1]}"


def test_the_example_of_the_documents_verifies_a_call(running: Hooks) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - what readers are told to run
    webhook = running.make()
    emit(running, event())
    running.wait(webhook, DeliveryStatus.SENT)
    (call,) = running.server.calls
    header, secret = call.headers["x-callboard-signature"], secret_of(running.workspace, webhook)
    assert names["is_from_callboard"](secret, header, call.body)
    assert not names["is_from_callboard"](secret, header, call.body + b" ")
    assert not names["is_from_callboard"]("whsec_other", header, call.body)
    assert not names["is_from_callboard"](secret, header.replace("t=", "t=1"), call.body)


def test_each_webhook_has_a_secret_of_its_own_and_none_is_kept(hooks: Hooks) -> None:
    first, second = hooks.make(), hooks.make()
    secrets = {secret_of(hooks.workspace, each) for each in (first, second)}
    assert len(secrets) == 2 and all(len(each) == len("whsec_") + 64 for each in secrets)
    with hooks.workspace.state.read() as connection:
        for table in (webhooks, audit, deliveries):
            rows = connection.execute(sa.select(table)).all()
            assert not any(secret[6:] in str(row) for row in rows for secret in secrets)


def test_webhooks_get_what_they_asked_for(running: Hooks) -> None:
    alerts, reports = running.make("/alerts", ALERT_FIRING), running.make("/reports", REPORT_FAILED)
    other = running.make("/other", IMPORT_COMPLETED)
    emit(running, event())
    emit(running, event(REPORT_FAILED), also=[other.id])
    for webhook, name in ((alerts, ALERT_FIRING), (reports, REPORT_FAILED), (other, REPORT_FAILED)):
        assert [record.event for record in running.wait(webhook, DeliveryStatus.SENT)] == [name]
    assert len(running.server.calls) == 3
    assert {call.envelope["id"] for call in running.server.of("/reports") + running.server.of("/other")} == {
        running.server.of("/other")[0].envelope["id"]
    }


def test_an_event_whose_transaction_fails_never_was(running: Hooks) -> None:
    webhook = running.make()
    with pytest.raises(ZeroDivisionError), running.workspace.state.transaction() as connection:
        assert running.service.emit(connection, event())
        raise ZeroDivisionError
    time.sleep(0.5)
    assert running.deliveries(webhook) == [] and running.server.calls == []


def test_a_cause_goes_out_once(running: Hooks) -> None:
    webhook = running.make()
    assert len(emit(running, event(), cause="chg_1")) == 1
    assert emit(running, event(), cause="chg_1") == []
    running.wait(webhook, DeliveryStatus.SENT)
    assert [each.delivery.cause for each in running.deliveries(webhook)] == ["chg_1"]


@pytest.mark.parametrize("form", [BodyFormat.SLACK, BodyFormat.TEAMS])
def test_chats_get_a_text(running: Hooks, form: BodyFormat) -> None:
    webhook = running.make(format=form.value)
    emit(running, event())
    running.wait(webhook, DeliveryStatus.SENT)
    (call,) = running.server.calls
    body = call.envelope
    if form is BodyFormat.SLACK:
        assert body == {"text": "Score of Lima fires."}
    else:
        (attachment,) = body["attachments"]
        assert attachment["content"]["body"][0]["text"] == "Score of Lima fires."
    assert is_signed(call, secret_of(running.workspace, webhook))


def test_the_table_of_retries(running: Hooks) -> None:
    assert [wait.total_seconds() for wait in RETRY_AFTER] == [10, 60, 300, 1800, 7200, 21600, 86400]
    running.server.answer = plain(500, b"broken")
    webhook = running.make()
    (number,) = emit(running, event())
    for failures, wait in enumerate(RETRY_AFTER, start=1):
        record = running.wait_for_failures(webhook, failures)
        assert record.delivery.status is DeliveryStatus.QUEUED and record.delivery.answer == "500 broken"
        assert record.delivery.try_at is not None
        left = record.delivery.try_at - datetime.now(UTC)
        assert wait - timedelta(seconds=5) < left <= wait
        running.set_back(webhook)
    last = running.wait_for_failures(webhook, 8)
    assert (last.delivery.status, last.delivery.attempt, last.delivery.try_at) == (DeliveryStatus.FAILED, 8, None)
    assert {call.delivery for call in running.server.calls} == {number}, "the same id each time"
    assert len(running.server.calls) == 8 and len({call.body for call in running.server.calls}) == 1
    assert running.service.repository.get(webhook.id, None).failing_since is not None


def test_a_try_that_arrives_ends_the_failing(running: Hooks) -> None:
    running.server.answer = plain(503)
    webhook = running.make()
    emit(running, event())
    running.wait_for_failures(webhook, 1)
    assert running.service.repository.get(webhook.id, None).failing_since is not None
    running.server.answer = plain(204, b"")
    running.set_back(webhook)
    (record,) = running.wait(webhook, DeliveryStatus.SENT)
    assert (record.delivery.attempt, record.delivery.answer) == (2, "204")
    until(lambda: running.service.repository.get(webhook.id, None).failing_since is None)


def test_after_five_days_of_failures_it_is_switched_off_and_its_owner_told(running: Hooks) -> None:
    told: list[Webhook] = []
    running.service.on_switched_off = told.append
    running.server.answer = plain(500)
    webhook = running.make()
    emit(running, event())
    running.wait_for_failures(webhook, 1)
    almost = datetime.now(UTC) - timedelta(days=5) + timedelta(minutes=5)
    running.set_back(webhook, failing_since=almost)
    running.wait_for_failures(webhook, 2)
    assert running.service.repository.get(webhook.id, None).status is WebhookStatus.ACTIVE
    emit(running, event())
    until(lambda: len(running.server.calls) == 3)
    running.set_back(webhook, failing_since=datetime.now(UTC) - timedelta(days=5))
    until(lambda: bool(told))
    off = running.service.repository.get(webhook.id, None)
    assert (off.status, off.off_reason, told) == (WebhookStatus.OFF, OffReason.FAILING, [off])
    assert off.failing_since is not None
    until(lambda: all(each.delivery.ended for each in running.deliveries(webhook)))
    assert {each.delivery.status for each in running.deliveries(webhook)} == {DeliveryStatus.SKIPPED}
    assert emit(running, event()) == [], "it is called no more"
    entries = running.workspace.audit.entries(AuditFilter(running.workspace.settings.zone), 10)
    assert [entry.action for entry in entries] == [Action.WEBHOOK_OFF, Action.WEBHOOK_CREATED]
    assert entries[0].details == {"why": "failing"} and webhook.id in entries[0].subject


def test_a_receiver_that_hangs_holds_up_no_other(running: Hooks) -> None:
    running.server.answers = {f"/hangs{number}": silent(20) for number in range(20)}
    hanging = [running.make(path) for path in running.server.answers]
    fine = running.make("/fine")
    for _ in range(10):
        emit(running, event())
    running.wait(fine, DeliveryStatus.SENT, count=10)
    untried = [each for webhook in hanging for each in running.deliveries(webhook) if not each.delivery.attempt]
    assert untried, "the last of them went before what waited longer for those that hang"
    assert all(each.delivery.status is not DeliveryStatus.SENT for each in running.deliveries(hanging[0]))


def test_a_silent_receiver_gets_one_call_at_a_time(running: Hooks) -> None:
    running.server.answer = silent(20)
    webhook = running.make()
    emit(running, event())
    running.wait_for_failures(webhook, 1)
    for _ in range(5):
        emit(running, event())
    time.sleep(0.7)
    statuses = [each.delivery.status for each in running.deliveries(webhook)]
    assert statuses.count(DeliveryStatus.SENDING) == 1
    newest = running.deliveries(webhook)[-1]
    assert newest.delivery.answer == NoAnswer.TIMEOUT


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (plain(302, b"", Location="http://169.254.169.254/"), "302"),
        (dripping("head", 0.1), "timeout"),
        (plain(404, b"<html>" + b"x" * 1000), "404 <html>" + "x" * 194),
    ],
    ids=["redirects", "drips", "not found"],
)
def test_what_came_of_it_is_kept(running: Hooks, answer: Any, shown: str) -> None:
    running.server.answer = answer
    webhook = running.make()
    emit(running, event())
    assert running.wait_for_failures(webhook, 1).delivery.answer == shown
    assert len(running.server.calls) == 1


def test_what_waits_goes_with_its_webhook(running: Hooks) -> None:
    running.server.answer = plain(500)
    webhook = running.make()
    emit(running, event())
    running.wait_for_failures(webhook, 1)
    running.service.repository.delete(webhook.id, None, "test")
    assert running.deliveries(webhook) == []
    assert running.workspace.outbox.claim(Channel.WEBHOOK) == []


def test_a_webhook_that_is_deleted_during_a_call(running: Hooks) -> None:
    running.server.answer = silent(0.5)
    webhook = running.make()
    emit(running, event())
    until(lambda: bool(running.server.calls))
    running.service.repository.delete(webhook.id, None, "test")
    time.sleep(1.2)
    assert running.deliveries(webhook) == []


def test_a_test_is_tried_once_even_where_the_webhook_is_off(running: Hooks) -> None:
    webhook = running.make()
    running.service.repository.change(webhook.id, WebhookValues(status="off"), None, "test")
    running.service.test(webhook)
    (record,) = running.wait(webhook, DeliveryStatus.SENT)
    assert record.event == "test"
    assert running.server.calls[0].envelope["data"]["webhookId"] == webhook.id
    running.server.answer = plain(500)
    running.service.test(webhook)
    (failed,) = running.wait(webhook, DeliveryStatus.FAILED)
    assert failed.delivery.attempt == 1
    assert running.service.repository.get(webhook.id, None).failing_since is None


def test_a_sender_stops_in_time_and_the_next_one_goes_on(hooks: Hooks) -> None:
    hooks.server.answer = silent(30)
    hooks.service._transport._seconds = 10
    webhook = hooks.make()
    hooks.service.start()
    (number,) = emit(hooks, event())
    until(lambda: bool(hooks.server.calls))
    began = time.monotonic()
    hooks.service.stop()
    assert time.monotonic() - began < 5
    (left,) = hooks.deliveries(webhook)
    assert left.delivery.status is DeliveryStatus.SENDING
    hooks.server.answer = plain(200)
    hooks.workspace.outbox.expire_leases()  # as who holds the embedded database does at its start
    hooks.service.start()
    (record,) = hooks.wait(webhook, DeliveryStatus.SENT)
    assert record.delivery.attempt == 2
    assert [call.delivery for call in hooks.server.calls] == [number, number]
    hooks.service.stop()


def test_what_a_setting_no_longer_lets_out_is_not_called(running: Hooks) -> None:
    webhook = running.make()
    running.service.stop()
    running.workspace.settings = running.workspace.settings.model_copy(update={"webhook_hosts": "other.example.com"})
    running.service.start()
    emit(running, event())
    assert running.wait_for_failures(webhook, 1).delivery.answer == NoAnswer.URL_REFUSED
    assert not running.server.calls
