"""When an alert is checked: after each import, or by a cron line in a time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from lib.errors import AlertError, InvalidParameterError, nearest
from lib.errors.alert_codes import AlertCode
from lib.errors.parameter_codes import ParameterCode
from lib.settings import zone_names

LEAST_MINUTES = 5
"""Minutes that lie between two checks at least."""

_LOOKED_AT = 200
"""Times of a cron line of which it is seen how close they come."""

_MAX_CRON = 200
"""Characters of a cron line."""

_SHAPE = '{"cron": "0 8 * * *", "timezone": "America/Santiago"}, {"after": "import"}'


@dataclass(frozen=True, slots=True)
class CheckSchedule:
    """A cron line with its IANA zone; without one, after each import."""

    cron: str | None = None
    timezone: str | None = None

    @property
    def is_after_import(self) -> bool:
        """Whether new data make a check due, and no clock."""
        return self.cron is None

    def next_after(self, when: datetime) -> datetime | None:
        """Return the first time after an instant, in UTC; None where an import alone makes a check due.

        A time that a change of the clock leaves out comes at the next one that there is, one that comes twice once.
        """
        if self.cron is None:
            return None
        following = next(CronSim(self.cron, when.astimezone(ZoneInfo(self.timezone or "UTC"))), None)
        return None if following is None else following.astimezone(UTC)

    def to_json(self) -> dict[str, str | None]:
        """Return the schedule as the API has it."""
        return {"after": "import"} if self.cron is None else {"cron": self.cron, "timezone": self.timezone}


def read_schedule(value: Any, now: datetime, zone: ZoneInfo) -> CheckSchedule:
    """Return the schedule that JSON says; the zone is the workspace's where it names none.

    Raises AlertError and, for a zone that there is not, InvalidParameterError.
    """
    if not isinstance(value, Mapping):
        raise AlertError("schedule", AlertCode.ALERT_SHAPE, where="schedule", right=_SHAPE)
    known = ("after", "cron", "timezone")
    for name in value:
        if name not in known:
            hint, listed = nearest(name[:60], known), ", ".join(known)
            raise AlertError(
                "schedule", AlertCode.ALERT_FIELD, name=name[:60], where="schedule", hint=hint, known=listed
            )
    cron, timezone = value.get("cron"), value.get("timezone")
    if cron is None:
        if value.get("after") != "import" or timezone is not None:
            raise AlertError("schedule", AlertCode.ALERT_SHAPE, where="schedule", right=_SHAPE)
        return CheckSchedule()
    if "after" in value or not isinstance(cron, str) or not isinstance(timezone, str | None):
        raise AlertError("schedule", AlertCode.ALERT_SHAPE, where="schedule", right=_SHAPE)
    if timezone is not None and timezone not in zone_names():
        hint = nearest(timezone[:60], zone_names())
        raise InvalidParameterError("schedule", ParameterCode.NOT_A_ZONE, value=timezone[:60], hint=hint)
    schedule = CheckSchedule(" ".join(cron.split()), timezone or zone.key)
    _check_cron(schedule, now)
    return schedule


def _check_cron(schedule: CheckSchedule, now: datetime) -> None:
    """Raise AlertError for what is no cron line of five fields, for one without a time, and for one too often."""
    cron = schedule.cron or ""
    error = AlertError("schedule", AlertCode.ALERT_CRON, cron=cron[:60])
    if len(cron) > _MAX_CRON or len(cron.split()) != 5:
        raise error
    try:
        times = list(islice(CronSim(cron, now.astimezone(ZoneInfo(schedule.timezone or "UTC"))), _LOOKED_AT))
    except (CronSimError, ValueError, OverflowError):
        raise error from None
    if not times:
        raise error
    closest = min((after - before for before, after in pairwise(each.astimezone(UTC) for each in times)), default=None)
    if closest is not None and closest.total_seconds() < LEAST_MINUTES * 60:
        minutes = int(closest.total_seconds() // 60)
        raise AlertError("schedule", AlertCode.ALERT_TOO_OFTEN, cron=cron[:60], minutes=minutes, least=LEAST_MINUTES)
