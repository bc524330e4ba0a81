"""A workspace may define fields of its own; each gets its column when it is defined."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of the definitions."""
    op.create_table(
        "fields",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, unique=True, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("unit", sa.Text),
        sa.Column("archived", sa.Boolean, nullable=False),
    )
