"""The check of an alert: what its owner may see now is looked at, states move on, and what is to be told is put out.

The facts are asked first, outside of any transaction. What comes of it is written in one: the states, the history, the
entries of the outbox, and that this check was made. It is written only where the alert is as the check began, so that
two processes that check at the same time, or one that is killed at any moment, tell nothing twice and lose nothing.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.access import audit_log
from lib.access.actors import SystemActor
from lib.access.audit_log import Action
from lib.access.owners import NoAccess, OwnerLookup
from lib.access.users import UserRepository
from lib.alerts.alert import Alert, AlertChange, AlertPause, AlertStatus
from lib.alerts.measurement import AlertLook, take_look
from lib.alerts.notices import AlertChannels, AlertNotice, due_notices, next_attention
from lib.alerts.repository import alert_of, read_alert, states_of, write_changes, write_states
from lib.alerts.states import WHOLE, AlertState, MemberReading, MemberState, advance_all
from lib.analytics.calendar import Calendar
from lib.analytics.grants import Grant
from lib.analytics.planner import resolve_period
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import Catalog
from lib.errors import AlertError, CallboardError, InvalidParameterError, TimeZoneChangedError
from lib.errors.alert_codes import AlertCode
from lib.settings import Settings
from lib.store.messages import failure_of
from lib.store.outgoing_schema import alert_changes, alert_states, alerts
from lib.store.state import StateStore

LEASE = timedelta(minutes=5)
"""How long nobody else takes an alert that is being checked; longer than its questions may take."""

RETRY_AFTER = timedelta(minutes=1)
"""When a check that failed is made again; a definition that can't be asked by any more waits LATER."""

LATER = timedelta(minutes=15)

STATES_KEPT = timedelta(days=90)
"""How long the state of a member is kept that has no evaluations any more."""

HISTORY_KEPT = timedelta(days=400)
"""How long changes of states are kept."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AlertSources:
    """What checks ask: the facts, what can be asked, the settings and the people as they are now."""

    answers: QueryCache
    catalog: Callable[[], Catalog]
    settings: Callable[[], Settings]
    people: UserRepository


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check has seen: the readings, of which version of the data, and which look of which day it was."""

    readings: tuple[MemberReading, ...]
    data_version: int
    day: date
    look: int


