"""The workspace's time zone: kept with the facts, whose days are computed in it, and changed by one command alone.

The first start takes it from `CALLBOARD_TIMEZONE`; a process that goes by another one afterwards is refused. Nothing
here converts times: that is `timezones.py` and `sql_time.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.errors import TimeZoneChangedError, TimeZoneConflictError
from lib.store.schema import workspace

NOT_YET = ""
"""What a new database has until the first start gives it a zone."""


FIRST_REVISION = "0005"
"""The first revision of the facts' tables that holds the zone."""


def stored_zone(connection: Connection) -> str:
    """Return the name of the zone that the days of the facts are in."""
    return str(connection.execute(sa.select(workspace.c.timezone)).scalar_one())


def take_first_zone(connection: Connection, name: str) -> None:
    """Give a new database its zone, in a transaction of the one writer; one that has a zone keeps it."""
    connection.execute(sa.update(workspace).where(workspace.c.timezone == NOT_YET).values(timezone=name))


def check_variable(variable: str | None, stored: str) -> None:
    """Raise TimeZoneConflictError where CALLBOARD_TIMEZONE is set (not None) and names another zone than the facts'."""
    if variable is not None and variable != stored:
        raise TimeZoneConflictError(
            f"The workspace's time zone is {stored}, and CALLBOARD_TIMEZONE says {variable}. Nothing was changed. "
            f"Right would be CALLBOARD_TIMEZONE={stored}, or not to set it; to change the workspace's: "
            f"callboard timezone {variable}."
        )


def check_zone(connection: Connection, name: str) -> None:
    """Raise TimeZoneChangedError where the days of the facts are in another zone than this one."""
    stored = stored_zone(connection)
    if stored != name:
        raise TimeZoneChangedError(stored, name)
