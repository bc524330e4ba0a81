"""A grant is one column: its limits by dimension, as JSON. Links name no states and sentiments that chose rows alone.

Those of pinned links chose rows of the Evaluations page, and the figures were those of the whole selection; those of
saved views of other pages chose nothing. Now they are filters, and would change what is shown.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PRIMARY_KEYS = {"api_keys": "prefix", "people": "id", "pinned_links": "id"}
_DIMENSIONS = {"call_centers": "callCenter", "campaigns": "campaign"}
"""The dimension of each of the columns that were."""


def upgrade() -> None:
    """Put the limits of keys, people and pinned links together, and those in the orders of exports."""
    connection = op.get_bind()
    for name, key in _PRIMARY_KEYS.items():
        op.add_column(name, sa.Column("grant_limits", sa.Text))
        table = sa.table(name, *(sa.column(each, sa.Text) for each in (key, "grant_limits", *_DIMENSIONS)))
        limited = sa.or_(*(table.c[column].is_not(None) for column in _DIMENSIONS))
        for row in connection.execute(sa.select(table).where(limited)).mappings().all():
            limits = _limits({column: row[column] and json.loads(row[column]) for column in _DIMENSIONS})
            changed = sa.update(table).where(table.c[key] == row[key]).values(grant_limits=json.dumps(limits))
            connection.execute(changed)
        for column in _DIMENSIONS:
            op.drop_column(name, column)
    jobs = sa.table("jobs", *(sa.column(name, sa.Text) for name in ("id", "kind", "payload")))
    orders = sa.select(jobs.c.id, jobs.c.payload).where(jobs.c.kind == "export")
    for number, text in connection.execute(orders).all():
        payload = json.loads(text)
        if "grant" in payload:
            payload["grant"] = _limits(payload["grant"])
            connection.execute(sa.update(jobs).where(jobs.c.id == number).values(payload=json.dumps(payload)))
    for name in ("pinned_links", "views"):
        links = sa.table(name, *(sa.column(each, sa.Text) for each in ("id", "parameters", "page")))
        listed = sa.select(links.c.id, links.c.parameters)
        if name == "views":
            listed = listed.where(links.c.page != "evaluations")
        for number, text in connection.execute(listed).all():
            parameters = json.loads(text)
            kept = {name: values for name, values in parameters.items() if name not in ("state", "sentiment")}
            if kept != parameters:
                connection.execute(sa.update(links).where(links.c.id == number).values(parameters=json.dumps(kept)))


def _limits(ids_by_column: dict[str, Any]) -> dict[str, Any]:
    """Return limits by dimension, of what was null for all."""
    return {_DIMENSIONS[column]: ids for column, ids in ids_by_column.items() if ids is not None}
