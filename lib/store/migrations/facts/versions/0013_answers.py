"""Evaluations have answers to the criteria of a scorecard. What is loaded already has none."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COLUMNS = {
    "answer_set": "BIGINT",
    "answers_digest": "BIGINT",
    "answers_points": "BIGINT",
    "answers_max": "BIGINT",
    "critical_failed": "BOOLEAN",
}
CELL = ("criterion_key", "campaign_key", "call_center_key", "is_ai")
COUNTS = ("answered", "not_applicable", "full_marks", "without_points", "critical_fails")
SUMS = ("share_sum", "share_square_sum", "lost_sum")
OF_EVALUATIONS = {
    "with_answers": "INTEGER",
    "critical_failed": "INTEGER",
    "scored_with_answers": "INTEGER",
    "critical_loss_sum": "BIGINT",
}
COUNTED = ("daily_total", "daily_by_center", "monthly_by_center", "monthly")


def upgrade() -> None:
    """Add the columns, the criteria, their answers and the rollup."""
    for table in ("evaluations", "replaced_evaluations"):
        for name, kind in COLUMNS.items():
            # In words, as Alembic's own way looks on DuckDB through all indexes each time, and there are none.
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
    for table in COUNTED:
        for name, kind in OF_EVALUATIONS.items():
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} DEFAULT 0")
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL")
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT")
    op.create_table(
        "criteria",
        sa.Column("key", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("form", sa.Text),
        sa.Column("section", sa.Text),
    )
    op.create_table(
        "answers",
        sa.Column("answer_set", sa.BigInteger, nullable=False),
        sa.Column("criterion_key", sa.Integer, nullable=False),
        sa.Column("points", sa.Integer),
        sa.Column("max_points", sa.Integer),
        sa.Column("critical", sa.Boolean, nullable=False),
        sa.Column("comment", sa.Text),
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.create_index("answers_set", "answers", ["answer_set"])
    for unit in ("daily", "monthly"):
        name = f"{unit}_by_criterion"
        op.create_table(
            name,
            sa.Column("day", sa.Date, nullable=False),
            *(sa.Column(key, sa.Boolean if key == "is_ai" else sa.Integer, nullable=False) for key in CELL),
            *(sa.Column(count, sa.Integer, nullable=False) for count in COUNTS),
            *(sa.Column(each, sa.BigInteger, nullable=False) for each in SUMS),
        )
        if is_postgresql:
            op.create_index(f"{name}_day", name, ["day"])
