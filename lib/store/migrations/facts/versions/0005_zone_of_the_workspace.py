"""The time zone belongs to the workspace: a database without data gets it from its first start."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the zone of a database that never held data open; days of data keep theirs."""
    op.execute("UPDATE workspace SET timezone = '' WHERE data_version = 0")
