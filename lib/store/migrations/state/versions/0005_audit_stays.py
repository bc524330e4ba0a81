"""What the audit holds can't be replaced on SQLite either: `INSERT OR REPLACE` deletes a row, and fires no trigger."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_REFUSED = "the audit is append-only"


def upgrade() -> None:
    """Make SQLite's table anew, without row ids, by which a row could be replaced, too, and refuse an id that is taken.

    On PostgreSQL an upsert is an update to the trigger that there is.
    """
    if op.get_bind().dialect.name != "sqlite":
        return
    op.rename_table("audit", "audit_before")
    op.create_table(
        "audit",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO audit (id, at, actor, action, subject, details) "
        "SELECT id, at, actor, action, subject, details FROM audit_before"
    )
    op.drop_table("audit_before")
    op.create_index("audit_at", "audit", ["at"])
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )
    op.execute(
        "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
    )
