"""What people send as an alert, read and checked: each error names the place, and what would be right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from lib.alerts.definition import AlertDefinition, Condition, ConditionType
from lib.alerts.schedule import read_schedule
from lib.analytics.grants import Grant
from lib.catalog.catalog import Catalog
from lib.catalog.formulas.calculation import Calculation
from lib.catalog.metrics import Metric
from lib.errors import AlertError, InvalidParameterError, nearest
from lib.errors.alert_codes import AlertCode
from lib.errors.parameter_codes import ParameterCode
from lib.i18n import LANGUAGES
from lib.reports.page_links import ALL_TIME, PERIOD
from lib.reports.period_presets import check_preset
from lib.settings import WeekStart
from lib.sharing import validation

MAX_NAME = 80
"""Characters of an alert's name."""

MOST_CHECKS = 20
MOST_HOURS = 24 * 60
MOST_MINIMUM = 1_000_000
MOST_REMINDER_HOURS = 24 * 90
MOST_RECIPIENTS = MOST_WEBHOOKS = 50

FIELDS_OF_A_BODY = (
    *("name", "metric", "parameters", "by", "condition", "minimum", "checks", "schedule"),
    *("recipients", "webhooks", "reminderHours", "language"),
)
"""The names of what people send."""

_CONDITION_FIELDS: Mapping[ConditionType, tuple[str, ...]] = {
    ConditionType.BELOW: ("type", "value", "endsAt"),
    ConditionType.ABOVE: ("type", "value", "endsAt"),
    ConditionType.NO_DATA: ("type", "hours"),
}

_EXAMPLES = {
    "name": '"Score of Lima"',
    "metric": '"averageScore"',
    "recipients": '["ann@example.com"]',
    "webhooks": '["wh_1"]',
}
"""What fields look like."""

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What a definition is read by: the catalog, the workspace's zone and week, the owner's grant, and the time."""

    catalog: Catalog
    zone: ZoneInfo
    week_start: WeekStart
    grant: Grant
    now: datetime


def read_definition(body: Mapping[str, Any], context: ReadingContext) -> AlertDefinition:
    """Return the definition that JSON says; what is left out has its default.

    Whether its recipients and webhooks may be used is not looked at. Raises AlertError and InvalidParameterError.
    """
    _check_names(body, "alert", FIELDS_OF_A_BODY)
    metric = _metric(body.get("metric"), context.catalog)
    by = _dimension(body.get("by"), context.catalog)
    condition = _condition(body.get("condition"))
    parameters = _checked_parameters(body.get("parameters", {}), context)
    schedule = read_schedule(body.get("schedule", {"after": "import"}), context.now, context.zone)
    if condition.type is ConditionType.NO_DATA and schedule.is_after_import:
        raise AlertError("schedule", AlertCode.ALERT_AFTER_IMPORT)
    reminder = body.get("reminderHours")
    definition = AlertDefinition(
        name=validation.mailed_line("name", _text(body, "name"), MAX_NAME),
        metric=metric.name,
        sent_parameters=parameters,
        by=by,
        condition=condition,
        minimum=_whole(body.get("minimum"), "minimum", 0, MOST_MINIMUM, metric.minimum),
        checks=_whole(body.get("checks"), "checks", 1, MOST_CHECKS, 1),
        schedule=schedule,
        recipients=_texts(body.get("recipients", []), "recipients", MOST_RECIPIENTS),
        webhooks=_texts(body.get("webhooks", []), "webhooks", MOST_WEBHOOKS),
        reminder_hours=None if reminder is None else _whole(reminder, "reminderHours", 1, MOST_REMINDER_HOURS, 1),
        language=_listed(body.get("language", "en"), "language", LANGUAGES),
    )
    _check_fit(definition, metric, context)
    return definition


def _check_names(body: Mapping[str, Any], where: str, known: Iterable[str]) -> None:
    listed = tuple(known)
    for name in body:
        if name not in listed:
            hint = nearest(name[:60], listed)
            raise AlertError(
                name[:60], AlertCode.ALERT_FIELD, name=name[:60], where=where, hint=hint, known=", ".join(listed)
            )


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        raise AlertError(name, AlertCode.ALERT_MISSING, where=name, right=_EXAMPLES[name])
    if not isinstance(value, str):
        raise AlertError(name, AlertCode.ALERT_SHAPE, where=name, right=_EXAMPLES[name])
    return value


def _metric(name: Any, catalog: Catalog) -> Metric:
    metric_name = _text({"metric": name}, "metric")
    if metric_name in catalog.metric_problems:
        problem = catalog.metric_problems[metric_name].reason
        raise InvalidParameterError("metric", ParameterCode.METRIC_IS_BROKEN, name=metric_name, problem=problem)
    if metric_name not in catalog.all_metrics:
        hint = nearest(metric_name[:60], catalog.all_metrics)
        raise InvalidParameterError("metric", ParameterCode.NO_SUCH_METRIC, value=metric_name[:60], hint=hint)
    return catalog.all_metrics[metric_name]


def _dimension(name: Any, catalog: Catalog) -> str | None:
    if name is None:
        return None
    names = tuple(catalog.groupings_by_name)
    if not isinstance(name, str) or name not in names:
        value, known = str(name)[:60], ", ".join(names)
        raise InvalidParameterError("by", ParameterCode.NOT_KNOWN, value=value, hint=nearest(value, names), known=known)
    return name


def _condition(value: Any) -> Condition:
    right = '{"type": "below", "value": 7}'
    if value is None:
        raise AlertError("condition", AlertCode.ALERT_MISSING, where="condition", right=right)
    if not isinstance(value, Mapping):
        raise AlertError("condition", AlertCode.ALERT_SHAPE, where="condition", right=right)
    kind = _choice(value.get("type"), "condition.type", ConditionType)
    _check_names(value, "condition", _CONDITION_FIELDS.get(kind, ("type",)))
    if kind is ConditionType.NO_DATA:
        return Condition(kind, hours=_whole(value.get("hours"), "condition.hours", 1, MOST_HOURS))
    if kind not in (ConditionType.BELOW, ConditionType.ABOVE):
        return Condition(kind)
    limit = _number(value.get("value"), "condition.value")
    ends_at = None if value.get("endsAt") is None else _number(value["endsAt"], "condition.endsAt")
    if ends_at is not None:
        where = {"where": "condition.endsAt", "value": f"{ends_at:g}", "limit": f"{limit:g}"}
        if kind is ConditionType.BELOW and ends_at < limit:
            raise AlertError("condition.endsAt", AlertCode.ALERT_ENDS_BELOW, **where)
        if kind is ConditionType.ABOVE and ends_at > limit:
            raise AlertError("condition.endsAt", AlertCode.ALERT_ENDS_ABOVE, **where)
    return Condition(kind, limit, ends_at)


def _checked_parameters(value: Any, context: ReadingContext) -> dict[str, Any]:
    """Return the filters' parameters and the period as they were sent, each with a value or a list of them."""
    right = '{"callCenterId": ["cc_3"], "period": "last7"}'
    if not isinstance(value, Mapping):
        raise AlertError("parameters", AlertCode.ALERT_SHAPE, where="parameters", right=right)
    known = (*context.catalog.parameters, PERIOD)
    for name, values in value.items():
        if name not in known:
            hint, listed = nearest(name[:60], known), ", ".join(known)
            raise AlertError(
                name[:60], AlertCode.ALERT_FIELD, name=name[:60], where="parameters", hint=hint, known=listed
            )
        listed_values = [values] if isinstance(values, str | bool | int | float) else values
        if not isinstance(listed_values, list) or not all(
            isinstance(each, str | bool | int | float) for each in listed_values
        ):
            raise AlertError(name, AlertCode.ALERT_SHAPE, where=name, right='["cc_3"]')
    return dict(value)


