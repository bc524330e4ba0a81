"""The simple schedules that a form offers, as cron lines and back, and any schedule in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from lib.delivery.schedule import Schedule
from lib.reports.words import Words, text


class ScheduleKind(StrEnum):
    """What a form offers for when something is due."""

    WEEKDAYS = "weekdays"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    IMPORT = "import"
    HAND = "hand"
    CRON = "cron"


KIND_LABELS = {
    ScheduleKind.WEEKDAYS: "Every weekday",
    ScheduleKind.DAILY: "Every day",
    ScheduleKind.WEEKLY: "Every week",
    ScheduleKind.MONTHLY: "Every month",
    ScheduleKind.IMPORT: "After an import",
    ScheduleKind.HAND: "By hand only",
    ScheduleKind.CRON: "Cron line",
}
"""What each kind is called."""

DAY_LABELS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""The days of the week by cron's numbers."""

EACH_DAY = (
    "Sundays at {time}",
    "Mondays at {time}",
    "Tuesdays at {time}",
    "Wednesdays at {time}",
    "Thursdays at {time}",
    "Fridays at {time}",
    "Saturdays at {time}",
)
"""What a weekly schedule is in words, by cron's number of its day."""

TIMED = (ScheduleKind.WEEKDAYS, ScheduleKind.DAILY, ScheduleKind.WEEKLY, ScheduleKind.MONTHLY)
"""The kinds that have a time of day."""

LAST_MONTH_DAY = 28
"""The last day that each month has."""

MINUTES_APART = 15
"""How far apart the times are that a form offers."""

_MONDAY = 1
_LINE = re.compile(r"([0-5]?\d) ([01]?\d|2[0-3]) (\*|\d{1,2}) \* (\*|[0-7]|1-5)")


@dataclass(frozen=True, slots=True)
class ScheduleChoice:
    """A schedule as a form has it: its kind, and what belongs to the kind; the rest is what the form begins with."""

    kind: ScheduleKind
    timezone: str
    time: str = "08:00"
    weekday: int = _MONDAY  # cron's number
    month_day: int = 1
    cron: str = ""

    @classmethod
    def of(cls, schedule: Schedule | None, timezone: str) -> ScheduleChoice:
        """Return what a form shows of a schedule; `timezone` is what it begins with where that has none."""
        if schedule is None:
            return cls(ScheduleKind.HAND, timezone)
        if schedule.cron is None:
            return cls(ScheduleKind.IMPORT, timezone)
        zone = schedule.timezone or timezone
        line = _LINE.fullmatch(schedule.cron)
        custom = cls(ScheduleKind.CRON, zone, cron=schedule.cron)
        if line is None:
            return custom
        minute, hour, month_day, weekday = line.groups()
        time = f"{int(hour):02}:{int(minute):02}"
        if month_day == "*":
            if weekday == "*":
                return cls(ScheduleKind.DAILY, zone, time, cron=schedule.cron)
            if weekday == "1-5":
                return cls(ScheduleKind.WEEKDAYS, zone, time, cron=schedule.cron)
            return cls(ScheduleKind.WEEKLY, zone, time, int(weekday) % 7, cron=schedule.cron)
        if weekday == "*" and 1 <= int(month_day) <= LAST_MONTH_DAY:
            return cls(ScheduleKind.MONTHLY, zone, time, month_day=int(month_day), cron=schedule.cron)
        return custom

    def to_json(self) -> dict[str, str] | None:
        """Return the schedule as bodies have it; what a cron line may be is looked at where it is read."""
        if self.kind is ScheduleKind.HAND:
            return None
        if self.kind is ScheduleKind.IMPORT:
            return {"after": "import"}
        return {"cron": self.cron if self.kind is ScheduleKind.CRON else self._line(), "timezone": self.timezone}

    def _line(self) -> str:
        hour, _, minute = self.time.partition(":")
        begin = f"{int(minute)} {int(hour)}"
        if self.kind is ScheduleKind.MONTHLY:
            return f"{begin} {self.month_day} * *"
        days = {ScheduleKind.WEEKDAYS: "1-5", ScheduleKind.DAILY: "*"}
        return f"{begin} * * {days.get(self.kind, str(self.weekday))}"


def offered_times(time: str) -> list[str]:
    """Return the times of day that a form offers, `time` among them."""
    apart = {f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, 24 * 60, MINUTES_APART)}
    return sorted({*apart, time})


def schedule_words(schedule: Schedule | None) -> Words:
    """Return when a schedule is due, in words: `Mondays at 08:00, Santiago`."""
    if schedule is None:
        return text("By hand only")
    if schedule.timezone is None:
        return text("After an import")
    choice = ScheduleChoice.of(schedule, schedule.timezone)
    return text("{when}, {zone}", when=_when(choice), zone=zone_name(schedule.timezone))


def zone_name(timezone: str) -> str:
    """Return what people call a time zone: the city of `America/Santiago`."""
    return timezone.rpartition("/")[2].replace("_", " ")


def _when(choice: ScheduleChoice) -> Words:
    match choice.kind:
        case ScheduleKind.WEEKDAYS:
            return text("Weekdays at {time}", time=choice.time)
        case ScheduleKind.DAILY:
            return text("Every day at {time}", time=choice.time)
        case ScheduleKind.WEEKLY:
            return text(EACH_DAY[choice.weekday], time=choice.time)
        case ScheduleKind.MONTHLY:
            return text("Day {day} of each month at {time}", day=choice.month_day, time=choice.time)
    return text("Cron line {line}", line=choice.cron)
