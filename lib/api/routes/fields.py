"""Own fields: what there is, and its definition."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from lib.access.api_keys import Key
from lib.analytics.field_definitions import fields_in_use, parse_type
from lib.api import request_body, schemas
from lib.api.dependencies import FieldWriter, Reader, Space, strict_query
from lib.api.errors import ApiError
from lib.api.serializers import answer, to_json
from lib.catalog.own_fields import OwnFieldType
from lib.errors import FieldError
from lib.errors.field_codes import FieldCode
from lib.jobs import field_tasks
from lib.workspace import Workspace

router = APIRouter(prefix="/fields", tags=["Fields"])


class FieldDefinition(BaseModel):
    """What a field is to be; what is left out stays as it is, and is guessed of the name of a new one."""

    model_config = ConfigDict(extra="forbid", strict=True)
    type: str | None = Field(None, description=f"One of {', '.join(OwnFieldType)}; a new field needs it.")
    label: str | None = Field(None, description="What people call it.")
    unit: str | None = Field(None, description="Of a number.")


_BODY = {
    "required": True,
    "content": {request_body.JSON: {"schema": FieldDefinition.model_json_schema()}},
}


@router.get("", response_model=schemas.Fields)
async def read(request: Request, space: Space, key: Reader) -> Response:
    """Get the workspace's own fields, each with how many evaluations that the key may see have a value."""
    strict_query(request, ())
    uses, version = await run_in_threadpool(space.answers.run_with_version, fields_in_use, key.grant)
    return answer(request, to_json({"data": [field_tasks.describe_field(use) for use in uses]}), version)


@router.put(
    "/{name}",
    response_model=schemas.OwnFieldRow,
    openapi_extra={"requestBody": _BODY},
    responses={201: {"model": schemas.OwnFieldRow, "description": "It was defined."}},
)
async def write(request: Request, response: Response, space: Space, key: FieldWriter, name: str) -> dict[str, Any]:
    """Define a field, or change its label, its unit, or its type while it holds nothing."""
    strict_query(request, ())
    _require_everything(key)
    async with request_body.receive(request, key) as body:
        wanted = request_body.parsed(request, bytes(body), FieldDefinition)
    is_new = await run_in_threadpool(_write, space, key, name, wanted)
    response.status_code = 201 if is_new else 200
    return await run_in_threadpool(_described, space, key, name)


@router.delete("/{name}", status_code=204)
async def delete(request: Request, space: Space, key: FieldWriter, name: str) -> Response:
    """Delete a field with its values, for good."""
    strict_query(request, ())
    _require_everything(key)
    await run_in_threadpool(field_tasks.delete_field, space, key.actor, name)
    return Response(status_code=204)


def _require_everything(key: Key) -> None:
    """Raise ApiError where a key sees a part of the data: fields are everybody's."""
    if not key.grant.everything:
        raise ApiError(403, "INSUFFICIENT_SCOPE", "A key that may see a part of the data alone can't change fields.")


def _write(space: Workspace, key: Key, name: str, wanted: FieldDefinition) -> bool:
    """Define or change a field; return whether it is new."""
    type_ = None if wanted.type is None else parse_type(wanted.type)
    if name in space.catalog.own_fields_by_name:
        changed = wanted.model_dump(exclude_unset=True, exclude={"type"})
        if changed.get("label", "") is None:
            del changed["label"]
        field_tasks.change_field(space, key.actor, name, type=type_, **changed)
        return False
    if type_ is None:
        raise FieldError(FieldCode.FIELD_TYPE, type="", hint="", known=", ".join(OwnFieldType))
    field_tasks.define_field(space, key.actor, name, type_, wanted.label, wanted.unit)
    return True


def _described(space: Workspace, key: Key, name: str) -> dict[str, Any]:
    uses = {use.own.name: use for use in field_tasks.list_fields(space, key.grant)}
    if name not in uses:  # somebody deleted it since
        raise FieldError(FieldCode.FIELD_UNKNOWN, name=name, hint="")
    return field_tasks.describe_field(uses[name])
