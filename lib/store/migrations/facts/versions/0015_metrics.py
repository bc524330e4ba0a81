"""Metrics that a workspace defines, each version of them, and the rollups that hold what they are made of."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "metrics",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
    )
    op.create_table(
        "metric_rollups",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("measures", sa.Text, nullable=False),
        sa.Column("retired_at", sa.DateTime),
    )
