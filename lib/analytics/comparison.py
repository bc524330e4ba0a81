"""Periods to compare with: the one before, the same days a year before, days of one's own.

A period that includes today is compared with as much time as has passed of it: the other side ends on the day that
stands for today, at the same time of day, so that counts compare. The period itself is not cut: the time to come has
nothing to count.
"""

from __future__ import annotations

import calendar as months
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from lib.analytics.calendar import FIRST_DAY, ONE_DAY, Calendar, Granularity
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query import Filters, Moment
from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode

KINDS = ("previous", "year", "own", "none")
"""What a period may be compared with, by the names that links hold."""

_LONGEST = timedelta(days=366 * 20)
_SHORT_DAYS = 28
"""Ranges of fewer days are moved by whole weeks, so that weekdays match."""

_WEEK = timedelta(days=7)
_YEAR = 12

_Shift = timedelta | int
"""How far back the other side lies: days, or months."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a period is compared with, from its first day to its last day or instant, both inclusive."""

    first: date
    last: Moment

    def of(self, filters: Filters) -> Filters:
        """Return the same question about these days."""
        return replace(filters, date_from=self.first, date_to=self.last)


def compared_with(
    kind: str, period: ResolvedPeriod, calendar: Calendar, now: datetime, own_days: tuple[date, date] | None = None
) -> Comparison | None:
    """Return what a period is compared with, by one of KINDS; None for none, and where there is no such period.

    `now` is in the zone that days are meant in. `own_days` are the first and last day for the kind "own"; None while
    they are not chosen yet. Raises InvalidParameterError for another kind, and for own days of which the last lies
    before the first.
    """
    if kind == "previous":
        return previous(period, calendar, now)
    if kind == "year":
        return year_before(period, now)
    if kind == "own":
        return None if own_days is None else custom(*own_days)
    if kind != "none":
        hint, known = nearest(kind, KINDS), ", ".join(KINDS)
        raise InvalidParameterError("compare", ParameterCode.NOT_A_COMPARISON, value=kind[:60], hint=hint, known=known)
    return None


def previous(period: ResolvedPeriod, calendar: Calendar, now: datetime) -> Comparison | None:
    """Return the period before.

    A whole week, month, quarter or year is compared with the whole one before, one that runs with the same days of the
    one before; any other range with the same length just before, or where that is under 28 days and no whole weeks,
    whole weeks back. None where the period's ends are instants, or where there is no such period.
    """
    days = _days(period)
    if days is None:
        return None
    first, last = days
    unit = _unit(first, last, calendar, now.date())
    return just_before(period, now) if unit is None else _compared(first - ONE_DAY, unit, days, now)


def just_before(period: ResolvedPeriod, now: datetime) -> Comparison | None:
    """Return the same length just before, or where that is under 28 days and no whole weeks, whole weeks back.

    None where the period's ends are instants, or where there is no such period.
    """
    days = _days(period)
    if days is None:
        return None
    first, last = days
    length = last - first + ONE_DAY
    shift = length if length.days >= _SHORT_DAYS else -(-length // _WEEK) * _WEEK
    return None if length > _LONGEST else _compared(last - shift, shift, days, now)


def year_before(period: ResolvedPeriod, now: datetime) -> Comparison | None:
    """Return the same days a year before.

    Whole months, quarters and years are compared with the same ones; other ranges under 28 days with those 364 days
    before, so that weekdays match; longer ones with the same dates, 28 February for the 29th. None where the period's
    ends are instants, or where there is no such period.
    """
    days = _days(period)
    if days is None:
        return None
    first, last = days
    if first.day == 1 and last.day == _month_length(last):
        year = last.year - 1
        return _compared(last.replace(year=year, day=_month_length(date(year, last.month, 1))), _YEAR, days, now)
    shift: _Shift = _YEAR if (last - first + ONE_DAY).days >= _SHORT_DAYS else 52 * _WEEK
    return _compared(_moved_back(last, shift)[0], shift, days, now)


def custom(first: date, last: date) -> Comparison:
    """Return days of one's own choice. Raises InvalidParameterError where the last lies before the first."""
    if last < first:
        raise InvalidParameterError("compareFrom", ParameterCode.FIRST_AFTER_LAST, last="compareTo")
    return Comparison(first, last)


def _unit(first: date, last: date, calendar: Calendar, today: date) -> _Shift | None:
    """Return the length of the week, month, quarter or year that the days are, whole or up to today; None for others.

    A single day is none of them.
    """
    lengths: list[tuple[_Shift, bool]] = [
        (_WEEK, calendar.bucket_start(first, Granularity.WEEKLY) == first),
        (1, first.day == 1),
        (3, first.day == 1 and first.month % 3 == 1),
        (_YEAR, first.day == first.month == 1),
    ]
    for length, begins in lengths:
        end = first + length if isinstance(length, timedelta) else _moved(first, length)[0]
        if begins and (last == end - ONE_DAY or first < last == today < end):
            return length
    return None


def _compared(last: date, shift: _Shift, days: tuple[date, date], now: datetime) -> Comparison | None:
    """Return the days that lie so far back, up to a last one, or to this time of the day that stands for today.

    None where they would begin before the first day that there may be.
    """
    today = now.date()
    begin = _moved_back(days[0], shift)[0]
    if begin < FIRST_DAY:
        return None
    if not days[0] <= today <= days[1]:
        return Comparison(begin, last)
    day, exists = _moved_back(today, shift)
    # A month that has no such day is over by then.
    end = datetime.combine(day, now.time().replace(second=0, microsecond=0), now.tzinfo) if exists else day
    return Comparison(begin, end)


def _days(period: ResolvedPeriod) -> tuple[date, date] | None:
    """Return a period's first and last day, where its ends are days."""
    first, last = period.date_from, period.date_to
    if first is None or last is None or isinstance(first, datetime) or isinstance(last, datetime):
        return None
    return first, last


def _moved_back(day: date, shift: _Shift) -> tuple[date, bool]:
    """Return the day so far back; for months the last of its month where that is shorter, and whether it is not."""
    return (day - shift, True) if isinstance(shift, timedelta) else _moved(day, -shift)


def _moved(day: date, by: int) -> tuple[date, bool]:
    """Return the same day of another month, or the last of it where that is shorter, and whether it is not."""
    year, month = divmod(day.year * 12 + day.month - 1 + by, 12)
    begin = date(year, month + 1, 1)
    return begin.replace(day=min(day.day, _month_length(begin))), day.day <= _month_length(begin)


def _month_length(day: date) -> int:
    return months.monthrange(day.year, day.month)[1]
