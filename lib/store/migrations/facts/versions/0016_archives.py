"""Archives: the months whose evaluations lie in files, the ids that these hold, and those that came back from them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
oldest_program = "0015"  # as long as nothing is archived


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "archives",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("evaluations", sa.BigInteger, nullable=False),
        sa.Column("first_at", sa.DateTime, nullable=False),
        sa.Column("last_at", sa.DateTime, nullable=False),
        sa.Column("first_version", sa.Integer),
        sa.Column("last_version", sa.Integer),
        sa.Column("fields_used", sa.Text, nullable=False),
        sa.Column("archived_at", sa.DateTime, nullable=False),
        sa.Column("archived_by", sa.Text, nullable=False),
        sa.Column("ended_at", sa.DateTime),
    )
    op.create_table(
        "archived_ids",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("archive", sa.Integer, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("archived_ids_id", "archived_ids", ["id"], unique=True)
    op.create_table(
        "returned_ids",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("archive", sa.Integer, nullable=False),
        sa.Column("answer_set", sa.BigInteger),
    )
