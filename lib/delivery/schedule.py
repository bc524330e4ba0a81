"""When a report or a check is due: a cron line in a time zone, after an import, or by hand alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode
from lib.errors.report_codes import ReportCode
from lib.settings import zone_names

_LOOKED_BACK = timedelta(hours=25)
"""How far back the last time of a schedule is looked for: one that is longer past goes out no more."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron line of five fields and the IANA zone whose clock it goes by; neither of both: after each import.

    A time that a change of the clock leaves out is due at the next that there is; one that it brings twice is due once
    (Debian's cron has these rules).
    """

    cron: str | None = None
    timezone: str | None = None

    @property
    def is_after_import(self) -> bool:
        """Whether an import makes it due."""
        return self.cron is None

    def times_after(self, moment: datetime, count: int) -> tuple[datetime, ...]:
        """Return the next times after a moment, in the schedule's zone; none where an import makes it due."""
        if self.cron is None or self.timezone is None:
            return ()
        begin = moment.astimezone(ZoneInfo(self.timezone))
        return tuple(islice(CronSim(self.cron, begin), count))

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the next time after a moment, in UTC; None where there is none."""
        return next((due.astimezone(UTC) for due in self.times_after(moment, 1)), None)

    def last_until(self, first: datetime, now: datetime) -> datetime:
        """Return the last time up to now, in UTC; `first`, which is one, where all others are over a day past."""
        last = max(first, now - _LOOKED_BACK)
        while (due := self.next_after(last)) is not None and due <= now:
            last = due
        return first if last == now - _LOOKED_BACK else last

    def to_json(self) -> dict[str, str]:
        """Return the schedule as bodies have it."""
        if self.cron is None:
            return {"after": "import"}
        return {"cron": self.cron, "timezone": str(self.timezone)}


def parse_schedule(value: Any) -> Schedule | None:
    """Return the schedule that a body holds; None for null. Raises InvalidParameterError."""
    if value is None:
        return None
    if isinstance(value, Mapping) and value == {"after": "import"}:
        return Schedule()
    is_cron = isinstance(value, Mapping) and set(value) == {"cron", "timezone"}
    if not is_cron or not all(isinstance(each, str) for each in value.values()):
        raise InvalidParameterError("schedule", ReportCode.SCHEDULE_SHAPE)
    zone, line = value["timezone"], " ".join(value["cron"].split())
    if zone not in zone_names():
        hint = nearest(zone[:60], zone_names())
        raise InvalidParameterError("schedule", ParameterCode.NOT_A_ZONE, value=zone[:60], hint=hint)
    _check_cron(line)
    return Schedule(line, zone)


def _check_cron(line: str) -> None:
    """Raise InvalidParameterError for a line that is none, or that is never due."""
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    if not line:
        raise InvalidParameterError("schedule", ReportCode.NO_CRON_LINE)
    if len(line) > 100 or len(line.split(" ")) != 5:
        count = len(line.split(" "))
        problem = "1 field" if count == 1 else f"{count} fields"
        raise InvalidParameterError("schedule", ReportCode.NOT_A_CRON_LINE, value=line[:100], problem=problem)
    try:
        first = next(CronSim(line, begin), None)
    except CronSimError as error:
        code = ReportCode.NOT_A_CRON_LINE
        raise InvalidParameterError("schedule", code, value=line, problem=str(error)) from None
    if first is None:
        raise InvalidParameterError("schedule", ReportCode.NEVER_DUE, value=line)