class AlertEngine:
    """Checks alerts."""

    def __init__(self, state: StateStore, sources: AlertSources, channels: AlertChannels) -> None:
        """Keep states in this store; ask these sources; tell by these channels."""
        self._state = state
        self.sources = sources
        self.channels = channels
        self._owners = OwnerLookup(state, sources.people, lambda: sources.settings().has_login)

    def claim(self, data_version: int | None, now: datetime, but: Collection[str] = ()) -> Alert | None:
        """Take the alert that is due the longest for a lease, but none of some ids; None where none is due.

        One without a time of its own is due where it has not looked at a version of the data, if that is known; it
        comes after those that have one.
        """
        free = sa.or_(alerts.c.lease_until.is_(None), alerts.c.lease_until < now)
        by_clock = alerts.c.next_at <= now
        unseen = sa.or_(alerts.c.checked_version.is_(None), alerts.c.checked_version != data_version)
        by_import = sa.and_(alerts.c.next_at.is_(None), unseen) if data_version is not None else sa.false()
        others = alerts.c.id.not_in(but)
        due = sa.and_(alerts.c.status == AlertStatus.ACTIVE, free, sa.or_(by_clock, by_import), others)
        with self._state.read() as connection:
            if connection.execute(sa.select(alerts.c.id).where(due).limit(1)).first() is None:
                return None  # most often; asked without keeping writers waiting
        oldest = sa.select(alerts).where(due).order_by(alerts.c.next_at.nulls_last(), alerts.c.id).limit(1)
        with self._state.transaction() as connection:
            row = connection.execute(oldest.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            leased = sa.update(alerts).where(alerts.c.id == row.id).values(lease_until=now + LEASE)
            connection.execute(leased)
            return read_alert(row)

    def check_now(self, number: str, owner_id: str | None, now: datetime) -> Alert:
        """Check an owner's alert at once; return it as it is after that.

        Raises AlertError where there is no such alert, and where it is paused.
        """
        with self._state.read() as connection:
            alert = alert_of(connection, number, owner_id)
        if alert.status is AlertStatus.PAUSED:
            raise AlertError("status", AlertCode.ALERT_PAUSED)
        self.check(alert, now)
        with self._state.read() as connection:
            return alert_of(connection, number, owner_id)

    def check(self, alert: Alert, now: datetime) -> bool:
        """Check an alert as it was read; return whether that was written down, and nobody else was quicker.

        What fails is written down, too, and changes nothing of what is settled.
        """
        try:
            with self._state.read() as connection:
                access = self._owners.access(connection, alert.owner_id)
            if isinstance(access, NoAccess):
                return self._pause(alert, AlertPause(access.value))
            result = self._look(alert, access, now)
        except CallboardError as error:
            return self._fail(alert, error, now)
        except Exception as error:  # an alert's own fault must not end the others
            log.exception("The check of alert %s failed", alert.id)
            return self._fail(alert, error, now)
        return self._write(alert, result, now)

    def attend(self, now: datetime) -> None:
        """Tell what is to be told without a check: reminders, and what was kept back by a snooze that has ended."""
        due = sa.and_(alerts.c.attend_at <= now, alerts.c.status == AlertStatus.ACTIVE)
        with self._state.read() as connection:
            numbers = list(connection.scalars(sa.select(alerts.c.id).where(due)))
        for number in numbers:
            with self._state.transaction() as connection:
                row = connection.execute(
                    sa.select(alerts).where(alerts.c.id == number, due).with_for_update()
                ).one_or_none()
                if row is not None:
                    self._tell(connection, read_alert(row), states_of(connection, number), [], now)
            self._wake()

    def forget_old(self, now: datetime) -> None:
        """Forget changes of long ago."""
        with self._state.transaction() as connection:
            connection.execute(sa.delete(alert_changes).where(alert_changes.c.at < now - HISTORY_KEPT))

    def expire_leases(self) -> None:
        """End every lease: for the one who knows that nobody else checks."""
        with self._state.transaction() as connection:
            held = alerts.c.lease_until.is_not(None)
            connection.execute(sa.update(alerts).where(held).values(lease_until=None))

    def _look(self, alert: Alert, grant: Grant, now: datetime) -> CheckResult:
        try:
            return self._ask(alert, grant, now)
        except TimeZoneChangedError:  # by now the settings have the zone that the workspace has
            return self._ask(alert, grant, now)

    def _ask(self, alert: Alert, grant: Grant, now: datetime) -> CheckResult:
        settings, answers = self.sources.settings(), self.sources.answers
        definition = alert.definition
        filters = definition.filters(settings.zone, grant, self.sources.catalog(), settings.week_start, now)
        zone = filters.zone(settings.zone)
        calendar = Calendar(zone, settings.week_start, now.astimezone(zone).date())
        _, version = answers.run_with_version(resolve_period, filters, calendar)
        look = 1
        if alert.looked_on == calendar.today:
            look = alert.looks + (version != alert.checked_version)
        readings = take_look(AlertLook(answers, definition, filters, calendar, now, max(1, look)))
        return CheckResult(readings, version, calendar.today, max(1, look))

    def _write(self, alert: Alert, result: CheckResult, now: datetime) -> bool:
        values = {
            "checked_at": now,
            "checked_version": result.data_version,
            "looked_on": result.day,
            "looks": result.look,
            "next_at": alert.definition.schedule.next_after(now),
            "failure": None,
            "failed_at": None,
        }
        with self._state.transaction() as connection:
            if not self._begin(connection, alert, values):
                return False
            before = {each.member: each for each in states_of(connection, alert.id)}
            after = advance_all(before, result.readings, alert.definition.checks, now)
            changes = [
                _change(before.get(each.member), each, now)
                for each in after.values()
                if _is_in_history(before.get(each.member), each)
            ]
            if alert.failure is not None:
                changes = _ends_failure(changes, after, now)
            gone = [number for number, each in after.items() if _is_forgotten(each, now)]
            if gone:
                mine = sa.and_(alert_states.c.alert == alert.id, alert_states.c.member.in_(gone))
                connection.execute(sa.delete(alert_states).where(mine))
            kept = {number: each for number, each in after.items() if number not in gone}
            write_states(connection, alert.id, [each for number, each in kept.items() if each != before.get(number)])
            current = alert_of(connection, alert.id, None)  # it may have been snoozed since it was read
            self._tell(connection, current, list(kept.values()), changes, now)
        self._wake()
        return True

    def _tell(
        self,
        connection: Connection,
        alert: Alert,
        states: Sequence[MemberState],
        changes: Sequence[AlertChange],
        now: datetime,
    ) -> None:
        """Put out what is to be told, and write the changes with what told them."""
        notices, changed_states = due_notices(alert, states, now)
        write_states(connection, alert.id, changed_states.values())
        write_changes(connection, alert.id, _with_causes(changes, notices, now))
        for notice in notices:
            self.channels.deliver(connection, notice)
        current = [changed_states.get(each.member, each) for each in states]
        attend_at = next_attention(alert, current, now)
        connection.execute(sa.update(alerts).where(alerts.c.id == alert.id).values(attend_at=attend_at))

    def _wake(self) -> None:
        if self.channels.wake is not None:
            self.channels.wake()

    def _pause(self, alert: Alert, reason: AlertPause) -> bool:
        with self._state.transaction() as connection:
            values = {"status": AlertStatus.PAUSED, "pause_reason": reason, "next_at": None}
            if not self._begin(connection, alert, values):
                return False
            details = {"id": alert.id, "version": alert.version, "status": AlertStatus.PAUSED.value}
            name = alert.definition.name
            audit_log.record(connection, SystemActor.LOCAL, Action.ALERT_CHANGED, name, **details, why=reason.value)
        return True

    def _fail(self, alert: Alert, error: Exception, now: datetime) -> bool:
        log.warning("The check of alert %s failed: %s", alert.id, error)
        retry = now + (LATER if isinstance(error, AlertError | InvalidParameterError) else RETRY_AFTER)
        following = alert.definition.schedule.next_after(now)
        values = {
            "failure": failure_of(error).to_json(),
            "failed_at": alert.failed_at or now,
            "next_at": retry if following is None else min(following, retry),
        }
        with self._state.transaction() as connection:
            if not self._begin(connection, alert, values):
                return False
            if alert.failure is None:
                whole = next((each for each in states_of(connection, alert.id) if each.member == WHOLE), None)
                begin = whole or MemberState.begin(WHOLE, "", now)
                write_changes(connection, alert.id, [_change(begin, replace(begin, state=AlertState.ERROR), now)])
        return True

    def _begin(self, connection: Connection, alert: Alert, values: Mapping[str, object]) -> bool:
        """Write down a check if the alert is as it was read; return whether it is.

        Who comes second waits here for the first one's transaction, and is refused after it.
        """
        unchanged = sa.and_(
            alerts.c.id == alert.id,
            alerts.c.version == alert.version,
            alerts.c.check_count == alert.check_count,
            alerts.c.status == AlertStatus.ACTIVE,
        )
        counted = {**values, "check_count": alert.check_count + 1, "lease_until": None}
        return bool(connection.execute(sa.update(alerts).where(unchanged).values(counted)).rowcount == 1)


def _is_in_history(before: MemberState | None, after: MemberState) -> bool:
    """Return whether the history has a change: a member's first state has none where it is as most are."""
    if before is None:
        return after.state not in (AlertState.OK, AlertState.NO_DATA)
    return before.state is not after.state


def _is_forgotten(state: MemberState, now: datetime) -> bool:
    is_long_gone = state.state is AlertState.NO_DATA and now - state.since > STATES_KEPT
    return is_long_gone and not state.is_firing and not state.announced


def _change(before: MemberState | None, after: MemberState, now: datetime, cause: str | None = None) -> AlertChange:
    return AlertChange(
        id=f"ach_{time.time_ns():016x}{secrets.token_hex(4)}",
        member=after.member,
        name=after.name,
        at=now,
        before=AlertState.OK if before is None else before.state,
        after=after.state,
        value=after.value,
        low=after.low,
        high=after.high,
        n=after.n,
        threshold=after.threshold,
        cause=cause,
    )


def _ends_failure(changes: Sequence[AlertChange], after: Mapping[str, MemberState], now: datetime) -> list[AlertChange]:
    """Return changes with the one from `error` to what the whole is now."""
    whole = after.get(WHOLE) or MemberState.begin(WHOLE, "", now)
    ended = _change(replace(whole, state=AlertState.ERROR), whole, now)
    return [ended, *(each for each in changes if each.member != WHOLE)]


def _with_causes(changes: Sequence[AlertChange], notices: Sequence[AlertNotice], now: datetime) -> list[AlertChange]:
    """Return changes with the notices that tell them, and a line for each member of which a notice tells no change."""
    causes = {each.member: notice.cause for notice in notices for each in notice.members}
    written = [replace(each, cause=causes.get(each.member)) for each in changes]
    known = {each.member for each in written}
    more = (each for notice in notices for each in notice.members if each.member not in known)
    return [*written, *(_change(each, each, now, causes[each.member]) for each in more)]
