"""Sessions: a row of our own for each log-in, looked at before every action.

The provider's word comes in a cookie that lives for weeks and outlives a log-out. What it says is therefore held
against the row: ended, too old, or idle for too long, it lets nobody in. A row is made for a fresh log-in alone, so
that an old cookie can't begin a new session.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from lib.access import audit_log
from lib.access.actors import SystemActor
from lib.access.audit_log import Action, SessionEnd
from lib.access.users import User, UserRepository
from lib.store.disk_space import skip_when_disk_full
from lib.store.schema import audit as audit_entries
from lib.store.schema import people, sessions
from lib.store.state import StateStore, insert_if_absent

FRESH = timedelta(minutes=10)
"""How old a log-in may be that begins a session."""

_SKEW = timedelta(minutes=5)
_SEEN_EVERY = timedelta(minutes=1)
_KEPT = timedelta(days=60)  # ended sessions; the cookie that names one is gone by then


@dataclass(frozen=True, slots=True)
class SessionCheck:
    """Who is there, by which session; nobody where the session is no longer good."""

    session: str
    person: User | None


class Sessions:
    """The sessions of one workspace's people."""

    def __init__(self, state: StateStore, known: UserRepository, idle: timedelta, age: timedelta) -> None:
        """Let a session last for `age` in all, and for `idle` from one action to the next."""
        self._state, self._people = state, known
        self._idle, self._age = idle, age

    def enter(self, claims: Mapping[str, Any]) -> SessionCheck:
        """Return who acts, by the claims of the log-in that their cookie holds; the first action begins the session."""
        now = datetime.now(UTC)
        number, started = session_id(claims), _issued(claims)
        if started is None:
            return SessionCheck(number, None)
        with self._state.read() as connection:
            row = connection.execute(sa.select(sessions).where(sessions.c.id == number)).one_or_none()
        if row is None:
            return self._begin(number, claims, started, now)
        if row.ended_at is not None:
            return SessionCheck(number, None)
        if now - row.started_at > self._age or now - row.seen_at > self._idle:
            why = SessionEnd.TOO_OLD if now - row.started_at > self._age else SessionEnd.IDLE
            with skip_when_disk_full("the end of a session"):
                self.end(number, SystemActor.SESSION_TIMEOUT, Action.SESSION_ENDED, why)
            return SessionCheck(number, None)
        if now - row.seen_at > _SEEN_EVERY:
            with skip_when_disk_full("the use of a session"), self._state.transaction() as connection:
                connection.execute(sa.update(sessions).where(sessions.c.id == number).values(seen_at=now))
                connection.execute(sa.update(people).where(people.c.id == row.person).values(seen_at=now))
        return SessionCheck(number, self._people.get(row.person))

    def look(self, claims: Mapping[str, Any]) -> SessionCheck:
        """Return who is there, by the claims of their log-in, for what goes on by itself: it is no action of theirs."""
        number = session_id(claims)
        with self._state.read() as connection:
            row = connection.execute(sa.select(sessions).where(sessions.c.id == number)).one_or_none()
            person = None if row is None else self._people.within(connection, row.person)
        return SessionCheck(number, person if row is not None and self._is_good(row) else None)

    def admit(self, claims: Mapping[str, Any]) -> str | None:
        """Return the id of the session that a log-in has or may begin, by its claims; None where it is good no more."""
        number, started = session_id(claims), _issued(claims)
        if started is None:
            return None
        with self._state.read() as connection:
            row = connection.execute(sa.select(sessions).where(sessions.c.id == number)).one_or_none()
        is_good = _is_fresh(started, datetime.now(UTC)) if row is None else self._is_good(row)
        return number if is_good else None

    def is_active(self, number: str) -> bool:
        """Return whether a session is still good."""
        with self._state.read() as connection:
            row = connection.execute(sa.select(sessions).where(sessions.c.id == number)).one_or_none()
        return row is not None and self._is_good(row)

    def _is_good(self, row: sa.Row[Any]) -> bool:
        now = datetime.now(UTC)
        return row.ended_at is None and now - row.started_at <= self._age and now - row.seen_at <= self._idle

    def end(self, number: str, by: str, action: Action, why: SessionEnd | None = None) -> None:
        """End a session, if it has not ended."""
        open_one = sa.and_(sessions.c.id == number, sessions.c.ended_at.is_(None))
        with self._state.transaction() as connection:
            row = connection.execute(sa.select(sessions).where(open_one).with_for_update()).one_or_none()
            if row is None:
                return
            connection.execute(sa.update(sessions).where(open_one).values(ended_at=datetime.now(UTC)))
            whose = self._people.within(connection, row.person)
            audit_log.record(connection, by, action, row.person if whose is None else whose.actor, why=why)

    def open_ones(self) -> dict[str, int]:
        """Return how many sessions are open, by the id of the person."""
        now = datetime.now(UTC)
        asked = (
            sa.select(sessions.c.person, sa.func.count().label("sessions"))
            .where(
                sessions.c.ended_at.is_(None),
                sessions.c.started_at >= now - self._age,
                sessions.c.seen_at >= now - self._idle,
            )
            .group_by(sessions.c.person)
        )
        with self._state.read() as connection:
            return {row.person: row.sessions for row in connection.execute(asked)}

    def _begin(self, number: str, claims: Mapping[str, Any], started: datetime, now: datetime) -> SessionCheck:
        if not _is_fresh(started, now):
            return SessionCheck(number, None)
        try:
            return self._begun(number, claims, started, now)
        except IntegrityError:  # another tab of someone new was quicker: they are known now
            return self._begun(number, claims, started, now)

    def _begun(self, number: str, claims: Mapping[str, Any], started: datetime, now: datetime) -> SessionCheck:
        with self._state.transaction() as connection:
            restored = sa.select(sa.func.max(audit_entries.c.at)).where(audit_entries.c.action == Action.RESTORE.value)
            last = connection.execute(restored).scalar_one()
            if last is not None and started <= last:  # the rows of the sessions of before are gone with the old state
                return SessionCheck(number, None)
            found = self._people.upsert_from_claims(connection, claims, now)
            began = insert_if_absent(
                connection, sessions, id=number, person=found.id, started_at=min(started, now), seen_at=now
            )
            if began:
                audit_log.record(connection, found.actor, Action.LOG_IN, found.actor, role=found.role.value)
                connection.execute(sa.delete(sessions).where(sessions.c.started_at < now - self._age - _KEPT))
        return SessionCheck(number, found)


