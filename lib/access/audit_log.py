"""The audit: who did what when. It is added to alone; the store refuses to change or delete what it holds.

Actions that change the state are written in the transaction that does them, so that neither is there without the
other.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.access.actors import actor_in_words
from lib.i18n import day, file_size, number, t
from lib.store.enums import ImportResult
from lib.store.schema import audit
from lib.store.state import StateStore


class Action(StrEnum):
    """What is written down, by the codes that the audit holds."""

    LOG_IN = "log_in"
    LOG_OUT = "log_out"
    SESSION_ENDED = "session_ended"
    PERSON_ADDED = "person_added"
    PERSON_CHANGED = "person_changed"
    PERSON_REMOVED = "person_removed"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    IMPORT = "import"
    IMPORT_UNDONE = "import_undone"
    DATA_DELETED = "data_deleted"
    SAMPLE = "sample"
    EXPORT = "export"
    DOWNLOAD = "download"
    REPAIR = "repair"
    BACKUP = "backup"
    RESTORE = "restore"
    TIMEZONE = "timezone"
    ARCHIVED = "archived"
    ARCHIVE_RESTORED = "archive_restored"
    VIEWS_DELETED = "views_deleted"
    NOTES_DELETED = "notes_deleted"
    FIELD_DEFINED = "field_defined"
    FIELD_CHANGED = "field_changed"
    FIELD_DELETED = "field_deleted"
    METRIC_DEFINED = "metric_defined"
    METRIC_CHANGED = "metric_changed"
    METRIC_ARCHIVED = "metric_archived"
    METRIC_RESTORED = "metric_restored"
    REPORT_CREATED = "report_created"
    REPORT_CHANGED = "report_changed"
    REPORT_PAUSED = "report_paused"
    REPORT_RESUMED = "report_resumed"
    REPORT_HANDED_OVER = "report_handed_over"
    REPORT_DELETED = "report_deleted"
    REPORT_SENT = "report_sent"
    ALERT_CREATED = "alert_created"
    ALERT_CHANGED = "alert_changed"
    ALERT_SNOOZED = "alert_snoozed"
    ALERT_WOKEN = "alert_woken"
    ALERT_DELETED = "alert_deleted"
    WEBHOOK_CREATED = "webhook_created"
    WEBHOOK_CHANGED = "webhook_changed"
    WEBHOOK_DELETED = "webhook_deleted"
    WEBHOOK_OFF = "webhook_off"

    @property
    def label(self) -> str:
        """The message id of what was done."""
        return _ACTION_LABELS[self]


_ACTION_LABELS = {
    Action.LOG_IN: "logged in",
    Action.LOG_OUT: "logged out",
    Action.SESSION_ENDED: "session ended",
    Action.PERSON_ADDED: "person added",
    Action.PERSON_CHANGED: "person changed",
    Action.PERSON_REMOVED: "person removed",
    Action.KEY_CREATED: "key created",
    Action.KEY_REVOKED: "key revoked",
    Action.IMPORT: "import",
    Action.IMPORT_UNDONE: "import undone",
    Action.DATA_DELETED: "all data deleted",
    Action.SAMPLE: "sample data",
    Action.EXPORT: "export",
    Action.DOWNLOAD: "download",
    Action.REPAIR: "repair",
    Action.BACKUP: "backup",
    Action.RESTORE: "restore",
    Action.TIMEZONE: "time zone changed",
    Action.ARCHIVED: "evaluations archived",
    Action.ARCHIVE_RESTORED: "archived evaluations brought back",
    Action.VIEWS_DELETED: "saved views deleted",
    Action.NOTES_DELETED: "notes deleted",
    Action.FIELD_DEFINED: "field defined",
    Action.FIELD_CHANGED: "field changed",
    Action.FIELD_DELETED: "field deleted",
    Action.METRIC_DEFINED: "metric defined",
    Action.METRIC_CHANGED: "metric changed",
    Action.METRIC_ARCHIVED: "metric archived",
    Action.METRIC_RESTORED: "metric brought back",
    Action.REPORT_CREATED: "report created",
    Action.REPORT_CHANGED: "report changed",
    Action.REPORT_PAUSED: "report paused",
    Action.REPORT_RESUMED: "report resumed",
    Action.REPORT_HANDED_OVER: "report handed over",
    Action.REPORT_DELETED: "report deleted",
    Action.REPORT_SENT: "report sent",
    Action.ALERT_CREATED: "alert created",
    Action.ALERT_CHANGED: "alert changed",
    Action.ALERT_SNOOZED: "alert snoozed",
    Action.ALERT_WOKEN: "snooze of an alert ended",
    Action.ALERT_DELETED: "alert deleted",
    Action.WEBHOOK_CREATED: "webhook created",
    Action.WEBHOOK_CHANGED: "webhook changed",
    Action.WEBHOOK_DELETED: "webhook deleted",
    Action.WEBHOOK_OFF: "webhook switched off by itself",
}


class SessionEnd(StrEnum):
    """Why a session ended by itself: the detail `why` of SESSION_ENDED."""

    TOO_OLD = "too_old"
    IDLE = "idle"

    @property
    def label(self) -> str:
        """The message id of the reason."""
        return _SESSION_END_LABELS[self]


_SESSION_END_LABELS = {SessionEnd.TOO_OLD: "too old", SessionEnd.IDLE: "idle for too long"}

_LIMITS = ("call_centers", "call_centers_was", "campaigns", "campaigns_was")

DETAIL_LABELS: dict[tuple[str, Any], str] = {
    **{("result", result.value): result.label for result in ImportResult},
    **{("why", reason.value): reason.label for reason in SessionEnd},
    **{(name, "all"): "all" for name in _LIMITS},
    ("why", "by_hand"): "somebody switched it off",
    ("why", "failing"): "its calls failed for 5 days",
    ("why", "owner_gone"): "its owner may not have it any more",
    ("why", "owner_without_access"): "its owner may not see the data any more",
    ("why", "key_ended"): "the key that made it was revoked or has expired",
    ("why", "restored"): "it was restored from a backup",
    ("status", "active"): "active",
    ("status", "paused"): "paused",
    ("archived", True): "yes",
    ("archived", False): "no",
    ("by", "page"): "a page",
    ("expires", "never"): "never",
}
"""The message ids of details that are codes, by name and code."""

DETAIL_TEXTS = {
    "added": "added: {value}",
    "archived": "archived: {value}",
    "bad": "bad rows: {value}",
    "before": "before: {value}",
    "by": "from: {value}",
    "bytes": "size: {value}",
    "call_centers": "call centers: {value}",
    "call_centers_was": "call centers before: {value}",
    "campaigns": "campaigns: {value}",
    "campaigns_was": "campaigns before: {value}",
    "changed": "changed: {value}",
    "count": "count: {value}",
    "differences": "differences: {value}",
    "evaluations": "evaluations: {value}",
    "expires": "expires: {value}",
    "id": "id: {value}",
    "import_id": "import: {value}",
    "label": "label: {value}",
    "left": "differences left: {value}",
    "ordered_by": "ordered by: {value}",
    "program": "made by version: {value}",
    "recipients": "recipients: {value}",
    "removed": "removed: {value}",
    "restored": "restored: {value}",
    "result": "result: {value}",
    "role": "role: {value}",
    "role_was": "role before: {value}",
    "rows": "rows: {value}",
    "run": "run: {value}",
    "scopes": "scopes: {value}",
    "selection": "selection: {value}",
    "sessions": "sessions: {value}",
    "sha256": "SHA-256: {value}",
    "status": "status: {value}",
    "type": "type: {value}",
    "unit": "unit: {value}",
    "until": "until: {value}",
    "values": "values: {value}",
    "version": "version: {value}",
    "why": "reason: {value}",
}
"""The message id of each detail by its name; one of another name is shown as it is kept."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done. `details` are plain values, some of them codes, by their names."""

    id: str
    at: datetime
    actor: str
    action: Action
    subject: str
    details: dict[str, Any]

    @property
    def subject_in_words(self) -> str:
        """What it was done to; a backup that was restored is named by when it was made."""
        return t("backup of {when}", when=_instant(self.subject)) if self.action is Action.RESTORE else self.subject

    @property
    def details_in_words(self) -> str:
        """The details in one line, as people read them."""
        worded = {name: _detail_in_words(name, value) for name, value in self.details.items()}
        return ", ".join(
            t(DETAIL_TEXTS[name], value=value) if name in DETAIL_TEXTS else f"{name}: {value}"
            for name, value in worded.items()
        )

    @property
    def details_in_files(self) -> str:
        """The details in one line, as programs read them: names, numbers, days and codes as they are kept."""
        return ", ".join(f"{name}: {_detail_as_kept(name, value)}" for name, value in self.details.items())


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: days of a zone (both inclusive, None open), actors and actions (empty for all)."""

    zone: ZoneInfo
    first: date | None = None
    last: date | None = None
    actors: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()


def record(connection: Connection, actor: str, action: Action, subject: str = "", **details: Any) -> None:
    """Write down, in a transaction of the state, that someone did something; details that are None are left out."""
    now = datetime.now(UTC)
    kept = {name: value for name, value in details.items() if value is not None}
    connection.execute(
        sa.insert(audit).values(
            id=f"{int(now.timestamp() * 1_000_000):014x}{secrets.token_hex(4)}",
            at=now,
            actor=actor,
            action=action.value,
            subject=subject,
            details=json.dumps(kept, ensure_ascii=False),
        )
    )


class AuditLog:
    """The audit of one workspace."""

    def __init__(self, state: StateStore) -> None:
        """Use the state's store."""
        self._state = state

    def record(self, actor: str, action: Action, subject: str = "", **details: Any) -> None:
        """Write down what changed nothing of the state."""
        with self._state.transaction() as connection:
            record(connection, actor, action, subject, **details)

    def entries(self, asked: AuditFilter, limit: int, offset: int = 0) -> list[AuditEntry]:
        """Return the newest entries that are asked for."""
        found = sa.select(audit).where(*_conditions(asked)).order_by(audit.c.at.desc(), audit.c.id.desc())
        with self._state.read() as connection:
            rows = connection.execute(found.limit(limit).offset(offset)).all()
        return [
            AuditEntry(row.id, row.at, row.actor, Action(row.action), row.subject, json.loads(row.details))
            for row in rows
        ]

    def count(self, asked: AuditFilter) -> int:
        """Return how many entries there are of those that are asked for."""
        with self._state.read() as connection:
            counted = sa.select(sa.func.count()).select_from(audit).where(*_conditions(asked))
            return int(connection.execute(counted).scalar_one())

    def actors(self) -> list[str]:
        """Return everyone who did something, by name."""
        with self._state.read() as connection:
            return sorted(connection.scalars(sa.select(audit.c.actor).distinct()))


def _conditions(asked: AuditFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if asked.first is not None:
        conditions.append(audit.c.at >= datetime.combine(asked.first, time(), asked.zone))
    if asked.last is not None:
        conditions.append(audit.c.at < datetime.combine(asked.last + timedelta(days=1), time(), asked.zone))
    if asked.actors:
        conditions.append(audit.c.actor.in_(asked.actors))
    if asked.actions:
        conditions.append(audit.c.action.in_([action.value for action in asked.actions]))
    return conditions


def _detail_in_words(name: str, value: Any) -> str:
    label = None if isinstance(value, list) else DETAIL_LABELS.get((name, value))
    if label is not None:
        return t(label)
    if name in ("role", "role_was"):
        return t(value)
    if name in ("expires", "until"):
        return _instant(value)
    if isinstance(value, int):
        return file_size(value) if name == "bytes" else number(value)
    return _detail_as_kept(name, value)


def _detail_as_kept(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return actor_in_words(value) if name == "ordered_by" else str(value)


def _instant(kept: str) -> str:
    """Return an instant in UTC, which is kept as ISO 8601 writes it, as people read it."""
    when = datetime.fromisoformat(kept).astimezone(UTC)
    return f"{day(when.date())}, {when:%H:%M} UTC"
