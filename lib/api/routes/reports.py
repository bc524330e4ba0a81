"""Reports: order one, change it, send it now, and see what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from lib.access.api_keys import Key
from lib.access.owners import Owner
from lib.analytics import queries
from lib.api import request_body
from lib.api.dependencies import (
    PAGE_NAMES,
    PAGING,
    ReportReader,
    ReportWriter,
    Space,
    base_url,
    check_scope,
    paging,
    strict_query,
)
from lib.api.errors import invalid, not_found
from lib.api.serializers import answer, to_json
from lib.configuration.addresses import plain_address
from lib.exports.service import RECORD_REPORTS
from lib.reports.pages import evaluations
from lib.scheduled_reports import report_json
from lib.scheduled_reports.content import find_view
from lib.scheduled_reports.definition import MAX_RECIPIENTS, DefinitionReader, ReportDefinition
from lib.scheduled_reports.repository import ReportStatus, ScheduledReport, unsubscribed_of
from lib.workspace import Workspace

_RECORDS_SCOPE = "evaluations:read"


class CronSchedule(BaseModel):
    """A cron line, and the zone whose clock it goes by."""

    model_config = ConfigDict(extra="forbid", strict=True)
    cron: str = Field(examples=["0 8 * * 1"])
    timezone: str = Field(examples=["America/Santiago"])


class ImportSchedule(BaseModel):
    """After each import that brings the data of the period, once for a period."""

    model_config = ConfigDict(extra="forbid", strict=True)
    after: Literal["import"]


_SCHEDULE: dict[str, Any] = {
    "anyOf": [CronSchedule.model_json_schema(), ImportSchedule.model_json_schema(), {"type": "null"}]
}


class ReportOrder(BaseModel):
    """A report: of a page, a saved view or an export; when, to whom, as what."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(examples=["Monday quality"])
    page: str | None = Field(None, description="A page's URL path.", examples=["overview"])
    view: str | None = Field(None, description="In place of a page: the id of a saved view.")
    export: dict[str, Any] | None = Field(None, description="In place of a page: the body of an export.")
    parameters: dict[str, Any] | None = Field(
        None,
        description="Those of the page's URL; `period` may be a preset such as last7 in place of dates.",
        examples=[{"campaignId": ["camp_1"], "period": "last7"}],
    )
    schedule: Any = Field(None, description="Null: only by hand.", json_schema_extra=_SCHEDULE)
    recipients: list[str] | None = Field(None, examples=[["ann@example.com"]])
    attachments: list[str] | None = Field(None, description="pdf, xlsx, csv.")
    language: str | None = Field(None, description="en or es; en where it is left out.")
    status: Literal["active", "paused"] | None = None


class ReportChange(ReportOrder):
    """What a report is to be, all of it; or its `status` alone."""

    version: int | None = Field(None, description="The version that the change is made for; else the last one.")


class ReportRow(BaseModel):
    """A report as it is kept."""

    id: str
    name: str
    page: str | None = Field(None, description="Of page, view and export there is one.")
    view: str | None = None
    export: dict[str, Any] | None = None
    parameters: dict[str, Any]
    schedule: dict[str, str] | None
    recipients: list[str]
    attachments: list[str]
    language: str
    unsubscribed: list[str] = Field(description="The recipients who want no more mail of it, and get none.")
    status: Literal["active", "paused"]
    pauseReason: str | None
    nextRuns: list[str] = Field(description="The next three times, in the schedule's zone.")
    owner: str
    version: int
    createdAt: str
    changedAt: str


class ReportList(BaseModel):
    """Reports, by name."""

    data: list[ReportRow]
    page: int
    pageSize: int
    totalCount: int


class RunStarted(BaseModel):
    """A run that waits."""

    runId: str


class RunRecipient(BaseModel):
    """What became of a run's mail to one address."""

    address: str
    status: Literal["queued", "sending", "sent", "failed", "skipped"]
    answer: str | None = Field(description="What the mail server said, or why nothing went out.")
    messageId: str
    bytes: int | None


class RunRow(BaseModel):
    """A run of a report."""

    id: str
    dueAt: str
    startedAt: str | None
    finishedAt: str | None
    status: Literal["queued", "sending", "sent", "failed", "skipped"]
    reason: Literal["schedule", "import", "hand"]
    error: str | None
    recipients: list[RunRecipient]


class RunPage(BaseModel):
    """Runs of a report, the newest first."""

    data: list[RunRow]
    page: int
    pageSize: int
    totalCount: int


router = APIRouter(prefix="/reports", tags=["Reports"])


def _body(model: type[BaseModel]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {request_body.JSON: {"schema": model.model_json_schema()}}}}


@router.get(
    "", response_model=ReportList, response_model_exclude_unset=True, openapi_extra={"parameters": list(PAGING)}
)
async def read_all(request: Request, space: Space, key: ReportReader) -> Response:
    """Get the reports of the key, by name."""
    page, size = paging(strict_query(request, PAGE_NAMES))

    def read() -> dict[str, Any]:
        reports = space.outgoing.reports.all(Owner.of_key(key))  # few enough: see MAX_OF_ONE
        data = _bodies(space, reports[(page - 1) * size : page * size])
        return {"data": data, "page": page, "pageSize": size, "totalCount": len(reports)}

    return answer(request, to_json(await run_in_threadpool(read)))