def end_all(state: StateStore, person: User, by: str) -> int:
    """End every session of a person, at their next action; return how many."""
    open_ones = sa.and_(sessions.c.person == person.id, sessions.c.ended_at.is_(None))
    with state.transaction() as connection:
        ended = connection.execute(sa.update(sessions).where(open_ones).values(ended_at=datetime.now(UTC))).rowcount
        audit_log.record(connection, by, Action.SESSION_ENDED, person.actor, sessions=ended)
    return int(ended)


def session_id(claims: Mapping[str, Any]) -> str:
    """Return what tells one log-in from all others; the provider's nonce is new with each."""
    said = [str(claims.get(name)) for name in ("iss", "sub", "iat", "nonce")]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _is_fresh(started: datetime, now: datetime) -> bool:
    return -_SKEW <= now - started <= FRESH


def _issued(claims: Mapping[str, Any]) -> datetime | None:
    """Return when the provider gave its word; None for claims that name no issuer, subject or time."""
    issued = claims.get("iat")
    if (
        not claims.get("iss")
        or not claims.get("sub")
        or isinstance(issued, bool)
        or not isinstance(issued, int | float)
    ):
        return None
    try:
        return datetime.fromtimestamp(issued, UTC)
    except (OverflowError, OSError, ValueError):
        return None
