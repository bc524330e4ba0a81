"""The webhooks of a workspace: made, listed, changed, switched off, deleted; each change with a line of the audit."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.access import audit_log
from lib.access.audit_log import Action
from lib.access.owners import Owner
from lib.delivery import outbox
from lib.errors import WebhookError, nearest
from lib.errors.webhook_codes import WebhookCode
from lib.settings import Settings
from lib.sharing import validation
from lib.store.outgoing_schema import webhooks
from lib.store.state import StateStore
from lib.webhooks.addresses import parse_target
from lib.webhooks.webhook import EVENTS, BodyFormat, NoAnswer, OffReason, Webhook, WebhookStatus

MAX_OF_ONE, MAX_IN_ALL = 50, 500
"""Webhooks that one owner may have, and that there may be."""

MAX_DESCRIPTION = 200

_SHOWN = 60  # characters of a wrong value that an error repeats


@dataclass(frozen=True, slots=True)
class WebhookValues:
    """What a webhook is to be; what is None stays as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    description: str | None = None
    format: str | None = None
    status: str | None = None

    def columns(self, named_hosts: frozenset[str]) -> dict[str, Any]:
        """Return the columns that hold them. Raises WebhookError naming the one that is wrong."""
        columns: dict[str, Any] = {}
        if self.url is not None:
            parse_target(self.url, named_hosts)
            columns["url"] = self.url
        if self.events is not None:
            columns["events"] = json.dumps(_checked_events(self.events))
        if self.description is not None:
            columns["description"] = _checked_description(self.description)
        if self.format is not None:
            columns["format"] = _checked_format(self.format)
        if self.status is not None:
            status = _checked_status(self.status)
            is_off = status is WebhookStatus.OFF
            columns |= {"status": status, "off_reason": OffReason.BY_HAND if is_off else None, "failing_since": None}
        return columns


class WebhookRepository:
    """The webhooks of one workspace. `owner_id` limits what is seen to the webhooks of one owner; None: all."""

    def __init__(self, state: StateStore, settings: Settings) -> None:
        """Use the state's store; the settings say where webhooks may go."""
        self._state = state
        self._named_hosts = settings.webhook_host_names

    def all(self, owner_id: str | None) -> list[Webhook]:
        """Return the webhooks, the oldest first."""
        with self._state.read() as connection:
            return list_webhooks(connection, owner_id)

    def get(self, number: str, owner_id: str | None) -> Webhook:
        """Return the webhook of an id. Raises WebhookError where there is none, or it is another owner's."""
        with self._state.read() as connection:
            return _there(connection, number, owner_id)

    def find(self, number: str) -> Webhook | None:
        """Return the webhook of an id; None where there is none."""
        with self._state.read() as connection:
            return _find(connection, number)

    def create(self, values: WebhookValues, owner: Owner) -> Webhook:
        """Make a webhook; its url and events must be among the values.

        Raises WebhookError naming what is wrong, ConflictError where there are as many as there may be.
        """
        missing = {"url": values.url or "", "events": values.events or ()}
        whole = {"description": "", "format": BodyFormat.GENERIC, **values.columns(self._named_hosts)}
        whole |= WebhookValues(**missing).columns(self._named_hosts)  # type: ignore[arg-type]
        now, number = datetime.now(UTC), f"wh_{secrets.token_hex(12)}"
        kept: dict[str, Any] = {"salt": secrets.token_hex(16), "owner": owner.actor, "owner_id": owner.id}
        kept |= {"status": WebhookStatus.ACTIVE, "created_at": now, "changed_at": now}
        with self._state.transaction() as connection:
            mine = webhooks.c.owner_id == owner.id
            validation.check_count(connection, webhooks, "webhooks", mine, MAX_OF_ONE, MAX_IN_ALL)
            connection.execute(sa.insert(webhooks).values({"id": number, **kept, **whole}))
            made = _there(connection, number, owner.id)
            audit_log.record(connection, owner.actor, Action.WEBHOOK_CREATED, made.name)
        return made

    def change(self, number: str, values: WebhookValues, owner_id: str | None, by: str) -> Webhook:
        """Change a webhook; return it as it is then. Raises WebhookError as `get` and `create` do."""
        changed = values.columns(self._named_hosts)
        with self._state.transaction() as connection:
            before = _there(connection, number, owner_id)
            if changed:
                changed["changed_at"] = datetime.now(UTC)
                connection.execute(sa.update(webhooks).where(webhooks.c.id == number).values(changed))
                if values.status == WebhookStatus.OFF:
                    outbox.skip_subject(connection, number, NoAnswer.WEBHOOK_OFF)
                after = _there(connection, number, owner_id)
                audit_log.record(connection, by, Action.WEBHOOK_CHANGED, after.name, why=after.off_reason)
            return after if changed else before

    def delete(self, number: str, owner_id: str | None, by: str) -> None:
        """Delete a webhook with its deliveries, sent or not. Raises WebhookError as `get` does."""
        with self._state.transaction() as connection:
            gone = _there(connection, number, owner_id)
            connection.execute(sa.delete(webhooks).where(webhooks.c.id == number))
            outbox.forget_subject(connection, number)
            audit_log.record(connection, by, Action.WEBHOOK_DELETED, gone.name)

    def note_success(self, webhook: Webhook) -> None:
        """Write down that a call arrived."""
        if webhook.failing_since is not None:
            with self._state.transaction() as connection:
                mine = webhooks.c.id == webhook.id
                connection.execute(sa.update(webhooks).where(mine).values(failing_since=None))

    def note_failure(self, webhook: Webhook) -> datetime:
        """Write down that a call failed; return since when none has arrived."""
        if webhook.failing_since is not None:
            return webhook.failing_since
        now = datetime.now(UTC)
        with self._state.transaction() as connection:
            first = sa.and_(webhooks.c.id == webhook.id, webhooks.c.failing_since.is_(None))
            connection.execute(sa.update(webhooks).where(first).values(failing_since=now))
        return now

    def switch_off(self, webhook: Webhook, reason: OffReason, by: str) -> bool:
        """Call a webhook no more, until somebody switches it on; return whether it was on."""
        with self._state.transaction() as connection:
            is_on = sa.and_(webhooks.c.id == webhook.id, webhooks.c.status == WebhookStatus.ACTIVE)
            off = {"status": WebhookStatus.OFF, "off_reason": reason, "changed_at": datetime.now(UTC)}
            if connection.execute(sa.update(webhooks).where(is_on).values(off)).rowcount != 1:
                return False
            outbox.skip_subject(connection, webhook.id, NoAnswer.WEBHOOK_OFF)
            audit_log.record(connection, by, Action.WEBHOOK_OFF, webhook.name, why=reason)
        return True


