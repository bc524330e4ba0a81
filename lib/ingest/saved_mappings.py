"""Saved mappings: offered again for files of the same header."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from lib.ingest.mapping import header_fingerprint
from lib.store.schema import mappings
from lib.store.state import StateStore


def find(state: StateStore, header: Sequence[str]) -> str | None:
    """Return the mapping, as TOML, that was saved for this header."""
    with state.transaction() as connection:
        query = sa.select(mappings.c.toml).where(mappings.c.header == header_fingerprint(header))
        found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def keep(state: StateStore, header: Sequence[str], toml: str) -> None:
    """Save a mapping for this header, in place of an older one."""
    fingerprint = header_fingerprint(header)
    with state.transaction() as connection:
        connection.execute(sa.delete(mappings).where(mappings.c.header == fingerprint))
        connection.execute(sa.insert(mappings).values(header=fingerprint, toml=toml, saved_at=datetime.now(UTC)))
