"""The webhooks of an open workspace: what they are, what they are called about, and the sender that calls them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy.engine import Connection

from lib.access.owners import OwnerLookup
from lib.access.users import Role
from lib.analytics.grants import Grant
from lib.analytics.record_fields import record_as_json
from lib.analytics.records import records_of_ids
from lib.catalog.catalog import Catalog
from lib.delivery import outbox
from lib.delivery.outbox import Delivery, Outbox
from lib.errors import CallboardError
from lib.ingest.history import ImportReport
from lib.jobs.queue import Job
from lib.settings import Settings
from lib.store.enums import LOADED_RESULTS
from lib.store.facts import FactStore
from lib.store.state import StateStore
from lib.webhooks import data_events, deliveries
from lib.webhooks.attempt import DeliveryAttempts, DeliveryParts, WebhookCallback
from lib.webhooks.deliveries import DeliveryRecord
from lib.webhooks.endpoints import WebhookRepository, list_webhooks
from lib.webhooks.events import Event, EventPublisher, new_event
from lib.webhooks.sender import WebhookSender
from lib.webhooks.transport import WebhookTransport
from lib.webhooks.webhook import EXPORT_READY, TEST, Webhook, WebhookStatus

log = logging.getLogger(__name__)

READ_SECONDS = 30
"""Seconds that the evaluations of an event may take to be read."""


class WebhookContext(Protocol):
    """What webhooks work on: the workspace, as far as they know it."""

    facts: FactStore
    state: StateStore
    settings: Settings
    owners: OwnerLookup
    outbox: Outbox

    @property
    def catalog(self) -> Catalog:
        """What can be asked, with the workspace's own fields as they are now."""


class WebhookService:
    """The webhooks of one workspace.

    `on_switched_off` is called with each webhook that switches itself off, in the sender's thread.
    """

    def __init__(self, workspace: WebhookContext, transport: WebhookTransport | None = None) -> None:
        """Prepare; `start` begins to call webhooks, by `transport`."""
        self._workspace = workspace
        self._owners = workspace.owners
        self._transport = transport or WebhookTransport()
        self._sender: WebhookSender | None = None
        self.repository = WebhookRepository(workspace.state, workspace.settings)
        self.events = EventPublisher(self._owners)
        self.on_switched_off: WebhookCallback = lambda _: None

    def start(self) -> None:
        """Begin to deliver; first of all, put the events into the outbox that a process left out as it died."""
        parts = DeliveryParts(
            self._workspace.state,
            self._workspace.settings,
            self._workspace.outbox,
            self.repository,
            self._owners,
            self._transport,
            self._evaluations,
        )
        sender = WebhookSender(self._workspace.outbox, self._begin, lambda delivery: attempts.make(delivery))
        attempts = DeliveryAttempts(parts, lambda webhook: self.on_switched_off(webhook), lambda: sender.is_abandoned)
        self._sender = sender
        sender.start()

    def stop(self) -> None:
        """Stop delivering, within a few seconds; what is under way is delivered again by the next sender."""
        if self._sender is not None:
            self._sender.stop()

    def emit(
        self, connection: Connection, event: Event, also: Collection[str] = (), cause: str | None = None
    ) -> list[str]:
        """Put an event into the outbox, in this transaction of the state, as `EventPublisher.emit` does."""
        return self.events.emit(connection, event, also, cause)

    def test(self, webhook: Webhook) -> Delivery:
        """Call a webhook to see that calls arrive, even one that is off; return the delivery, which is tried once."""
        data = {"webhookId": webhook.id, "message": "Callboard can reach this webhook."}
        event = new_event(TEST, data, data["message"], None)
        with self._workspace.state.transaction() as connection:
            (number,) = self.events.send(connection, event, [webhook])
        delivery = self._workspace.outbox.get(number)
        self._workspace.outbox.wake()
        if delivery is None:
            raise CallboardError("The webhook was deleted meanwhile.")
        return delivery

    def deliveries(self, webhook: Webhook, page: int, size: int) -> tuple[list[DeliveryRecord], int]:
        """Return a page, from 1, of what went or is to go to a webhook, the newest first; and how many there are."""
        listed, count = self._workspace.outbox.of_subject(webhook.id, (page - 1) * size, size)
        with self._workspace.state.read() as connection:
            return deliveries.described(connection, listed), count

    def import_loaded(self, report: ImportReport) -> None:
        """Put the events of an import into the outbox, once however often it is called; where it fails, the log has it.

        Webhooks that are newer than the import, or were changed since, are not called about it.
        """
        if report.result not in LOADED_RESULTS:
            return
        try:
            self._publish(report)
        except CallboardError as error:
            log.warning("The events of import %s are not there yet: %s", report.id, error.message)
        except Exception:  # whatever it is, the data are in, and whoever loaded them has to be told so
            log.exception("The events of import %s can't be made", report.id)

    def export_ready(self, connection: Connection, job: Job, result: dict[str, Any]) -> None:
        """Put the event of an export into the outbox for who ordered it, in the transaction that completes its job."""
        mine = [
            webhook
            for webhook in list_webhooks(connection, None)
            if webhook.owner == job.actor and EXPORT_READY in webhook.events and webhook.status is WebhookStatus.ACTIVE
        ]
        self.events.send(connection, data_events.export_event(job, result, self._workspace.settings), mine)

    def _begin(self) -> None:
        with self._workspace.facts.read(READ_SECONDS) as connection:
            reports = data_events.recent_imports(connection)
        for report in reports:
            self.import_loaded(report)

    def _publish(self, report: ImportReport) -> None:
        with self._workspace.state.read() as connection:
            done = outbox.addresses_of(connection, data_events.first_causes(report))
            listed = (each for each in list_webhooks(connection, None) if each.id not in done)
            before = [each for each in listed if _hears_of(each, report)]
            grants = {
                each: self._owners.grant_of(connection, each, Role.ADMIN) for each in {each.owner_id for each in before}
            }
        subscribed = data_events.by_grant(before, grants)
        if not subscribed:
            return
        with self._workspace.facts.read(READ_SECONDS) as facts:
            events = data_events.import_events(facts, self._workspace.catalog, report, subscribed)
        with self._workspace.state.transaction() as connection:
            for each in events:
                self.events.send(connection, each.event, each.webhooks, each.cause)
        self._workspace.outbox.wake()

    def _evaluations(self, ids: Sequence[str], grant: Grant) -> list[dict[str, Any]]:
        catalog, zone = self._workspace.catalog, self._workspace.settings.zone
        with self._workspace.facts.read(READ_SECONDS) as connection:
            rows = records_of_ids(connection, ids, grant, catalog)
        return [record_as_json(row, zone, catalog) for row in rows]


def _hears_of(webhook: Webhook, report: ImportReport) -> bool:
    finished_at = report.loaded.changed_at or datetime.now(UTC)
    return webhook.status is WebhookStatus.ACTIVE and webhook.changed_at <= finished_at
