"""A report as a form has it: what its inputs hold, made of a definition or of a page that is shown, and its body."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from lib.analytics.calendar import Granularity
from lib.analytics.query import local_date
from lib.catalog.catalog import Catalog
from lib.delivery.schedule_choice import ScheduleChoice, ScheduleKind
from lib.exports.reports import FORMATS, REPORTS, TRENDS
from lib.reports import page_parameters
from lib.reports.page_links import ALL_TIME, PERIOD, PERIOD_PARAMETERS
from lib.reports.page_parameters import PAGE, PINNED
from lib.reports.pages import overview
from lib.reports.period_labels import OWN, START
from lib.reports.period_presets import PRESETS
from lib.scheduled_reports.definition import ReportDefinition, as_parameters

OF_VIEW = "view"
"""The period that a saved view has itself."""

_PAGE_ALONE = ("lang", PAGE, PINNED)
"""Parameters of a page that say nothing of what a report holds."""

_NEAREST_TO_START = "last90"


class Subject(StrEnum):
    """What a report is of."""

    PAGE = "page"
    VIEW = "view"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class ReportForm:
    """What the inputs of a report hold. `parameters` are those of the page's URL without its period."""

    when: ScheduleChoice
    name: str = ""
    subject: Subject = Subject.PAGE
    page: str = overview.PAGE.name
    view: str = ""
    export: str = REPORTS[0]
    file_format: str = FORMATS[0]
    granularity: str = Granularity.DAILY.value
    period: str = "last7"  # a preset's name, or what stands for none of them
    first_day: date | None = None
    last_day: date | None = None
    instants: Mapping[str, tuple[date, str]] = field(default_factory=dict)  # by the names of dates that are no days
    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    language: str = "en"

    @classmethod
    def begin(cls, timezone: str, language: str, people: tuple[str, ...] = ()) -> ReportForm:
        """Return what a form of a new report begins with."""
        return cls(ScheduleChoice(ScheduleKind.WEEKLY, timezone), language=language, people=people)

    def replaced(self, values: Mapping[str, Any]) -> ReportForm:
        """Return the form with other values of some fields."""
        return replace(self, **values)

    def to_body(self, catalog: Catalog) -> dict[str, Any]:
        """Return the body that orders the report; what it may say is looked at where it is read."""
        subject: dict[str, Any] = {}
        match self.subject:
            case Subject.PAGE:
                subject["page"] = self.page
            case Subject.VIEW:
                subject["view"] = self.view
            case Subject.EXPORT:
                width = {"granularity": self.granularity} if self.export == TRENDS else {}
                subject["export"] = {"report": self.export, "format": self.file_format, **width}
        is_export = self.subject is Subject.EXPORT
        kept = self.filters(catalog) if is_export else self.parameters
        return {
            "name": self.name,
            **subject,
            "parameters": {name: list(values) for name, values in kept.items()} | self._period(),
            "schedule": self.when.to_json(),
            "recipients": [*self.people, *self.addresses],
            "attachments": [] if is_export else list(self.attachments),
            "language": self.language,
        }

    def filters(self, catalog: Catalog) -> dict[str, Sequence[str]]:
        """Return those of the parameters that choose evaluations."""
        return {name: values for name, values in self.parameters.items() if name in catalog.parameters}

    def can_begin_as_pages_do(self, catalog: Catalog) -> bool:
        """Return whether the period may be the one that pages begin with: theirs alone, and without filters."""
        return self.subject is Subject.PAGE and page_parameters.is_bare(self.parameters, catalog)

    def _period(self) -> dict[str, list[str]]:
        if self.period == OWN:
            days = {"dateFrom": self.first_day, "dateTo": self.last_day}
            texts = {name: [self._date_text(name, day)] for name, day in days.items() if day is not None}
            return texts or {PERIOD: [ALL_TIME]}
        return {} if self.period in (START, OF_VIEW) else {PERIOD: [self.period]}

    def _date_text(self, name: str, day: date) -> str:
        known, instant = self.instants.get(name, (None, ""))
        return instant if known == day else day.isoformat()


