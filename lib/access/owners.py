"""Whose a report, an alert or a webhook is, and what they may see now: looked up each time something goes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy.engine import Connection

from lib.access import api_keys
from lib.access.actors import SystemActor
from lib.access.api_keys import Key
from lib.access.users import LOCAL, Role, User, UserRepository
from lib.analytics.grants import Grant
from lib.errors import AccessError
from lib.errors.access_codes import AccessCode
from lib.store.state import StateStore


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns something: by what the audit calls them, and by what they are looked up."""

    actor: str
    id: str

    @classmethod
    def of_key(cls, key: Key) -> Owner:
        """Return a key as an owner."""
        return cls(key.actor, key.prefix)

    @classmethod
    def of_user(cls, user: User) -> Owner:
        """Return a person as an owner; whoever sits at the machine, where no login is configured, as the audit does."""
        return cls(SystemActor.LOCAL.value if user.id == LOCAL.id else user.actor, user.id)


class NoAccess(StrEnum):
    """Why an owner may see nothing any more."""

    OWNER_GONE = "owner_gone"
    OWNER_WITHOUT_ACCESS = "owner_without_access"
    KEY_ENDED = "key_ended"


_REASONS = {
    NoAccess.OWNER_GONE: AccessCode.ASKER_GONE,
    NoAccess.OWNER_WITHOUT_ACCESS: AccessCode.ASKER_WITHOUT_ACCESS,
    NoAccess.KEY_ENDED: AccessCode.ASKER_KEY_ENDED,
}


class OwnerLookup:
    """Tells what owners and people may see now."""

    def __init__(self, state: StateStore, people: UserRepository, has_login: Callable[[], bool]) -> None:
        """Use the state's store; `has_login` tells whether people log in, else all of them are one."""
        self._state, self._people, self._has_login = state, people, has_login

    def grant(self, owner: Owner) -> Grant | None:
        """Return what an owner may see; None for one who has no access any more."""
        with self._state.read() as connection:
            return self.grant_of(connection, owner.id)

    def grant_of(self, connection: Connection, owner_id: str, least: Role = Role.VIEWER) -> Grant | None:
        """Return the same as a transaction of the state sees it; None also for who may not do what `least` may."""
        access = self.access(connection, owner_id, least)
        return None if isinstance(access, NoAccess) else access

    def access(self, connection: Connection, owner_id: str, least: Role = Role.VIEWER) -> Grant | NoAccess:
        """Return what an owner may see, or why nothing any more.

        Whoever sits at the machine owns things as long as no login is configured.
        """
        if owner_id == LOCAL.id:
            return NoAccess.OWNER_GONE if self._has_login() else LOCAL.grant
        if owner_id.startswith(api_keys.MARK):
            key = api_keys.find(connection, owner_id)
            return key.grant if key is not None and key.usable(datetime.now(UTC)) else NoAccess.KEY_ENDED
        person = self._people.within(connection, owner_id)
        if person is None:
            return NoAccess.OWNER_GONE
        return person.grant if person.may(least) else NoAccess.OWNER_WITHOUT_ACCESS

    def current_grant(self, owner_id: str, least: Role) -> Grant:
        """Return what who asked for a job may see now. Raises AccessError for who may not ask for it any more."""
        with self._state.read() as connection:
            access = self.access(connection, owner_id, least)
        if isinstance(access, NoAccess):
            raise AccessError(_REASONS[access])
        return access

    def address(self, owner: Owner) -> str | None:
        """Return the e-mail address of an owner who is a person and has one."""
        person = self._people.get(owner.id)
        return None if person is None else person.email

    def person(self, address: str) -> User | None:
        """Return who has an e-mail address, whatever they may do; None where nobody has it."""
        return next((each for each in self._people.all() if each.email == address), None)

    def admin_addresses(self) -> tuple[str, ...]:
        """Return the e-mail addresses of the admins, in order."""
        return tuple(
            sorted(each.email for each in self._people.all() if each.email is not None and each.may(Role.ADMIN))
        )
