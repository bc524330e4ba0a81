"""Imports can be undone: rows know the version that brought them, and what an import replaces is kept.

What is loaded already has no version, so that earlier imports can't be undone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OF_IMPORTS = {
    "warnings": "TEXT",
    "data_version": "INTEGER",
    "undo_lost": "TEXT",
    "undone_at": "TIMESTAMP",
    "undone_by": "TEXT",
    "undone_job": "TEXT",
}


def upgrade() -> None:
    """Add the columns, and the tables of what is replaced."""
    # In words, as Alembic's own way looks on DuckDB through all indexes each time.
    op.execute("ALTER TABLE evaluations ADD COLUMN data_version INTEGER")
    for name, kind in OF_IMPORTS.items():
        op.execute(f"ALTER TABLE imports ADD COLUMN {name} {kind}")
    op.create_table(
        "replaced_evaluations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("audio_at", sa.DateTime, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("sentiment", sa.SmallInteger),
        sa.Column("score", sa.Integer),
        sa.Column("duration_seconds", sa.Integer),
        sa.Column("is_ai", sa.Boolean, nullable=False),
        sa.Column("campaign_key", sa.Integer, nullable=False),
        sa.Column("call_center_key", sa.Integer, nullable=False),
        sa.Column("engagement_key", sa.Integer, nullable=False),
        sa.Column("executive_key", sa.Integer, nullable=False),
        sa.Column("audio_file_name", sa.Text),
        sa.Column("created_at", sa.DateTime),
        sa.Column("data_version", sa.Integer),
        sa.Column("replaced_in", sa.Integer, nullable=False),
    )
    op.create_table(
        "replaced_names",
        sa.Column("dimension", sa.Text, nullable=False),
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("replaced_in", sa.Integer, nullable=False),
    )
