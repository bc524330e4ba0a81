"""How the files of a DuckLake are kept in order: small ones merged, old snapshots let go, what nobody reads deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import Connection

KEPT = timedelta(days=1)
"""How long a snapshot, and files that no newer one needs, are kept: whoever reads them has ended by then."""

MANY_SNAPSHOTS = 50
"""New snapshots after which merging is due: each has added a small file to most tables."""

_DELETED_SHARE = 0.2  # of a file's rows, from which it is written anew without them


def tidy(connection: Connection, lake: str, kept: timedelta = KEPT) -> None:
    """Put a lake's files in order; whoever calls holds the writer's lock, and the connection commits by itself.

    Files that no snapshot names are those of writers that were killed.
    """
    before = f"TIMESTAMPTZ '{(datetime.now(UTC) - kept).isoformat()}'"
    for call in (
        f"ducklake_expire_snapshots('{lake}', older_than => {before})",
        f"ducklake_merge_adjacent_files('{lake}')",
        f"ducklake_rewrite_data_files('{lake}', delete_threshold => {_DELETED_SHARE})",
        f"ducklake_cleanup_old_files('{lake}', older_than => {before})",
        f"ducklake_delete_orphaned_files('{lake}', older_than => {before})",
    ):
        connection.exec_driver_sql(f"CALL {call}").all()
