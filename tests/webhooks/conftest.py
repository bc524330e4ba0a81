"""What tests of webhooks share: a workspace whose webhooks lead to a receiver on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lib.access.actors import SystemActor
from lib.access.owners import Owner
from lib.analytics.grants import EVERYTHING
from lib.delivery.outbox import DeliveryStatus
from lib.ingest.history import ImportReport
from lib.ingest.json_items import decode_body
from lib.store.outgoing_schema import deliveries, webhooks
from lib.webhooks.deliveries import DeliveryRecord
from lib.webhooks.endpoints import WebhookValues
from lib.webhooks.service import WebhookService
from lib.webhooks.transport import WebhookTransport
from lib.webhooks.webhook import EVENTS, Webhook
from lib.workspace import Workspace
from tests.waiting import until
from tests.webhooks.receiver import Receiver, receiver

HERE = Owner(SystemActor.LOCAL.value, "local")


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


class Hooks:
    """The webhooks of a workspace, with a sender that gives up calls after a second."""

    def __init__(self, workspace: Workspace, server: Receiver) -> None:
        self.workspace, self.server = workspace, server
        workspace.settings = workspace.settings.model_copy(update={"webhook_hosts": f"127.0.0.1:{server.port}"})
        self.service = WebhookService(workspace, WebhookTransport(seconds=1))
        workspace.webhooks = self.service

    def make(self, path: str = "/in", *events: str, owner: Owner = HERE, **more: Any) -> Webhook:
        values = WebhookValues(f"{self.server.address}{path}", events or EVENTS, **more)
        return self.service.repository.create(values, owner)

    def deliveries(self, webhook: Webhook) -> list[DeliveryRecord]:
        return self.service.deliveries(webhook, 1, 1000)[0]

    def wait(self, webhook: Webhook, *statuses: DeliveryStatus, count: int = 1) -> list[DeliveryRecord]:
        """Wait until so many deliveries of a webhook have one of some statuses; return them."""

        def listed() -> list[DeliveryRecord]:
            return [each for each in self.deliveries(webhook) if each.delivery.status in statuses]

        until(lambda: len(listed()) >= count)
        return listed()

    def wait_for_failures(self, webhook: Webhook, failures: int) -> DeliveryRecord:
        """Wait until the newest delivery of a webhook has failed so often, and waits or has ended."""
        done = (DeliveryStatus.QUEUED, DeliveryStatus.FAILED, DeliveryStatus.SKIPPED)

        def newest() -> DeliveryRecord:
            return self.deliveries(webhook)[0]

        until(lambda: newest().delivery.attempt >= failures and newest().delivery.status in done)
        return newest()

    def set_back(self, webhook: Webhook, **columns: Any) -> None:
        """Have all that waits of a webhook be due now, and change its row."""
        with self.workspace.state.transaction() as connection:
            waiting = sa.and_(deliveries.c.subject == webhook.id, deliveries.c.try_at.is_not(None))
            due = datetime.now(UTC) - timedelta(seconds=1)
            connection.execute(sa.update(deliveries).where(waiting).values(try_at=due))
            if columns:
                connection.execute(sa.update(webhooks).where(webhooks.c.id == webhook.id).values(columns))
        self.workspace.outbox.wake()


@pytest.fixture
def hooks(workspace: Workspace, server: Receiver) -> Hooks:
    return Hooks(workspace, server)


@pytest.fixture
def running(hooks: Hooks) -> Iterator[Hooks]:
    """Give webhooks whose sender runs."""
    hooks.service.start()
    yield hooks
    hooks.service.stop()


Write = Callable[..., ImportReport]


@pytest.fixture
def write(workspace: Workspace) -> Write:
    """Load evaluations as the API does."""

    def run(*rows: dict[str, Any]) -> ImportReport:
        rows_sent = [{"audioDate": "2024-01-01T12:00:00Z", "state": "Completed", **row} for row in rows]
        objects = decode_body(bytearray(json.dumps(rows_sent).encode()), may_be_array=True)
        return workspace.write_evaluations(objects, "key:test", EVERYTHING)

    return run
