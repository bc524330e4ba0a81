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


def postgresql_engine(url: sa.URL, options: str = "") -> Engine:
    """Return the engine of a database; `options` are settings of each connection."""
    theirs = url.normalized_query  # what the address says holds
    arguments: dict[str, Any] = {name: value for name, value in _NOTICING.items() if name not in theirs}
    arguments["options"] = " ".join(filter(None, [_SERVER_NOTICING, options, *theirs.get("options", ())]))
    return sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args=arguments)
