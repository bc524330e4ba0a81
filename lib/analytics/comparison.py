"""Periods to compare with: the one just before, the same days a year before, days of one's own.

A period that is not over yet is compared with as many days as have passed of it, today being one of them, so that
counts compare. The period itself is not cut: the days to come have nothing to count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from lib.analytics.calendar import FIRST_DAY, ONE_DAY
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query import Filters
from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode

KINDS = ("previous", "year", "own", "none")
"""What a period may be compared with, by the names that links hold."""

_LONGEST = timedelta(days=366 * 20)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The days that a period is compared with, both inclusive."""

    first: date
    last: date

    def of(self, filters: Filters) -> Filters:
        """Return the same question about these days."""
        return replace(filters, date_from=self.first, date_to=self.last)


def compared_with(
    kind: str, period: ResolvedPeriod, today: date, own_days: tuple[date, date] | None = None
) -> Comparison | None:
    """Return what a period is compared with, by one of KINDS; None for none, and where there is no such period.

    `own_days` are the first and last day for the kind "own"; None while they are not chosen yet. Raises
    InvalidParameterError for another kind, and for own days of which the last lies before the first.
    """
    if kind == "previous":
        return previous(period, today)
    if kind == "year":
        return year_before(period, today)
    if kind == "own":
        return None if own_days is None else _cut(custom(*own_days), period, today)
    if kind != "none":
        hint, known = nearest(kind, KINDS), ", ".join(KINDS)
        raise InvalidParameterError("compare", ParameterCode.NOT_A_COMPARISON, value=kind[:60], hint=hint, known=known)
    return None


def previous(period: ResolvedPeriod, today: date) -> Comparison | None:
    """Return the period of the same length just before; where the period is not over yet, its first days alone.

    None where the period's ends are instants, or where there is none.
    """
    days = _days(period)
    if days is None:
        return None
    first, last = days
    length = last - first + ONE_DAY
    if first - length < FIRST_DAY or length > _LONGEST:
        return None
    return _cut(Comparison(first - length, first - ONE_DAY), period, today)


def year_before(period: ResolvedPeriod, today: date) -> Comparison | None:
    """Return the same days a year before, 28 February for the 29th; where the period is not over yet, the first alone.

    None where the period's ends are instants, or where there is none.
    """
    days = _days(period)
    if days is None or days[0].year <= FIRST_DAY.year:
        return None
    return _cut(Comparison(*(_year_before(day) for day in days)), period, today)


def custom(first: date, last: date) -> Comparison:
    """Return days of one's own choice. Raises InvalidParameterError where the last lies before the first."""
    if last < first:
        raise InvalidParameterError("compareFrom", ParameterCode.FIRST_AFTER_LAST, last="compareTo")
    return Comparison(first, last)


def _cut(compared: Comparison, period: ResolvedPeriod, today: date) -> Comparison:
    """Return as many of the days as have passed of the period, at least one; all where it is over or has no days."""
    days = _days(period)
    if days is None or days[1] <= today:
        return compared
    passed = max(ONE_DAY, today - days[0] + ONE_DAY)
    return Comparison(compared.first, min(compared.last, compared.first + passed - ONE_DAY))


def _days(period: ResolvedPeriod) -> tuple[date, date] | None:
    """Return a period's first and last day, where its ends are days."""
    first, last = period.date_from, period.date_to
    if first is None or last is None or isinstance(first, datetime) or isinstance(last, datetime):
        return None
    return first, last


def _year_before(day: date) -> date:
    return date(day.year - 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)
