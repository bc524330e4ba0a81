"""Alerts as the state keeps them: made, read, changed, deleted; their states and the history of these."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.access import audit_log
from lib.access.audit_log import Action
from lib.access.owners import Owner
from lib.alerts.alert import Alert, AlertChange, AlertPause, AlertStatus
from lib.alerts.definition import AlertDefinition
from lib.alerts.notices import next_attention
from lib.alerts.states import WORST_FIRST, AlertOverview, AlertState, MemberState
from lib.delivery import outbox
from lib.errors import AlertError, ConflictError, nearest
from lib.errors.alert_codes import AlertCode
from lib.store.messages import Message
from lib.store.outgoing_schema import alert_changes, alert_states, alerts, unsubscribed
from lib.store.state import StateStore

MOST_OF_ONE = 200
"""Alerts that one owner may have."""


class AlertRepository:
    """The alerts of one workspace."""

    def __init__(self, state: StateStore) -> None:
        """Use the state's store."""
        self._state = state

    def all_of(self, owner_id: str | None, offset: int = 0, limit: int = 1_000) -> tuple[list[Alert], int]:
        """Return the alerts of an owner, or of everybody, by name, and how many there are."""
        mine = sa.true() if owner_id is None else alerts.c.owner_id == owner_id
        named = sa.select(alerts).where(mine).order_by(sa.func.lower(alerts.c.name), alerts.c.id)
        with self._state.read() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(alerts).where(mine)).scalar_one()
            rows = connection.execute(named.offset(offset).limit(limit)).all()
        return [read_alert(row) for row in rows], int(count)

    def get(self, number: str, owner_id: str | None) -> Alert:
        """Return the alert of an id, if it is an owner's; anybody's for None. Raises AlertError where there is none."""
        with self._state.read() as connection:
            return alert_of(connection, number, owner_id)

    def find(self, number: str) -> Alert | None:
        """Return the alert of an id, whoever owns it; None where there is none."""
        with self._state.read() as connection:
            row = connection.execute(sa.select(alerts).where(alerts.c.id == number)).one_or_none()
        return None if row is None else read_alert(row)

    def count_using(self, metric: str) -> int:
        """Return how many alerts watch a metric."""
        with self._state.read() as connection:
            held = [read_alert(row) for row in connection.execute(sa.select(alerts))]
        return sum(each.definition.metric == metric for each in held)

    def states(self, number: str) -> list[MemberState]:
        """Return the states of an alert: firing ones first, the worst first among those of one state."""
        with self._state.read() as connection:
            listed = states_of(connection, number)
        order = {state: place for place, state in enumerate(WORST_FIRST)}
        return sorted(listed, key=lambda each: (order[each.state], -each.severity, each.name, each.member))

    def overviews(self, numbers: Sequence[str]) -> dict[str, AlertOverview]:
        """Return how the members of some alerts stand, by the alerts' ids: how many in each state, and the worst."""
        chosen = alert_states.c.alert.in_(numbers)
        place = sa.func.row_number().over(
            partition_by=alert_states.c.alert,
            order_by=(alert_states.c.severity.desc(), alert_states.c.name, alert_states.c.member),
        )
        firing = sa.and_(chosen, alert_states.c.settled == AlertState.FIRING)
        ranked = sa.select(alert_states, place.label("place")).where(firing).subquery()
        grouped = (alert_states.c.alert, alert_states.c.state)
        with self._state.read() as connection:
            counted = connection.execute(sa.select(*grouped, sa.func.count()).where(chosen).group_by(*grouped)).all()
            worst = connection.execute(sa.select(ranked).where(ranked.c.place == 1)).all()
        worst_of = {row.alert: _state(row) for row in worst}
        counts: dict[str, dict[AlertState, int]] = {number: {} for number in numbers}
        for number, state, count in counted:
            counts[number][AlertState(state)] = int(count)
        return {number: AlertOverview(counts[number], worst_of.get(number)) for number in numbers}

    def add(self, owner: Owner, definition: AlertDefinition) -> Alert:
        """Keep a new alert. Raises ConflictError where its owner has as many as one may have."""
        now = datetime.now(UTC)
        number = f"al_{secrets.token_hex(8)}"
        with self._state.transaction() as connection:
            mine = sa.select(sa.func.count()).select_from(alerts).where(alerts.c.owner_id == owner.id)
            if connection.execute(mine).scalar_one() >= MOST_OF_ONE:
                raise ConflictError(AlertCode.TOO_MANY_ALERTS, most=MOST_OF_ONE)
            connection.execute(
                sa.insert(alerts).values(
                    id=number,
                    owner=owner.actor,
                    owner_id=owner.id,
                    status=AlertStatus.ACTIVE,
                    check_count=0,
                    looks=0,
                    version=1,
                    created_at=now,
                    **_defined(definition, now),
                )
            )
            audit_log.record(connection, owner.actor, Action.ALERT_CREATED, definition.name, id=number)
            return alert_of(connection, number, owner.id)

    def change(
        self,
        number: str,
        owner: Owner,
        definition: AlertDefinition,
        status: AlertStatus,
        version: int | None = None,
    ) -> Alert:
        """Define an alert anew, pause it or go on with it.

        States stay as long as the same is watched; where the metric, the selection, the dimension or the condition
        become others, they begin anew. Raises AlertError where there is no such alert, or where it is not of the
        `version` that the change was made for.
        """
        now = datetime.now(UTC)
        with self._state.transaction() as connection:
            before = alert_of(connection, number, owner.id, lock=True)
            if version is not None and version != before.version:
                raise AlertError("version", AlertCode.ALERT_CHANGED, version=version, current=before.version)
            values = {
                **_defined(definition, now),
                "status": status,
                "pause_reason": None,
                "version": before.version + 1,
            }
            connection.execute(sa.update(alerts).where(alerts.c.id == number).values(values))
            if _watched(definition) != _watched(before.definition):
                connection.execute(sa.delete(alert_states).where(alert_states.c.alert == number))
            after = alert_of(connection, number, owner.id)
            new_status = status.value if status is not before.status else None
            details = {"id": number, "version": after.version, "status": new_status}
            audit_log.record(connection, owner.actor, Action.ALERT_CHANGED, definition.name, **details)
            return after

    def delete(self, number: str, owner: Owner) -> None:
        """Delete an alert with its states, its history and what it delivered. Raises AlertError where there is none."""
        with self._state.transaction() as connection:
            gone = alert_of(connection, number, owner.id, lock=True)
            for table in (alert_states, alert_changes):
                connection.execute(sa.delete(table).where(table.c.alert == number))
            connection.execute(sa.delete(unsubscribed).where(unsubscribed.c.subject == number))
            outbox.forget_subject(connection, number)
            connection.execute(sa.delete(alerts).where(alerts.c.id == number))
            audit_log.record(connection, owner.actor, Action.ALERT_DELETED, gone.definition.name, id=number)

    def snooze(self, number: str, owner: Owner, until: datetime | None, now: datetime) -> Alert:
        """Tell nothing of an alert until an instant, or from now on again. Raises AlertError where there is none."""
        with self._state.transaction() as connection:
            alert_of(connection, number, owner.id, lock=True)
            connection.execute(sa.update(alerts).where(alerts.c.id == number).values(snoozed_until=until))
            snoozed = alert_of(connection, number, owner.id)
            details = {"id": number, "until": None if until is None else until.isoformat(timespec="seconds")}
            action = Action.ALERT_WOKEN if until is None else Action.ALERT_SNOOZED
            audit_log.record(connection, owner.actor, action, snoozed.definition.name, **details)
            # What fired or recovered meanwhile is told as soon as it may be.
            waits = any(each.is_firing != each.announced for each in states_of(connection, number))
            attend_at = now if waits and until is None else next_attention(snoozed, states_of(connection, number), now)
            connection.execute(sa.update(alerts).where(alerts.c.id == number).values(attend_at=attend_at))
            return snoozed

    def acknowledge(self, number: str, owner_id: str | None, member: str | None, actor: str, remark: str) -> Alert:
        """Write down that somebody looks after a member that fires, or all that do: no reminders come of them.

        Raises AlertError where there is no such alert or member, and where nothing fires.
        """
        firing = sa.and_(alert_states.c.alert == number, alert_states.c.settled == AlertState.FIRING)
        values = {"acknowledged_by": actor, "remark": remark}
        with self._state.transaction() as connection:
            alert = alert_of(connection, number, owner_id, lock=True)
            if member is not None:
                known = [each.member for each in states_of(connection, number)]
                if member not in known:
                    hint = nearest(member[:60], known)
                    raise AlertError("member", AlertCode.ALERT_MEMBER, member=member[:60], hint=hint)
                firing = sa.and_(firing, alert_states.c.member == member)
            if not connection.execute(sa.update(alert_states).where(firing).values(values)).rowcount:
                raise AlertError("member", AlertCode.ALERT_NOT_FIRING)
            return alert

    def history(self, number: str, offset: int, limit: int) -> tuple[list[AlertChange], int]:
        """Return the changes of an alert's states, the newest first, and how many there are."""
        mine = alert_changes.c.alert == number
        newest = sa.select(alert_changes).where(mine).order_by(alert_changes.c.id.desc())
        with self._state.read() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(alert_changes).where(mine)).scalar_one()
            rows = connection.execute(newest.offset(offset).limit(limit)).all()
        return [_change(row) for row in rows], int(count)


