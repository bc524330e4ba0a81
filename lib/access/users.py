"""People: who they are by the word of an OpenID provider, what they may do, and what they may see.

A person is known by the provider's subject. One who was added by e-mail before the first log-in is found by it, if the
provider says that it has verified the address; after that the subject alone counts, as addresses change hands.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from lib.access import audit_log
from lib.access.actors import SystemActor
from lib.access.audit_log import Action
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.catalog import Catalog
from lib.configuration.addresses import plain_address
from lib.errors import CallboardError, ConflictError, InvalidParameterError
from lib.errors.parameter_codes import ParameterCode
from lib.store.schema import people, sessions
from lib.store.state import StateStore


class Role(StrEnum):
    """What a person may do; each role may do what those before it may."""

    NONE = "none"  # known, and let in nowhere
    VIEWER = "viewer"  # look at pages
    ANALYST = "analyst"  # take files away, write notes
    ADMIN = "admin"  # keys, access, data; sees everything


@dataclass(frozen=True, slots=True)
class User:
    """A person, with what they may do and see now."""

    id: str
    email: str | None
    name: str
    role: Role
    grant: Grant
    subject: str | None
    created_at: datetime
    created_by: str
    seen_at: datetime | None
    fixed: bool = False  # the settings say that they are an admin

    @property
    def actor(self) -> str:
        """What the audit, jobs and views call them: theirs alone."""
        return self.email or f"{self.name} ({self.subject})"

    def may(self, role: Role) -> bool:
        """Return whether they may do what a role may."""
        ranks = list(Role)
        return ranks.index(self.role) >= ranks.index(role)


LOCAL = User("local", None, "local", Role.ADMIN, EVERYTHING, None, datetime.min.replace(tzinfo=UTC), "", None)
"""Whoever sits at the machine, where no login is configured."""


class UserRepository:
    """The people of one workspace."""

    def __init__(self, state: StateStore, catalog: Catalog, admins: Sequence[str] = ()) -> None:
        """Use the state's store; the catalog says what a grant may limit.

        `admins` are e-mails (with an @) and subjects of those who are admins in any case.
        """
        self._state = state
        self._catalog = catalog
        self._emails = {address for each in admins if "@" in each and (address := plain_address(each))}
        self._subjects = {each for each in admins if "@" not in each}

    def all(self) -> list[User]:
        """Return everyone: those who wait for a role first, then by e-mail or name."""
        with self._state.read() as connection:
            found = [self._person(row) for row in connection.execute(sa.select(people))]
        return sorted(found, key=lambda person: (person.role is not Role.NONE, person.actor.casefold(), person.id))

    def get(self, number: str) -> User | None:
        """Return the person of an id, None where there is none."""
        with self._state.read() as connection:
            return self.within(connection, number)

    def within(self, connection: Connection, number: str) -> User | None:
        """Return the person of an id, as a transaction sees them."""
        row = connection.execute(sa.select(people).where(people.c.id == number)).one_or_none()
        return None if row is None else self._person(row)

    def named(self, who: str) -> User:
        """Return the person of an e-mail (with an @), else of a subject. Raises CallboardError where there is none."""
        asked = people.c.email == plain_address(who) if "@" in who else people.c.subject == who
        with self._state.read() as connection:
            rows = connection.execute(sa.select(people).where(asked)).all()
        if len(rows) != 1:
            raise CallboardError(f"Nobody is known as '{who[:100]}'. callboard people list shows everyone.")
        return self._person(rows[0])

    def upsert_from_claims(self, connection: Connection, claims: Mapping[str, Any], now: datetime) -> User:
        """Return who a provider's claims are about: known, added by e-mail before, or new and without a role."""
        issuer, subject = str(claims["iss"]), str(claims["sub"])
        email = plain_address(str(claims.get("email") or "")) if claims.get("email_verified") is True else ""
        name = _line(str(claims.get("name") or claims.get("preferred_username") or email or subject))
        mine = sa.and_(people.c.issuer == issuer, people.c.subject == subject)
        row = connection.execute(sa.select(people).where(mine)).one_or_none()
        by_email = sa.select(people).where(people.c.email == email)
        holder = connection.execute(by_email).one_or_none() if email else None
        if row is None and holder is not None and holder.subject is None:
            row = holder
        theirs = bool(email) and (holder is None or (row is not None and holder.id == row.id))
        # One that the provider does not vouch for any more is theirs no longer.
        values: dict[str, Any] = {"issuer": issuer, "subject": subject, "name": name, "seen_at": now}
        values["email"] = email if theirs else None
        if row is None:
            number = _new_id()
            row_values = {
                "role": Role.NONE.value,
                "created_at": now,
                "created_by": SystemActor.FIRST_LOG_IN.value,
                **values,
            }
            connection.execute(sa.insert(people).values(id=number, **row_values))
        else:
            number = row.id
            connection.execute(sa.update(people).where(people.c.id == number).values(values))
        return self._person(connection.execute(sa.select(people).where(people.c.id == number)).one())

    def add(self, email: str, role: Role, grant: Grant, by: str) -> User:
        """Let someone in before they first log in, by their e-mail; return them.

        Raises InvalidParameterError for what is no e-mail, ConflictError where someone has it, and as `change` does.
        """
        address = plain_address(email)
        if not address:
            raise InvalidParameterError("email", ParameterCode.NOT_AN_EMAIL, value=email[:100])
        _must_fit(role, grant)
        number, now = _new_id(), datetime.now(UTC)
        values = {"role": role.value, "grant_limits": grant.to_column(), "created_at": now, "created_by": by}
        try:
            with self._state.transaction() as connection:
                connection.execute(sa.insert(people).values(id=number, email=address, name=address, **values))
                audit_log.record(connection, by, Action.PERSON_ADDED, address, **self._rights(role, grant))
                return self._person(connection.execute(sa.select(people).where(people.c.id == number)).one())
        except IntegrityError:
            raise ConflictError(f"{address} is known already; right would be to change what they may do.") from None

    def change(self, number: str, role: Role, grant: Grant, by: str) -> User:
        """Give a person another role and other limits, which hold from their next action; return them.

        Raises InvalidParameterError for an admin with limits, CallboardError for someone who is not there, or whom
        the settings make an admin.
        """
        _must_fit(role, grant)
        with self._state.transaction() as connection:
            before = self._there(connection, number)
            values = {"role": role.value, "grant_limits": grant.to_column()}
            connection.execute(sa.update(people).where(people.c.id == number).values(values))
            was = {f"{name}_was": value for name, value in self._rights(before.role, before.grant).items()}
            audit_log.record(connection, by, Action.PERSON_CHANGED, before.actor, **self._rights(role, grant), **was)
            return self._person(connection.execute(sa.select(people).where(people.c.id == number)).one())

    def remove(self, number: str, by: str) -> None:
        """Forget a person and end their sessions. Raises CallboardError as `change` does."""
        now = datetime.now(UTC)
        with self._state.transaction() as connection:
            before = self._there(connection, number)
            open_ones = sa.and_(sessions.c.person == number, sessions.c.ended_at.is_(None))
            connection.execute(sa.update(sessions).where(open_ones).values(ended_at=now))
            connection.execute(sa.delete(people).where(people.c.id == number))
            audit_log.record(connection, by, Action.PERSON_REMOVED, before.actor)

    def _rights(self, role: Role, grant: Grant) -> dict[str, Any]:
        """Return what the audit says of a role and its limits."""
        return {"role": role.value, **grant.in_full(self._catalog)}

    def _there(self, connection: Connection, number: str) -> User:
        row = connection.execute(sa.select(people).where(people.c.id == number).with_for_update()).one_or_none()
        if row is None:
            raise CallboardError("There is no such person; they may have been removed.")
        found = self._person(row)
        if found.fixed:
            raise CallboardError(
                f"{found.actor} is an admin by CALLBOARD_ADMINS; right would be to change that setting."
            )
        return found

    def _person(self, row: Any) -> User:
        fixed = row.email in self._emails or row.subject in self._subjects  # neither holds what is no name
        role = Role.ADMIN if fixed else Role(row.role)
        return User(
            id=row.id,
            email=row.email,
            name=row.name,
            role=role,
            grant=EVERYTHING if role is Role.ADMIN else Grant.from_column(row.grant_limits),
            subject=row.subject,
            created_at=row.created_at,
            created_by=row.created_by,
            seen_at=row.seen_at,
            fixed=fixed,
        )


def _must_fit(role: Role, grant: Grant) -> None:
    if role is Role.ADMIN and not grant.everything:
        raise InvalidParameterError("role", ParameterCode.ADMIN_WITH_LIMITS)


def _line(text: str) -> str:
    """Return what a provider calls a person as one line of at most 200 characters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200] or "?"


def _new_id() -> str:
    return f"person_{secrets.token_hex(8)}"
