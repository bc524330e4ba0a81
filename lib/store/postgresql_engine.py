"""The engine of a PostgreSQL database: its pool, and how a server that vanished is noticed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

# A server, or a client, that vanishes without a word, as a machine that loses its power does, is noticed within half a
# minute or a whole one, not after hours. A Unix socket needs none of it.
_NOTICING = {
    "connect_timeout": 5,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SERVER_NOTICING = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


WAIT_SECONDS = 30.0
"""Seconds to wait for a connection where all are busy, before that is an error."""

_KEPT_OPEN = 10


def postgresql_engine(url: sa.URL, most: int, options: str = "") -> Engine:
    """Return the engine of a database, of at most so many connections; `options` are settings of each."""
    theirs = url.normalized_query  # what the address says holds
    arguments: dict[str, Any] = {name: value for name, value in _NOTICING.items() if name not in theirs}
    arguments["options"] = " ".join(filter(None, [_SERVER_NOTICING, options, *theirs.get("options", ())]))
    kept = min(_KEPT_OPEN, most)
    return sa.create_engine(
        url,
        pool_pre_ping=True,
        pool_size=kept,
        max_overflow=most - kept,
        pool_timeout=WAIT_SECONDS,
        connect_args=arguments,
    )