def _defined(definition: AlertDefinition, now: datetime) -> dict[str, Any]:
    """Return what a definition makes of an alert's row: it is checked at once, and then by its schedule."""
    return {
        "name": definition.name,
        "definition": definition.to_column(),
        "next_at": now,
        "lease_until": None,
        "failure": None,
        "failed_at": None,
        "changed_at": now,
    }


def _watched(definition: AlertDefinition) -> tuple[Any, ...]:
    """Return what the states of an alert are of."""
    return definition.metric, definition.parameters, definition.by, definition.condition, definition.minimum


def alert_of(connection: Connection, number: str, owner_id: str | None, *, lock: bool = False) -> Alert:
    """Return an owner's alert as a transaction sees it; with `lock`, it then waits for this transaction."""
    query = sa.select(alerts).where(alerts.c.id == number)
    if owner_id is not None:
        query = query.where(alerts.c.owner_id == owner_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise AlertError(None, AlertCode.ALERT_UNKNOWN, id=number[:40])
    return read_alert(row)


def states_of(connection: Connection, number: str) -> list[MemberState]:
    """Return the states of an alert, by member."""
    query = sa.select(alert_states).where(alert_states.c.alert == number).order_by(alert_states.c.member)
    return [_state(row) for row in connection.execute(query)]


def write_states(connection: Connection, number: str, states: Iterable[MemberState]) -> None:
    """Keep states of an alert in place of those of the same members."""
    rows = [{"alert": number, **asdict(each)} for each in states]
    if not rows:
        return
    mine = sa.and_(alert_states.c.alert == number, alert_states.c.member == sa.bindparam("of_member"))
    connection.execute(sa.delete(alert_states).where(mine), [{"of_member": row["member"]} for row in rows])
    connection.execute(sa.insert(alert_states), rows)


def write_changes(connection: Connection, number: str, changes: Sequence[AlertChange]) -> None:
    """Add changes to the history of an alert."""
    rows = [{"alert": number, **asdict(each)} for each in changes]
    if rows:
        connection.execute(sa.insert(alert_changes), rows)


def read_alert(row: Any) -> Alert:
    """Return the alert of a row."""
    values: Mapping[str, Any] = row._mapping
    kept = {name: values[name] for name in Alert.__dataclass_fields__}
    return Alert(
        **{
            **kept,
            "definition": AlertDefinition.from_column(row.definition),
            "status": AlertStatus(row.status),
            "pause_reason": None if row.pause_reason is None else AlertPause(row.pause_reason),
            "failure": Message.from_json(row.failure),
        }
    )


def _state(row: Any) -> MemberState:
    kept = {name: row._mapping[name] for name in MemberState.__dataclass_fields__}
    return MemberState(**{**kept, "state": AlertState(row.state), "settled": AlertState(row.settled)})


def _change(row: Any) -> AlertChange:
    kept = {name: row._mapping[name] for name in AlertChange.__dataclass_fields__}
    return AlertChange(**{**kept, "before": AlertState(row.before), "after": AlertState(row.after)})