@router.post(
    "", status_code=201, response_model=ReportRow, response_model_exclude_unset=True, openapi_extra=_body(ReportOrder)
)
async def create(
    request: Request, response: Response, space: Space, key: ReportWriter, body: request_body.Body
) -> dict[str, Any]:
    """Order a report."""
    strict_query(request, ())
    order = request_body.parsed(request, body, ReportOrder)
    made = await run_in_threadpool(_create, request, space, key, order)
    response.headers["Location"] = f"{base_url(request, space)}/v1/reports/{made.id}"
    return report_json.report_body(made, ())


@router.get("/{id}", response_model=ReportRow)
async def read(request: Request, space: Space, key: ReportReader, id: str) -> Response:
    """Get a report."""
    strict_query(request, ())
    (body,) = await run_in_threadpool(lambda: _bodies(space, [_report(space, key, id)]))
    return answer(request, to_json(body))


@router.put("/{id}", response_model=ReportRow, response_model_exclude_unset=True, openapi_extra=_body(ReportChange))
async def change(request: Request, space: Space, key: ReportWriter, id: str, body: request_body.Body) -> dict[str, Any]:
    """Give a report another definition: all of it; or `status` alone, to pause or resume it.

    With a `version`, the change is refused (409) where somebody else changed the report since.
    """
    strict_query(request, ())
    report = await run_in_threadpool(_report, space, key, id)
    order = request_body.parsed(request, report_json.completed(body, report.definition), ReportChange)
    (changed,) = await run_in_threadpool(lambda: _bodies(space, [_change(request, space, key, report, order)]))
    return changed


@router.delete("/{id}", status_code=204)
async def delete(request: Request, space: Space, key: ReportWriter, id: str) -> Response:
    """Delete a report with its runs; nothing more of it goes out."""
    strict_query(request, ())
    report = await run_in_threadpool(_report, space, key, id)
    await run_in_threadpool(space.outgoing.reports.delete, report.id, key.actor)
    return Response(status_code=204)


@router.post("/{id}/send", status_code=202, response_model=RunStarted)
async def send(request: Request, space: Space, key: ReportWriter, id: str, body: request_body.Body) -> dict[str, Any]:
    """Send a report now, to all of its recipients; where that waits already, get the run that does."""
    strict_query(request, ())
    request_body.refuse_fields(request, body)
    report = await run_in_threadpool(_report, space, key, id)
    return {"runId": await run_in_threadpool(space.outgoing.send_now, report)}


@router.get("/{id}/runs", response_model=RunPage, openapi_extra={"parameters": list(PAGING)})
async def runs(request: Request, space: Space, key: ReportReader, id: str) -> Response:
    """Get the runs of a report, the newest first, each with what became of its mails."""
    parameters = strict_query(request, PAGE_NAMES)
    page, size = paging(parameters)
    report = await run_in_threadpool(_report, space, key, id)
    return answer(request, to_json(await run_in_threadpool(_runs, space, report, page, size)))


def _bodies(space: Workspace, reports: Sequence[ScheduledReport]) -> list[dict[str, Any]]:
    unsubscribed = unsubscribed_of(space.state, [each.id for each in reports])
    return [report_json.report_body(each, unsubscribed[each.id]) for each in reports]


def _report(space: Workspace, key: Key, id: str) -> ScheduledReport:
    """Return a report of a key. Raises ApiError (404)."""
    report = None if "\x00" in id else space.outgoing.reports.get(id, Owner.of_key(key))
    if report is None:
        raise not_found("There is no such report, or it is not this key's.")
    return report


def _definition(request: Request, space: Workspace, key: Key, order: ReportOrder) -> ReportDefinition:
    recipients = [plain_address(each) for each in (order.recipients or ())[: MAX_RECIPIENTS + 1]]
    known = {person.email for person in space.people.all()} if recipients else set()
    accounts = {each: each in known for each in recipients if each}
    reader = DefinitionReader(space.catalog, space.calendar, accounts, space.settings.mail_domain_names)
    read = reader.read({**order.model_dump(exclude={"version"}), "base_url": base_url(request, space)})
    if read.view is not None and find_view(space, read.view, Owner.of_key(key)) is None:
        raise invalid("view", f"There is no saved view '{read.view[:20]}' that this key sees.")
    has_records = read.page == evaluations.PAGE.name
    if read.export is not None:
        has_records = read.export.get("report", "evaluations") in RECORD_REPORTS
    if has_records:
        check_scope(key, _RECORDS_SCOPE)
    return read


def _create(request: Request, space: Workspace, key: Key, order: ReportOrder) -> ScheduledReport:
    definition = _definition(request, space, key, order)
    version = space.answers.run(queries.status).data_version
    made = space.outgoing.reports.add(definition, Owner.of_key(key), version)
    return space.outgoing.reports.pause(made.id, key.actor) if order.status == "paused" else made


def _change(
    request: Request, space: Workspace, key: Key, report: ScheduledReport, order: ReportChange
) -> ScheduledReport:
    definition = _definition(request, space, key, order)
    reports = space.outgoing.reports
    changed = report
    if definition != report.definition or order.version not in (None, report.version):
        changed = reports.change(report.id, definition, key.actor, order.version)
    wanted = report.status if order.status is None else ReportStatus(order.status)
    if wanted is not changed.status:
        act = reports.pause if wanted is ReportStatus.PAUSED else reports.resume
        changed = act(report.id, key.actor)
    return changed


def _runs(space: Workspace, report: ScheduledReport, page: int, size: int) -> dict[str, Any]:
    listed, count = space.outgoing.runs.of_report(report.id, (page - 1) * size, size)
    mails = space.outbox.of_causes([each.id for each in listed])
    sender = space.settings.mail_from
    data = [report_json.run_body(each, mails[each.id], sender) for each in listed]
    return {"data": data, "page": page, "pageSize": size, "totalCount": count}
