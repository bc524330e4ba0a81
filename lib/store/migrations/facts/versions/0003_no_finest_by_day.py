"""The finest rollup by month alone, those by engagement and by executive without the distribution of scores.

Both were long: by day and all keys there is nearly a cell for each evaluation.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BINS = tuple(f"score_bin_{number:02}" for number in range(20))
WITHOUT_BINS = ("daily_by_engagement", "monthly_by_engagement", "daily_by_executive", "monthly_by_executive")


def upgrade() -> None:
    """Drop what is answered from elsewhere now."""
    op.drop_table("daily")
    for table in WITHOUT_BINS:
        for name in BINS:
            # In words, as Alembic's own way looks on DuckDB through all indexes each time, and there are none.
            op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("evaluations_day", "evaluations")  # the one by instants finds days as well
