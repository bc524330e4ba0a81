"""ISO 8601 as it is read here: calendar dates, and date-times of them, each of which means one thing alone.

Python reads more: a week as its Monday, and any character between a date and a time. Such a text is refused here.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})(?:[Tt ]([0-9].*))?", re.DOTALL)
_END_OF_DAY = re.compile(r"24(?::?00){0,2}(?:[.,]0+)?(?![0-9:.,])")
_WEEK = re.compile(r"([0-9]{4})-?[Ww]([0-9]{2})(?:-?([1-7]))?(?![0-9])")
_ORDINAL = re.compile(r"([0-9]{4})-?([0-9]{3})(?![0-9-])")


def parse_date(text: str) -> date:
    """Read `2024-01-31` or `20240131`. Raises ValueError for anything else."""
    found = _MOMENT.fullmatch(text)
    if found is None or found[2] is not None:
        raise ValueError("not a calendar date")
    return date.fromisoformat(text)


def parse_moment(text: str) -> date | datetime:
    """Read a date as `parse_date` does, or a date-time of one, which is naive where it names no offset.

    Between date and time stand `T` or a blank; the time is of hours, and may be of minutes, seconds and fractions, of
    which microseconds count; 24:00 is the beginning of the next day. Raises ValueError, OverflowError for the day after
    the last one.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("neither a calendar date nor a date-time of one")
    day, time = date.fromisoformat(found[1]), found[2]
    if time is None:
        return day
    end = _END_OF_DAY.match(time)
    if end is not None:
        day, time = day + timedelta(days=1), "00" + time[end.end() :]
    return datetime.fromisoformat(f"{day.isoformat()}T{time.upper()}")


def named_days(text: str) -> tuple[date, date] | None:
    """Return the first and last day of what begins as a week date or an ordinal date; None for anything else."""
    try:
        if week := _WEEK.match(text):
            first, last = (int(week[3] or each) for each in (1, 7))
            monday = date.fromisocalendar(int(week[1]), int(week[2]), 1)
            return monday + timedelta(days=first - 1), monday + timedelta(days=last - 1)
        if ordinal := _ORDINAL.match(text):
            day = date(int(ordinal[1]), 1, 1) + timedelta(days=int(ordinal[2]) - 1)
            return (day, day) if day.year == int(ordinal[1]) else None
    except (ValueError, OverflowError):
        return None
    return None
