"""What came of an import is a code: words are made of it where it is shown."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_IMPORTS = sa.table("imports", sa.column("result", sa.Text))
_RESULTS = {"loaded without bad rows": "loaded_without_bad_rows", "nothing loaded": "nothing_loaded"}


def upgrade() -> None:
    """Turn the results of imports into codes."""
    for words, code in _RESULTS.items():
        op.execute(sa.update(_IMPORTS).where(_IMPORTS.c.result == words).values(result=code))
