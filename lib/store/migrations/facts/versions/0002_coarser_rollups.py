"""Shorter rollups beside the finest: in all, by center, by engagement, by executive; by month as well.

A cell may have several rows from here on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNTS = (
    "evaluations", "pending", "processing", "completed", "failed", "ai_calls",
    "scored", "positive", "neutral", "negative", "timed",
)  # fmt: skip
SUMS = ("score_sum", "score_square_sum", "duration_sum")
BINS = tuple(f"score_bin_{number:02}" for number in range(20))
MEASURES = COUNTS + SUMS + BINS

ALL = ("campaign_key", "call_center_key", "engagement_key", "executive_key", "is_ai")
CENTER = ("campaign_key", "call_center_key", "is_ai")
ENGAGEMENT = ("campaign_key", "call_center_key", "engagement_key", "is_ai")
EXECUTIVE = ("call_center_key", "executive_key", "is_ai")
TABLES = (
    ("daily_total", ("is_ai",), ()),
    ("daily_by_center", CENTER, ("campaign_key",)),
    ("monthly_by_center", CENTER, ("campaign_key",)),
    ("daily_by_engagement", ENGAGEMENT, ("campaign_key", "engagement_key")),
    ("monthly_by_engagement", ENGAGEMENT, ("campaign_key", "engagement_key")),
    ("daily_by_executive", EXECUTIVE, ("executive_key",)),
    ("monthly_by_executive", EXECUTIVE, ("executive_key",)),
    ("monthly", ALL, ALL[:4]),
)


def upgrade() -> None:
    """Make the tables and fill them from the finest one."""
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    for table, keys, found_by in TABLES:
        op.create_table(
            table,
            sa.Column("day", sa.Date, nullable=False),
            *(sa.Column(key, sa.Boolean if key == "is_ai" else sa.Integer, nullable=False) for key in keys),
            *(sa.Column(name, sa.Integer, nullable=False) for name in COUNTS),
            *(sa.Column(name, sa.BigInteger, nullable=False) for name in SUMS),
            *(sa.Column(name, sa.Integer, nullable=False) for name in BINS),
        )
        day = "CAST(date_trunc('month', day) AS DATE)" if table.startswith("monthly") else "day"
        columns = ", ".join(("day", *keys, *MEASURES))
        cells = ", ".join((day, *keys))
        op.execute(
            f"INSERT INTO {table} ({columns}) SELECT {cells}, {sums} FROM daily GROUP BY {cells} ORDER BY {cells}"  # noqa: S608 - names of ours
        )
        if op.get_bind().dialect.name == "postgresql":
            op.create_index(f"{table}_day", table, ["day"])
            for key in found_by:
                op.create_index(f"{table}_{key}", table, [key, "day"])
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("daily_cell", "daily")
        op.create_index("daily_day", "daily", ["day"])
