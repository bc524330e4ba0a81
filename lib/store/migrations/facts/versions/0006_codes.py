"""The history of imports holds codes: words are made of them where they are shown."""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_IMPORTS = sa.table("imports", *(sa.column(name, sa.Text) for name in ("id", "result", "actor", "message")))
_RESULTS = {"loaded without bad rows": "loaded_without_bad_rows", "nothing loaded": "nothing_loaded"}
_ACTORS = {"this machine": "system:local", "Data page": "system:data_page"}
_API_KEY = "API key "


def upgrade() -> None:
    """Turn the results of imports, who made them, and why they failed, into codes."""
    result, actor = _IMPORTS.c.result, _IMPORTS.c.actor
    for words, code in _RESULTS.items():
        op.execute(sa.update(_IMPORTS).where(result == words).values(result=code))
    for words, code in _ACTORS.items():
        op.execute(sa.update(_IMPORTS).where(actor == words).values(actor=code))
    named = sa.literal("key:", sa.Text).concat(sa.func.substr(actor, len(_API_KEY) + 1))
    op.execute(sa.update(_IMPORTS).where(actor.startswith(_API_KEY)).values(actor=named))
    connection = op.get_bind()
    failed = sa.select(_IMPORTS.c.id, _IMPORTS.c.message).where(_IMPORTS.c.message.is_not(None))
    for number, words in connection.execute(failed).all():
        # What was no error of ours was named by its type alone.
        kind = re.fullmatch("[A-Za-z_]+", words)
        kept = (
            {"code": "unexpected", "values": {"kind": words}} if kind else {"code": "other", "values": {"text": words}}
        )
        message = json.dumps(kept, ensure_ascii=False)
        connection.execute(sa.update(_IMPORTS).where(_IMPORTS.c.id == number).values(message=message))
