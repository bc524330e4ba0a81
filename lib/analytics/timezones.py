"""Time zones for whole columns: wall clock to UTC, UTC to offset and day, by the rules of `zoneinfo`."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from lib.analytics import calendar
from lib.analytics.calendar import FIRST_DAY, LAST_DAY, day_start

Numbers = np.ndarray[Any, np.dtype[np.int64]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = 1_000_000


def microseconds(moment: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _delta(offset: timedelta) -> int:
    return offset // timedelta(microseconds=1)


@functools.lru_cache(maxsize=32)
def _changes(zone: ZoneInfo) -> tuple[tuple[datetime, timedelta], ...]:
    """Return a zone's offsets over all days that an evaluation may have; to find them takes 30 ms."""
    first, last = day_start(FIRST_DAY, ZoneInfo("UTC")), day_start(LAST_DAY, ZoneInfo("UTC"))
    return tuple(calendar.offsets(zone, first, last))


class Zones:
    """The offsets of the file's zone and of the workspace's, as arrays that whole columns are looked up in."""

    def __init__(self, file_zone: ZoneInfo, workspace_zone: ZoneInfo) -> None:
        """Compute the offsets over all days that an evaluation may have."""
        self.file_zone = file_zone
        changes = _changes(file_zone)
        before = [changes[0][1], *(offset for _, offset in changes[:-1])]
        # A wall time that comes twice means the first; one that is skipped is read with the offset before the gap, as
        # PEP 495 has it. So the wall clock changes over at the later of the two readings of the change.
        self._wall = np.array(
            [microseconds(at) + max(_delta(a), _delta(b)) for (at, a), b in zip(changes, before, strict=True)]
        )
        self._wall_offset = np.array([_delta(offset) for _, offset in changes])
        local = _changes(workspace_zone)
        self._utc = np.array([microseconds(at) for at, _ in local])
        self._utc_offset = np.array([_delta(offset) for _, offset in local])

    def to_utc(self, wall: Numbers) -> Numbers:
        """Turn wall-clock microseconds of the file's zone into UTC microseconds."""
        utc: Numbers = wall - self._wall_offset[np.maximum(np.searchsorted(self._wall, wall, side="right") - 1, 0)]
        return utc

    def offsets(self, utc: Numbers) -> Numbers:
        """Return the workspace's offset from UTC at each instant, in microseconds."""
        found: Numbers = self._utc_offset[np.maximum(np.searchsorted(self._utc, utc, side="right") - 1, 0)]
        return found

    def days(self, utc: Numbers) -> Numbers:
        """Return the workspace's calendar day of each instant, as days since 1970."""
        days: Numbers = (utc + self.offsets(utc)) // (86_400 * _MICROSECONDS)
        return days
