"""The calendar day of an instant in any zone, as SQL that every engine computes alike."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lib.analytics.calendar import offsets


def local_day(
    instant: sa.ColumnElement[datetime], zone: ZoneInfo, first: datetime, last: datetime
) -> sa.ColumnElement[date]:
    """Return the calendar day of an instant in a zone, as SQL; right for instants from `first` to `last`."""
    changes = offsets(zone, first, last)
    moved = [instant + sa.literal(offset, sa.Interval()) for _, offset in changes]
    if len(moved) == 1:
        return sa.cast(moved[0], sa.Date)
    branches = [(instant < since, before) for (since, _), before in zip(changes[1:], moved[:-1], strict=True)]
    return sa.cast(sa.case(*branches, else_=moved[-1]), sa.Date)
