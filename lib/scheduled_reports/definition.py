"""What a report is: of what, when, to whom, as what. Read from a body, or from a form, and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.grants import EVERYTHING
from lib.analytics.metric_names import METRICS_PARAMETER
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query import Filters
from lib.analytics.ranges import number_text
from lib.catalog.catalog import Catalog
from lib.configuration.addresses import plain_address
from lib.delivery.mail_rules import may_get_mail
from lib.delivery.schedule import Schedule, parse_schedule
from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode
from lib.errors.report_codes import ReportCode
from lib.exports.reports import FORMATS, REPORTS
from lib.exports.service import check_period, export_metrics
from lib.i18n import LANGUAGES
from lib.reports import page_parameters
from lib.reports.page_links import PERIOD
from lib.reports.pages import PAGES, overview
from lib.reports.period_presets import with_dates
from lib.sharing import validation

ATTACHMENTS = ("pdf", "xlsx", "csv")
MAX_RECIPIENTS = 100
MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class ReportDefinition:
    """A report as it was ordered. Of `page`, `view` and `export` there is one.

    `parameters` are those of the page's URL as a body may hold them; a `period` among them is a preset's name, which
    means other days each day. `accounts` are the recipients that had an account when they were chosen.
    """

    name: str
    page: str | None = None
    view: str | None = None
    export: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] | None = None
    schedule: Schedule | None = None
    recipients: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    language: str = "en"
    accounts: tuple[str, ...] = ()
    base_url: str = ""  # what links begin with, where no setting says it

    def metrics(self, parameter: str) -> tuple[str, ...]:
        """Return the metrics that are asked for by name: of the page by a parameter, and of the export."""
        values = ((self.parameters or {}).get(parameter), (self.export or {}).get("metrics"))
        lists = ([each] if isinstance(each, str) else each or () for each in values)
        return tuple(name for names in lists for name in names)

    def to_json(self) -> dict[str, Any]:
        """Return what was ordered, as bodies have it."""
        subject = {"page": self.page, "view": self.view, "export": self.export}
        return {
            "name": self.name,
            **{name: value for name, value in subject.items() if value is not None},
            "parameters": dict(self.parameters or {}),
            "schedule": None if self.schedule is None else self.schedule.to_json(),
            "recipients": list(self.recipients),
            "attachments": list(self.attachments),
            "language": self.language,
        }

    def to_row(self) -> dict[str, Any]:
        """Return all that the table holds, as JSON; `from_row` reads it."""
        return {**self.to_json(), "accounts": list(self.accounts), "base_url": self.base_url}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> ReportDefinition:
        """Return the definition that the table holds."""
        changed: dict[str, Any] = {name: tuple(row[name]) for name in ("recipients", "attachments", "accounts")}
        return cls(**{**row, **changed, "schedule": parse_schedule(row["schedule"])})


@dataclass(frozen=True, slots=True)
class DefinitionReader:
    """Reads definitions, by what there is: the catalog, the calendar, and who may get mail."""

    catalog: Catalog
    calendar: Calendar
    has_account: Mapping[str, bool]  # whether each address of those asked for has an account
    domains: frozenset[str]

    def read(self, body: Mapping[str, Any]) -> ReportDefinition:
        """Return the report that a body orders. Raises InvalidParameterError naming the field."""
        name = validation.mailed_line("name", body["name"], MAX_NAME)
        parameters = body.get("parameters") or {}
        subject = {each: body[each] for each in ("page", "view", "export") if body.get(each) is not None}
        if len(subject) != 1:
            raise InvalidParameterError("page", ReportCode.ONE_SUBJECT)
        if "page" in subject:
            subject["page"] = _page(subject["page"])
        self.check_parameters(parameters)
        if "export" in subject:
            self._check_export(subject["export"], parameters)
        schedule = parse_schedule(body.get("schedule"))
        recipients = self._recipients(body.get("recipients") or (), needs_one=schedule is not None)
        attachments = _attachments(body.get("attachments") or (), is_export="export" in subject)
        return ReportDefinition(
            name=name,
            **subject,
            parameters=parameters,
            schedule=schedule,
            recipients=recipients,
            attachments=attachments,
            language=_language(body.get("language") or "en"),
            accounts=tuple(each for each in recipients if self.has_account.get(each)),
            base_url=str(body.get("base_url") or ""),
        )

    def check_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Raise InvalidParameterError for parameters that no page takes."""
        plain = as_parameters(parameters)
        dated = with_dates(plain, self.calendar)
        problems = page_parameters.parse(dated, self.calendar.zone, self.catalog).problems
        if problems:
            reason = problems[0]
            values = {name: value for name, value in reason.values.items() if name != "parameter"}
            raise InvalidParameterError(str(reason.values.get("parameter", "parameters")), reason.code, **values)

    def _recipients(self, addresses: Sequence[str], *, needs_one: bool) -> tuple[str, ...]:
        if len(addresses) > MAX_RECIPIENTS:
            code = ReportCode.TOO_MANY_RECIPIENTS
            raise InvalidParameterError("recipients", code, count=len(addresses), most=MAX_RECIPIENTS)
        plain = []
        for each in addresses:
            address = plain_address(each)
            if not address:
                raise InvalidParameterError("recipients", ParameterCode.NOT_AN_EMAIL, value=each[:100])
            if not may_get_mail(address, self.domains, has_account=self.has_account.get(address, False)):
                raise InvalidParameterError("recipients", ReportCode.RECIPIENT_NOT_ALLOWED, value=address[:100])
            plain.append(address)
        if needs_one and not plain:
            raise InvalidParameterError("recipients", ReportCode.NO_RECIPIENT, most=MAX_RECIPIENTS)
        return tuple(dict.fromkeys(plain))

    def _check_export(self, export: Any, parameters: Mapping[str, Any]) -> None:
        """Raise InvalidParameterError for a body of an export that can't be; a `period` may stand for its dates.

        Filters and dates may be among the report's parameters as well.
        """
        if not isinstance(export, Mapping):
            raise InvalidParameterError("export", ReportCode.EXPORT_OF_REPORT, value="", hint="", known="an order")
        options = {
            "report": (REPORTS, "evaluations"),
            "format": (FORMATS, "csv"),
            "granularity": (tuple(each.value for each in Granularity), "daily"),
        }
        for name, (known, default) in options.items():
            value = export.get(name, default)
            if value not in known:
                quoted = str(value)[:60]
                hint, listed = nearest(quoted, known), ", ".join(known)
                raise InvalidParameterError(
                    "export", ReportCode.EXPORT_OF_REPORT, value=quoted, hint=hint, known=listed
                )
        choosing = (PERIOD, *self.catalog.parameters)
        for named, names in ((export, (*options, METRICS_PARAMETER, *choosing)), (parameters, choosing)):
            if unknown := next((name for name in named if name not in names), None):
                hint = nearest(unknown[:60], names)
                raise InvalidParameterError(unknown[:60], ParameterCode.NOT_OF_AN_EXPORT, hint=hint)
        report = str(export.get("report", "evaluations"))
        width = Granularity(export.get("granularity", Granularity.DAILY))
        metrics_of(export, self.catalog)
        filters = export_filters({**export, **parameters}, self.calendar, self.catalog)
        period = ResolvedPeriod(filters.date_from, filters.date_to)  # where an end is open, it is known later
        check_period(report, filters, period, self.calendar, width)


