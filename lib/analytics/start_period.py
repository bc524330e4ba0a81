"""The period that pages begin with: the last full days of the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.engine import Connection

from lib.analytics.calendar import ONE_DAY, Calendar
from lib.analytics.grants import Grant
from lib.analytics.planner import resolve_period
from lib.analytics.query import Filters, local_date
from lib.catalog.catalog import Catalog

START_DAYS = 90
"""The length of the period: long enough for a trend by week, short enough to have another one before it."""


@dataclass(frozen=True, slots=True)
class StartPeriod:
    """The first and last day that pages begin with; None for all time."""

    days: tuple[date, date] | None


def start_period(connection: Connection, calendar: Calendar, grant: Grant, catalog: Catalog) -> StartPeriod:
    """Return the last START_DAYS full days of the data that may be seen; all time where the data hold fewer.

    Today is not over, and so is none of them.
    """
    held = resolve_period(connection, Filters(grant=grant, catalog=catalog), calendar)
    if held.date_from is None or held.date_to is None:
        return StartPeriod(None)
    last = min(local_date(held.date_to, calendar.zone), calendar.today - ONE_DAY)
    first = last - timedelta(days=START_DAYS - 1)
    return StartPeriod(None if first < local_date(held.date_from, calendar.zone) else (first, last))
