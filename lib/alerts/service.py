"""What people and programs do with alerts: bodies in, alerts out; pages and the API call this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.access.owners import Owner
from lib.alerts.alert import Alert, AlertStatus
from lib.alerts.definition import AlertDefinition
from lib.alerts.definition_reader import FIELDS_OF_A_BODY, ReadingContext, read_definition
from lib.alerts.engine import AlertSources
from lib.alerts.recipients import allowed_recipients, check_webhooks
from lib.alerts.repository import AlertRepository
from lib.analytics.grants import Grant
from lib.errors import AlertError, nearest
from lib.errors.alert_codes import AlertCode
from lib.formats import iso_dates
from lib.sharing import validation
from lib.store.state import StateStore

MAX_REMARK = 500
"""Characters of what somebody remarks who acknowledges."""

MOST_SNOOZED = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class AlertService:
    """Makes and changes alerts of one workspace."""

    state: StateStore
    sources: AlertSources
    repository: AlertRepository

    def create(self, body: Mapping[str, Any], owner: Owner, grant: Grant, base_url: str = "") -> Alert:
        """Keep the alert that JSON says; its links begin with `base_url` where no setting says with what.

        Raises AlertError, InvalidParameterError and ConflictError.
        """
        values, status = _without_status(body)
        alert = self.repository.add(owner, self.read(values, owner.id, grant, base_url))
        if status is not AlertStatus.PAUSED:
            return alert
        return self.repository.change(alert.id, owner, alert.definition, AlertStatus.PAUSED)

    def change(self, number: str, body: Mapping[str, Any], owner: Owner, grant: Grant, base_url: str = "") -> Alert:
        """Change what JSON says of an alert, and leave the rest as it is; raises as `create` does.

        With a `version`, the change is refused where somebody else changed the alert since.
        """
        version = body.get("version")
        if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
            raise AlertError("version", AlertCode.ALERT_WHOLE_NUMBER, where="version", least=1, most=10**9)
        values, status = _without_status({name: value for name, value in body.items() if name != "version"})
        before = self.repository.get(number, owner.id)
        definition = before.definition
        if values:  # what is left as it is may be paused, even where it could not be made any more
            merged = {**before.definition.to_json(), **values}
            if "metric" in values and "minimum" not in values:
                del merged["minimum"]
            definition = self.read(merged, owner.id, grant, base_url or definition.base_url)
        return self.repository.change(number, owner, definition, status or before.status, version)

    def snooze(self, number: str, body: Mapping[str, Any] | None, owner: Owner, now: datetime) -> Alert:
        """Tell nothing of an alert for some hours, or until an instant; with neither, tell of it again."""
        return self.repository.snooze(number, owner, _snoozed_until(body or {}, now), now)

    def acknowledge(self, number: str, body: Mapping[str, Any], owner: Owner) -> Alert:
        """Write down that the owner looks after what fires, of one member or of all."""
        _check_fields(body, ("remark", "member"), "body")
        remark, member = body.get("remark") or "", body.get("member")
        if not isinstance(remark, str) or not isinstance(member, str | None):
            raise AlertError("remark", AlertCode.ALERT_SHAPE, where="remark", right='"on it"')
        line = validation.mailed_line("remark", remark, MAX_REMARK) if remark else ""
        return self.repository.acknowledge(number, owner.id, member, owner.actor, line)

    def context(self, grant: Grant) -> ReadingContext:
        """Return what definitions are read by, for who may see so much."""
        settings = self.sources.settings()
        return ReadingContext(self.sources.catalog(), settings.zone, settings.week_start, grant, datetime.now(UTC))

    def read(self, body: Mapping[str, Any], owner_id: str, grant: Grant, base_url: str = "") -> AlertDefinition:
        """Return what JSON says of an alert, without its status; raises as `create` does."""
        definition = read_definition(body, self.context(grant))
        domains = self.sources.settings().mail_domain_names
        recipients = allowed_recipients(definition.recipients, self.sources.people, domains)
        check_webhooks(self.state, definition.webhooks, owner_id)
        return replace(definition, recipients=recipients, base_url=base_url)


def _without_status(body: Mapping[str, Any]) -> tuple[dict[str, Any], AlertStatus | None]:
    _check_fields(body, (*FIELDS_OF_A_BODY, "status"), "alert")
    values = {name: value for name, value in body.items() if name != "status"}
    status = body.get("status")
    known = [each.value for each in AlertStatus]
    if status is None:
        return values, None
    if status not in known:
        quoted = str(status)[:60]
        raise AlertError(
            "status",
            AlertCode.ALERT_CHOICE,
            where="status",
            value=quoted,
            hint=nearest(quoted, known),
            known=", ".join(known),
        )
    return values, AlertStatus(status)


def _check_fields(body: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in body:
        if name not in known:
            hint = nearest(name[:60], known)
            raise AlertError(
                name[:60], AlertCode.ALERT_FIELD, name=name[:60], where=where, hint=hint, known=", ".join(known)
            )


def _snoozed_until(body: Mapping[str, Any], now: datetime) -> datetime | None:
    _check_fields(body, ("hours", "until"), "body")
    hours, until = body.get("hours"), body.get("until")
    most = int(MOST_SNOOZED.total_seconds() // 3600)
    if hours is not None:
        if until is not None:
            raise AlertError("until", AlertCode.ALERT_ONE_OF_BOTH)
        if not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= most:
            raise AlertError("hours", AlertCode.ALERT_WHOLE_NUMBER, where="hours", least=1, most=most)
        return now + timedelta(hours=hours)
    if until is None:
        return None
    error = AlertError("until", AlertCode.ALERT_SNOOZE, where="until")
    if not isinstance(until, str):
        raise error
    try:
        instant = iso_dates.parse_moment(until)
    except (ValueError, OverflowError):
        raise error from None
    if not isinstance(instant, datetime) or instant.tzinfo is None or not now < instant <= now + MOST_SNOOZED:
        raise error
    return instant.astimezone(UTC)
