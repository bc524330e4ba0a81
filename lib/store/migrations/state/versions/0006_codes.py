"""The state holds codes: words are made of them where they are shown."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ACTORS = {
    "this machine": "system:local",
    "first log-in": "system:first_log_in",
    "Data page": "system:data_page",
    "Exports page": "system:exports_page",
    "Settings page": "system:settings_page",
}
_API_KEY = "API key "
_ACTORS_OF = (
    ("session_ended", "time", "system:session_timeout"),
    ("download", "signed link", "system:signed_link"),
    ("sample", "the first start", "system:first_start"),
)
"""The action, and who did it before and after; a person who did something else may be called so."""

_AUDIT = sa.table("audit", *(sa.column(name, sa.Text) for name in ("actor", "action", "subject", "details")))

_ACTIONS = {
    "logged in": "log_in",
    "logged out": "log_out",
    "session ended": "session_ended",
    "person added": "person_added",
    "person changed": "person_changed",
    "person removed": "person_removed",
    "key created": "key_created",
    "key revoked": "key_revoked",
    "sample data": "sample",
    "time zone changed": "timezone",
    "saved views deleted": "views_deleted",
    "notes deleted": "notes_deleted",
}
_DETAILS = (
    ("import", '"result": "loaded without bad rows"', '"result": "loaded_without_bad_rows"'),
    ("import", '"result": "nothing loaded"', '"result": "nothing_loaded"'),
    ("session_ended", '"why": "too old"', '"why": "too_old"'),
    ("session_ended", '"why": "idle for too long"', '"why": "idle"'),
    ("download", f'"ordered_by": "{_API_KEY}', '"ordered_by": "key:'),
    *(("download", f'"ordered_by": "{words}"', f'"ordered_by": "{code}"') for words, code in _ACTORS.items()),
)
"""The action, and its JSON before and after; a text that people wrote has its quotes escaped there."""

_BACKUP_OF = "backup of "

_JOBS = sa.table("jobs", *(sa.column(name, sa.Text) for name in ("id", "kind", "status", "message", "result")))
_FAILURES = {
    "cancelled": "cancelled",
    "Stopped; the data are as they were.": "stopped",
    "it had not ended when the backup was made that was restored": "unfinished_in_backup",
    "The database did not answer. Nothing is lost; right would be to try again.": "database_unavailable",
    "The disk is full; nothing was changed. Right would be room on the disk.": "disk_full",
    "The app holds sample data, which do not mix with your own. Right would be to replace them.": "sample_in_the_way",
}
_FAILURE_PATTERNS = {
    r"given up after (?P<attempts>\d+) attempts": "given_up",
    r"An error that should not be \((?P<kind>\w+)\); the log says more\.": "unexpected",
    r"The file is larger than (?P<megabytes>\d+) MB \(CALLBOARD_EXPORT_MB\)\. Right would be fewer rows\.": (
        "export_too_large"
    ),
    r"All exported files together are larger than (?P<megabytes>\d+) MB .*": "exports_too_large",
    r"(?P<written>\d+) rows were written where (?P<expected>\d+) were expected, .*": "export_incomplete",
}


def upgrade() -> None:
    """Turn actors, the actions of the audit and details of it, and why jobs failed, into codes."""
    _replace_messages()
    for name, column in (("jobs", "actor"), ("api_keys", "created_by"), ("people", "created_by")):
        _replace_actors(sa.table(name, sa.column(column, sa.Text)), column)
    with _audit_open():
        _replace_actors(_AUDIT, "actor")
        for words, code in _ACTIONS.items():
            op.execute(sa.update(_AUDIT).where(_AUDIT.c.action == words).values(action=code))
        for action, words, code in _ACTORS_OF:
            theirs = sa.and_(_AUDIT.c.action == action, _AUDIT.c.actor == words)
            op.execute(sa.update(_AUDIT).where(theirs).values(actor=code))
        for action, before, after in _DETAILS:
            details = sa.func.replace(_AUDIT.c.details, before, after)
            op.execute(sa.update(_AUDIT).where(_AUDIT.c.action == action).values(details=details))
        restored = sa.and_(_AUDIT.c.action == "restore", _AUDIT.c.subject.startswith(_BACKUP_OF))
        made_at = sa.func.substr(_AUDIT.c.subject, len(_BACKUP_OF) + 1)
        op.execute(sa.update(_AUDIT).where(restored).values(subject=made_at))


def _replace_messages() -> None:
    """Turn why jobs failed into codes; what one is doing that has not ended, it says anew."""
    connection = op.get_bind()
    op.execute(sa.update(_JOBS).where(_JOBS.c.status != "failed").values(message=None))
    failed = sa.select(_JOBS.c.id, _JOBS.c.message).where(_JOBS.c.message.is_not(None))
    for number, words in connection.execute(failed).all():
        message = json.dumps(_failure(words), ensure_ascii=False)
        connection.execute(sa.update(_JOBS).where(_JOBS.c.id == number).values(message=message))
    ended = sa.and_(_JOBS.c.kind.in_(["import", "sample"]), _JOBS.c.result.is_not(None))
    for number, text in connection.execute(sa.select(_JOBS.c.id, _JOBS.c.result).where(ended)).all():
        result = json.loads(text)
        result.pop("lines", None)  # in words, for who waited for the job
        if "result" in result:
            result["result"] = result["result"].replace(" ", "_")
        connection.execute(sa.update(_JOBS).where(_JOBS.c.id == number).values(result=json.dumps(result)))


def _failure(words: str) -> dict[str, Any]:
    if words in _FAILURES:
        return {"code": _FAILURES[words], "values": {}}
    for pattern, code in _FAILURE_PATTERNS.items():
        if found := re.fullmatch(pattern, words):
            values = {name: int(value) if value.isdigit() else value for name, value in found.groupdict().items()}
            return {"code": code, "values": values}
    return {"code": "other", "values": {"text": words}}


def _replace_actors(table: sa.TableClause, name: str) -> None:
    actor = table.c[name]
    for words, code in _ACTORS.items():
        op.execute(sa.update(table).where(actor == words).values({name: code}))
    named = sa.literal("key:", sa.Text).concat(sa.func.substr(actor, len(_API_KEY) + 1))
    op.execute(sa.update(table).where(actor.startswith(_API_KEY)).values({name: named}))


@contextmanager
def _audit_open() -> Iterator[None]:
    """Let the audit be changed within this transaction, and by nobody after it."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_update")
        yield
        op.execute(
            "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        )
    else:
        op.execute("ALTER TABLE audit DISABLE TRIGGER audit_stays")
        yield
        op.execute("ALTER TABLE audit ENABLE TRIGGER audit_stays")
