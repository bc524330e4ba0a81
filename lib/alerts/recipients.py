"""Whom an alert may tell: people with an account, addresses of domains that the settings name, one's own webhooks."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from lib.access.users import UserRepository
from lib.configuration.addresses import plain_address
from lib.delivery.mail_rules import may_get_mail
from lib.errors import AlertError, InvalidParameterError
from lib.errors.alert_codes import AlertCode
from lib.errors.parameter_codes import ParameterCode
from lib.store.outgoing_schema import webhooks
from lib.store.state import StateStore


def allowed_recipients(addresses: Sequence[str], people: UserRepository, domains: frozenset[str]) -> tuple[str, ...]:
    """Return addresses as they are kept, each once.

    Raises InvalidParameterError for what is no address, AlertError for one that mail may not go to.
    """
    plain = []
    for each in addresses:
        address = plain_address(each)
        if not address:
            raise InvalidParameterError("recipients", ParameterCode.NOT_AN_EMAIL, value=each[:100])
        plain.append(address)
    known = {person.email for person in people.all()} if plain else set()
    for address in plain:
        if not may_get_mail(address, domains, has_account=address in known):
            raise AlertError("recipients", AlertCode.ALERT_RECIPIENT, address=address)
    return tuple(dict.fromkeys(plain))


def check_webhooks(state: StateStore, ids: Sequence[str], owner_id: str) -> None:
    """Raise AlertError for the id of what is no webhook of an owner."""
    if not ids:
        return
    mine = sa.and_(webhooks.c.id.in_(ids), webhooks.c.owner_id == owner_id)
    with state.read() as connection:
        known = set(connection.scalars(sa.select(webhooks.c.id).where(mine)))
    for each in ids:
        if each not in known:
            raise AlertError("webhooks", AlertCode.ALERT_WEBHOOK, id=each[:60])
