"""Alerts: what a key watches, checked by its own rights; their states, and what was told of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from lib.access.api_keys import Key
from lib.access.owners import Owner
from lib.alerts.alert import Alert, AlertStatus
from lib.alerts.service import AlertService
from lib.analytics.query import parse_whole_number
from lib.api import alert_schemas, request_body
from lib.api.alert_answers import alert_answer, change_answer
from lib.api.dependencies import (
    MAX_PAGE,
    PAGE_NAMES,
    PAGING,
    ReportReader,
    ReportWriter,
    Space,
    base_url,
    strict_query,
)
from lib.api.serializers import answer, to_json
from lib.api.throttle import QUESTION_THREADS, QUESTION_TURNS, QUESTIONS
from lib.delivery.outbox import Outbox
from lib.scheduled_reports.repository import unsubscribed_of
from lib.workspace import Workspace

MAX_PAGE_SIZE = 200
"""Alerts, or changes of one, that an answer lists."""

_PAGED = {"parameters": [PAGING[0], {**PAGING[1], "description": f"1 to {MAX_PAGE_SIZE}; default 100."}]}


def _body(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {request_body.JSON: {"schema": schema}}}}


router = APIRouter(prefix="/alerts", tags=["Alerts"])


@router.get("", response_model=alert_schemas.AlertList, openapi_extra=_PAGED)
async def read_all(request: Request, space: Space, key: ReportReader) -> Response:
    """Get the alerts that the key made, by name, each with its states."""
    page, size = _paging(request)

    def read() -> dict[str, Any]:
        listed, count = space.alerts.all_of(key.prefix, (page - 1) * size, size)
        return {"data": _answers(space, listed), "page": page, "pageSize": size, "totalCount": count}

    return answer(request, to_json(await run_in_threadpool(read)))


@router.post(
    "", response_model=alert_schemas.AlertDetail, status_code=201, openapi_extra=_body(alert_schemas.AlertBody)
)
async def create(request: Request, space: Space, key: ReportWriter, body: request_body.Body) -> dict[str, Any]:
    """Make an alert; it is checked at once, so that its states are in the answer, and then by its schedule."""
    strict_query(request, ())
    wanted = request_body.parsed(request, body, alert_schemas.AlertBody).model_dump(exclude_unset=True)
    owner, base = Owner.of_key(key), base_url(request, space)
    return await _defined(space, key, lambda: _service(space).create(wanted, owner, key.grant, base))


@router.get("/{id}", response_model=alert_schemas.AlertDetail)
async def read_one(request: Request, space: Space, key: ReportReader, id: str) -> Response:
    """Get an alert of the key, with its states."""
    strict_query(request, ())

    def read() -> dict[str, Any]:
        return _answers(space, [space.alerts.get(id, key.prefix)])[0]

    return answer(request, to_json(await run_in_threadpool(read)))


@router.put("/{id}", response_model=alert_schemas.AlertDetail, openapi_extra=_body(alert_schemas.AlertBody))
async def change(request: Request, space: Space, key: ReportWriter, id: str, body: request_body.Body) -> dict[str, Any]:
    """Change an alert, pause it or go on with it; what is left out stays as it is. An active one is checked."""
    strict_query(request, ())
    wanted = request_body.parsed(request, body, alert_schemas.AlertBody).model_dump(exclude_unset=True)
    owner, base = Owner.of_key(key), base_url(request, space)
    return await _defined(space, key, lambda: _service(space).change(id, wanted, owner, key.grant, base))


@router.delete("/{id}", status_code=204)
async def delete(request: Request, space: Space, key: ReportWriter, id: str) -> Response:
    """Delete an alert with its history."""
    strict_query(request, ())
    await run_in_threadpool(space.alerts.delete, id, Owner.of_key(key))
    return Response(status_code=204)


@router.post("/{id}/check", response_model=alert_schemas.AlertDetail)
async def check(request: Request, space: Space, key: ReportWriter, id: str) -> dict[str, Any]:
    """Check an alert now; get it with its states."""
    strict_query(request, ())

    def run() -> dict[str, Any]:
        with QUESTION_TURNS.take(key.prefix):
            alert = space.alert_engine.check_now(id, key.prefix, datetime.now(UTC))
        return _answers(space, [alert])[0]

    with QUESTIONS.take(key):
        return await anyio.to_thread.run_sync(run, limiter=QUESTION_THREADS)


@router.get("/{id}/history", response_model=alert_schemas.AlertHistory, openapi_extra=_PAGED)
async def history(request: Request, space: Space, key: ReportReader, id: str) -> Response:
    """Get the changes of an alert's states, the newest first, and what was delivered of each to whom."""
    page, size = _paging(request)

    def read() -> dict[str, Any]:
        alert = space.alerts.get(id, key.prefix)
        changes, count = space.alerts.history(id, (page - 1) * size, size)
        causes = [each.cause for each in changes if each.cause is not None]
        deliveries = Outbox(space.state).of_causes(list(dict.fromkeys(causes)))
        data = [change_answer(alert, each, deliveries, space.catalog) for each in changes]
        return {"data": data, "page": page, "pageSize": size, "totalCount": count}

    return answer(request, to_json(await run_in_threadpool(read)))


