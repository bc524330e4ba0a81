"""Alerts as the API answers them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lib.alerts.alert import Alert, AlertChange
from lib.alerts.definition import ConditionType
from lib.alerts.states import WHOLE, AlertState, MemberState
from lib.catalog.catalog import Catalog
from lib.catalog.metrics import rounded
from lib.delivery.outbox import Delivery

MOST_STATES = 1_000
"""So many states an answer lists, the worst ones; the others are counted."""

_HOUR_DECIMALS, _OTHER_DECIMALS = 1, 4


def alert_answer(
    alert: Alert, states: Sequence[MemberState], catalog: Catalog, unsubscribed: Collection[str]
) -> dict[str, Any]:
    """Return an alert with its states, and who wants no mail of it. While its checks fail, each state is an error.

    Of the whole there is always one, as it begins where nobody has looked yet; members have none before a check.
    """
    if not states and (alert.definition.by is None or alert.failure is not None):
        states = [MemberState.begin(WHOLE, "", alert.changed_at)]
    decimals = _decimals(alert, catalog)
    failed_at = alert.failed_at if alert.failure is not None else None
    counts = Counter(AlertState.ERROR if failed_at else each.state for each in states)
    return {
        "id": alert.id,
        **alert.definition.to_json(),
        "unsubscribed": [each for each in alert.definition.recipients if each in unsubscribed],
        "status": alert.status.value,
        "pauseReason": None if alert.pause_reason is None else alert.pause_reason.value,
        "owner": alert.owner,
        "version": alert.version,
        "checkedAt": _instant(alert.checked_at),
        "nextCheckAt": _instant(alert.next_at),
        "error": None if alert.failure is None else str(alert.failure),
        "snoozedUntil": _instant(alert.snoozed_until) if alert.is_snoozed(datetime.now(UTC)) else None,
        "stateCounts": {state.value: counts[state] for state in AlertState if counts[state]},
        "states": [_state(each, decimals, failed_at) for each in states[:MOST_STATES]],
    }


def change_answer(
    alert: Alert, change: AlertChange, deliveries: Mapping[str, Sequence[Delivery]], catalog: Catalog
) -> dict[str, Any]:
    """Return a change of state with what was delivered of it."""
    return {
        "id": change.id,
        "member": None if change.member == WHOLE else change.member,
        "name": change.name or None,
        "at": _instant(change.at),
        "before": change.before.value,
        "after": change.after.value,
        **_figures(change, _decimals(alert, catalog)),
        "deliveries": [_delivery(each) for each in deliveries.get(change.cause or "", ())],
    }


def _state(state: MemberState, decimals: int, failed_at: datetime | None) -> dict[str, Any]:
    return {
        "member": None if state.member == WHOLE else state.member,
        "name": state.name or None,
        "state": state.state.value if failed_at is None else AlertState.ERROR.value,
        "since": _instant(failed_at or state.since),
        **_figures(state, decimals),
        "acknowledgedBy": state.acknowledged_by,
        "remark": state.remark,
    }


def _figures(of: MemberState | AlertChange, decimals: int) -> dict[str, Any]:
    ends = None if of.low is None or of.high is None else [rounded(of.low, decimals), rounded(of.high, decimals)]
    threshold = rounded(of.threshold, _OTHER_DECIMALS)
    value = rounded(of.value, decimals)
    if of.value != of.threshold and value == threshold:  # it lies on one side of what it is held against
        value = of.value
    return {
        "value": value,
        "interval": ends,
        "n": of.n,
        "threshold": threshold,
    }


def _decimals(alert: Alert, catalog: Catalog) -> int:
    if alert.definition.condition.type is ConditionType.NO_DATA:
        return _HOUR_DECIMALS
    metric = catalog.all_metrics.get(alert.definition.metric)
    return _OTHER_DECIMALS if metric is None else metric.decimals


def _delivery(each: Delivery) -> dict[str, Any]:
    return {
        "channel": each.channel.value,
        "address": each.address,
        "status": each.status.value,
        "answer": each.answer,
        "finishedAt": _instant(each.finished_at),
    }


def _instant(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="seconds")