def list_webhooks(connection: Connection, owner_id: str | None) -> list[Webhook]:
    """Return webhooks as a transaction sees them: an owner's or all, the oldest first."""
    which = sa.true() if owner_id is None else webhooks.c.owner_id == owner_id
    rows = connection.execute(sa.select(webhooks).where(which).order_by(webhooks.c.created_at, webhooks.c.id))
    return [_webhook(row) for row in rows]


def _find(connection: Connection, number: str) -> Webhook | None:
    row = connection.execute(sa.select(webhooks).where(webhooks.c.id == number)).one_or_none()
    return None if row is None else _webhook(row)


def _there(connection: Connection, number: str, owner_id: str | None) -> Webhook:
    webhook = None if "\x00" in number else _find(connection, number)
    if webhook is None or owner_id not in (None, webhook.owner_id):
        raise WebhookError(None, WebhookCode.WEBHOOK_UNKNOWN, id=number[:_SHOWN])
    return webhook


def _webhook(row: Any) -> Webhook:
    values = {name: row._mapping[name] for name in Webhook.__dataclass_fields__}
    values["events"] = tuple(json.loads(row.events))
    values["format"], values["status"] = BodyFormat(row.format), WebhookStatus(row.status)
    values["off_reason"] = None if row.off_reason is None else OffReason(row.off_reason)
    return Webhook(**values)


def _checked_events(events: Sequence[str]) -> list[str]:
    known = ", ".join(EVENTS)
    for event in events:
        if event not in EVENTS:
            hint = nearest(event, EVENTS)
            raise WebhookError("events", WebhookCode.WEBHOOK_EVENT, event=event[:_SHOWN], hint=hint, known=known)
    if not events:
        raise WebhookError("events", WebhookCode.WEBHOOK_EVENTS, known=known)
    return [event for event in EVENTS if event in events]


def _checked_description(text: str) -> str:
    if len(text) > MAX_DESCRIPTION or not all(character.isprintable() for character in text):
        raise WebhookError("description", WebhookCode.WEBHOOK_DESCRIPTION, most=MAX_DESCRIPTION)
    return text.strip()


def _checked_format(text: str) -> BodyFormat:
    if text not in [*BodyFormat]:
        hint, known = nearest(text, BodyFormat), ", ".join(BodyFormat)
        raise WebhookError("format", WebhookCode.WEBHOOK_FORMAT, format=text[:_SHOWN], hint=hint, known=known)
    return BodyFormat(text)


def _checked_status(text: str) -> WebhookStatus:
    if text not in [*WebhookStatus]:
        hint, known = nearest(text, WebhookStatus), ", ".join(WebhookStatus)
        raise WebhookError("status", WebhookCode.WEBHOOK_STATUS, status=text[:_SHOWN], hint=hint, known=known)
    return WebhookStatus(text)
