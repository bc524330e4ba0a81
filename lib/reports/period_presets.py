"""Periods that have a name, such as `last30`, in place of dates: in links, saved views, reports and alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from lib.analytics.calendar import FIRST_DAY, Calendar
from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode
from lib.reports.page_links import ALL_TIME, PERIOD
from lib.settings import zone_names

PRESETS = tuple(Calendar(ZoneInfo("UTC"), "monday", FIRST_DAY).presets())
"""The names of the periods that mean other days each day."""

DATES = ("dateFrom", "dateTo")
"""The parameters that say a period by its days."""


def preset_dates(name: str, calendar: Calendar) -> dict[str, list[str]]:
    """Return the days that a preset means today, as URL parameters. Raises as `check_preset` does."""
    first, last = calendar.presets()[check_preset(name)]
    return dict(zip(DATES, ([first.isoformat()], [last.isoformat()]), strict=True))


def check_preset(name: str, *others: str) -> str:
    """Return the name of a preset or one of `others`. Raises InvalidParameterError, parameter `period`, for none."""
    known = (*PRESETS, *others)
    if name not in known:
        hint, listed = nearest(name[:60], known), ", ".join(known)
        raise InvalidParameterError(PERIOD, ParameterCode.NOT_A_PERIOD, value=name[:60], hint=hint, known=listed)
    return name


def with_dates(parameters: Mapping[str, Sequence[str]], calendar: Calendar) -> dict[str, list[str]]:
    """Return parameters with the dates that a preset's name means today, in the zone that they name.

    `calendar` is the workspace's. Dates beside a name stand. Raises InvalidParameterError for an unknown name.
    """
    plain = {name: list(values) for name, values in parameters.items()}
    if PERIOD not in plain or plain[PERIOD] == [ALL_TIME] or any(name in plain for name in DATES):
        return plain
    name = check_preset(", ".join(plain.pop(PERIOD)), ALL_TIME)
    return {**plain, **preset_dates(name, _local(plain, calendar))}


def _local(parameters: Mapping[str, Sequence[str]], calendar: Calendar) -> Calendar:
    """Return the calendar of the zone that parameters name, as of now; the workspace's where there is no such zone."""
    named = parameters.get("timezone") or ()
    if len(named) != 1 or named[0] not in zone_names():
        return calendar
    zone = ZoneInfo(named[0])
    return Calendar(zone, calendar.week_start, datetime.now(zone).date())
