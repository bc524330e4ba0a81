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
BY_MONTH = {
    "executive": ("criterion_key", "call_center_key", "executive_key", "is_ai"),
    "evaluator": ("criterion_key", "campaign_key", "call_center_key", "evaluator_key", "is_ai"),
}
COUNTS = ("answered", "not_applicable", "full_marks", "without_points", "critical_fails")
SUMS = ("share_sum", "share_square_sum", "lost_sum")
OF_SCORECARDS = ("with_answers", "critical_failed", "made_of_answers")


def upgrade() -> None:
    """Add the columns, the criteria, their answers and the rollup."""
    for table in ("evaluations", "replaced_evaluations"):
        for name, kind in COLUMNS.items():
            # In words, as Alembic's own way looks on DuckDB through all indexes each time, and there are none.
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
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
        sa.Column("share", sa.Integer),
        sa.Column("lost", sa.Integer),
        sa.Column("comment", sa.Text),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("answers_set", "answers", ["answer_set"])
    for unit in ("daily", "monthly"):
        _add_rollup(f"{unit}_of_scorecards", CELL[1:], OF_SCORECARDS, ("critical_loss_sum",))
        _add_rollup(f"{unit}_by_criterion", CELL, COUNTS, SUMS)
    _add_rollup("daily_total_of_scorecards", ("is_ai",), OF_SCORECARDS, ("critical_loss_sum",))
    _add_rollup("daily_total_by_criterion", ("criterion_key", "is_ai"), COUNTS, SUMS)
    for of, cell in BY_MONTH.items():
        _add_rollup(f"monthly_by_criterion_and_{of}", cell, COUNTS, SUMS)


def _add_rollup(name: str, cell: tuple[str, ...], counts: tuple[str, ...], sums: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("day", sa.Date, nullable=False),
        *(sa.Column(key, sa.Boolean if key == "is_ai" else sa.Integer, nullable=False) for key in cell),
        *(sa.Column(count, sa.Integer, nullable=False) for count in counts),
        *(sa.Column(each, sa.BigInteger, nullable=False) for each in sums),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(f"{name}_day", name, ["day"])
