"""What API keys have asked lately is counted for all processes together."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
oldest_program = "0008"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "request_counts",
        sa.Column("api_key", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("requests", sa.Integer, nullable=False),
    )
