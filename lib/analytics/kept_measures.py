"""Which measures rollups hold beside the plain ones, and the end of that: what `metric_rollups.py` makes them of."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.catalog.catalog import KeptMeasures
from lib.store import schema

_HELD = schema.metric_rollups.c


def kept_measures(connection: Connection) -> KeptMeasures | None:
    """Return the measures that rollups hold and keep up to date; None where there are none."""
    row = connection.execute(sa.select(_HELD.number, _HELD.measures).where(_HELD.retired_at.is_(None))).one_or_none()
    return None if row is None else KeptMeasures(row.number, tuple(json.loads(row.measures)))


def retire(connection: Connection) -> None:
    """Retire the rollups that hold them: from now on the facts answer. Must run inside `FactStore.write`."""
    connection.execute(
        sa.update(schema.metric_rollups).where(_HELD.retired_at.is_(None)).values(retired_at=datetime.now(UTC))
    )
