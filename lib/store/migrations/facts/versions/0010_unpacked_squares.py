"""DuckDB holds the squares of durations as they are, not packed by bits.

It unpacks numbers of 128 bits one by one: of 174,541 days of executives they took ten times as long to read as all
other measures together. A column keeps the kind of compression that its table was made with, so that the rollups are
made anew; other engines don't pack columns.
"""

import sqlalchemy as sa
from alembic import op

from lib.store.ducklake_dialect import is_ducklake

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = (
    "daily_total", "daily_by_center", "monthly_by_center", "daily_by_engagement", "monthly_by_engagement",
    "daily_by_executive", "monthly_by_executive", "monthly",
)  # fmt: skip

COLUMN = "duration_square_sum DECIMAL(38,0)"


def upgrade() -> None:
    """Make each rollup anew with a column that is not compressed."""
    connection = op.get_bind()
    if connection.dialect.name != "duckdb" or is_ducklake(connection):
        return
    made = sa.func.duckdb_tables().table_valued("table_name", "sql")
    for table in TABLES:
        statement = connection.execute(sa.select(made.c.sql).where(made.c.table_name == table)).scalar_one()
        op.execute(f"ALTER TABLE {table} RENAME TO packed_rows")
        op.execute(statement.replace(COLUMN, f"{COLUMN} USING COMPRESSION uncompressed"))
        op.execute(f"INSERT INTO {table} SELECT * FROM packed_rows ORDER BY day")  # noqa: S608 - a name from above
        op.execute("DROP TABLE packed_rows")
