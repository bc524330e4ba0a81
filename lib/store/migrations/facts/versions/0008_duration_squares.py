"""Rollups keep the squares of durations, so that an average duration has an interval and a test of its change.

What the facts held before is added as rows of its own, which later compaction puts together with the others.
"""

import sqlalchemy as sa
from alembic import op

from lib.store.table_changes import refuse_nulls

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COUNTS = (
    "evaluations", "pending", "processing", "completed", "failed", "ai_calls",
    "scored", "positive", "neutral", "negative", "timed",
)  # fmt: skip
SUMS = ("score_sum", "score_square_sum", "duration_sum")
BINS = tuple(f"score_bin_{number:02}" for number in range(20))

CENTER = ("campaign_key", "call_center_key", "is_ai")
ENGAGEMENT = ("campaign_key", "call_center_key", "engagement_key", "is_ai")
EXECUTIVE = ("call_center_key", "executive_key", "is_ai")
ALL = ("campaign_key", "call_center_key", "engagement_key", "executive_key", "is_ai")
TABLES = (
    ("daily_total", "evaluations", ("is_ai",), BINS),
    ("daily_by_center", "evaluations", CENTER, BINS),
    ("monthly_by_center", "daily_by_center", CENTER, BINS),
    ("daily_by_engagement", "evaluations", ENGAGEMENT, ()),
    ("monthly_by_engagement", "daily_by_engagement", ENGAGEMENT, ()),
    ("daily_by_executive", "evaluations", EXECUTIVE, ()),
    ("monthly_by_executive", "daily_by_executive", EXECUTIVE, ()),
    ("monthly", "evaluations", ALL, BINS),
)
"""Each rollup, the table that its squares are summed from, its keys, and what it holds besides the plain measures."""

COMPLETED = 3


def upgrade() -> None:
    """Add the column and fill it."""
    for table, origin, keys, bins in TABLES:
        # In words, as Alembic's own way looks on DuckDB through all indexes each time, and there are none.
        op.execute(f"ALTER TABLE {table} ADD COLUMN duration_square_sum NUMERIC(38, 0) DEFAULT 0")
        refuse_nulls(op.get_bind(), table, "duration_square_sum")
        op.execute(f"ALTER TABLE {table} ALTER COLUMN duration_square_sum DROP DEFAULT")
        op.execute(_fill(table, origin, keys, bins))


def _fill(table: str, origin: str, keys: tuple[str, ...], bins: tuple[str, ...]) -> sa.Insert:
    """Return the rows that the squares of a rollup are added by; all else in them is 0."""
    others = (*COUNTS, *SUMS, *bins)
    duration = sa.cast(sa.column("duration_seconds"), sa.BigInteger)
    square = duration * duration if origin == "evaluations" else sa.column("duration_square_sum", sa.Numeric)
    day: sa.ColumnElement[object] = sa.column("day", sa.Date)
    if table.startswith("monthly"):
        day = sa.cast(sa.func.date_trunc(sa.literal_column("'month'"), day), sa.Date)
    cell = (day.label("cell_day"), *map(sa.column, keys))
    squares = sa.select(*cell, sa.func.sum(square).label("squares")).select_from(sa.table(origin))
    if origin == "evaluations":
        squares = squares.where(sa.column("state") == COMPLETED, sa.column("duration_seconds").is_not(None))
    rows = squares.group_by(*cell).having(sa.func.sum(square) != 0).order_by(cell[0]).subquery()
    columns = ("day", *keys, *others, "duration_square_sum")
    zeros = (sa.literal_column("0") for _ in others)
    target = sa.table(table, *map(sa.column, columns))
    return sa.insert(target).from_select(
        columns, sa.select(rows.c.cell_day, *(rows.c[key] for key in keys), *zeros, rows.c.squares)
    )
