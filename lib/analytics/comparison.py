"""Periods to compare with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from lib.analytics.calendar import FIRST_DAY, ONE_DAY
from lib.analytics.filters import Filters
from lib.analytics.selection import Period


@dataclass(frozen=True, slots=True)
class Comparison:
    """The days that a period is compared with."""

    first: date
    last: date

    def of(self, filters: Filters) -> Filters:
        """Return the same question about these days."""
        return replace(filters, date_from=self.first, date_to=self.last)


def previous(period: Period, today: date) -> Comparison | None:
    """Return the period of the same length just before; where the period is not over yet, its first days alone.

    None where the period's ends are instants, or where there is none.
    """
    first, last = period.date_from, period.date_to
    if first is None or last is None or isinstance(first, datetime) or isinstance(last, datetime):
        return None
    length = last - first + ONE_DAY
    elapsed = min(length, max(ONE_DAY, today - first + ONE_DAY))
    if first - length < FIRST_DAY or length > timedelta(days=366 * 20):
        return None
    return Comparison(first - length, first - length + elapsed - ONE_DAY)
