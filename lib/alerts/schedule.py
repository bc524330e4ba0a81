"""When an alert is checked, as people send it: after each import, or by a cron line, not too often."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSimError

from lib.delivery.schedule import Schedule
from lib.errors import AlertError, InvalidParameterError, nearest
from lib.errors.alert_codes import AlertCode
from lib.errors.parameter_codes import ParameterCode
from lib.errors.report_codes import ReportCode
from lib.settings import zone_names

LEAST_MINUTES = 5
"""Minutes that lie between two checks at least."""

_LOOKED_AT = 200
"""Times of a cron line of which it is seen how close they come."""

_MAX_CRON = 200
"""Characters of a cron line."""

_SHAPE = '{"cron": "0 8 * * *", "timezone": "America/Santiago"}, {"after": "import"}'


def read_schedule(value: Any, now: datetime, zone: ZoneInfo) -> Schedule:
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
        return Schedule()
    if "after" in value or not isinstance(cron, str) or not isinstance(timezone, str | None):
        raise AlertError("schedule", AlertCode.ALERT_SHAPE, where="schedule", right=_SHAPE)
    if timezone is not None and timezone not in zone_names():
        hint = nearest(timezone[:60], zone_names())
        raise InvalidParameterError("schedule", ParameterCode.NOT_A_ZONE, value=timezone[:60], hint=hint)
    schedule = Schedule(" ".join(cron.split()), timezone or zone.key)
    _check_cron(schedule, now)
    return schedule


def _check_cron(schedule: Schedule, now: datetime) -> None:
    """Raise AlertError for what is no cron line of five fields, for one without a time, and for one too often."""
    cron = schedule.cron or ""
    if not cron:
        raise AlertError("schedule", ReportCode.NO_CRON_LINE)
    error = AlertError("schedule", AlertCode.ALERT_CRON, cron=cron[:60])
    if len(cron) > _MAX_CRON or len(cron.split()) != 5:
        raise error
    try:
        times = schedule.times_after(now, _LOOKED_AT)
    except (CronSimError, ValueError, OverflowError):
        raise error from None
    if not times:
        raise error
    closest = min((after - before for before, after in pairwise(each.astimezone(UTC) for each in times)), default=None)
    if closest is not None and closest.total_seconds() < LEAST_MINUTES * 60:
        minutes = int(closest.total_seconds() // 60)
        raise AlertError("schedule", AlertCode.ALERT_TOO_OFTEN, cron=cron[:60], minutes=minutes, least=LEAST_MINUTES)
