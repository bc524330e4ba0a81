"""Days, weeks and months of the workspace: what a day is, buckets of a trend, periods by name.

Time-zone rules come from one source, Python's `zoneinfo`; engines get them as plain offsets (`sql_time.py`), so
that no engine's own tables can disagree.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:  # a reader's child process starts quicker without them
    from lib.settings import WeekStart

FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(2099, 12, 31)
"""An evaluation's day lies between these; anything else is a slip in the data."""

ONE_DAY = timedelta(days=1)


class Granularity(enum.Enum):
    """The width of a trend's buckets."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A day, week or month of a trend, named by its first day."""

    first: date
    last: date
    partial: bool  # the period cuts it short, or it is not over yet


@dataclass(frozen=True, slots=True)
class Calendar:
    """The workspace's time zone and week, and what day it is there."""

    zone: ZoneInfo
    week_start: WeekStart
    today: date

    def bucket_start(self, day: date, granularity: Granularity) -> date:
        """Return the first day of the bucket that a day falls into."""
        if granularity is Granularity.MONTHLY:
            return day.replace(day=1)
        if granularity is Granularity.WEEKLY:
            first_weekday = {"monday": 0, "sunday": 6, "saturday": 5}[self.week_start]
            return day - timedelta(days=(day.weekday() - first_weekday) % 7)
        return day

    def buckets(
        self,
        first: date,
        last: date,
        granularity: Granularity,
        first_is_cut: bool = False,
        last_is_cut: bool = False,
    ) -> Iterator[Bucket]:
        """Yield every bucket from the one that holds `first` to the one that holds `last`, in order.

        `first_is_cut` says that the period begins within the first day, `last_is_cut` that it ends within the last.
        """
        start = self.bucket_start(first, granularity)
        while start <= last:
            following = next_bucket(start, granularity)
            end = following - ONE_DAY
            early = start < first or (start == first and first_is_cut)
            late = end > last or (end == last and last_is_cut)
            yield Bucket(start, end, early or late or start <= self.today <= end)
            start = following

    def bucket_count(self, first: date, last: date, granularity: Granularity) -> int:
        """Return how many buckets `buckets` yields from `first` to `last`, without making them."""
        begin, end = (self.bucket_start(day, granularity) for day in (first, last))
        if granularity is Granularity.MONTHLY:
            return (end.year - begin.year) * 12 + end.month - begin.month + 1
        return (end - begin).days // (7 if granularity is Granularity.WEEKLY else 1) + 1

    def presets(self) -> dict[str, tuple[date, date]]:
        """Return the periods that have a name, each as its first and last day."""
        today = self.today
        week = self.bucket_start(today, Granularity.WEEKLY)
        month = today.replace(day=1)
        quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
        return {
            "today": (today, today),
            "yesterday": (today - ONE_DAY, today - ONE_DAY),
            "last7": (today - timedelta(days=6), today),
            "last30": (today - timedelta(days=29), today),
            "last90": (today - timedelta(days=89), today),
            "thisWeek": (week, week + timedelta(days=6)),
            "lastWeek": (week - timedelta(days=7), week - ONE_DAY),
            "thisMonth": (month, _months_on(month, 1) - ONE_DAY),
            "lastMonth": (_months_on(month, -1), month - ONE_DAY),
            "thisQuarter": (quarter, _months_on(quarter, 3) - ONE_DAY),
            "lastQuarter": (_months_on(quarter, -3), quarter - ONE_DAY),
            "thisYear": (date(today.year, 1, 1), date(today.year, 12, 31)),
            "lastYear": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        }


def next_bucket(start: date, granularity: Granularity) -> date:
    """Return the first day of the bucket after the one that begins at `start`."""
    if granularity is Granularity.MONTHLY:
        return _months_on(start, 1)
    return start + (timedelta(days=7) if granularity is Granularity.WEEKLY else ONE_DAY)


def _months_on(first_of_month: date, months: int) -> date:
    index = first_of_month.year * 12 + first_of_month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day in a zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def offsets(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[datetime, timedelta]]:
    """Return the zone's offsets from UTC between two instants: each with the instant from which it holds.

    The first entry holds from before `first` on. Changes are found to the second.
    """
    at, end = int(first.timestamp()) - 1, int(last.timestamp()) + 1
    offset = _offset(zone, at)
    found = [(_instant(at), offset)]
    step = 3 * 24 * 3600  # no zone changes and changes back in so little; in 6 days and 23 hours some do
    while at < end:
        ahead = min(at + step, end)
        if _offset(zone, ahead) != offset:
            low = at
            while ahead - low > 1:
                middle = (low + ahead) // 2
                if _offset(zone, middle) == offset:
                    low = middle
                else:
                    ahead = middle
            offset = _offset(zone, ahead)
            found.append((_instant(ahead), offset))
        at = ahead
    return found


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _offset(zone: ZoneInfo, seconds: int) -> timedelta:
    return datetime.fromtimestamp(seconds, zone).utcoffset() or timedelta()