def _check_period(parameters: Mapping[str, tuple[str, ...]]) -> None:
    if PERIOD not in parameters:
        return
    check_preset(", ".join(parameters[PERIOD]), ALL_TIME)
    if "dateFrom" in parameters or "dateTo" in parameters:
        raise InvalidParameterError(PERIOD, ParameterCode.PERIOD_WITH_DATES)


def _check_fit(definition: AlertDefinition, metric: Metric, context: ReadingContext) -> None:
    """Raise AlertError where a metric can't meet the condition, InvalidParameterError where a filter can't be."""
    kind = definition.condition.type
    _check_period(definition.parameters)
    filters = definition.filters(context.zone, context.grant, context.catalog, context.week_start, context.now)
    if kind is ConditionType.MISSES_TARGET and not context.catalog.targets.get(metric.name):
        raise AlertError("condition", AlertCode.ALERT_NO_TARGET, name=metric.name)
    if kind is ConditionType.OUTSIDE_LIMITS and definition.by is not None and _is_unsummed(metric):
        raise AlertError("by", AlertCode.ALERT_NO_CHART, name=metric.name, dimension=definition.by)
    if kind is not ConditionType.WORSE_THAN_BEFORE:
        return
    if metric.uncertainty is None:
        raise AlertError("condition", AlertCode.ALERT_UNTESTED, name=metric.name)
    if metric.better is None:
        raise AlertError("condition", AlertCode.ALERT_NO_DIRECTION, name=metric.name)
    if filters.date_from is None or filters.date_to is None:
        raise AlertError("parameters", AlertCode.ALERT_PERIOD_NEEDED)


def _is_unsummed(metric: Metric) -> bool:
    return isinstance(metric.formula, Calculation) and bool(metric.formula.unsummed)


def _number(value: Any, where: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or abs(value) >= 10**15:
        raise AlertError(where, AlertCode.ALERT_NUMBER, where=where, example="7.5")
    return float(value)


def _whole(value: Any, where: str, least: int, most: int, default: int | None = None) -> int:
    if value is None and default is not None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise AlertError(where, AlertCode.ALERT_WHOLE_NUMBER, where=where, least=least, most=most)
    return value


def _texts(value: Any, where: str, most: int) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise AlertError(where, AlertCode.ALERT_SHAPE, where=where, right=_EXAMPLES[where])
    if len(value) > most:
        raise AlertError(where, AlertCode.ALERT_TOO_MANY, where=where, most=most)
    return tuple(dict.fromkeys(value))


def _choice(value: Any, where: str, kind: type[Choice]) -> Choice:
    return kind(_listed(value, where, [each.value for each in kind]))


def _listed(value: Any, where: str, known: Iterable[str]) -> str:
    names = tuple(known)
    if not isinstance(value, str) or value not in names:
        quoted = "" if value is None else str(value)[:60]
        hint = nearest(quoted, names) if quoted else ""
        raise AlertError(where, AlertCode.ALERT_CHOICE, where=where, value=quoted, hint=hint, known=", ".join(names))
    return value
