"""What an alert watches, when it fires, and whom it tells: one frozen value, from JSON and to JSON.

`definition_reader.py` reads what people send and checks it; what is kept is read here, and trusted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from lib.analytics.calendar import Calendar
from lib.analytics.grants import Grant
from lib.analytics.query import Filters
from lib.catalog.catalog import Catalog
from lib.delivery.schedule import Schedule
from lib.reports.page_links import ALL_TIME, PERIOD
from lib.reports.period_presets import preset_dates
from lib.settings import WeekStart


class ConditionType(StrEnum):
    """What makes an alert fire."""

    BELOW = "below"
    ABOVE = "above"
    MISSES_TARGET = "misses_target"
    OUTSIDE_LIMITS = "outside_limits"
    WORSE_THAN_BEFORE = "worse_than_before"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Condition:
    """What makes an alert fire, and what ends that.

    `value` and `ends_at` belong to BELOW and ABOVE: it fires beyond `value`, and ends once `ends_at` is reached, which
    is `value` where it is None. `hours` belong to NO_DATA.
    """

    type: ConditionType
    value: float | None = None
    ends_at: float | None = None
    hours: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the condition as the API has it."""
        body: dict[str, Any] = {"type": self.type.value}
        if self.type in (ConditionType.BELOW, ConditionType.ABOVE):
            body |= {"value": self.value, "endsAt": self.ends_at}
        return body | ({"hours": self.hours} if self.type is ConditionType.NO_DATA else {})


@dataclass(frozen=True, slots=True)
class AlertDefinition:
    """An alert as its owner defines it.

    `sent_parameters` are the URL parameters of the filters as they were sent, each with a value or a list of them, with
    `period`, a preset's name, in place of dates. `by` is the name of a dimension, of which each member has a state.
    `minimum` is the n below which nothing is said of a value, `checks` how many in a row it takes to fire and to
    recover.
    """

    name: str
    metric: str
    sent_parameters: Mapping[str, Any]
    by: str | None
    condition: Condition
    minimum: int
    checks: int
    schedule: Schedule
    recipients: tuple[str, ...]
    webhooks: tuple[str, ...]
    reminder_hours: int | None
    language: str
    base_url: str = ""  # what links begin with, where no setting says it

    @property
    def parameters(self) -> dict[str, tuple[str, ...]]:
        """The parameters as a URL has them, each with its values; those without one are left out."""
        listed = {name: _parameter_values(value) for name, value in self.sent_parameters.items()}
        return {name: values for name, values in listed.items() if values}

    @property
    def period(self) -> str | None:
        """The preset that stands for dates; None where dates, or none at all, are meant."""
        return next(iter(self.parameters.get(PERIOD, ())), None)

    def filters(self, zone: ZoneInfo, grant: Grant, catalog: Catalog, week_start: WeekStart, now: datetime) -> Filters:
        """Return the filters that the parameters mean at an instant, within a grant.

        `zone` is the workspace's. Raises InvalidParameterError for what can't be, as a filter by a field that is gone.
        """
        return Filters.from_parameters(self.dated_parameters(zone, week_start, now), zone, grant, catalog)

    def dated_parameters(self, zone: ZoneInfo, week_start: WeekStart, now: datetime) -> dict[str, list[str]]:
        """Return the parameters with the dates that the preset stands for at an instant; for all time, none."""
        dated = {name: list(values) for name, values in self.parameters.items() if name != PERIOD}
        period = self.period
        if period is None or period == ALL_TIME:
            return dated
        named = next(iter(self.parameters.get("timezone", ())), None)
        own_zone = ZoneInfo(named) if named else zone
        return dated | preset_dates(period, Calendar(own_zone, week_start, now.astimezone(own_zone).date()))

    def to_json(self) -> dict[str, Any]:
        """Return the definition as the API has it."""
        return {
            "name": self.name,
            "metric": self.metric,
            "parameters": dict(self.sent_parameters),
            "by": self.by,
            "condition": self.condition.to_json(),
            "minimum": self.minimum,
            "checks": self.checks,
            "schedule": self.schedule.to_json(),
            "recipients": list(self.recipients),
            "webhooks": list(self.webhooks),
            "reminderHours": self.reminder_hours,
            "language": self.language,
        }

    def to_column(self) -> str:
        """Return what the state holds."""
        return json.dumps({**self.to_json(), "base_url": self.base_url}, ensure_ascii=False)

    @classmethod
    def from_column(cls, text: str) -> AlertDefinition:
        """Return the definition that the state holds."""
        kept = json.loads(text)
        condition, schedule = kept["condition"], kept["schedule"]
        return cls(
            name=kept["name"],
            metric=kept["metric"],
            sent_parameters=kept["parameters"],
            by=kept["by"],
            condition=Condition(
                ConditionType(condition["type"]),
                condition.get("value"),
                condition.get("endsAt"),
                condition.get("hours"),
            ),
            minimum=kept["minimum"],
            checks=kept["checks"],
            schedule=Schedule(schedule.get("cron"), schedule.get("timezone")),
            recipients=tuple(kept["recipients"]),
            webhooks=tuple(kept["webhooks"]),
            reminder_hours=kept["reminderHours"],
            language=kept["language"],
            base_url=kept.get("base_url", ""),
        )


def _parameter_values(value: Any) -> tuple[str, ...]:
    """Return the values of a parameter of JSON, as a URL has them."""
    listed = value if isinstance(value, list) else [value]
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in listed)