def form_of(definition: ReportDefinition, people: Collection[str], catalog: Catalog, zone: ZoneInfo) -> ReportForm:
    """Return what a form holds of a report; `people` are the addresses that it offers as people's."""
    export = {**(definition.export or {})}
    options = {name: str(export.pop(name)) for name in ("report", "format", "granularity") if name in export}
    parameters = as_parameters({**export, **(definition.parameters or {})})
    subject = Subject.EXPORT if definition.export is not None else Subject.VIEW if definition.view else Subject.PAGE
    period, days = _period_of(parameters, subject, catalog, zone)
    return ReportForm(
        ScheduleChoice.of(definition.schedule, zone.key),
        definition.name,
        subject,
        definition.page or overview.PAGE.name,
        definition.view or "",
        options.get("report", REPORTS[0]),
        options.get("format", FORMATS[0]),
        options.get("granularity", Granularity.DAILY.value),
        period,
        None if "dateFrom" not in days else days["dateFrom"][0],
        None if "dateTo" not in days else days["dateTo"][0],
        {name: each for name, each in days.items() if each[0].isoformat() != each[1]},
        _without_period(parameters),
        tuple(each for each in definition.recipients if each in people),
        tuple(each for each in definition.recipients if each not in people),
        definition.attachments,
        definition.language,
    )


def page_values(
    page: str, parameters: Mapping[str, Sequence[str]], preset: str, catalog: Catalog, zone: ZoneInfo
) -> dict[str, Any]:
    """Return the fields of a form that say a page as it is shown; `preset` is the name of its period, or `own`.

    A period that has a name stays relative. The start of all pages is kept only where no filter is set.
    """
    plain = {name: list(values) for name, values in parameters.items() if name not in _PAGE_ALONE}
    kept = _without_period(plain)
    period, days = _period_of(plain, Subject.PAGE, catalog, zone)
    if preset in PRESETS or preset == ALL_TIME:
        period, days = preset, {}
    elif preset == START:
        period, days = START if page_parameters.is_bare(kept, catalog) else _NEAREST_TO_START, {}
    return {
        "page": page or overview.PAGE.name,
        "parameters": kept,
        "period": period,
        "first_day": None if "dateFrom" not in days else days["dateFrom"][0],
        "last_day": None if "dateTo" not in days else days["dateTo"][0],
        "instants": {name: each for name, each in days.items() if each[0].isoformat() != each[1]},
    }


def parameters_for(page: str, form: ReportForm, catalog: Catalog) -> dict[str, Sequence[str]]:
    """Return the parameters of a form for a page: of another one than its own, its filters alone."""
    if page == form.page:
        return dict(form.parameters)
    return form.filters(catalog)


def _period_of(
    parameters: Mapping[str, Sequence[str]], subject: Subject, catalog: Catalog, zone: ZoneInfo
) -> tuple[str, dict[str, tuple[date, str]]]:
    """Return the period that a form selects for parameters, and its dates: each as a day, and as it is said."""
    named = parameters.get(PERIOD)
    if named and named[0] in (*PRESETS, ALL_TIME):
        return named[0], {}
    filters = page_parameters.parse(parameters, zone, catalog).filters
    ends = {"dateFrom": filters.date_from, "dateTo": filters.date_to}
    days = {
        name: (local_date(end, filters.zone(zone)), parameters[name][0])
        for name, end in ends.items()
        if end is not None
    }
    if days:
        return OWN, days
    if subject is Subject.VIEW:
        return OF_VIEW, {}
    is_start = subject is Subject.PAGE and page_parameters.is_bare(parameters, catalog)
    return START if is_start else ALL_TIME, {}


def _without_period(parameters: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    return {name: values for name, values in parameters.items() if name not in PERIOD_PARAMETERS}
