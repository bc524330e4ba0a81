"""A notice in words: subject, sentences, a table of the worst, and links to the view and the calls.

Mails and chat programs show the same message. It is in the language of the alert.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from lib.alerts.definition import AlertDefinition, ConditionType
from lib.alerts.figures_text import AlertFigures
from lib.alerts.notices import AlertNotice, NoticeKind
from lib.catalog.catalog import Catalog
from lib.i18n import day, number, override_language, t
from lib.reports import catalog_words
from lib.reports.page_links import METRIC, with_period
from lib.settings import WeekStart

FIRES = {
    ConditionType.BELOW: "{metric} is below {threshold}.",
    ConditionType.ABOVE: "{metric} is above {threshold}.",
    ConditionType.MISSES_TARGET: "{metric} misses its target by more than chance explains.",
    ConditionType.OUTSIDE_LIMITS: "{metric} was outside its usual range on the last whole day.",
    ConditionType.WORSE_THAN_BEFORE: "{metric} is worse than in the days before, beyond chance.",
    ConditionType.NO_DATA: "There has been no evaluation for more than {threshold}.",
}
"""What is said where a condition holds."""

RECOVERED = {
    ConditionType.BELOW: "{metric} is no longer below {threshold}.",
    ConditionType.ABOVE: "{metric} is no longer above {threshold}.",
    ConditionType.MISSES_TARGET: "{metric} has reached its target again.",
    ConditionType.OUTSIDE_LIMITS: "{metric} is within its usual range again.",
    ConditionType.WORSE_THAN_BEFORE: "{metric} is no longer worse than in the days before beyond chance.",
    ConditionType.NO_DATA: "There are new evaluations again.",
}
"""What is said where it has ended."""

SUBJECTS = {
    NoticeKind.FIRING: "Alert: {what}",
    NoticeKind.RECOVERED: "Recovered: {what}",
    NoticeKind.REMINDER: "Still firing: {what}",
}
"""What the subject begins with."""


@dataclass(frozen=True, slots=True)
class AlertLink:
    """A link of a message; the address begins with the app's own."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What a notice says. The table has a row for each member that is named, and as many cells as `columns`."""

    subject: str
    sentences: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[AlertLink, ...]


@dataclass(frozen=True, slots=True)
class MessageContext:
    """What messages are made by: what can be asked, the workspace's zone and week, and the app's address.

    `selection` says the selection in words, where it is known.
    """

    catalog: Catalog
    zone: ZoneInfo
    week_start: WeekStart
    base_url: str
    selection: str = ""


def message_of(notice: AlertNotice, context: MessageContext) -> AlertMessage:
    """Return what a notice says, in the alert's language."""
    with override_language(notice.alert.definition.language):
        return _Speaker(notice, context).message()


