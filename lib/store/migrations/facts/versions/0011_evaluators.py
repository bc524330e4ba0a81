"""Evaluations know who evaluated them, when and by which form, and where the recording is.

What is loaded already has none of these. Its cells in the new rollup are those of the campaigns and call centers. On
PostgreSQL a table of evaluations that holds none is made anew, its columns in an order that leaves no gaps.
"""

import sqlalchemy as sa
from alembic import op

from lib.store.ducklake_dialect import is_ducklake
from lib.store.table_changes import refuse_nulls

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEYS = ("evaluator_key", "form_key")
PACKED = (
    sa.Column("audio_at", sa.DateTime, nullable=False),
    sa.Column("created_at", sa.DateTime),
    sa.Column("evaluated_at", sa.DateTime),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("score", sa.Integer),
    sa.Column("duration_seconds", sa.Integer),
    sa.Column("campaign_key", sa.Integer, nullable=False),
    sa.Column("call_center_key", sa.Integer, nullable=False),
    sa.Column("engagement_key", sa.Integer, nullable=False),
    sa.Column("executive_key", sa.Integer, nullable=False),
    sa.Column("evaluator_key", sa.Integer, nullable=False),
    sa.Column("form_key", sa.Integer, nullable=False),
    sa.Column("data_version", sa.Integer),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("sentiment", sa.SmallInteger),
    sa.Column("is_ai", sa.Boolean, nullable=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("audio_file_name", sa.Text),
    sa.Column("recording_url", sa.Text),
)
"""The columns of an evaluation, the longest of fixed length first."""

COUNTS = (
    "evaluations", "pending", "processing", "completed", "failed", "ai_calls",
    "scored", "positive", "neutral", "negative", "timed",
)  # fmt: skip
SUMS = ("score_sum", "score_square_sum", "duration_sum")
WIDE = "duration_square_sum"
CELL = ("campaign_key", "call_center_key", *KEYS, "is_ai")


def upgrade() -> None:
    """Add the columns, the tables of names, and the rollup."""
    for table in ("evaluators", "forms"):
        names = op.create_table(
            table,
            sa.Column("key", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("id", sa.Text, unique=True),
            sa.Column("name", sa.Text, nullable=False),
        )
        op.bulk_insert(names, [{"key": 0, "id": None, "name": "(none)"}])
    _add_columns()
    for unit in ("daily", "monthly"):
        _add_rollup(unit)


def _add_columns() -> None:
    connection = op.get_bind()
    is_postgresql = connection.dialect.name == "postgresql"
    held = sa.select(sa.literal(1)).select_from(sa.table("evaluations")).limit(1)
    tables = ["evaluations", "replaced_evaluations"]
    if is_postgresql and connection.execute(held).first() is None:
        op.drop_table("evaluations")
        op.create_table("evaluations", *PACKED)
        op.create_index("evaluations_id", "evaluations", ["id"], unique=True)
        op.create_index("evaluations_newest", "evaluations", ["audio_at"])
        tables.remove("evaluations")
    for table in tables:
        # In words, as Alembic's own way looks on DuckDB through all indexes each time, and there are none.
        for key in KEYS:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {key} INTEGER DEFAULT 0")
            refuse_nulls(op.get_bind(), table, key)
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {key} DROP DEFAULT")
        op.execute(f"ALTER TABLE {table} ADD COLUMN evaluated_at TIMESTAMP")
        op.execute(f"ALTER TABLE {table} ADD COLUMN recording_url TEXT")


def _add_rollup(unit: str) -> None:
    name = f"{unit}_by_evaluator"
    made = op.create_table(
        name,
        sa.Column("day", sa.Date, nullable=False),
        *(sa.Column(key, sa.Boolean if key == "is_ai" else sa.Integer, nullable=False) for key in CELL),
        *(sa.Column(count, sa.Integer, nullable=False) for count in COUNTS),
        *(sa.Column(each, sa.BigInteger, nullable=False) for each in SUMS),
        sa.Column(WIDE, sa.Numeric(38, 0), nullable=False),
    )
    connection = op.get_bind()
    if connection.dialect.name == "duckdb" and not is_ducklake(
        connection
    ):  # not packed by bits, as in the other rollups
        tables = sa.func.duckdb_tables().table_valued("table_name", "sql")
        statement = connection.execute(sa.select(tables.c.sql).where(tables.c.table_name == name)).scalar_one()
        op.drop_table(name)
        op.execute(statement.replace(f"{WIDE} DECIMAL(38,0)", f"{WIDE} DECIMAL(38,0) USING COMPRESSION uncompressed"))
    if connection.dialect.name == "postgresql":
        for key in (None, *KEYS):
            columns = ["day"] if key is None else [key, "day"]
            op.create_index(f"{name}_{key or 'day'}", name, columns)
    columns = ("day", *CELL, *COUNTS, *SUMS, WIDE)
    values = [sa.literal_column("0") if column in KEYS else sa.column(column) for column in columns]
    op.execute(sa.insert(made).from_select(columns, sa.select(*values).select_from(sa.table(f"{unit}_by_center"))))
