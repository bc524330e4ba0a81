"""The audit holds codes: words are made of them where they are shown."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

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
)
"""The action, and its JSON before and after; a text that people wrote has its quotes escaped there."""

_BACKUP_OF = "backup of "


def upgrade() -> None:
    """Turn the actions of the audit, and details of it, into codes."""
    with _audit_open():
        for words, code in _ACTIONS.items():
            op.execute(sa.update(_AUDIT).where(_AUDIT.c.action == words).values(action=code))
        for action, before, after in _DETAILS:
            details = sa.func.replace(_AUDIT.c.details, before, after)
            op.execute(sa.update(_AUDIT).where(_AUDIT.c.action == action).values(details=details))
        restored = sa.and_(_AUDIT.c.action == "restore", _AUDIT.c.subject.startswith(_BACKUP_OF))
        made_at = sa.func.substr(_AUDIT.c.subject, len(_BACKUP_OF) + 1)
        op.execute(sa.update(_AUDIT).where(restored).values(subject=made_at))


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
