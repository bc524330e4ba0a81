"""Imports can be undone: rows know the version that brought them, and what an import replaces is kept.

What is loaded already has no version, so that earlier imports can't be undone. On PostgreSQL a table of evaluations
that holds none is made anew, its columns in an order that leaves no gaps between them: with the version, a row of it is
no longer than it was.
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


PACKED = (
    sa.Column("audio_at", sa.DateTime, nullable=False),
    sa.Column("created_at", sa.DateTime),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("score", sa.Integer),
    sa.Column("duration_seconds", sa.Integer),
    sa.Column("campaign_key", sa.Integer, nullable=False),
    sa.Column("call_center_key", sa.Integer, nullable=False),
    sa.Column("engagement_key", sa.Integer, nullable=False),
    sa.Column("executive_key", sa.Integer, nullable=False),
    sa.Column("data_version", sa.Integer),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("sentiment", sa.SmallInteger),
    sa.Column("is_ai", sa.Boolean, nullable=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("audio_file_name", sa.Text),
)
"""The columns of an evaluation, the longest of fixed length first."""


def _add_version() -> None:
    """Let evaluations have the version that brought them."""
    connection = op.get_bind()
    held = sa.select(sa.literal(1)).select_from(sa.table("evaluations")).limit(1)
    if connection.dialect.name == "postgresql" and connection.execute(held).first() is None:
        op.drop_table("evaluations")
        op.create_table("evaluations", *PACKED)
        op.create_index("evaluations_id", "evaluations", ["id"], unique=True)
        op.create_index("evaluations_newest", "evaluations", ["audio_at"])
    else:
        # In words, as Alembic's own way looks on DuckDB through all indexes each time.
        op.execute("ALTER TABLE evaluations ADD COLUMN data_version INTEGER")


def upgrade() -> None:
    """Add the columns, and the tables of what is replaced."""
    _add_version()
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
