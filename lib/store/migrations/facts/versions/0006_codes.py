"""The history of imports holds codes: words are made of them where they are shown."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_IMPORTS = sa.table("imports", sa.column("result", sa.Text), sa.column("actor", sa.Text))
_RESULTS = {"loaded without bad rows": "loaded_without_bad_rows", "nothing loaded": "nothing_loaded"}
_ACTORS = {"this machine": "system:local", "Data page": "system:data_page"}
_API_KEY = "API key "


def upgrade() -> None:
    """Turn the results of imports, and who made them, into codes."""
    result, actor = _IMPORTS.c.result, _IMPORTS.c.actor
    for words, code in _RESULTS.items():
        op.execute(sa.update(_IMPORTS).where(result == words).values(result=code))
    for words, code in _ACTORS.items():
        op.execute(sa.update(_IMPORTS).where(actor == words).values(actor=code))
    named = sa.literal("key:", sa.Text).concat(sa.func.substr(actor, len(_API_KEY) + 1))
    op.execute(sa.update(_IMPORTS).where(actor.startswith(_API_KEY)).values(actor=named))
