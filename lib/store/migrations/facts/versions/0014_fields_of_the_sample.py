"""A field may belong to the sample data, with which it goes. Those that are there are the workspace's own."""

from alembic import op

from lib.store.table_changes import refuse_nulls

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark."""
    # In words, as DuckDB adds no column that has to hold something, nor a default that is cast, as FALSE is.
    op.execute("ALTER TABLE fields ADD COLUMN is_sample BOOLEAN DEFAULT 'false'")
    refuse_nulls(op.get_bind(), "fields", "is_sample")
    op.execute("ALTER TABLE fields ALTER COLUMN is_sample DROP DEFAULT")
