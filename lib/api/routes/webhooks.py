"""Webhooks: made, changed, tested, deleted by the key that they belong to, and what was sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StrictStr

from lib.access import signing
from lib.access.api_keys import Key
from lib.access.owners import Owner
from lib.api import request_body
from lib.api.dependencies import (
    PAGE_NAMES,
    PAGING,
    Space,
    WebhookManager,
    WebhookReader,
    check_scope,
    paging,
    strict_query,
)
from lib.api.serializers import answer, to_json
from lib.delivery.outbox import DeliveryStatus
from lib.webhooks.deliveries import DeliveryRecord
from lib.webhooks.endpoints import MAX_DESCRIPTION, WebhookValues
from lib.webhooks.signatures import signing_secret
from lib.webhooks.webhook import (
    EVALUATION_CREATED,
    EVENTS,
    BodyFormat,
    OffReason,
    Webhook,
    WebhookStatus,
)
from lib.workspace import Workspace

router = APIRouter(prefix="/webhooks", tags=["Webhooks"])

Instant = Annotated[datetime, PlainSerializer(datetime.isoformat, str, when_used="json")]

_RECORDS_SCOPE = "evaluations:read"

_KNOWN = ", ".join(f"`{event}`" for event in EVENTS)


class NewWebhook(BaseModel):
    """Where to call, and about what."""

    model_config = ConfigDict(extra="forbid", strict=True)
    url: StrictStr = Field(description="An https:// address.", examples=["https://hooks.example.com/callboard"])
    events: list[StrictStr] = Field(
        description=f"Any of {_KNOWN}; `{EVALUATION_CREATED}` takes the scope {_RECORDS_SCOPE} besides.",
        examples=[["import.completed"]],
    )
    description: StrictStr = Field("", description=f"For people: what it is for; {MAX_DESCRIPTION} characters at most.")
    format: StrictStr = Field(
        BodyFormat.GENERIC.value, description=f"What bodies look like: one of {', '.join(BodyFormat)}."
    )


class WebhookChange(BaseModel):
    """What is to be another; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)
    url: StrictStr | None = None
    events: list[StrictStr] | None = None
    description: StrictStr | None = None
    format: StrictStr | None = None
    status: StrictStr | None = Field(None, description="`off` stops the calls; `active` begins them again.")


class WebhookRow(BaseModel):
    """A webhook."""

    id: str
    url: str
    events: list[str]
    description: str
    format: BodyFormat
    status: WebhookStatus
    offReason: OffReason | None = Field(description="Why it is off; null while it is active.")
    failingSince: Instant | None = Field(description="Since when no call has arrived; null where the last one did.")
    owner: str
    createdAt: Instant
    changedAt: Instant


class CreatedWebhook(WebhookRow):
    """A webhook, with what its calls are signed with, which is not shown again."""

    signing_secret: str = Field(description="Calls are signed with it; it is shown this once.")


class WebhookList(BaseModel):
    """The webhooks of a key, the oldest first."""

    data: list[WebhookRow]
    page: int
    pageSize: int
    totalCount: int


class WebhookDelivery(BaseModel):
    """An event on its way to a webhook."""

    id: str = Field(description="The same at every try: the header X-Callboard-Delivery.")
    event: str | None = Field(description="Null where what it said is no longer kept.")
    status: Literal["queued", "sending", "sent", "failed", "skipped"]
    attempts: int
    answer: str | None = Field(
        description="The status and the beginning of the last answer, or a code such as `timeout` where none came."
    )
    createdAt: Instant
    finishedAt: Instant | None
    nextTryAt: Instant | None


class WebhookDeliveries(BaseModel):
    """Deliveries, the newest first."""

    data: list[WebhookDelivery]
    page: int
    pageSize: int
    totalCount: int


