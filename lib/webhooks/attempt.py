"""One try to deliver an event: what is to be sent, the call, and what is written down of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lib import __version__
from lib.access import signing
from lib.access.actors import SystemActor
from lib.access.owners import OwnerLookup
from lib.access.users import Role
from lib.analytics.grants import Grant
from lib.delivery.outbox import Delivery, Outbox
from lib.errors import WebhookError
from lib.settings import Settings
from lib.store.state import StateStore
from lib.webhooks import bodies
from lib.webhooks.addresses import WebhookTarget, parse_target
from lib.webhooks.endpoints import WebhookRepository
from lib.webhooks.events import Event, is_covered
from lib.webhooks.signatures import HEADER, signature, signing_secret
from lib.webhooks.transport import CallResult, WebhookTransport
from lib.webhooks.webhook import TEST, NoAnswer, OffReason, Webhook, WebhookStatus

log = logging.getLogger(__name__)

RETRY_AFTER = (
    timedelta(seconds=10),
    *(timedelta(minutes=minutes) for minutes in (1, 5, 30)),
    *(timedelta(hours=hours) for hours in (2, 6, 24)),
)
"""How long after each try that failed the next one is made; after the last of them there is none."""

OFF_AFTER = timedelta(days=5)
"""How long calls may fail, and none arrive, until the webhook is switched off."""

EvaluationReader = Callable[[Sequence[str], Grant], list[dict[str, Any]]]
"""Returns the rows of those of some evaluations that are there and that a grant shows."""

WebhookCallback = Callable[[Webhook], None]


@dataclass(frozen=True, slots=True)
class DeliveryParts:
    """What tries are made with."""

    state: StateStore
    settings: Settings
    outbox: Outbox
    webhooks: WebhookRepository
    owners: OwnerLookup
    transport: WebhookTransport
    read_evaluations: EvaluationReader


class DeliveryAttempts:
    """Makes tries to deliver; several threads may at a time."""

    def __init__(
        self, parts: DeliveryParts, on_switched_off: WebhookCallback, is_abandoned: Callable[[], bool]
    ) -> None:
        """Tell `on_switched_off` of webhooks that are called no more.

        Nothing is written down of a call once `is_abandoned`: the delivery is then claimed again.
        """
        self._parts = parts
        self._on_switched_off, self._is_abandoned = on_switched_off, is_abandoned

    def make(self, delivery: Delivery) -> bool:
        """Try to deliver; return whether the receiver could be reached, as far as it was called."""
        parts = self._parts
        webhook = parts.webhooks.find(delivery.address)
        content = None if delivery.content is None else parts.outbox.content(delivery.content)
        if webhook is None or content is None:
            parts.outbox.skip(delivery, NoAnswer.CONTENT_GONE)
            return True
        event = Event.from_content(content)
        if webhook.status is WebhookStatus.OFF and event.name != TEST:
            parts.outbox.skip(delivery, NoAnswer.WEBHOOK_OFF)
            return True
        with parts.state.read() as connection:
            grant = parts.owners.grant_of(connection, webhook.owner_id, Role.ADMIN)
        if grant is None:
            parts.outbox.skip(delivery, NoAnswer.WEBHOOK_OFF)
            self._switch_off(webhook, OffReason.OWNER_GONE)
            return True
        rows = parts.read_evaluations(event.evaluations, grant) if event.evaluations else []
        if not is_covered(event, grant) or (event.evaluations and not rows):
            parts.outbox.skip(delivery, NoAnswer.NOTHING_TO_SEE)
            return True
        return self._call(delivery, webhook, event, rows)

    def _call(self, delivery: Delivery, webhook: Webhook, event: Event, rows: list[dict[str, Any]]) -> bool:
        body = bodies.render(event, webhook.format, rows)
        try:
            target = parse_target(webhook.url, self._parts.settings.webhook_host_names)
        except WebhookError:  # the setting was another one when the webhook was made
            result = CallResult(None, NoAnswer.URL_REFUSED)
        else:
            result = self._post(target, delivery, webhook, event, body)
        if self._is_abandoned():
            return True
        self._keep(delivery, webhook, result, len(body), is_test=event.name == TEST)
        return result.status is not None

    def _keep(self, delivery: Delivery, webhook: Webhook, result: CallResult, size: int, *, is_test: bool) -> None:
        """Write down what became of a call, first with the webhook: whoever sees the delivery ended sees both."""
        outbox, webhooks = self._parts.outbox, self._parts.webhooks
        if result.is_success:
            if not is_test:
                webhooks.note_success(webhook)
            outbox.succeed(delivery, str(result), size)
            return
        log.info("Webhook %s: delivery %s failed: %s", webhook.id, delivery.id, result.status or result.text)
        now = datetime.now(UTC)
        failing_since = now if is_test else webhooks.note_failure(webhook)
        if is_test or delivery.failures >= len(RETRY_AFTER):
            outbox.fail(delivery, str(result), size)
        else:
            outbox.postpone(delivery, now + RETRY_AFTER[delivery.failures], str(result), size)
        if now - failing_since >= OFF_AFTER:
            self._switch_off(webhook, OffReason.FAILING)

    def _post(
        self, target: WebhookTarget, delivery: Delivery, webhook: Webhook, event: Event, body: bytes
    ) -> CallResult:
        secret = signing_secret(signing.load(self._parts.settings, self._parts.state), webhook)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Callboard/{__version__}",
            "X-Callboard-Event": event.name,
            "X-Callboard-Delivery": delivery.id,
            HEADER: signature(secret, int(time.time()), body),
        }
        return self._parts.transport.post(target, headers, body)

    def _switch_off(self, webhook: Webhook, reason: OffReason) -> None:
        if not self._parts.webhooks.switch_off(webhook, reason, SystemActor.WEBHOOKS):
            return
        log.warning("Webhook %s is switched off: %s", webhook.id, reason.value)
        switched = self._parts.webhooks.find(webhook.id)
        if switched is not None:
            self._on_switched_off(switched)
