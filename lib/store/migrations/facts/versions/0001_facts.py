"""The facts: workspace, names, evaluations, the daily rollup, the history of imports."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

COUNTS = (
    "evaluations", "pending", "processing", "completed", "failed", "ai_calls",
    "scored", "positive", "neutral", "negative", "timed",
)  # fmt: skip
SUMS = ("score_sum", "score_square_sum", "duration_sum")
BINS = tuple(f"score_bin_{number:02}" for number in range(20))


def upgrade() -> None:
    """Make the tables, and the rows that stand for "belongs to none"."""
    workspace = op.create_table(
        "workspace",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("data_version", sa.BigInteger, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("is_sample", sa.Boolean, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )
    now = datetime.now(UTC).replace(tzinfo=None)
    row = {"id": 1, "data_version": 0, "timezone": "UTC", "is_sample": False, "changed_at": now}
    op.bulk_insert(workspace, [row])
    for name in ("campaigns", "call_centers", "engagements", "executives"):
        names = op.create_table(
            name,
            sa.Column("key", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("id", sa.Text, unique=True),
            sa.Column("name", sa.Text, nullable=False),
        )
        op.bulk_insert(names, [{"key": 0, "id": None, "name": "(none)"}])
    op.create_table(
        "evaluations",
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
    )
    op.create_table(
        "daily",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("campaign_key", sa.Integer, nullable=False),
        sa.Column("call_center_key", sa.Integer, nullable=False),
        sa.Column("engagement_key", sa.Integer, nullable=False),
        sa.Column("executive_key", sa.Integer, nullable=False),
        sa.Column("is_ai", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in COUNTS),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in SUMS),
        *(sa.Column(name, sa.Integer, nullable=False) for name in BINS),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("evaluations_id", "evaluations", ["id"], unique=True)
        op.create_index("evaluations_newest", "evaluations", ["audio_at", "id"])
        op.create_index("evaluations_day", "evaluations", ["day"])
        cell = ["day", "campaign_key", "call_center_key", "engagement_key", "executive_key", "is_ai"]
        op.create_index("daily_cell", "daily", cell, unique=True)
    op.create_table(
        "imports",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("mapping", sa.Text),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("read", sa.BigInteger, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("unchanged", sa.BigInteger, nullable=False),
        sa.Column("duplicates", sa.BigInteger, nullable=False),
        sa.Column("blank", sa.BigInteger, nullable=False),
        sa.Column("bad", sa.BigInteger, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("first_day", sa.Date),
        sa.Column("last_day", sa.Date),
        sa.Column("bad_rows_file", sa.Text),
    )
