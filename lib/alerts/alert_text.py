"""How alerts stand, in words: states, conditions, what is watched, and what was delivered; in the language in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from lib.alerts.alert import Alert, AlertChange, AlertStatus
from lib.alerts.definition import AlertDefinition, ConditionType
from lib.alerts.figures_text import AlertFigures, hours_text
from lib.alerts.states import AlertOverview, AlertState, MemberState
from lib.analytics.calendar import Calendar
from lib.analytics.grants import Grant
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import Catalog
from lib.delivery.answer_text import answer_in_words
from lib.delivery.outbox import Channel, Delivery, DeliveryStatus
from lib.errors import CallboardError
from lib.i18n import number, t, t_in_context
from lib.reports import catalog_words, filter_text, job_text
from lib.reports.page_links import ALL_TIME, PERIOD_PARAMETERS
from lib.reports.period_labels import OWN, PRESET_LABELS
from lib.store.messages import failure_of
from lib.webhooks.webhook import NoAnswer

MemberRow = TypeVar("MemberRow", MemberState, AlertChange)

STATE_LABELS = {
    AlertState.OK: "OK",
    AlertState.PENDING: "Pending",
    AlertState.FIRING: "Firing",
    AlertState.RECOVERING: "Recovering",
    AlertState.NO_DATA: "Too few data",
    AlertState.ERROR: "Check failed",
}
"""What the states are called."""

CONDITION_LABELS = {
    ConditionType.BELOW: "Below a value",
    ConditionType.ABOVE: "Above a value",
    ConditionType.MISSES_TARGET: "Misses its target",
    ConditionType.OUTSIDE_LIMITS: "Outside its usual range",
    ConditionType.WORSE_THAN_BEFORE: "Worse than before, beyond chance",
    ConditionType.NO_DATA: "No new data",
}
"""What the conditions are called."""

CONDITION_HELP = {
    ConditionType.BELOW: "It fires below the value, and ends once the second value is reached.",
    ConditionType.ABOVE: "It fires above the value, and ends once the second value is reached.",
    ConditionType.MISSES_TARGET: "It fires where the interval excludes the target; what is not yet sure is no miss.",
    ConditionType.OUTSIDE_LIMITS: "It fires where the last whole day lies outside what is usual for at least 60 days.",
    ConditionType.WORSE_THAN_BEFORE: (
        "It fires where the period is worse than the one before. Chance alone fires it about once a year."
    ),
    ConditionType.NO_DATA: "It fires where the last evaluation is older than this.",
}
"""What makes alerts of each condition fire, and end."""

DELIVERY_TEXTS = {
    DeliveryStatus.QUEUED: "{to}: waiting",
    DeliveryStatus.SENDING: "{to}: being sent",
    DeliveryStatus.SENT: "{to}: sent",
    DeliveryStatus.FAILED: "{to}: failed ({answer})",
    DeliveryStatus.SKIPPED: "{to}: not sent ({answer})",
}
"""What became of a delivery."""


def visible(
    members: Sequence[MemberRow], definition: AlertDefinition, catalog: Catalog, grant: Grant
) -> list[MemberRow]:
    """Return those states or changes of members that may be seen within a grant."""
    dimension = catalog.groupings_by_name.get(definition.by or "")
    ids = None if dimension is None else grant.ids(dimension)
    return [each for each in members if ids is None or each.member in ids]


def state_text(alert: Alert, overview: AlertOverview) -> str:
    """Return how an alert stands: `Firing: 3 of 40`."""
    if alert.failure is not None:
        return t(STATE_LABELS[AlertState.ERROR])
    state = overview.state
    if state is None:
        return t("Not checked yet")
    label = t(STATE_LABELS[state])
    total = sum(overview.counts.values())
    if alert.definition.by is None:
        return label
    count = overview.counts.get(state, 0)
    return t("{state}: {count} of {total}", state=label, count=number(count), total=number(total))


def worst_text(figures: AlertFigures, worst: MemberState | None) -> str:
    """Return the worst member that fires with its value, and what it is held against."""
    if worst is None:
        return ""
    value = figures.value(worst.value, worst.threshold)
    name = figures.name(worst)
    parts = [f"{name}: {value}" if name else value]
    if worst.interval is not None:
        parts.append(t("95 % CI {range}", range=figures.interval(worst.interval)))
    if worst.n is not None:
        parts.append(f"n = {number(worst.n)}")
    if worst.threshold is not None:
        parts.append(t("threshold {value}", value=figures.value(worst.threshold, worst.value)))
    return " · ".join(parts)


def status_text(alert: Alert, figures: AlertFigures, now: datetime) -> str:
    """Return whether an alert is checked and tells what it sees; where not, until when or why."""
    if alert.status is AlertStatus.PAUSED:
        return t("Paused") if alert.pause_reason is None else t("Paused: {why}", why=t(alert.pause_reason.label))
    if alert.snoozed_until is not None and alert.is_snoozed(now):
        return t("Snoozed until {time}", time=figures.instant(alert.snoozed_until))
    return t_in_context("checks", "Active")


def condition_text(definition: AlertDefinition, figures: AlertFigures) -> str:
    """Return what makes an alert fire, in few words: `Average score, below 7.00`."""
    condition, metric = definition.condition, figures.metric_label
    match condition.type:
        case ConditionType.BELOW:
            return t("{metric} below {value}", metric=metric, value=figures.limit(condition.value))
        case ConditionType.ABOVE:
            return t("{metric} above {value}", metric=metric, value=figures.limit(condition.value))
        case ConditionType.NO_DATA:
            return t("No evaluation for {hours}", hours=hours_text(float(condition.hours or 0)))
    return f"{metric}: {t(CONDITION_LABELS[condition.type])}"


def change_text(change: AlertChange) -> str:
    """Return from which state to which a member went; of a reminder, in which it stays."""
    after = t(STATE_LABELS[change.after])
    if change.before is change.after:
        return t("{state}, told again", state=after)
    return f"{t(STATE_LABELS[change.before])} → {after}"


def deliveries_text(deliveries: Sequence[Delivery], hosts: Mapping[str, str]) -> str:
    """Return what was delivered to whom; `hosts` are those of webhooks by their ids."""
    parts = []
    for each in deliveries:
        to = each.address if each.channel is Channel.MAIL else hosts.get(each.address, t("a webhook that is gone"))
        parts.append(t(DELIVERY_TEXTS[each.status], to=to, answer=_answer(each)))
    return "; ".join(parts)


def _answer(delivery: Delivery) -> str:
    """Return what the receiver said, or why nothing went out."""
    if delivery.channel is Channel.MAIL:
        return answer_in_words(delivery) or ""
    labels = {each.value: each.label for each in NoAnswer}
    return t(labels[delivery.answer]) if delivery.answer in labels else delivery.answer or ""


@dataclass(frozen=True, slots=True)
class SelectionWording:
    """Says selections of alerts, by names that who reads them may see."""

    answers: QueryCache
    calendar: Calendar
    catalog: Catalog
    grant: Grant

    def words(self, parameters: Mapping[str, Sequence[str]], period: str) -> str:
        """Return the period and the filters of a selection; `period` is a preset's name, or stands for dates."""
        return " · ".join((self._period(parameters, period), *self.filters(parameters)))

    def of(self, definition: AlertDefinition) -> str:
        """Return the selection of an alert and what it is split by."""
        words = self.words(definition.parameters, definition.period or "")
        dimension = self.catalog.groupings_by_name.get(definition.by or "")
        return (
            words if dimension is None else f"{words} · {t('by {dimension}', dimension=catalog_words.label(dimension))}"
        )

    def filters(self, parameters: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """Return the filters one by one; what can't be one any more is said as that."""
        kept = {name: list(values) for name, values in parameters.items() if name not in PERIOD_PARAMETERS}
        try:
            filters = Filters.from_parameters(kept, self.calendar.zone, self.grant, self.catalog)
            _, *words = filter_text.selection(self.answers, filters, ResolvedPeriod(None, None))
        except CallboardError as error:
            return (job_text.in_words(failure_of(error)),)
        zone = next(iter(kept.get("timezone", ())), None)
        return (*map(str, words), *((zone,) if zone else ()))

    def _period(self, parameters: Mapping[str, Sequence[str]], period: str) -> str:
        if period in PRESET_LABELS and period != OWN:
            return t(PRESET_LABELS[period])
        first, last = (next(iter(parameters.get(name, ())), None) for name in ("dateFrom", "dateTo"))
        return t(PRESET_LABELS[ALL_TIME]) if first is None and last is None else f"{first or ''} – {last or ''}".strip()