def metrics_of(export: Mapping[str, Any], catalog: Catalog) -> tuple[str, ...]:
    """Return the metrics that an export's order adds. Raises InvalidParameterError."""
    names = as_parameters({METRICS_PARAMETER: export.get(METRICS_PARAMETER)}).get(METRICS_PARAMETER, ())
    return export_metrics(names, str(export.get("report", "evaluations")), catalog)


def export_filters(export: Mapping[str, Any], calendar: Calendar, catalog: Catalog) -> Filters:
    """Return the filters of an export's order, within everything; `calendar` is the workspace's.

    Raises InvalidParameterError.
    """
    named = as_parameters({name: value for name, value in export.items() if name in (*catalog.parameters, PERIOD)})
    return Filters.from_parameters(with_dates(named, calendar), calendar.zone, EVERYTHING, catalog)


def as_parameters(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return parameters of a body as a URL has them. Raises InvalidParameterError for what none can hold."""
    return {name: [_text(name, value) for value in _listed(value)] for name, value in body.items() if value is not None}


def _page(name: Any) -> str:
    wanted = str(name).strip("/") or overview.PAGE.name
    if wanted not in PAGES:
        quoted = wanted[:60]
        hint, known = nearest(quoted, PAGES), ", ".join(PAGES)
        raise InvalidParameterError("page", ReportCode.NO_PAGE_OF_REPORT, value=quoted, hint=hint, known=known)
    return wanted


def _attachments(names: Sequence[str], *, is_export: bool) -> tuple[str, ...]:
    if is_export and names:
        raise InvalidParameterError("attachments", ReportCode.ATTACHMENT_OF_EXPORT)
    for name in names:
        if name not in ATTACHMENTS:
            hint, known = nearest(name[:60], ATTACHMENTS), ", ".join(ATTACHMENTS)
            raise InvalidParameterError(
                "attachments", ReportCode.NO_ATTACHMENT, value=name[:60], hint=hint, known=known
            )
    return tuple(dict.fromkeys(names))


def _language(code: str) -> str:
    if code not in LANGUAGES:
        hint, known = nearest(code[:20], LANGUAGES), ", ".join(LANGUAGES)
        raise InvalidParameterError("language", ReportCode.NOT_A_LANGUAGE, value=code[:20], hint=hint, known=known)
    return code


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _text(name: str, value: Any) -> str:
    """Return a value of JSON as a URL parameter says it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number_text(Decimal(repr(value)))
    if not isinstance(value, str):
        raise InvalidParameterError(name[:60], ReportCode.NOT_A_VALUE_OF_PARAMETER)
    return value
