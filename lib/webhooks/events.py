"""Events: what happened, put into the outbox for each webhook that is to be called about it.

An event is put there in the transaction that it is part of, so that it goes out if, and only if, that is committed.
What it says is kept once; what the evaluations in it look like, and whether the owner may see them, is looked up when
it is sent.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.engine import Connection

from lib.access.owners import OwnerLookup
from lib.access.users import Role
from lib.analytics.grants import Grant
from lib.delivery import outbox
from lib.delivery.outbox import Channel
from lib.webhooks.endpoints import list_webhooks
from lib.webhooks.webhook import Webhook, WebhookStatus


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    `grant` is what one must be allowed to see to be told; None: anybody may be told. `text` says it in one line, for
    those who read it in a chat. `evaluations` are ids, whose rows are added to the data when it is sent.
    """

    name: str
    id: str
    at: datetime
    data: Mapping[str, Any]
    text: str
    grant: Grant | None
    evaluations: tuple[str, ...] = ()

    def to_content(self) -> bytes:
        """Return the event as the outbox keeps it."""
        kept = {
            "event": self.name,
            "id": self.id,
            "timestamp": self.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "data": self.data,
            "text": self.text,
            "grant": None if self.grant is None else self.grant.to_json(),
            "evaluations": self.evaluations,
        }
        return json.dumps(kept, ensure_ascii=False).encode()

    @classmethod
    def from_content(cls, content: bytes) -> Event:
        """Return the event that the outbox keeps."""
        kept = json.loads(content)
        return cls(
            name=kept["event"],
            id=kept["id"],
            at=datetime.fromisoformat(kept["timestamp"]),
            data=kept["data"],
            text=kept["text"],
            grant=None if kept["grant"] is None else Grant.of(kept["grant"]),
            evaluations=tuple(kept["evaluations"]),
        )


def new_event(name: str, data: Mapping[str, Any], text: str, grant: Grant | None) -> Event:
    """Return an event that happens now."""
    return Event(name, f"evt_{secrets.token_hex(12)}", datetime.now(UTC), data, text, grant)


def is_covered(event: Event, grant: Grant | None) -> bool:
    """Return whether somebody with a grant may be told of an event; nobody may whose grant is None."""
    return grant is not None and (event.grant is None or grant.covers(event.grant))


class EventPublisher:
    """Puts events into the outbox for the webhooks that are to be called about them."""

    def __init__(self, owners: OwnerLookup) -> None:
        """Look up there what owners may see."""
        self._owners = owners

    def emit(
        self, connection: Connection, event: Event, also: Collection[str] = (), cause: str | None = None
    ) -> list[str]:
        """Put an event into the outbox, in this transaction of the state; return the ids of its deliveries.

        It goes to each active webhook that asked for such events, and to those that `also` names, where the owner may
        be told of it. The same `cause`, which is the event's id where none is named, goes to a webhook once. Wake the
        outbox once the transaction is over.
        """
        webhooks = [
            webhook
            for webhook in list_webhooks(connection, None)
            if webhook.status is WebhookStatus.ACTIVE and (event.name in webhook.events or webhook.id in also)
        ]
        grants = {
            each: self._owners.grant_of(connection, each, Role.ADMIN)
            for each in {webhook.owner_id for webhook in webhooks}
        }
        covered = [webhook for webhook in webhooks if is_covered(event, grants[webhook.owner_id])]
        return self.send(connection, event, covered, cause)

    def send(
        self, connection: Connection, event: Event, webhooks: Collection[Webhook], cause: str | None = None
    ) -> list[str]:
        """Put an event into the outbox for these webhooks, whatever they asked for; otherwise as `emit`."""
        if not webhooks:
            return []
        content = outbox.add_content(connection, event.to_content())
        added = (
            outbox.add(connection, Channel.WEBHOOK, cause or event.id, webhook.id, webhook.id, content)
            for webhook in webhooks
        )
        return [number for number in added if number is not None]