def _body(model: type[BaseModel]) -> dict[str, Any]:
    content = {request_body.JSON: {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


@router.get("", response_model=WebhookList, openapi_extra={"parameters": [*PAGING]})
def read_all(request: Request, space: Space, key: WebhookReader) -> Response:
    """Get the webhooks of the key."""
    page, size = paging(strict_query(request, PAGE_NAMES))
    webhooks = space.webhooks.repository.all(key.prefix)  # few enough: see MAX_OF_ONE
    rows = [_row(each) for each in webhooks[(page - 1) * size : page * size]]
    return answer(request, to_json({"data": rows, "page": page, "pageSize": size, "totalCount": len(webhooks)}))


@router.post("", status_code=201, response_model=CreatedWebhook, openapi_extra=_body(NewWebhook))
async def create(request: Request, space: Space, key: WebhookManager, body: request_body.Body) -> Response:
    """Make a webhook; the answer has what its calls are signed with, this once."""
    strict_query(request, ())
    wanted = request_body.parsed(request, body, NewWebhook)
    return await run_in_threadpool(_create, space, key, wanted)


@router.get("/{id}", response_model=WebhookRow)
def read(request: Request, space: Space, key: WebhookReader, id: str) -> Response:
    """Get one webhook of the key."""
    strict_query(request, ())
    return answer(request, to_json(_row(space.webhooks.repository.get(id, key.prefix))))


@router.patch("/{id}", response_model=WebhookRow, openapi_extra=_body(WebhookChange))
async def change(request: Request, space: Space, key: WebhookManager, id: str, body: request_body.Body) -> Response:
    """Change a webhook, or switch it off or on again."""
    strict_query(request, ())
    wanted = request_body.parsed(request, body, WebhookChange)
    _check_events(key, wanted.events)
    values = WebhookValues(**wanted.model_dump())
    repository = space.webhooks.repository
    changed = await run_in_threadpool(repository.change, id, values, key.prefix, key.actor)
    return JSONResponse(_row(changed))


@router.delete("/{id}", status_code=204)
def delete(request: Request, space: Space, key: WebhookManager, id: str) -> Response:
    """Delete a webhook; what waits to be sent to it is not sent."""
    strict_query(request, ())
    space.webhooks.repository.delete(id, key.prefix, key.actor)
    return Response(status_code=204)


@router.post("/{id}/test", status_code=202, response_model=WebhookDelivery)
def test(request: Request, space: Space, key: WebhookManager, id: str) -> Response:
    """Call a webhook once with the event `test`, even one that is off; its deliveries tell what came of it."""
    strict_query(request, ())
    delivery = space.webhooks.test(space.webhooks.repository.get(id, key.prefix))
    return JSONResponse(_delivery(DeliveryRecord(delivery, "test")), 202)


@router.get("/{id}/deliveries", response_model=WebhookDeliveries, openapi_extra={"parameters": [*PAGING]})
def read_deliveries(request: Request, space: Space, key: WebhookReader, id: str) -> Response:
    """Get what was sent to a webhook, or is about to be, the newest first."""
    page, size = paging(strict_query(request, PAGE_NAMES))
    listed, count = space.webhooks.deliveries(space.webhooks.repository.get(id, key.prefix), page, size)
    rows = [_delivery(each) for each in listed]
    return answer(request, to_json({"data": rows, "page": page, "pageSize": size, "totalCount": count}))


def _create(space: Workspace, key: Key, wanted: NewWebhook) -> Response:
    _check_events(key, wanted.events)
    webhook = space.webhooks.repository.create(WebhookValues(**wanted.model_dump()), Owner(key.actor, key.prefix))
    created = {**_row(webhook), "signing_secret": signing_secret(signing.load(space.settings, space.state), webhook)}
    return JSONResponse(created, 201, {"Cache-Control": "no-store"})


def _check_events(key: Key, events: list[str] | None) -> None:
    """Raise ApiError where a key that may not read evaluations would have them sent."""
    if EVALUATION_CREATED in (events or ()):
        check_scope(key, _RECORDS_SCOPE)


def _row(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "description": webhook.description,
        "format": webhook.format.value,
        "status": webhook.status.value,
        "offReason": None if webhook.off_reason is None else webhook.off_reason.value,
        "failingSince": _iso(webhook.failing_since),
        "owner": webhook.owner,
        "createdAt": _iso(webhook.created_at),
        "changedAt": _iso(webhook.changed_at),
    }


def _delivery(record: DeliveryRecord) -> dict[str, Any]:
    delivery = record.delivery
    return {
        "id": delivery.id,
        "event": record.event,
        "status": delivery.status.value,
        "attempts": delivery.attempt,
        "answer": delivery.answer,
        "createdAt": _iso(delivery.created_at),
        "finishedAt": _iso(delivery.finished_at),
        "nextTryAt": _iso(delivery.try_at) if delivery.status is DeliveryStatus.QUEUED else None,
    }


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