class _Speaker:
    """Says one notice in the language in use."""

    def __init__(self, notice: AlertNotice, context: MessageContext) -> None:
        self._notice, self._context = notice, context
        self._definition: AlertDefinition = notice.alert.definition
        self._figures = AlertFigures(self._definition, context.catalog, context.zone)

    def message(self) -> AlertMessage:
        columns, rows = self._table()
        return AlertMessage(
            t(SUBJECTS[self._notice.kind], what=self._what()), tuple(self._sentences()), columns, rows, self._links()
        )

    def _what(self) -> str:
        """Return the alert's name with what it is about: a value, a member and its value, or how many members."""
        first, *others = self._notice.members
        name = self._definition.name
        if others:
            dimension = self._figures.dimension
            groups = t("groups") if dimension is None else str(catalog_words.groups_name(dimension))
            return f"{name}: {number(len(self._notice.members))} {groups}"
        value = self._figures.value(first.value, first.threshold)
        return f"{name}: {value}" if not first.name else f"{name}: {self._figures.name(first)}, {value}"

    def _sentences(self) -> list[str]:
        kind = self._definition.condition.type
        texts = RECOVERED if self._notice.kind is NoticeKind.RECOVERED else FIRES
        said = [t(texts[kind], metric=self._figures.metric_label, threshold=self._figures.limit(self._limit))]
        if (judged := judged_day(self._notice, self._context)) is not None:
            said.append(t("The day is {day}.", day=day(judged)))
        if self._context.selection:
            said.append(t("Selection: {selection}.", selection=self._context.selection))
        named, count = len(self._notice.named), len(self._notice.members)
        if count > named:
            said.append(t("{count} in all; the {named} worst are named.", count=number(count), named=number(named)))
        return said

    @property
    def _limit(self) -> float | None:
        condition = self._definition.condition
        if condition.hours is not None:
            return float(condition.hours)
        is_over = self._notice.kind is NoticeKind.RECOVERED and condition.ends_at is not None
        return condition.ends_at if is_over else condition.value

    def _table(self) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        first = () if self._figures.dimension is None else (str(catalog_words.label(self._figures.dimension)),)
        columns = (*first, t("Value"), t("95 % CI"), t("n"), t("Threshold"), t("Since"))
        rows = (
            (
                *((self._figures.name(each),) if first else ()),
                self._figures.value(each.value, each.threshold),
                self._figures.interval(each.interval),
                self._figures.n(each.n),
                self._figures.value(each.threshold, each.value),
                self._figures.instant(each.settled_since),
            )
            for each in self._notice.named
        )
        return columns, tuple(rows)

    def _calls(self) -> dict[str, list[str]]:
        """Return the dates of the calls that a notice is about, where they are others than the selection's."""
        judged = judged_day(self._notice, self._context)
        return {} if judged is None else {"dateFrom": [judged.isoformat()], "dateTo": [judged.isoformat()]}

    def _links(self) -> tuple[AlertLink, ...]:
        if not self._context.base_url:  # nobody has said where the app is
            return ()
        view = {METRIC: [self._definition.metric]} if self._figures.metric is not None else {}
        return (
            AlertLink(t("Show the trend"), address_of(self._notice, self._context, "trends", view)),
            AlertLink(t("Show the calls"), address_of(self._notice, self._context, "evaluations", self._calls())),
        )


@dataclass(frozen=True, slots=True)
class AlertClock:
    """By which an alert's period has dates: the workspace's zone, its week, and an instant."""

    zone: ZoneInfo
    week_start: WeekStart
    now: datetime


def view_parameters(
    definition: AlertDefinition, catalog: Catalog, clock: AlertClock, member: str | None
) -> dict[str, list[str]]:
    """Return the URL parameters of a page that shows what an alert watches, or one of its members alone."""
    parameters = definition.dated_parameters(clock.zone, clock.week_start, clock.now)
    dimension = catalog.groupings_by_name.get(definition.by or "")
    if dimension is not None and member is not None:
        parameters[dimension.parameter] = [member]
    return with_period(parameters)


def judged_day(notice: AlertNotice, context: MessageContext) -> date | None:
    """Return the day that was outside its usual range: the last whole one of the period. None of other conditions."""
    definition = notice.alert.definition
    if definition.condition.type is not ConditionType.OUTSIDE_LIMITS or notice.kind is NoticeKind.RECOVERED:
        return None
    parameters = definition.dated_parameters(context.zone, context.week_start, notice.at)
    if "dateTo" not in parameters:  # all time ends with the data
        return None
    zone = ZoneInfo(next(iter(parameters.get("timezone", ())), context.zone.key))
    yesterday = notice.at.astimezone(zone).date() - timedelta(days=1)
    return min(yesterday, date.fromisoformat(parameters["dateTo"][0][:10]))


def address_of(
    notice: AlertNotice, context: MessageContext, page: str, more: dict[str, list[str]] | None = None
) -> str:
    """Return the address of a page that shows what a notice is about: of a single member, that one alone."""
    definition = notice.alert.definition
    member = notice.members[0].member if len(notice.members) == 1 else None
    clock = AlertClock(context.zone, context.week_start, notice.at)
    parameters = view_parameters(definition, context.catalog, clock, member)
    query = urlencode({**parameters, **(more or {})}, doseq=True)
    return f"{context.base_url}/{page}?{query}"
