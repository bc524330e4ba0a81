"""Exports: start one, ask how far it is, fetch the file."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Literal

from cachetools import TTLCache
from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import FileResponse, JSONResponse

from lib.access import signing
from lib.access.actors import SystemActor
from lib.access.api_keys import Key
from lib.access.audit_log import Action
from lib.analytics import planner
from lib.analytics.calendar import Granularity
from lib.analytics.metric_names import METRICS_PARAMETER
from lib.api import request_body
from lib.api.dependencies import Exporter, Reader, Space, base_url, check_scope, filters_of, strict_query
from lib.api.errors import not_found
from lib.api.file_answer import OfferedFile, answer_file, asked_parts
from lib.api.filter_body import Ids, filter_fields, filter_parameters
from lib.api.serializers import answer, to_json
from lib.catalog.catalog import Catalog
from lib.errors import InvalidParameterError
from lib.errors.parameter_codes import ParameterCode
from lib.exports import file_storage, signed_urls
from lib.exports.service import (
    RECORD_REPORTS,
    ExportRequest,
    check_period,
    export_metrics,
    exported_grant,
)
from lib.exports.table_files import CSV_TYPE, XLSX_TYPE
from lib.jobs.queue import IdempotencyKey, Job, JobKind, JobStatus
from lib.reports import filter_text, job_text
from lib.storage.open_storage import open_storage
from lib.workspace import Workspace

downloads = APIRouter(prefix="/downloads", tags=["Exports"])

_TYPES = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE, "pdf": "application/pdf"}

MAX_IDEMPOTENCY_KEY = 255
"""Characters of an Idempotency-Key."""

_ONE_FETCH_SECONDS = 60

_RECORDS = tuple(RECORD_REPORTS)
"""The reports whose rows are what evaluations hold themselves."""

_RECORDS_SCOPE = "evaluations:read"


class ExportOrder(BaseModel):
    """What to export: a report, a format, a period. The filters come to it from the catalog."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["csv", "xlsx"]
    report: Literal["evaluations", "answers", "campaigns", "call-centers", "executives", "trends", "summary"] = (
        "evaluations"
    )
    dateFrom: str | None = Field(None, description="First day (or instant), ISO 8601.", examples=["2024-01-01"])
    dateTo: str | None = Field(None, description="Last day (or instant), inclusive.", examples=["2024-01-31"])
    timezone: str | None = None
    granularity: Literal["daily", "weekly", "monthly"] = Field("daily", description="The width of a point of trends.")
    metrics: Ids = Field(
        None, description="Metrics to add as columns, by name: own or built-in ones. Not of evaluations and answers."
    )


@cache
def _order_model(catalog: Catalog) -> type[ExportOrder]:
    doc = "What to export: a report, a format, the filters."
    return create_model("ExportOrder", __base__=ExportOrder, __doc__=doc, **filter_fields(catalog))


class ExportStarted(BaseModel):
    """A job that waits."""

    jobId: str
    status: Literal["queued", "processing", "completed", "failed"]
    progress: int
    statusUrl: str


class UsedMetric(BaseModel):
    """A metric of the workspace, as it was when a file was written."""

    name: str
    label: str
    formula: str
    version: int


class ExportStatus(BaseModel):
    """How far an export is; once completed, where its file is."""

    jobId: str
    status: Literal["queued", "processing", "completed", "failed"]
    progress: int = Field(description="0 to 100, which it is once the export is completed.")
    rows: int | None
    createdAt: str
    completedAt: str | None
    error: str | None
    downloadUrl: str | None = Field(
        None,
        description="Absolute, signed, good for 2 hours without a key. It, and what follows, is for the key that "
        "ordered the export and for keys with analytics:export; of evaluations and "
        "answers, with evaluations:read besides.",
    )
    expiresAt: str | None = Field(None, description="Until when the link is good.")
    bytes: int | None = None
    sha256: str | None = None
    metrics: list[UsedMetric] | None = Field(
        None, description="The workspace's metrics in the file, those that they are made of too."
    )


def router(catalog: Catalog) -> APIRouter:
    """Return the paths of exports, described by the catalog; what fetches a file is in `downloads`."""
    made = APIRouter(prefix="/analytics/export", tags=["Exports"])
    schema = _order_model(catalog).model_json_schema()
    body = {"required": True, "content": {request_body.JSON: {"schema": schema}}}
    made.post("", status_code=202, response_model=ExportStarted, openapi_extra={"requestBody": body})(start)
    made.get("/{jobId}", response_model=ExportStatus, response_model_exclude_unset=True)(status)
    return made