@router.post("/{id}/snooze", response_model=alert_schemas.AlertDetail, openapi_extra=_body(alert_schemas.SnoozeBody))
async def snooze(request: Request, space: Space, key: ReportWriter, id: str, body: request_body.Body) -> dict[str, Any]:
    """Tell nothing of an alert for some hours, or until an instant; with `null` as the body, tell of it again."""
    strict_query(request, ())
    wanted: dict[str, Any] = {}
    if body.strip() not in (b"", b"null"):
        wanted = request_body.parsed(request, body, alert_schemas.SnoozeBody).model_dump(exclude_unset=True)
    return await _changed(space, lambda: _service(space).snooze(id, wanted, Owner.of_key(key), datetime.now(UTC)))


@router.post(
    "/{id}/acknowledge",
    response_model=alert_schemas.AlertDetail,
    openapi_extra=_body(alert_schemas.AcknowledgeBody),
)
async def acknowledge(
    request: Request, space: Space, key: ReportWriter, id: str, body: request_body.Body
) -> dict[str, Any]:
    """Write down that somebody looks after what fires: it sends no reminders until it has recovered."""
    strict_query(request, ())
    wanted = request_body.parsed(request, body, alert_schemas.AcknowledgeBody).model_dump(exclude_unset=True)
    return await _changed(space, lambda: _service(space).acknowledge(id, wanted, Owner.of_key(key)))


async def _defined(space: Workspace, key: Key, define: Callable[[], Alert]) -> dict[str, Any]:
    """Define an alert, and check it unless it is paused; return it with its states after that."""

    def run() -> dict[str, Any]:
        alert = define()
        if alert.status is AlertStatus.ACTIVE:
            with QUESTION_TURNS.take(key.prefix):
                space.alert_engine.check(alert, datetime.now(UTC))
            alert = space.alerts.get(alert.id, key.prefix)
        return _answers(space, [alert])[0]

    with QUESTIONS.take(key):
        return await anyio.to_thread.run_sync(run, limiter=QUESTION_THREADS)


async def _changed(space: Workspace, change: Callable[[], Alert]) -> dict[str, Any]:
    """Make a change; return the alert with its states after it."""

    def run() -> dict[str, Any]:
        return _answers(space, [change()])[0]

    return await run_in_threadpool(run)


def _answers(space: Workspace, alerts: Sequence[Alert]) -> list[dict[str, Any]]:
    unsubscribed = unsubscribed_of(space.state, [each.id for each in alerts])
    return [alert_answer(each, space.alerts.states(each.id), space.catalog, unsubscribed[each.id]) for each in alerts]


def _service(space: Workspace) -> AlertService:
    return AlertService(space.state, space.alert_engine.sources, space.alerts)


def _paging(request: Request) -> tuple[int, int]:
    parameters = strict_query(request, PAGE_NAMES)
    page = parse_whole_number(parameters, "page", 1, MAX_PAGE)
    return page, parse_whole_number(parameters, "pageSize", 100, MAX_PAGE_SIZE)
