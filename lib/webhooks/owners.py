"""What the owner of a webhook may see now: looked up each time, so that what was taken from them holds at once."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.engine import Connection

from lib.access import api_keys
from lib.access.api_keys import MARK
from lib.access.users import LOCAL, Role, UserRepository
from lib.analytics.grants import EVERYTHING, Grant


class WebhookOwners:
    """The people and keys that webhooks belong to."""

    def __init__(self, people: UserRepository) -> None:
        """Look people up there."""
        self._people = people

    def grant_of(self, connection: Connection, owner_id: str) -> Grant | None:
        """Return what an owner may see; None for a key that is no longer good and for who is no admin any more."""
        if owner_id == LOCAL.id:
            return EVERYTHING
        if owner_id.startswith(MARK):
            key = api_keys.find(connection, owner_id)
            return key.grant if key is not None and key.usable(datetime.now(UTC)) else None
        person = self._people.within(connection, owner_id)
        return person.grant if person is not None and person.may(Role.ADMIN) else None