def start(
    request: Request,
    space: Space,
    key: Exporter,
    body: request_body.Body,
    idempotency_key: Annotated[
        str | None,
        Header(description="The same gives the same job.", json_schema_extra={"maxLength": MAX_IDEMPOTENCY_KEY}),
    ] = None,
) -> Response:
    """Start an export; ask its status URL how far it is. Evaluations and answers take evaluations:read besides."""
    strict_query(request, ())
    if idempotency_key is not None and len(idempotency_key) > MAX_IDEMPOTENCY_KEY:
        characters, most = f"{len(idempotency_key):,}", MAX_IDEMPOTENCY_KEY
        raise InvalidParameterError("Idempotency-Key", ParameterCode.VALUE_TOO_LONG, characters=characters, most=most)
    order = request_body.parsed(request, body, _order_model(space.catalog))
    if order.report in _RECORDS:
        check_scope(key, _RECORDS_SCOPE)
    names = filter_parameters(order, (METRICS_PARAMETER,)).get(METRICS_PARAMETER, ())
    metrics = export_metrics(names, order.report, space.catalog)
    filters = filters_of(filter_parameters(order, space.catalog.parameters), space, key)
    width = Granularity(order.granularity)
    with space.facts.read(space.settings.query_seconds) as connection:
        period = planner.resolve_period(connection, filters, space.calendar)
    check_period(order.report, filters, period, space.calendar, width)
    selection = " · ".join(map(str, filter_text.selection(space.answers, filters, period)))
    payload = ExportRequest(order.report, order.format, filters, width, selection, metrics).to_json()
    payload |= {"owner": key.prefix, "base_url": base_url(request, space)}
    once = None
    if idempotency_key is not None:
        digest = hashlib.sha256(order.model_dump_json(exclude_defaults=True).encode()).hexdigest()
        once = IdempotencyKey(key.prefix, idempotency_key, digest)
    job = space.queue.add(JobKind.EXPORT, payload, key.actor, once)
    url = f"{base_url(request, space)}/v1/analytics/export/{job.id}"
    started = {"jobId": job.id, "status": job.status, "progress": job.percent, "statusUrl": url}
    return JSONResponse(started, 202, {"Location": url})


def status(request: Request, space: Space, key: Reader, jobId: str) -> Response:
    """Get how far an export is; its link goes to who may have the rows."""
    strict_query(request, ())
    return answer(request, to_json(_status(request, space, key, _visible(space, key, jobId))))


@downloads.get("/{jobId}/{name}", response_class=FileResponse, responses={206: {"description": "A part of the file."}})
def download(request: Request, space: Space, jobId: str, name: str) -> Response:
    """Fetch an exported file by its signed link; no key is needed."""
    parameters = strict_query(request, ("expires", "signature"))
    expires, signature = ((parameters.get(part) or [""])[-1] for part in ("expires", "signature"))
    if not signed_urls.verify(signing.load(space.settings, space.state), jobId, name, expires, signature):
        raise not_found("There is no such file, or the link is no longer good.")
    job = space.queue.get(jobId)
    stored = None if job is None or job.result is None else file_storage.find(space.settings, job.result["file"])
    if job is None or job.result is None or stored is None:
        raise not_found("There is no such file, or the link is no longer good.")
    parts = asked_parts(request, stored.size)
    if not getattr(request.state, "head", False) and _is_new(jobId, signature):
        details = {"ordered_by": job.actor, "bytes": job.result["bytes"]}
        space.audit.record(SystemActor.SIGNED_LINK, Action.DOWNLOAD, job.result["downloadName"], **details)
        _keep(jobId, signature)
    media_type = _TYPES[job.payload["format"]]
    file = OfferedFile(stored.name, stored.size, job.result["sha256"], job.result["downloadName"], media_type)
    return answer_file(request, open_storage(space.settings), file, parts)


_fetched: TTLCache[tuple[str, str], None] = TTLCache(10_000, _ONE_FETCH_SECONDS)
_fetched_lock = threading.Lock()


def _is_new(job: str, signature: str) -> bool:
    """Return whether a link is used for the first time in a minute: a file may come in many parts."""
    with _fetched_lock:
        return (job, signature) not in _fetched


def _keep(job: str, signature: str) -> None:
    """Remember that the use of a link is written down."""
    with _fetched_lock:
        _fetched[job, signature] = None


def _visible(space: Workspace, key: Key, jobId: str) -> Job:
    job = space.queue.get(jobId) if "\x00" not in jobId else None
    if job is None or job.kind != JobKind.EXPORT or not key.grant.covers(exported_grant(job)):
        raise not_found("There is no such export.")
    return job


def _may_fetch(key: Key, job: Job) -> bool:
    """Return whether a key that sees a job may have its file too.

    The scope is looked at also where the key ordered the job itself: it may date from a version that did not ask.
    """
    if job.payload["report"] in _RECORDS and _RECORDS_SCOPE not in key.scopes:
        return False
    return job.actor == key.actor or "analytics:export" in key.scopes


def _status(request: Request, space: Workspace, key: Key, job: Job) -> dict[str, Any]:
    result = job.result or {}
    body: dict[str, Any] = {
        "jobId": job.id,
        "status": job.status,
        "progress": job.percent,
        "rows": result.get("rows"),
        "createdAt": job.created_at.isoformat(),
        "completedAt": job.finished_at.isoformat() if job.finished_at else None,
        "error": job_text.in_words(job.message) if job.status is JobStatus.FAILED and job.message else None,
    }
    if job.status is JobStatus.COMPLETED and job.finished_at is not None and _may_fetch(key, job):
        link = signed_urls.make(signing.load(space.settings, space.state), base_url(request, space), job)
        deleted_at = job.finished_at + timedelta(hours=space.settings.export_hours)
        body |= {
            "downloadUrl": link.url,
            "expiresAt": min(link.expires_at, deleted_at).isoformat(),
            "bytes": result["bytes"],
            "sha256": result["sha256"],
        }
        if result.get("metrics"):
            body["metrics"] = result["metrics"]
    return body
