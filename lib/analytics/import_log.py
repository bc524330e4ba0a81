"""What came into the facts, and when: the imports that loaded something, for whoever asks what changed since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.store.enums import LOADED_RESULTS
from lib.store.schema import imports


@dataclass(frozen=True, slots=True)
class ImportEvent:
    """An import that went through: when, by whom, the names of its files, and how many evaluations it touched."""

    at: datetime
    actor: str
    files: tuple[str, ...]
    added: int
    changed: int


def imports_since(connection: Connection, instant: datetime) -> tuple[ImportEvent, ...]:
    """Return the imports that went through after an instant, the oldest first; it is timezone-aware.

    With the `changed_at` of a `DatasetStatus`, these are the imports that it does not know of. Those that failed, and
    those that loaded nothing for bad rows, are left out, and so are those that were undone.
    """
    query = (
        sa.select(imports)
        .where(imports.c.finished_at > instant, imports.c.result.in_(LOADED_RESULTS), imports.c.undone_at.is_(None))
        .order_by(imports.c.finished_at, imports.c.id)
    )
    return tuple(
        ImportEvent(
            row.finished_at,
            row.actor,
            tuple(file["name"] for file in json.loads(row.files)),
            row.added,
            row.changed,
        )
        for row in connection.execute(query)
    )
