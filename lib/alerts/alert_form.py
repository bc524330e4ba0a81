"""An alert as a form has it: what its inputs hold, made of a definition or of a page that is shown, and its body."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lib.alerts.alert import Alert
from lib.alerts.definition import AlertDefinition, ConditionType
from lib.catalog.catalog import Catalog
from lib.catalog.metrics import AVERAGE_SCORE
from lib.delivery.schedule_choice import ScheduleChoice, ScheduleKind
from lib.reports.page_links import ALL_TIME, METRIC, PERIOD, PERIOD_PARAMETERS
from lib.reports.period_labels import OWN
from lib.reports.period_presets import PRESETS

NONE = ""
"""What is chosen for no dimension."""

START_PERIOD = "last7"
"""The period that a form begins with."""

START_HOURS = 24
"""The hours without data that a form begins with."""

CHECK_KINDS = tuple(kind for kind in ScheduleKind if kind is not ScheduleKind.HAND)
"""When an alert may be checked."""

THRESHOLDS = (ConditionType.BELOW, ConditionType.ABOVE)
"""The conditions that have a value."""


@dataclass(frozen=True, slots=True)
class AlertForm:
    """What the inputs of an alert hold. `parameters` are those of the filters, without a period."""

    when: ScheduleChoice
    name: str = ""
    metric: str = AVERAGE_SCORE.name
    by: str = NONE
    period: str = START_PERIOD  # a preset's name, `all`, or `own` for dates that stay
    dates: Mapping[str, Sequence[str]] = field(default_factory=dict)
    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    condition: ConditionType = ConditionType.BELOW
    value: float | None = None
    ends_at: float | None = None
    hours: int | None = START_HOURS
    minimum: int | None = None  # the metric's own
    checks: int = 1
    people: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    webhooks: tuple[str, ...] = ()
    reminder_hours: int | None = None
    language: str = "en"

    def replaced(self, values: Mapping[str, Any]) -> AlertForm:
        """Return the form with other values of some fields."""
        return replace(self, **values)

    def to_body(self) -> dict[str, Any]:
        """Return the body that makes the alert, or changes it; what it may say is looked at where it is read."""
        condition: dict[str, Any] = {"type": self.condition.value}
        if self.condition in THRESHOLDS:
            condition |= {"value": self.value, "endsAt": self.ends_at}
        if self.condition is ConditionType.NO_DATA:
            condition["hours"] = self.hours
        parameters: dict[str, Any] = {name: list(values) for name, values in self.parameters.items()}
        if self.period == OWN:
            parameters |= {name: list(values) for name, values in self.dates.items()}
        else:
            parameters[PERIOD] = self.period
        body = {
            "name": self.name,
            "metric": self.metric,
            "parameters": parameters,
            "by": self.by or None,
            "condition": condition,
            "checks": self.checks,
            "schedule": self.when.to_json(),
            "recipients": [*self.people, *self.addresses],
            "webhooks": list(self.webhooks),
            "reminderHours": self.reminder_hours,
            "language": self.language,
        }
        return body if self.minimum is None else {**body, "minimum": self.minimum}


def blank_form(timezone: str, language: str, people: tuple[str, ...]) -> AlertForm:
    """Return what the form of a new alert begins with."""
    return AlertForm(ScheduleChoice(ScheduleKind.IMPORT, timezone), language=language, people=people)


def form_of(alert: Alert, people: Collection[str], timezone: str) -> AlertForm:
    """Return what a form holds of an alert; `people` are the addresses that it offers as people's."""
    kept: AlertDefinition = alert.definition
    dates = {name: values for name, values in kept.parameters.items() if name in PERIOD_PARAMETERS and name != PERIOD}
    return AlertForm(
        when=ScheduleChoice.of(kept.schedule, timezone),
        name=kept.name,
        metric=kept.metric,
        by=kept.by or NONE,
        period=kept.period or (OWN if dates else ALL_TIME),
        dates=dates,
        parameters={name: values for name, values in kept.parameters.items() if name not in PERIOD_PARAMETERS},
        condition=kept.condition.type,
        value=kept.condition.value,
        ends_at=kept.condition.ends_at,
        hours=kept.condition.hours or START_HOURS,
        minimum=kept.minimum,
        checks=kept.checks,
        people=tuple(each for each in kept.recipients if each in people),
        addresses=tuple(each for each in kept.recipients if each not in people),
        webhooks=kept.webhooks,
        reminder_hours=kept.reminder_hours,
        language=kept.language,
    )


def page_values(parameters: Mapping[str, Sequence[str]], preset: str, catalog: Catalog) -> dict[str, Any]:
    """Return the fields of a form that say what a page shows; `preset` is the name of its period.

    Dates of a page are none of an alert's, whose period moves on.
    """
    kept = {
        name: list(values)
        for name, values in parameters.items()
        if name in catalog.parameters and name not in PERIOD_PARAMETERS
    }
    values: dict[str, Any] = {"parameters": kept, "period": preset if preset in PRESETS else START_PERIOD}
    metric = next(iter(parameters.get(METRIC, ())), None)
    if metric in catalog.all_metrics:
        values["metric"] = metric
    return values


def offered_periods(form: AlertForm) -> tuple[str, ...]:
    """Return the periods that a form offers: those that move on, all time, and dates where the alert has them."""
    return (*PRESETS, ALL_TIME, *((OWN,) if form.dates else ()))
